"""Each rule of a contract has a row that breaks it, and says why in words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from made_up_source import NOW, ask, declare, pull, stored
from pydantic import ValidationError

from ingestion import quarantine
from ingestion.clean import area, legacy
from ingestion.contract import Areas, compile_contract
from ingestion.load import landed_types
from warehouse import connect

AREAS = Areas(before=2, since=2)
#: (era, spelling, key) of communes that the rules know here.
COMMUNES = """(VALUES ('new', 'code', '14797'), ('new', 'code', '14758'), ('old', 'code', '14797'), ('old', 'code', '14800'),
    ('new', 'accented', 'hạc thành')) AS known(era, spelling, key)"""
LEAD: list[dict[str, Any]] = [
    {
        "name": "pb",
        "type": "double",
        "unit": "mg/L",
        "unit_in": "dv",
        "units": {"mg/L": 1, "µg/L": 0.001},
        "range": [0, 5],
    },
    {"name": "dv", "type": "text"},
]
DATED = {"column": "xa", "scheme": "commune_2025", "valid_as_of": "ngay"}

#: one case a rule: columns besides the key, other keys of the table, the row, (rule, reason vi, reason en)
BREAKS: list[tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any], tuple[str, str, str]]] = [
    (
        [{"name": "so", "type": "integer"}],
        {},
        {"so": "12x"},
        ("type:so", "cột so: “12x” không phải là số nguyên", "column so: “12x” is not a whole number"),
    ),
    (
        [{"name": "so", "type": "integer"}],
        {},
        {"so": 3.7},
        ("type:so", "cột so: “3.7” không phải là số nguyên", "column so: “3.7” is not a whole number"),
    ),
    (
        [{"name": "co", "type": "boolean"}],
        {},
        {"co": 5},
        ("type:co", "cột co: “5” không phải là đúng/sai", "column co: “5” is not true or false"),
    ),
    (
        [{"name": "x", "type": "double"}],
        {},
        {"x": float("nan")},
        ("type:x", "cột x: “nan” không phải là số", "column x: “nan” is not a number"),
    ),
    (
        [{"name": "x", "type": "double"}],
        {},
        {"x": "KPH"},  # no value only where the column declares so
        ("type:x", "cột x: “KPH” không phải là số", "column x: “KPH” is not a number"),
    ),
    (
        [{"name": "ten", "type": "text", "required": True}],
        {},
        {"ten": None},
        ("required:ten", "cột ten: bắt buộc nhưng trống", "column ten: required but empty"),
    ),
    ([], {}, {"ma": " "}, ("key:ma", "cột ma: khóa trống", "column ma: the key is empty")),
    (
        [{"name": "ph", "type": "double", "range": [0, 14], "unit": "pH"}],
        {},
        {"ph": 14.5},
        ("range:ph", "cột ph: 14.5 nằm ngoài khoảng [0; 14] pH", "column ph: 14.5 is outside [0; 14] pH"),
    ),
    (
        [{"name": "loai", "type": "text", "code_list": ["a", "b"]}],
        {},
        {"loai": "c"},
        (
            "code_list:loai",
            "cột loai: mã “c” không có trong danh mục (a, b)",
            "column loai: code “c” is not in the code list (a, b)",
        ),
    ),
    (
        [{"name": "ma2", "type": "text", "pattern": r"\d{5}"}],
        {},
        {"ma2": "1479"},
        ("pattern:ma2", r"cột ma2: “1479” không đúng dạng \d{5}", r"column ma2: “1479” does not have the form \d{5}"),
    ),
    (
        [{"name": "mst", "type": "text", "check": "mst"}],
        {},
        {"mst": "0100233489"},
        (
            "check:mst",
            "cột mst: “0100233489” không phải là mã số thuế đúng số kiểm tra",
            "column mst: “0100233489” is not a tax code with the right check digit",
        ),
    ),
    (
        [{"name": "dt", "type": "text", "check": "phone"}],
        {},
        {"dt": "912345678"},
        (
            "check:dt",
            "cột dt: “912345678” không phải là số điện thoại",
            "column dt: “912345678” is not a telephone number",
        ),
    ),
    (
        LEAD,
        {},
        {"pb": "12", "dv": "ppm"},
        (
            "unit:pb",
            "cột pb: đơn vị “ppm” không có trong (mg/L, µg/L)",
            "column pb: unit “ppm” is not among (mg/L, µg/L)",
        ),
    ),
    (
        [{"name": "ky", "type": "text", "format": "period"}],
        {},
        {"ky": "Quý II/26"},
        (
            "type:ky",
            "cột ky: “Quý II/26” không phải là kỳ báo cáo",
            "column ky: “Quý II/26” is not a reporting period",
        ),
    ),
    (
        [{"name": "ten", "type": "text", "class": "code", "encoding": "detect"}],
        {},
        {"ten": "Th«n"},
        (
            "encoding:ten",
            "cột ten: “Th«n” còn ở bảng mã cũ chưa xác định chắc chắn",
            "column ten: “Th«n” is in an old encoding that is not certain",
        ),
    ),
    (
        [{"name": "luc", "type": "timestamp"}],
        {"event_time": "luc"},
        {"luc": datetime(2026, 11, 25, tzinfo=UTC)},
        (
            "future:luc",
            "cột luc: 2026-11-25 07:00:00+07 ở tương lai quá 1 ngày",
            "column luc: 2026-11-25 07:00:00+07 is more than 1 day in the future",
        ),
    ),
    (
        [{"name": "xa", "type": "text"}],
        {"area": {"column": "xa", "scheme": "commune_2025"}},
        {"xa": "99999"},
        (
            "area:xa",
            "cột xa: mã 99999 không có trong 2 xã, phường từ 01/7/2025",
            "column xa: code 99999 is not among the 2 communes since 2025-07-01",
        ),
    ),
    (
        [{"name": "xa", "type": "text"}, {"name": "ngay", "type": "date"}],
        {"area": DATED},
        {"xa": "14758", "ngay": "2025-06-30"},
        (
            "area:xa",
            "cột xa: mã 14758 không có trong 2 xã, phường trước 01/7/2025",
            "column xa: code 14758 is not among the 2 communes before 2025-07-01",
        ),
    ),
    (
        [{"name": "xa", "type": "text"}],
        {"area": {"column": "xa", "scheme": "commune_before_2025"}},
        {"xa": "14758"},
        (
            "area:xa",
            "cột xa: mã 14758 không có trong 2 xã, phường trước 01/7/2025",
            "column xa: code 14758 is not among the 2 communes before 2025-07-01",
        ),
    ),
]


def broken_rules(
    columns: list[dict], table: dict, row: dict, areas: Areas | None = AREAS
) -> list[tuple[str, str, str]]:
    """What the contract says about one landed row: (rule, vi, en) of each rule it breaks."""
    row = {"ma": "A", **row, "_row_number": 1, "_source_ref": None}
    source = declare(cursor=None, columns=[{"name": "ma", "type": "text"}, *columns], **table)
    batch = pa.Table.from_pylist([row])
    with connect.scratch() as con:
        con.register("batch", batch)
        legacy.register(con)
        con.execute(f"CREATE TEMP TABLE {area.KNOWN} AS SELECT * FROM {COMMUNES}")
        contract = compile_contract(source, source.tables[0], landed_types(con, "batch"), now=NOW, areas=areas)
        lists = ", ".join(contract.list_of(part) for part in ("name", "vi", "en"))
        found = con.execute(f"SELECT {contract.broken}, {lists} FROM ({contract.typed('batch')})").fetchone()
    assert found is not None
    assert found[0] is bool(found[1])
    return list(zip(*found[1:], strict=True))


def test_contract__has_a_breaking_row_for_every_rule() -> None:
    assert len(BREAKS) == 19
    rules = {case[3][0].split(":")[0] for case in BREAKS}
    assert rules == {
        "type",
        "required",
        "key",
        "range",
        "code_list",
        "pattern",
        "check",
        "future",
        "area",
        "unit",
        "encoding",
    }


@pytest.mark.parametrize(
    ("columns", "table", "row", "expected"), BREAKS, ids=[f"{b[3][0]}-{i}" for i, b in enumerate(BREAKS)]
)
def test_contract__says_which_rule_a_row_breaks_and_why(columns: list, table: dict, row: dict, expected: tuple) -> None:
    assert broken_rules(columns, table, row) == [expected]


@pytest.mark.parametrize(
    ("columns", "table", "row"),
    [
        ([{"name": "so", "type": "integer", "nulls": ["KPH"], "range": [0, None]}], {}, {"so": "KPH"}),
        ([{"name": "so", "type": "integer"}], {}, {"so": 3.0}),
        ([{"name": "mst", "type": "text", "check": "mst"}], {}, {"mst": "0100233488"}),
        ([{"name": "so", "type": "integer"}], {}, {"so": None}),
        (LEAD, {}, {"pb": "4.5", "dv": "mg/L"}),
        (LEAD, {}, {"pb": 4500.0, "dv": " μg/L"}),  # the Greek letter, 4.5 mg/L
        (LEAD, {}, {"pb": None, "dv": None}),
        ([{"name": "luc", "type": "timestamp"}], {"event_time": "luc"}, {"luc": datetime(2026, 11, 24, 4, tzinfo=UTC)}),
        ([{"name": "xa", "type": "text"}], {"area": {"column": "xa", "scheme": "commune_2025"}}, {"xa": None}),
        (
            [{"name": "xa", "type": "text"}, {"name": "ngay", "type": "date"}],
            {"area": DATED},
            {"xa": "14800", "ngay": "2025-06-30"},
        ),
        (
            [{"name": "xa", "type": "text"}, {"name": "ngay", "type": "date"}],
            {"area": DATED},
            {"xa": "14758", "ngay": "2025-07-01"},
        ),
        (
            [{"name": "xa", "type": "text"}, {"name": "ngay", "type": "date"}],
            {"area": DATED},
            {"xa": "14758", "ngay": None},
        ),
    ],
)
def test_contract__lets_a_good_row_pass(columns: list, table: dict, row: dict) -> None:
    assert broken_rules(columns, table, row) == []


def test_contract__does_not_check_areas_while_the_administrative_units_are_not_loaded() -> None:
    area = {"area": {"column": "xa", "scheme": "commune_2025"}}
    assert broken_rules([{"name": "xa", "type": "text"}], area, {"xa": "99999"}, None) == []


def test_contract__knows_a_commune_by_its_name_however_it_is_written() -> None:
    columns, table = [{"name": "xa", "type": "text"}], {"area": {"column": "xa", "scheme": "name_2025"}}
    assert broken_rules(columns, table, {"xa": "PHƯỜNG HẠC THÀNH"}) == []
    assert [rule for rule, _, _ in broken_rules(columns, table, {"xa": "Phường Không Có"})] == ["area:xa"]


def test_contract__reads_local_times_in_the_zone_of_the_source() -> None:
    source = declare(cursor=None, columns=[{"name": "ma", "type": "text"}, {"name": "luc", "type": "timestamp"}])
    batch = pa.table({"ma": ["A"], "luc": [datetime(2026, 11, 1, 7)], "_row_number": [1], "_source_ref": [None]})
    with connect.scratch() as con:
        con.register("batch", batch)
        contract = compile_contract(source, source.tables[0], landed_types(con, "batch"), now=NOW)
        found = con.execute(f"SELECT epoch(luc) FROM ({contract.typed('batch')})").fetchone()
    assert found == (datetime(2026, 11, 1, tzinfo=UTC).timestamp(),)


@pytest.mark.parametrize(("kind", "written", "meant"), [("double", "4500", 4.5), ("decimal", 4500, Decimal("4.5"))])
def test_contract__brings_a_value_to_the_declared_unit(kind: str, written: Any, meant: Any) -> None:
    source = declare(cursor=None, columns=[{"name": "ma", "type": "text"}, LEAD[0] | {"type": kind}, LEAD[1]])
    batch = pa.table({"ma": ["A"], "pb": [written], "dv": ["µg/L"], "_row_number": [1], "_source_ref": [None]})
    with connect.scratch() as con:
        con.register("batch", batch)
        contract = compile_contract(source, source.tables[0], landed_types(con, "batch"), now=NOW)
        assert con.execute(f"SELECT pb, dv FROM ({contract.typed('batch')})").fetchone() == (meant, "µg/L")


@pytest.mark.parametrize("wrong", [{"units": {}}, {"unit": None}, {"unit_in": "khong_co"}, {"type": "integer"}])
def test_declaration__of_units_must_be_whole(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        declare(cursor=None, columns=[{"name": "ma", "type": "text"}, LEAD[0] | wrong, LEAD[1]])


def test_nulls_in__tells_below_detection_from_not_measured_and_neither_is_zero(ioc_home: Path) -> None:
    measured = {"name": "bod", "type": "double", "nulls": ["KPH", "-"], "nulls_in": "bod_vi_sao", "range": [0, 100]}
    source = declare(cursor=None, columns=[{"name": "ma", "type": "text"}, measured])
    rows = [{"ma": str(i), "bod": said} for i, said in enumerate(["0", " KPH", "-", "", None, "kph"])]
    (loaded,) = pull(source, rows)
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (6, 5, 1)
    told = [(0.0, None), (None, "-"), (None, "KPH"), (None, None), (None, None)]
    assert stored("bod, bod_vi_sao") == told
    assert ask("SELECT rules FROM quarantine.row") == [(["type:bod"],)]
    assert quarantine.replay(source, by="an") == (0, 1)
