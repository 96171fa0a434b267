"""CSV, JSON, NDJSON and Parquet: what was printed comes, and what is broken is one quarantined row."""

from __future__ import annotations

import csv as stdlib_csv
import json
import os
from csv import Error as csv_error
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_request import request, rows
from made_up_source import ask, declare

from ingestion.connectors import _records, csv
from ingestion.connectors import json as json_files
from ingestion.extract import extract
from ingestion.load import Loaded, load
from ingestion.model import Source
from warehouse.errors import Fault


def put(folder: Path, name: str, body: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def loaded(folder: Path, kind: str, read: dict[str, Any], columns: str, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.setenv("IOC_HOME", str(folder / "var"))
    listed = [{"name": name, "type": type_} for name, type_ in (c.split() for c in columns.split(";"))]
    body = declare(columns=listed, read=read, cursor=None, primary_key=[listed[0]["name"]]).model_dump(by_alias=True)
    one = Source.model_validate(body | {"connector": {"kind": kind, "folder": str(folder)}})
    (result,) = load(extract(one, run_id="run"), holder="test")
    return result


def test_csv__ragged_rows_cost_themselves_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.csv", 'ma;so;ghi_chu\nA;1;"hai\ndòng"\nB;2;x;y;z\nC;3\n\nD;4;\n')
    one = loaded(tmp_path, "csv", {"file": "a.csv", "delimiter": ";"}, "ma text;so integer;ghi_chu text", monkeypatch)
    assert (one.rows_in, one.rows_loaded, one.rows_quarantined) == (4, 3, 1)
    assert ask("SELECT ma, so, ghi_chu FROM raw.so_thu_nghiem__ho_so ORDER BY ma") == [
        ("A", 1, "hai\ndòng"),
        ("C", 3, None),
        ("D", 4, None),
    ]
    ((rules, source_ref, (reason,)),) = ask("SELECT rules, source_ref, reasons_vi FROM quarantine.row")
    assert (rules, source_ref) == (["shape:_more"], "a.csv:4") and "y;z" in reason


def test_csv__a_shifted_row_takes_no_name_past_its_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Nguyễn, Văn An` without quotes moves every later cell by one."""
    put(tmp_path, "a.csv", "ma,ho_ten,que\nA,Lê Thị Chim,Thọ Xuân\nB,Nguyễn, Văn Hoàng Yến,Nga Sơn\n")
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    columns = [
        {"name": n, "type": "text"} | ({"class": "pii"} if n == "ho_ten" else {}) for n in ("ma", "ho_ten", "que")
    ]
    body = declare(columns=columns, read={"file": "a.csv"}, cursor=None).model_dump(by_alias=True)
    one = Source.model_validate(body | {"connector": {"kind": "csv", "folder": str(tmp_path)}})
    (result,) = load(extract(one, run_id="run"), holder="test")
    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    kept = [path.read_bytes() for path in (tmp_path / "var").rglob("*") if path.is_file()]
    assert len(kept) >= 3
    landed = "".join(str(pq.read_table(p).to_pydict()) for p in (tmp_path / "var" / "landing").rglob("*.parquet"))
    rest = str(ask("SELECT * FROM quarantine.row")) + str(ask("SELECT * FROM raw.so_thu_nghiem__ho_so"))
    assert "Thọ Xuân" in landed and not any(name in landed + rest for name in ("Chim", "Yến", "Nguyễn"))
    assert ask("SELECT source_ref, reasons_vi[1] LIKE '%dữ liệu cá nhân%' FROM quarantine.row") == [("a.csv:3", True)]


def test_csv__lines_above_names_footer_and_doubled_headers_are_declared(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "BÁO CÁO\n\nma,so,so\nA,1,2\nTổng,1,2\nNgười lập,,\n")
    read = {"file": "a.csv", "skip_lines": 2, "until": "^Tổng"}
    found = rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, read, "ma"))
    assert found[:2] == ([{"ma": "A", "so": "1", "so.2": "2"}], ["a.csv:4"])
    put(tmp_path, "b.csv", "A,1\nB,2\n")
    read = {"file": "b.csv", "names": ["ma", "so"]}
    assert rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, read, "ma"))[0] == [
        {"ma": "A", "so": "1"},
        {"ma": "B", "so": "2"},
    ]


def test_csv__a_surplus_is_never_lost_and_delimiters_at_the_end_are_none(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "tinh,A,B\nP1,1,2,\nP2,,,x\nP3,,,\n")
    folder = {"kind": "csv", "folder": str(tmp_path)}
    found = rows(request(tmp_path, folder, {"file": "a.csv"}, "tinh"))[0]
    assert [(r["tinh"], r["_more"]) for r in found] == [("P1", None), ("P2", "x"), ("P3", None)]
    unpivot = {"id": ["tinh"], "into": "muc", "value": "diem"}
    long, refs, _ = rows(request(tmp_path, folder, {"file": "a.csv", "unpivot": unpivot}, "tinh"))
    assert [tuple(r[n] for n in ("tinh", "muc", "diem", "_more")) for r in long] == [
        ("P1", "A", "1", None),
        ("P1", "B", "2", None),
        ("P2", None, None, "x"),
    ]
    assert refs == ["a.csv:2", "a.csv:2", "a.csv:3"]


def test_csv__streams_a_large_file_in_batches(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "ma,so\n" + "".join(f"M{i},{i}\n" for i in range(120_000)))
    chunks = list(csv.read(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma;so")))
    assert [c.batch.num_rows for c in chunks] == [50_000, 50_000, 20_000, 0]
    assert [bool(c.files) for c in chunks] == [False, False, False, True], "taken only when read to the end"
    assert chunks[2].refs is not None and chunks[2].refs[-1] == "a.csv:120001"


@pytest.mark.parametrize(
    ("body", "kept", "broken"),
    [
        ('ma,so\nA,"1"x\n"B\nb",2\nC,3\n', ["B\nb", "C"], {'A,"1"x': 2}),
        ('ma,so\nB,"Công ty "ABC"",2\nC,3\n', ["C"], {'B,"Công ty "ABC"",2': 2}),
        ('ma,so\nB,"hai\ndòng" thừa\nC,3\n', ["C"], {'B,"hai\ndòng" thừa': 3}),
        ('ma,so\nA,"1\nB,"2"\nC,3\n', ["C"], {'A,"1\nB,"2"': 3}),
    ],
)
def test_csv__a_quote_that_does_not_fit_costs_its_row_alone(
    tmp_path: Path, body: str, kept: list[str], broken: dict[str, int]
) -> None:
    put(tmp_path, "a.csv", body)
    found, refs, _ = rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma;so"))
    assert [r["ma"] for r in found if not r.get("_more")] == kept
    assert {r["_more"]: int(ref.split(":")[1]) for r, ref in zip(found, refs, strict=True) if r.get("_more")} == broken


def test_csv__a_quote_left_open_to_the_end_refuses_the_file(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", 'ma,so\nA,"1\nB,2\nC,3\n')
    with pytest.raises(Fault, match=r"IOC-206.*a\.csv.*line 2"):
        rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma"))


@settings(deadline=None)
@given(st.lists(st.text('ab",\n', max_size=12).filter(lambda t: t.strip()), min_size=1, max_size=6))
def test_csv__no_line_is_lost_whatever_its_quotes(lines: list[str]) -> None:
    text = "ma,so\n" + "".join(f"{line}\n" for line in lines)
    arguments = csv.Read(file="a")
    try:
        found = list(csv._records(iter(text.splitlines(keepends=True)), arguments, 0))
    except csv_error:
        return
    letters = "".join(row if isinstance(row, str) else "".join(row) for _, row in found)
    assert sorted(letters.replace('"', "").replace(",", "").replace("\n", "")) == sorted(
        text.replace('"', "").replace(",", "").replace("\n", "")
    )
    assert [number for number, _ in found] == sorted({number for number, _ in found})


def test_csv__columns_without_a_header_are_called_by_their_place(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "ma,,so,\nA,x,1,\n,,,\n")
    found = rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma;so"))[0]
    assert found == [{"ma": "A", "cột 2": "x", "so": "1"}]  # a line of delimiters is nothing


def test_csv__sniffing_looks_at_the_last_line_and_takes_no_stray_nul_for_utf_16(tmp_path: Path) -> None:
    for name, body, wanted in (
        ("a.csv", b"a\nb\xa9", "cp1258"),
        ("b.csv", b"a,b\n\x00,1\n", "utf-8-sig"),
        ("c.csv", "a,b\n1,2\n".encode("utf-16-le"), "utf-16-le"),
    ):
        (tmp_path / name).write_bytes(body)
        assert csv.sniff(tmp_path / name)["encoding"] == wanted


def test_json__a_field_that_nobody_declared_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '[{"ma": "A", "o": {"x": 1, "y": 2}}, {"ma": "B", "moi": 0.50}]')
    found = rows(request(tmp_path, {"kind": "json", "folder": str(tmp_path)}, {"file": "a.json"}, "ma;x=o.x"))[0]
    assert found == [{"ma": "A", "o.x": "1", "moi": None}, {"ma": "B", "o.x": None, "moi": "0.50"}]


def test_json__a_draft_sees_records_a_line_and_a_list_in_a_document(tmp_path: Path) -> None:
    for body, wanted in (
        ('{"a":1}\n{"a":2}\n', {"lines": True}),
        ('{"tong":2,"items":[{"a":1}]}', {"records": "items"}),
        ('[{"a":1}]', {}),
        ("{", {}),
    ):
        put(tmp_path, "a.json", body)
        assert json_files.sniff(tmp_path / "a.json") == wanted


def test_csv__in_the_wrong_encoding_is_refused_and_never_guessed(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "ma,tên\nA,Hóa\n".encode("utf-16"))
    with pytest.raises(Fault, match="IOC-206"):
        rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma"))


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8-sig", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1258", "|"), ("utf-16-le", ";")],
)
def test_sniff__proposes_what_reads_the_file(tmp_path: Path, encoding: str, delimiter: str) -> None:
    cells = [["mã", "tên", "số"], ["1", "Hạc Thành", "1,5"], ["2", "Đông Sơn", "2,5"]]
    if delimiter == ",":
        cells = [[c.replace(",", ".") for c in row] for row in cells]
    import unicodedata

    text = "\n".join(delimiter.join(row) for row in cells)
    if encoding == "cp1258":  # writes tone marks apart
        text = unicodedata.normalize("NFD", text).replace("đ", "đ").replace("Đ", "Đ")
        text = "".join(
            unicodedata.normalize("NFC", p) if "\u0302" in p or "\u031b" in p or "\u0306" in p else p for p in text
        )
        text = "ma|ten|so\n1|H\u00e2\u0323c|1,5\n2|\u0110\u00f4ng|2,5"
    found = csv.sniff(put(tmp_path, "a.csv", text.encode(encoding)))
    assert found == {"delimiter": delimiter, "encoding": encoding}


def test_ndjson__a_key_with_two_values_costs_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.ndjson", '{"ma": "A", "so": 1, "so": 2}\n{"ma": "B", "so": 3, "so": 3}\n')
    one = loaded(tmp_path, "json", {"file": "a.ndjson", "lines": True}, "ma text;so integer", monkeypatch)
    assert (one.rows_in, one.rows_loaded, one.rows_quarantined) == (2, 1, 1)
    assert ask("SELECT ma, so FROM raw.so_thu_nghiem__ho_so") == [("B", 3)]
    assert ask("SELECT rules[1], row_json->>'_more' FROM quarantine.row") == [
        ("shape:_more", '{"ma": "A", "so": 1, "so": 2}')
    ]


def test_ndjson__one_broken_line_is_one_quarantined_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['{"ma": "A", "do": {"so": 20.880}}', '{"ma": "B", "do": {"so": ', "[1, 2]", '{"ma": "C", "do": {"so": 1}}']
    put(tmp_path, "a.ndjson", "\n".join(lines))
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    columns = [{"name": "ma", "type": "text"}, {"name": "so", "from": "do.so", "type": "decimal"}]
    body = declare(columns=columns, read={"file": "*.ndjson", "lines": True}, cursor=None).model_dump(by_alias=True)
    one = Source.model_validate(body | {"connector": {"kind": "json", "folder": str(tmp_path)}})
    (result,) = load(extract(one, run_id="run"), holder="test")
    assert (result.rows_in, result.rows_loaded, result.rows_quarantined) == (4, 2, 2)
    assert ask("SELECT ma, so::VARCHAR FROM raw.so_thu_nghiem__ho_so ORDER BY 1") == [
        ("A", "20.880000"),
        ("C", "1.000000"),
    ]
    refused = ask("SELECT source_ref, rules[1] FROM quarantine.row ORDER BY 1")
    assert refused == [("a.ndjson:2", "shape:_more"), ("a.ndjson:3", "shape:_more")]


def test_json__finds_records_at_a_path_and_takes_one_object_for_one_record(tmp_path: Path) -> None:
    put(tmp_path, "a.json", b"\xef\xbb\xbf" + json.dumps({"data": {"list": [{"ma": "Đ", "x": [1.50, None]}]}}).encode())
    put(tmp_path, "b.json", '{"data": {"list": {"ma": "E", "x": true}}}')
    read = {"file": "*.json", "records": "data.list"}
    found, refs, _ = rows(request(tmp_path, {"kind": "json", "folder": str(tmp_path)}, read, "ma;x"))
    assert found == [{"ma": "Đ", "x": "[1.5, null]"}, {"ma": "E", "x": "true"}] and refs == ["a.json#1", "b.json#1"]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a": 1', "", '{"data": 3}', '"text"'])
def test_json__that_is_no_list_of_records_is_refused(tmp_path: Path, body: str) -> None:
    put(tmp_path, "a.json", body)
    with pytest.raises(Fault, match="IOC-206"):
        rows(
            request(
                tmp_path,
                {"kind": "json", "folder": str(tmp_path)},
                {"file": "a.json", "records": "data" if "data" in body else ""},
                "ma",
            )
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_records__written_again_mean_what_they_meant(value: Any) -> None:
    assert json.loads(_records.dumps(_records.parse(json.dumps(value)))) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_records__keep_the_digits_of_numbers(value: Decimal) -> None:
    assert _records.as_text(_records.parse(f'{{"a": {value}}}')["a"]) == str(value)


def test_parquet__types_come_as_they_are_and_nested_ones_as_json(tmp_path: Path) -> None:
    table = pa.table({
        "ma": ["A", "B"], "so": pa.array([Decimal("1.10"), None], pa.decimal128(20, 2)), "lon": [2**62, 1],
        "day": [[1, 2], None], "trong": [{"a": Decimal("1.5")}, {"a": None}],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    os.utime(tmp_path / "a.parquet", (1_700_000_000, 1_700_000_000))
    found, refs, files = rows(
        request(tmp_path, {"kind": "parquet", "folder": str(tmp_path)}, {"file": "*.parquet"}, "ma")
    )
    assert found == [
        {"ma": "A", "so": Decimal("1.10"), "lon": 2**62, "day": "[1, 2]", "trong": '{"a": "1.5"}'},
        {"ma": "B", "so": None, "lon": 1, "day": None, "trong": '{"a": null}'},
    ]
    assert refs == ["a.parquet#1", "a.parquet#2"] and len(files) == 1
    put(tmp_path, "a.parquet", (tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(Fault, match="IOC-206"):
        rows(request(tmp_path, {"kind": "parquet", "folder": str(tmp_path)}, {"file": "*.parquet"}, "ma"))


def test_json__a_record_that_is_no_object_or_no_text_is_one_quarantined_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.json", '[{"ma": "A"}, 7, {"ma": "B", "ten": "\\ud83d"}, {"ma": "C"}]')
    one = loaded(tmp_path, "json", {"file": "a.json"}, "ma text;ten text", monkeypatch)
    assert (one.rows_in, one.rows_loaded, one.rows_quarantined) == (4, 2, 2)
    kept = ask("SELECT source_ref, reasons_vi[1] FROM quarantine.row ORDER BY 1")
    assert [ref for ref, _ in kept] == ["a.json#2", "a.json#3"] and "ud83d" in kept[1][1]


def test_sniff__takes_the_word_that_excel_puts_above_the_header(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "sep=;\nma;so\nA;1,5\n")
    read = {"file": "a.csv"} | csv.sniff(tmp_path / "a.csv")
    found = rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, read, "ma"))
    assert found[:2] == ([{"ma": "A", "so": "1,5"}], ["a.csv:3"])


def test_csv__that_is_a_zip_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    with pytest.raises(Fault, match="không phải CSV"):
        rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, {"file": "a.csv"}, "ma"))


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ['"', '""', "\n", "\r\n", ",", ""]
)


@settings(deadline=None)
@given(grid=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_csv__any_cells_written_come_back(
    tmp_path_factory: pytest.TempPathFactory, grid: list[tuple[str, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        stdlib_csv.writer(file).writerows([("a", "b", "c"), *grid])
    os.utime(folder / "a.csv", (1_700_000_000, 1_700_000_000))
    found, refs, _ = rows(request(folder, {"kind": "csv", "folder": str(folder)}, {"file": "a.csv"}, "a"))
    assert [tuple(r.values()) for r in found] == [row for row in grid if any(row)] and len(refs) == len(found)
