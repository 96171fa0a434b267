"""Workbooks of every kind that offices send, made here as files, and those made to hurt."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_request import request, rows

from ingestion.connectors import Request, _workbook, excel
from ingestion.connectors._child import Refused
from ingestion.connectors._sheets import open_workbook
from warehouse.errors import Fault

#: Each file is read by a process of its own.
pytestmark = pytest.mark.slow

COLUMNS = "ma=Mã; ten=Tên; giao=Thời gian / Ngày giao; xong=Thời gian / Ngày xong"
HEADER = [["Mã", "Tên", "Thời gian", ""], ["", "", "Ngày giao", "Ngày xong"]]
DATA = [["007", "Đông Sơn", "01/02/2025", "3"], ["008", "Nghi Sơn", "02/02/2025", "1.5"]]
ROWS = [dict(zip(["Mã", "Tên", "Thời gian / Ngày giao", "Thời gian / Ngày xong"], row, strict=True)) for row in DATA]


def ask(folder: Path, columns: str = COLUMNS, **read: Any) -> Request:
    read = {"file": "*", "header_rows": [1, 2], **read}
    return request(folder, {"kind": "excel", "folder": str(folder / "noi")}, read, columns)


def put(folder: Path, name: str, content: bytes | str) -> None:
    (folder / "noi").mkdir(exist_ok=True)
    (folder / "noi" / name).write_bytes(content.encode() if isinstance(content, str) else content)


def refusal(asked: Request) -> str:
    with pytest.raises(Fault) as caught:
        rows(asked)
    assert caught.value.code == "IOC-206"
    return caught.value.what_vi


def here(
    folder: Path, content: bytes | str, wanted: str = "ma; so", **read: Any
) -> tuple[list[dict[str, Any]], list[str], dict[str, int]]:
    """Rows, places and what was left out, parsed in this process: half a second faster than in the child."""
    put(folder, "a.xlsx", content)
    declared = excel.Read.model_validate({"file": "*", "header_rows": [1, 1], **read}).model_dump(mode="json")
    found: list[dict[str, Any]] = []
    places: list[str] = []
    left_out: dict[str, int] = {}
    for batch, refs in _workbook.parse(folder / "noi" / "a.xlsx", declared | {"wanted": wanted.split("; ")}):
        if batch.schema.names == _workbook.SUMMARY:
            left_out |= {r["_reason"]: r["_count"] for r in batch.to_pylist() if r["_count"]}
        else:
            found += batch.to_pylist()
            places += refs
    return found, places, left_out


def xlsx(*lines: list[Any], sheet: str = "Số liệu") -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        for i, line in enumerate(lines):
            for j, value in enumerate(line):
                page.write_string(i, j, value) if isinstance(value, str) else page.write(i, j, value)
    return file.getvalue()


def merged_xlsx() -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    for line in HEADER + DATA:
        page.append([text or None for text in line])
    for area in ("A1:A2", "B1:B2", "C1:D1"):
        page.merge_cells(area)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def ods() -> bytes:
    def line(texts: list[str]) -> str:
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>'
            if t
            else "<table:table-cell/>"
            for t in texts
        )
        return f"<table:table-row>{cells}</table:table-row>"

    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="Số liệu">'
        + "".join(map(line, HEADER + DATA))
        + "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)
    return file.getvalue()


HTML = """<html><head><style>td {color: red}</style></head><body><table>
<tr><th rowspan=2>Mã</th><th rowspan="2">Tên</th><th colspan=2>Thời<br>gian</th></tr><tr><th>Ngày giao</th><th>Ngày xong</th></tr>
<tr><td>007</td><td>Đông <b>S</b>ơn</td><td>01/02/2025</td><td x:num="3">3,0</td></tr>
<tr><td>008</td><td>Nghi&nbsp;Sơn<td>02/02/2025</td><td>1.5</td></tr></table></body></html>"""
XML_2003 = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Số liệu"><Table>
<Row><Cell ss:MergeDown="1"><Data ss:Type="String">Mã</Data></Cell><Cell ss:MergeDown="1"><Data ss:Type="String">Tên</Data></Cell>
<Cell ss:MergeAcross="1"><Data ss:Type="String">Thời gian</Data></Cell></Row>
<Row><Cell ss:Index="3"><Data ss:Type="String">Ngày giao</Data></Cell><Cell><Data ss:Type="String">Ngày xong</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">007</Data></Cell><Cell><Data ss:Type="String">Đông Sơn</Data></Cell>
<Cell><Data ss:Type="String">01/02/2025</Data></Cell><Cell><Data ss:Type="Number">3.0</Data></Cell></Row>
<Row ss:Index="4"><Cell><Data ss:Type="String">008</Data></Cell><Cell><Data ss:Type="String">Nghi Sơn</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="String">02/02/2025</Data></Cell><Cell><Data ss:Type="Number">1.5</Data></Cell></Row>
</Table></Worksheet></Workbook>"""
LINES = [["Mã", "Tên", "Thời gian / Ngày giao", "Thời gian / Ngày xong"], *DATA]
TSV = "\n".join("\t".join(line) for line in LINES)
CSV = "\n".join(";".join(line) for line in LINES)


