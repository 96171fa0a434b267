"""`ioc source add --kind`: the first draft of a declaration, from the source itself, loads what it was drafted from."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
import yaml
from made_up_source import ask

from ingestion import draft as drafting
from ingestion import registry
from ingestion.extract import extract
from ingestion.load import load
from ops import scaffold
from warehouse.errors import Fault

ROWS = "Mã BN;Họ tên;Ngày khám;Số tiền (đ);Khoa;Cập nhật\n" + "".join(
    f"00{i};Nguyễn Văn {i};{1 + i % 28:02}/03/2026;{i}.250,5;Nội {i % 3};2026-03-{1 + i % 28:02} 08:00:00\n"
    for i in range(1, 61)
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    return tmp_path


def drafted(connector: dict[str, object], read: dict[str, object]) -> str:
    return drafting.draft("soyt_kham", "y_te", "Khám bệnh", connector, "kham", read)


def test_draft__of_a_csv_finds_types_formats_key_cursor_and_personal_data(home: Path) -> None:
    (home / "kham.csv").write_text(ROWS, encoding="utf-16")
    body = drafted({"kind": "csv", "folder": str(home)}, {"file": "kham.csv"})
    (table,) = yaml.safe_load(body)["tables"]
    assert table["read"] == {"file": "kham.csv", "delimiter": ";", "encoding": "utf-16"}
    assert {c["name"]: (c["type"], c.get("format"), c.get("class")) for c in table["columns"]} == {
        "ma_bn": ("text", None, "code"),
        "ho_ten": ("text", None, "pii"),
        "ngay_kham": ("date", "dd/MM/yyyy", None),
        "so_tien_d": ("decimal", "vi_number", None),
        "khoa": ("text", None, None),
        "cap_nhat": ("timestamp", None, None),
    }
    assert (table["primary_key"], table["mode"], table["cursor"]) == (["ma_bn"], "upsert", "cap_nhat")
    assert len(body.splitlines()) < 80


def test_draft__passes_the_check_and_loads_every_row_of_its_source(home: Path) -> None:
    (home / "kham.csv").write_text(ROWS, encoding="utf-8")
    path = home / "soyt_kham.yml"
    path.write_text(drafted({"kind": "csv", "folder": str(home)}, {"file": "kham.csv", "delimiter": ";"}))
    os.utime(home / "kham.csv", (1_700_000_000, 1_700_000_000))
    (loaded,) = load(extract(registry.load(path).get("soyt_kham"), run_id="r"), holder="t")
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (60, 60, 0)
    # 1 + 2 + … + 60 thousands, and 60 times 250.5
    assert ask("SELECT sum(so_tien_d)::VARCHAR, min(ma_bn) FROM raw.soyt_kham__kham") == [("1845030.000000", "001")]
    assert ask("SELECT count(*) FROM information_schema.columns WHERE column_name = 'ho_ten'") == [(0,)]


def test_draft__of_a_database_takes_a_key_of_two_columns_where_one_is_not_enough(home: Path) -> None:
    with sqlite3.connect(home / "a.db") as con:
        con.execute("CREATE TABLE do (tram, ngay, gia_tri)")
        con.executemany(
            "INSERT INTO do VALUES (?, ?, ?)", [(f"T{i % 4}", f"2026-01-{1 + i // 4:02}", i / 8) for i in range(80)]
        )
    body = drafted({"kind": "sqlite", "path": str(home / "a.db")}, {"table": "do"})
    (table,) = yaml.safe_load(body)["tables"]
    assert table["primary_key"] == ["tram", "ngay"] and "cursor" not in table
    assert [c["type"] for c in table["columns"]] == ["text", "date", "decimal"]


def test_draft__says_where_a_number_reads_two_ways(home: Path) -> None:
    (home / "a.csv").write_text("ma,dan_so\nA,1.234\nB,5.678\n", encoding="utf-8")
    body = drafted({"kind": "csv", "folder": str(home)}, {"file": "a.csv"})
    (line,) = [line for line in body.splitlines() if "dan_so" in line and "type" in line]
    assert "type: decimal}" in line and "1.234 cũng đọc được theo lối Việt Nam" in line


def test_draft__takes_numbers_of_more_places_than_a_decimal_has_as_doubles(home: Path) -> None:
    (home / "a.csv").write_text(
        "ma;vi_do;kinh_do;dt\nA;19.80751234;105,1234567;1.2340000\nB;20;104,5;2\n", encoding="utf-8"
    )
    body = drafted({"kind": "csv", "folder": str(home)}, {"file": "a.csv"})
    kinds = {c["name"]: (c["type"], c.get("format")) for c in yaml.safe_load(body)["tables"][0]["columns"]}
    assert kinds == {"ma": ("text", None), "vi_do": ("double", None), "kinh_do": ("double", "vi_number"), "dt": ("decimal", None)}  # fmt: skip
    path = home / "soyt_kham.yml"
    path.write_text(body)
    os.utime(home / "a.csv", (1_700_000_000, 1_700_000_000))
    load(extract(registry.load(path).get("soyt_kham"), run_id="r"), holder="t")
    assert ask("SELECT vi_do, kinh_do FROM raw.soyt_kham__kham ORDER BY ma") == [
        (19.80751234, 105.1234567),
        (20, 104.5),
    ]


def test_draft__of_an_empty_source_is_refused(home: Path) -> None:
    (home / "a.csv").write_text("ma,dan_so\n", encoding="utf-8")
    with pytest.raises(Fault, match="IOC-206"):
        drafted({"kind": "csv", "folder": str(home)}, {"file": "a.csv"})


def test_arguments__are_yaml_and_need_a_name() -> None:
    assert scaffold.arguments(["header_rows=[5, 6]", "sheet=Biểu 1"]) == {"header_rows": [5, 6], "sheet": "Biểu 1"}
    with pytest.raises(Fault, match="IOC-015"):
        scaffold.arguments(["folder"])


def test_draft__without_a_key_tells_rows_apart_by_their_place_and_loses_none(home: Path) -> None:
    lines = ["A,1", "A,1", "B,", "A,2", "x,y,z"]
    (home / "a.csv").write_text("ma,so\n" + "\n".join(lines), encoding="utf-8")
    body = drafted({"kind": "csv", "folder": str(home)}, {"file": "a.csv"})
    (table,) = yaml.safe_load(body)["tables"]
    assert table["primary_key"] == ["noi_dong"] and [c["name"] for c in table["columns"]] == ["ma", "so", "noi_dong"]
    (home / "soyt_kham.yml").write_text(body)
    os.utime(home / "a.csv", (1_700_000_000, 1_700_000_000))
    (loaded,) = load(extract(registry.load(home / "soyt_kham.yml").get("soyt_kham"), run_id="r"), holder="t")
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (5, 4, 1)
    assert ask("SELECT noi_dong, ma, so FROM raw.soyt_kham__kham ORDER BY 1") == [
        ("a.csv:2", "A", 1), ("a.csv:3", "A", 1), ("a.csv:4", "B", None), ("a.csv:5", "A", 2)
    ]  # fmt: skip


def test_draft__takes_the_primary_key_that_the_database_has(home: Path) -> None:
    with sqlite3.connect(home / "a.db") as con:
        con.execute("CREATE TABLE t (ten TEXT, xa TEXT, nam INTEGER, PRIMARY KEY (nam, xa))")
        con.executemany("INSERT INTO t VALUES (?, ?, ?)", [(f"T{i}", f"X{i % 3}", 2020 + i // 3) for i in range(9)])
    (table,) = yaml.safe_load(drafted({"kind": "sqlite", "path": str(home / "a.db")}, {"table": "t"}))["tables"]
    assert table["primary_key"] == ["nam", "xa"]


def test_draft__names_a_wrong_argument(home: Path) -> None:
    with pytest.raises(Fault) as caught:
        drafted({"kind": "csv", "folder": str(home)}, {"fil": "a.csv"})
    assert (caught.value.code, caught.value.exit_code) == ("IOC-101", 2)
    assert "file: Field required" in caught.value.why and "fil: Extra" in caught.value.why


def test_draft__keeps_more_than_six_places_and_scientific_numbers(home: Path) -> None:
    (home / "a.csv").write_text("ma,ty_le,vi_do,mu\nA,0.5,19.8012345678,1E-7\nB,0.25,19.9,2.5e3\n", encoding="utf-8")
    (table,) = yaml.safe_load(drafted({"kind": "csv", "folder": str(home)}, {"file": "a.csv"}))["tables"]
    assert [c["type"] for c in table["columns"]] == ["text", "decimal", "double", "double"]


def test_draft__of_json_takes_the_fields_that_the_records_have(home: Path) -> None:
    (home / "a.json").write_text('{"tong": 2, "ds": [{"ma": "A", "so": 1.5}, {"ma": "B", "so": 2, "noi": {"x": 1}}]}')
    (table,) = yaml.safe_load(drafted({"kind": "json", "folder": str(home)}, {"file": "a.json"}))["tables"]
    assert table["read"]["records"] == "ds"
    assert [(c["name"], c["type"]) for c in table["columns"]] == [("ma", "text"), ("so", "decimal"), ("noi", "text")]
