"""A cell is the one commune it means at its date, or it waits in quarantine with the nearest names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_source import ask, declare, pull
from pydantic import ValidationError

from ingestion import registry
from ingestion.clean import area
from ingestion.connectors import admin_units
from ingestion.pull import pull as pull_sources
from warehouse import connect

OLD = admin_units._units_before("38")
NEW = admin_units._units_2025("38")
CROSSWALK = admin_units.crosswalk("38")
SPLIT = {old for old, _, _, is_split in CROSSWALK if is_split}
WHOLE = {old: new for old, new, _, is_split in CROSSWALK if not is_split}


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    patch = pytest.MonkeyPatch()
    patch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("area")))
    with connect.scratch() as con:
        old = pa.Table.from_pylist([dict(zip(("ma_dvhc", "ten", "loai", "ten_huyen"), (u[0], u[1], u[3], u[5]), strict=True)) for u in OLD])  # fmt: skip
        new = pa.Table.from_pylist(
            [dict(zip(("ma_dvhc", "ten", "loai"), (u[0], u[1], u[3]), strict=True)) for u in NEW]
        )
        pairs = pa.Table.from_pylist([dict(zip(("ma_cu", "ma_moi", "la_mac_dinh", "bi_tach"), c, strict=True)) for c in CROSSWALK])  # fmt: skip
        for name, rows in (("don_vi_cu", old), ("don_vi_moi", new), ("chuyen_doi", pairs)):
            con.register(name, rows)
        con.execute(f"CREATE TEMP TABLE {area.KNOWN} AS {area.sql_known('don_vi_moi', 'don_vi_cu', 'chuyen_doi')}")
        yield con
    patch.undo()


def resolve(
    con: Any, cells: list[tuple[str | None, str | None, bool | None]]
) -> list[tuple[int, str | None, str | None]]:
    """(communes that fit, code of 2025, old code) of each (cell, district, is of before 2025-07-01)."""
    batch = pa.table(
        {
            "i": pa.array(range(len(cells))),
            "c": pa.array([c for c, _, _ in cells], pa.string()),
            "d": pa.array([d for _, d, _ in cells], pa.string()),
            "o": pa.array([o for _, _, o in cells], pa.bool_()),
        }
    )
    con.register("batch", batch)
    found = con.execute(
        f"""SELECT coalesce("area:communes", 0), "area:code", "area:old_code" FROM batch
        LEFT JOIN ({area.sql_resolved("batch", "c", "d", "o")})
        ON c = "area:cell" AND d IS NOT DISTINCT FROM "area:district" AND o IS NOT DISTINCT FROM "area:is_old" ORDER BY i"""
    ).fetchall()
    assert len(found) == len(cells)
    return found


def one(
    con: Any, cell: str, district: str | None = None, is_old: bool | None = None
) -> tuple[int, str | None, str | None]:
    return resolve(con, [(cell, district, is_old)])[0]


def test_area__every_old_code_becomes_its_new_one_before_the_day(con: Any) -> None:
    assert (len(OLD), len(SPLIT)) == (547, 10)
    found = resolve(con, [(unit[0], None, True) for unit in OLD])
    assert [f[0] for f in found] == [1] * 547
    assert [f[2] for f in found] == [unit[0] for unit in OLD]
    assert [f[1] for f in found] == [WHOLE.get(unit[0]) for unit in OLD]
    assert sum(f[1] is None for f in found) == 10  # split: to be shared out by weight


def test_area__every_new_code_is_itself_from_the_day_though_all_were_old_codes(con: Any) -> None:
    reused = {unit[0] for unit in NEW} & {unit[0] for unit in OLD}
    assert (len(NEW), len(reused)) == (166, 166)
    assert resolve(con, [(unit[0], None, False) for unit in NEW]) == [(1, unit[0], None) for unit in NEW]
    # 14758: an old ward of the city that was split, and since 2025-07-01 phường Hàm Rồng
    before, since = one(con, "14758", None, True), one(con, "14758", None, False)
    assert before == (1, None, "14758") and since == (1, "14758", None)


def test_area__every_name_with_its_district_is_one_commune(con: Any) -> None:
    found = resolve(con, [(f"{unit[1]}, {unit[5]}", None, True) for unit in OLD])
    assert [f[2] for f in found] == [unit[0] for unit in OLD] and len(found) == 547
    assert resolve(con, [(unit[1], unit[5], True) for unit in OLD]) == found
    assert resolve(con, [(unit[1].upper(), None, False) for unit in NEW]) == [(1, unit[0], None) for unit in NEW]


def test_area__the_18_names_that_repeat_need_their_district(con: Any) -> None:
    repeated = {name for name, n in Counter(unit[1] for unit in OLD).items() if n > 1}
    assert len(repeated) == 18
    alone = resolve(con, [(unit[1], None, True) for unit in OLD])
    assert {unit[1] for unit, found in zip(OLD, alone, strict=True) if found[0] != 1} == repeated
    assert one(con, "Phường Ba Đình", "TP. Thanh Hóa", True)[2] == "14776"
    assert one(con, "P. Ba Đình - TX Bỉm Sơn", None, True)[2] == "14812"


@pytest.mark.parametrize(
    ("cell", "is_old", "code", "old_code"),
    [
        ("X. Hoằng Hợp, H. Hoằng Hóa", True, "15880", "15919"),
        ("UBND xã Hoằng Hợp (huyện Hoằng Hoá)", True, "15880", "15919"),
        ("Xa Hoang Hop", True, "15880", "15919"),
        ("XÃ HOẰNG HỢP ; Huyện Hoằng Hóa; Tỉnh Thanh Hóa", True, "15880", "15919"),
        ("P.Hạc Thành", False, "14797", None),
        ("phuong hac thanh, tinh Thanh Hoa", False, "14797", None),
        ("Xã Hoằng Hợp", False, "15880", "15919"),  # an old name after the day
        ("Phường Hạc Thành", True, "14797", None),  # a new name before it
        ("Xã Đông Khê, huyện Đông Sơn", True, "16378", "16408"),  # the district that joined the city on 2025-01-01
        ("TT. Hà Trung", True, None, "15271"),  # split
    ],
)
def test_area__is_known_as_offices_write_it(
    con: Any, cell: str, is_old: bool, code: str | None, old_code: str | None
) -> None:
    assert one(con, cell, None, is_old) == (1, code, old_code)


def test_area__fits_none_where_it_could_be_two(con: Any) -> None:
    assert one(con, "Dong Tien", None, False)[0] == 2  # phường Đông Tiến, xã Đồng Tiến
    assert one(con, "xa Dong Tien", None, False)[:2] == (1, "15724")
    assert one(con, "Đông Tiến", None, False)[:2] == (1, "15853")
    assert one(con, "Hoang Phu", "Hoang Hoa", True)[0] == 2  # Hoằng Phú, Hoằng Phụ
    assert one(con, "14758", None, None)[0] == 2  # a code without a date
    for cell in ("Xã Hạc Thành", "Xã Hoằng Hợp, H. Nga Sơn", "Xã Không Có", "Thanh Hóa", "", "99999", "Hoằng Hop"):
        assert one(con, cell, None, False) == (0, None, None), cell


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Xã Hoằng Họp", "Xã Hoằng Hợp, Huyện Hoằng Hóa"),
        ("Hạc Thàh", "Phường Hạc Thành"),
        ("X. Pù Luôg", "Xã Pù Luông"),
    ],
)
def test_area__names_the_nearest_of_what_it_does_not_know(con: Any, wrong: str, right: str) -> None:
    [near] = con.execute(f"SELECT {area.sql_nearest('v')} FROM (SELECT ? AS v)", [wrong]).fetchone()
    assert right in near.split("; ") and len(near.split("; ")) == 3


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=10)), st.sampled_from([True, False, None]))
def test_area__takes_any_text(con: Any, cell: str, district: str | None, is_old: bool | None) -> None:
    assert one(con, cell, district, is_old)[0] >= 0


def declared(**wanted: Any) -> dict[str, Any]:
    names = ["ma", "dia_ban", "huyen", "ngay"]
    columns = [{"name": name, "type": "date" if name == "ngay" else "text"} for name in names]
    return {"cursor": None, "columns": columns, "area": {"column": "dia_ban", "scheme": "any", **wanted}}


def test_load__stores_what_the_source_wrote_and_the_code_it_means(ioc_home: Path) -> None:
    units = registry.load().get("vietnamadminunits_dvhc")
    assert [outcome.status for outcome in pull_sources([units.id], run_id="run", holder="test")] == ["ok"]
    source = declare(**declared(district="huyen", valid_as_of="ngay", **{"as": "ma_xa_2025"}))
    rows = [
        ("1", "X. Hoằng Hợp", "Hoằng Hóa", "2024-03-01"),
        ("2", "14758", None, "2025-08-01"),
        ("3", "14758", None, "2025-06-30"),
        ("4", None, None, None),
        ("5", "Phường Ba Đình", None, "2024-03-01"),
        ("6", "Xã Hoằng Họp", "Hoằng Hóa", "2024-03-01"),
    ]
    names = ("ma", "dia_ban", "huyen", "ngay")
    [loaded] = pull(source, [dict(zip(names, row, strict=True)) for row in rows])
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (6, 4, 2)
    assert ask("SELECT dia_ban, ma_xa_2025, ma_xa_2025_cu FROM raw.so_thu_nghiem__ho_so ORDER BY ma") == [
        ("X. Hoằng Hợp", "15880", "15919"),
        ("14758", "14758", None),
        ("14758", None, "14758"),
        (None, None, None),
    ]
    with connect.writer("test") as con:
        registry.sync(con, registry.Registry({source.id: source}, {source.id: Path("thu/so_thu_nghiem.yml")}))
    columns = "SELECT ordinal, column_name, type, class FROM ops.source_column WHERE ordinal > 4 ORDER BY 1"
    assert ask(columns) == [(5, "ma_xa_2025", "text", "code"), (6, "ma_xa_2025_cu", "text", "code")]
    several, unknown = ask("SELECT rules, reasons_vi FROM quarantine.row ORDER BY key_text")
    assert several == (
        ["area:dia_ban"],
        [
            "cột dia_ban: “Phường Ba Đình” có thể là 2 đơn vị: Phường Ba Đình, Thành phố Thanh Hóa; Phường Ba Đình, Thị xã Bỉm Sơn"
        ],
    )
    assert unknown[1][0].startswith("cột dia_ban: “Xã Hoằng Họp” không phải là xã, phường nào; gần nhất: ")
    assert "Xã Hoằng Hợp, Huyện Hoằng Hóa" in unknown[1][0]


def test_load__leaves_the_code_empty_while_the_units_are_not_loaded(ioc_home: Path) -> None:
    source = declare(**declared(**{"as": "ma_xa"}))
    [loaded] = pull(source, [{"ma": "1", "dia_ban": "Xã Hoằng Hợp", "huyen": None, "ngay": None}])
    assert loaded.rows_loaded == 1
    assert ask("SELECT dia_ban, ma_xa, ma_xa_cu FROM raw.so_thu_nghiem__ho_so") == [("Xã Hoằng Hợp", None, None)]


@pytest.mark.parametrize(
    "wrong", [{}, {"scheme": "commune_2025", "as": "m"}, {"as": "huyen"}, {"as": "m", "district": "quan"}]
)
def test_declaration__of_an_area_says_where_the_code_goes(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        declare(**declared(**wrong))