@pytest.mark.parametrize(
    ("content", "sheet", "header"),
    [
        (merged_xlsx(), "Sheet", [1, 2]),
        (xlsx(*HEADER, *DATA), "Số liệu", [1, 2]),
        (ods(), "Số liệu", [1, 2]),
        (HTML, "Bảng 1", [1, 2]),
        ("﻿" + HTML.replace("<html>", "<HTML>"), "Bảng 1", [1, 2]),
        (XML_2003, "Số liệu", [1, 2]),
        (TSV, "Bảng 1", [1, 1]),
        (TSV.encode("utf-16"), "Bảng 1", [1, 1]),
        (CSV, "Bảng 1", [1, 1]),
    ],
)
def test_excel__tells_the_kind_by_content_whatever_the_name(
    tmp_path: Path, content: bytes | str, sheet: str, header: list[int]
) -> None:
    put(tmp_path, "so.xls", content)
    found, refs, files = rows(ask(tmp_path, header_rows=header))
    assert found == ROWS and len(files) == 1
    assert refs == [f"so.xls!{sheet}!{header[1] + 1}", f"so.xls!{sheet}!{header[1] + 2}"]


def test_excel__cells_come_as_they_are_stored(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet()
        formats = {f: book.add_format({"num_format": f}) for f in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm", "hh:mm", "0%")}
        page.write_row(0, 0, ["a", "b"])
        cells = [
            ("007", None, "007"), (7, None, "7"), (7.5, None, "7.5"), (-3, None, "-3"), (0.125, "0%", "0.125"),
            (12345678901234567, None, "1.234567890123457E+16"), (1e-7, None, "0.0000001"), (True, None, "true"),
            (0.96910940048, None, "0.96910940048"), (5e-6, None, "0.000005"), (4e-11, None, "0.00000000004"), (0, None, "0"),
            (999999999999999, None, "999999999999999"), (123456789012.25, None, "123456789012.25"), (1e15, None, "1E+15"),
            (datetime(2025, 3, 4), "dd/mm/yyyy", "2025-03-04 00:00:00"), (time(5, 6), "hh:mm", "05:06:00"),
            (datetime(2025, 3, 4, 5, 6), "dd/mm/yyyy hh:mm", "2025-03-04 05:06:00"),
        ]  # fmt: skip
        for i, (value, form, _) in enumerate(cells, 1):
            page.write(i, 0, f"dòng {i}")
            page.write_string(i, 1, value) if isinstance(value, str) else page.write(
                i, 1, value, formats.get(str(form))
            )
        for i, (error, _) in enumerate(
            [("#N/A", 0), ("#REF!", 0), ("#DIV/0!", 0), ("12345678901234567", 0)], len(cells) + 1
        ):
            page.write(i, 0, f"dòng {i}")
            page.write_string(i, 1, error) if error[0] == "1" else page.write_formula(i, 1, "=X", None, error)
        page.write(30, 0, "công thức")
        page.write_formula(30, 1, "=1+1", None, 2)
    put(tmp_path, "a.xlsx", file.getvalue())
    found, _, _ = rows(ask(tmp_path, "a; b", header_rows=[1, 1]))
    shown = [text for *_, text in cells]
    assert [r["b"] for r in found] == [*shown, "#N/A", "#REF!", "#DIV/0!", "12345678901234567", "2"]


def test_excel__numbers_keep_the_decimals_that_the_reader_would_round(tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", xlsx(["ma", "so"], ["x", 0.1234567890123], ["y", "0.123456789"], ["z", 27991609.16926]))
    found, _, _ = rows(ask(tmp_path, "ma; so", header_rows=[1, 1]))
    assert [r["so"] for r in found] == ["0.1234567890123", "0.123456789", "27991609.16926"]


def changed(book: bytes, part: str, was: str, now: str) -> bytes:
    """A workbook with a text of one of its parts replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            body = before.read(name).decode() if name == part else ""
            assert name != part or was in body
            after.writestr(name, body.replace(was, now) if name == part else before.read(name))
    return file.getvalue()


@pytest.mark.parametrize("extension", ["", '<extLst><ext uri="{1}"><x14:workbookPr xmlns:x14="x"/></ext></extLst>'])
def test_excel__days_of_the_1904_system_are_those_that_a_person_sees(tmp_path: Path, extension: str) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"date_1904": True}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        page = book.add_worksheet()
        page.write_row(0, 0, ["ma", "so"])
        page.write_row(1, 0, ["a", datetime(2016, 5, 23)], day)
    content = changed(file.getvalue(), "xl/workbook.xml", "</workbook>", f"{extension}</workbook>")
    assert [r["so"] for r in here(tmp_path, content)[0]] == ["2016-05-23 00:00:00"]


def test_excel__a_cell_that_is_no_number_costs_itself_only(tmp_path: Path) -> None:
    book = xlsx(["ma", "so"], ["a", 41], ["b", 15], ["c", 2.5])
    book = changed(book, "xl/worksheets/sheet1.xml", "<v>41</v>", "<v> 41</v>")
    book = changed(book, "xl/worksheets/sheet1.xml", "<v>15</v>", "<v>1,5</v>")
    assert [r["so"] for r in here(tmp_path, book)[0]] == ["41", "1,5", "2.5"]
    book = changed(book, "xl/worksheets/sheet1.xml", '<c r="B4"><v>2.5</v>', '<c r="B4" t="e"><v>#ERROR!</v>')
    assert [r["so"] for r in here(tmp_path, book)[0]] == ["41", "1,5", "#ERROR!"]


def test_excel__a_formula_that_nobody_calculated_comes_as_its_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["ma", "so"], ["a", "=1+1"], ["b", '=IF(1<2,"x","")'], ["c", 3]):
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    assert [r["so"] for r in here(tmp_path, file.getvalue())[0]] == ["=1+1", '=IF(1<2,"x","")', "3"]


ODS_CELLS = (
    '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
    '<table:table-cell office:value-type="time" office:time-value="PT16H05M09S"><text:p>16:05</text:p></table:table-cell>',
    '<table:table-cell office:value-type="time" office:time-value="PT27H17M54S"><text:p>27:17:54</text:p></table:table-cell>',
)


def test_ods__errors_and_times_are_those_that_a_person_sees_indented_or_not(tmp_path: Path) -> None:
    lines = "".join(
        "<table:table-row><table:table-cell office:value-type='string'><text:p>x</text:p></table:table-cell>"
        f"{one}</table:table-row>"
        for one in ODS_CELLS
    )
    book = changed(ods(), "content.xml", "</table:table>", f"{lines}</table:table>")
    book = changed(book, "content.xml", "<office:document-content ", '<office:document-content xmlns:calcext="c" ')
    for content in (book, changed(book, "content.xml", "<table:table-row>", "\n  <table:table-row>\n    ")):
        found, _, _ = here(tmp_path, content, "ma=Mã", header_rows=[1, 2])
        assert [r["Tên"] for r in found] == ["Đông Sơn", "Nghi Sơn", "#DIV/0!", "16:05:09", "27:17:54"]


def test_excel__leaves_out_what_is_no_data_and_counts_it(tmp_path: Path) -> None:
    body = [["A", "B", "1"], ["I", "Nhóm", "9"], ["1", "Đường", "5"], ["", "mục", ""], ["", "", ""], ["2", "3", "4"]]
    tail = [["", "Tổng cộng", "9"], ["", "NGƯỜI LẬP biểu", "Thủ trưởng"]]
    put(tmp_path, "a.xlsx", xlsx(["STT", "Tên", "Số"], *body, *tail))
    skip = {"roman_in": "STT", "single_cell": True}
    asked = ask(tmp_path, "stt=STT; ten=Tên; so=Số", header_rows=[1, 1], skip_rows=skip)
    chunks = list(excel.read(asked))
    # A data row of small numbers (2, 3, 4) is no row of column numbers.
    assert [r["Tên"] for c in chunks for r in c.batch.to_pylist()] == ["Đường", "3"]
    assert [ref for c in chunks for ref in c.refs or []] == ["a.xlsx!Số liệu!4", "a.xlsx!Số liệu!7"]
    reasons = ["dòng số thứ tự cột", "cộng nhóm (số La Mã)", "dòng chỉ có một ô", "dòng tổng cộng", "chân biểu"]
    assert chunks[-1].left_out == dict.fromkeys(reasons, 1)


def test_excel__a_row_with_one_cell_is_data_unless_it_is_merged_or_declared(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("Số liệu")
        for i, line in enumerate(
            [
                ["Xã", "Hộ", "Ghi"],
                ["Tân Ninh", "7", "x"],
                [],
                ["Hoằng Hóa"],
                ["Tổng số hộ", "", "y"],
                ["Cộng (2 xã)", "7"],
            ]
        ):
            page.write_row(i, 0, line)
        page.merge_range(2, 0, 2, 2, "A. MIỀN NÚI")
    put(tmp_path, "a.xlsx", file.getvalue())
    chunks = list(excel.read(ask(tmp_path, "xa=Xã; ho=Hộ", header_rows=[1, 1])))
    # A commune without a number is a row; a word that goes on after “Tổng số” names what is counted.
    assert [r["Xã"] for c in chunks for r in c.batch.to_pylist()] == ["Tân Ninh", "Hoằng Hóa", "Tổng số hộ"]
    assert chunks[-1].left_out == {"dòng gộp ô": 1, "dòng tổng cộng": 1}


def test_excel__a_first_row_of_1_2_3_can_be_declared_data(tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", xlsx(["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]))
    for declared, wanted in ((True, ["4"]), (False, ["1", "4"])):
        asked = ask(tmp_path, "a; b; c", header_rows=[1, 1], skip_rows={"column_numbers": declared})
        assert [r["a"] for c in excel.read(asked) for r in c.batch.to_pylist()] == wanted


def hidden_xlsx() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name in ("Tháng 1", "Nháp"):
            page = book.add_worksheet(name)
            for i, line in enumerate([["ma", "so"], ["a", "1"], ["b", "2"], ["c", "3"]]):
                page.write_row(i, 0, line)
            page.set_row(2, None, None, {"hidden": True})
        page.hide()
        book.add_worksheet("Trống")
    return file.getvalue()


@pytest.mark.parametrize(
    ("read", "names", "counts"),
    [
        ({}, "abc", {"trang ẩn": 1}),
        ({"hidden_rows": "skip"}, "ac", {"trang ẩn": 1, "dòng ẩn": 1}),
        ({"sheet": "Nháp"}, "abc", {}),
        ({"sheet": "Tháng *", "range": "A1:B3"}, "ab", {"ngoài vùng khai báo": 1}),
    ],
)
def test_excel__hidden_sheets_need_their_name_and_hidden_rows_are_data_unless_declared(
    tmp_path: Path, read: dict[str, Any], names: str, counts: dict[str, int]
) -> None:
    found, _, left_out = here(tmp_path, hidden_xlsx(), **read)
    assert "".join(r["ma"] for r in found) == names
    assert left_out == counts


def test_excel__does_not_guess_which_rows_are_hidden(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="không cho biết dòng ẩn"):
        here(tmp_path, ods(), header_rows=[1, 2], hidden_rows="skip")


def test_excel__range_leaves_notes_beside_the_table_out(tmp_path: Path) -> None:
    content = xlsx(["", "", "", "ghi chú"], ["", "ma", "so", "x"], ["", "a", "1", "y"], ["cuối", "trang", "", ""])
    found, refs, left_out = here(tmp_path, content, header_rows=[2, 2], range="B2:C3")
    assert (found, refs) == ([{"ma": "a", "so": "1"}], ["a.xlsx!Số liệu!3"])
    assert left_out == {"ngoài vùng khai báo": 1}


def test_excel__two_columns_of_a_declared_name_are_refused(tmp_path: Path) -> None:
    content = xlsx(["ma", "Số", "SỐ *"], ["a", "1", "2"])
    assert here(tmp_path, content, "ma")[0] == [{"ma": "a", "Số": "1", "SỐ *": "2"}]
    with pytest.raises(Refused, match="hai cột cùng tên"):
        here(tmp_path, content, "ma; Số")


@pytest.mark.parametrize(
    ("line", "unit"),
    [("Đơn vị tính: Triệu đồng", "triệu đồng"), ("ĐVT : tỷ đồng", "tỷ đồng"), ("(Đơn vị: TRIỆU  ĐỒNG)", "triệu đồng")],
)
def test_excel__takes_the_unit_from_above_the_header(tmp_path: Path, line: str, unit: str) -> None:
    content = xlsx(["BIỂU 1"], ["", line], ["ma", "so"], ["a", "5"])
    unit_from = {"words": ["triệu đồng", "tỷ đồng", "đồng"], "unit_as": "dvt"}
    assert here(tmp_path, content, header_rows=[3, 3], unit_from=unit_from)[0] == [{"ma": "a", "so": "5", "dvt": unit}]


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("Đơn vị: nghìn tỷ đồng", None, "ô B2: đơn vị “Đơn vị: nghìn tỷ đồng” không có trong khai báo"),
        ("tấn", "B2", "ô B2: đơn vị “tấn” không có"),
        ("", "F4", "ô F4"),
        ("không nói gì", None, "có 0 đơn vị"),
    ],
)
def test_excel__refuses_a_unit_that_nobody_declared(tmp_path: Path, line: str, cell: str | None, said: str) -> None:
    content = xlsx(["BIỂU 1"], ["", line], ["ma", "so"], ["a", "5"])
    unit_from = {"words": ["đồng", "tỷ đồng"], "unit_as": "dvt", "cell": cell}
    with pytest.raises(Refused, match=said):
        here(tmp_path, content, header_rows=[3, 3], unit_from=unit_from)


def test_excel__wide_months_become_rows_by_a_regular_expression(tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", xlsx(["Mã", "Tháng 1", "THÁNG 12", "Cả năm"], ["a", "5", "", "5"], ["b", "7", "8", "15"]))
    unpivot = {"pattern": r"Tháng (\d+)", "into": "thang", "value": "so"}
    found, refs, _ = rows(ask(tmp_path, "ma=Mã; thang; so; nam=Cả năm", header_rows=[1, 1], unpivot=unpivot))
    assert [(r["Mã"], r["thang"], r["so"]) for r in found] == [
        ("a", "1", "5"),
        ("a", "12", None),
        ("b", "1", "7"),
        ("b", "12", "8"),
    ]
    assert refs == [f"a.xlsx!Số liệu!{n}" for n in (2, 2, 3, 3)] and found[3]["Cả năm"] == "15"


def zipped(parts: dict[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def spoiled(content: bytes, part: str, replace: tuple[str, str]) -> bytes:
    """An xlsx with one part changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    text = bytes(parts[part]).decode()  # type: ignore[arg-type]
    assert replace[0] in text
    return zipped(parts | {part: text.replace(*replace)})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
ONE = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped({ONE: b"0" * 60_000_000}), "giải nén ra"),
        (zipped({"xl/vbaProject.bin": b"x"}), "macro"),
        (zipped({"Basic/Standard/Module1.xml": b"x"}), "macro"),
        (OLE + "_VBA_PROJECT_CUR".encode("utf-16-le"), "macro"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "mật khẩu"),
        (OLE, "hỏng"),
        (xlsx(["a"])[:-30], "hỏng hoặc đang tải lên dở"),
        (LAUGHS + XML_2003.partition("?>")[2].replace("007", "&b;"), "DOCTYPE"),
        (XML_2003.replace('ss:Index="4"', 'ss:Index="2000000000"'), "Excel không có dòng"),
        (XML_2003.replace('ss:Index="3"', 'ss:Index="20000000"'), "vượt 16,384 cột"),
        (HTML.replace("colspan=2", "colspan=99999999"), "vượt 16,384 cột"),
        ("<html><body>Phiên làm việc đã hết</body></html>", "không phải bảng tính|không có bảng"),
        ("<html>" + "<div>" * 5000 + "<table><tr><td>a</table>", "quá sâu|không có bảng"),
        ("%PDF-1.7\n\0\1", "không phải bảng tính"),
    ],
    ids=range(14),
)
def test_excel__refuses_what_is_made_to_hurt_and_says_why(tmp_path: Path, content: bytes | str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        here(tmp_path, content)


@pytest.mark.parametrize("corner", ["XFD1048576", "ZZZZZZ2"])
def test_excel__two_cells_at_the_ends_of_a_sheet_cost_one_refusal(tmp_path: Path, corner: str) -> None:
    put(tmp_path, "độc.xls", spoiled(xlsx(["ma"], ["b"]), ONE, ('r="A2"', f'r="{corner}"')))
    why = refusal(ask(tmp_path, "ma", header_rows=[1, 1]))
    assert "độc.xls" in why and ("bộ nhớ" in why or "hỏng" in why or "dừng đột ngột" in why), why


def test_excel__expands_no_entity_in_an_xlsx(tmp_path: Path) -> None:
    laughs = ('standalone="yes"?>', 'standalone="yes"?><!DOCTYPE a [<!ENTITY a "' + "ha" * 1000 + '">]>')
    bomb = spoiled(
        spoiled(xlsx(["ma"], ["x"]), "xl/sharedStrings.xml", laughs), "xl/sharedStrings.xml", (">x<", ">&a;<")
    )
    put(tmp_path, "a.xlsx", bomb)
    why = refusal(ask(tmp_path, "ma", header_rows=[1, 1]))
    assert "hỏng" in why and "haha" not in why


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co")), max_size=12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=6))
def test_sheets__any_texts_written_come_back(tmp_path_factory: pytest.TempPathFactory, grid: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("so") / "a.xls"
    path.write_bytes(xlsx(["c1", "c2", "c3"], *grid))
    columns = open_workbook(path).load("Số liệu").columns
    came = [
        [t and unicodedata.normalize("NFC", t) for t in line]
        for line in zip(*(c.to_pylist() for c in columns), strict=True)
    ]
    del came[0]
    expected = [[unicodedata.normalize("NFC", text).strip() or None for text in line] for line in grid]
    while expected and not any(expected[-1]):
        expected.pop()
    assert came[: len(expected)] == expected and not any(map(any, came[len(expected) :]))
