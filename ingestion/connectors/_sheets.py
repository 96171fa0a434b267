"""Whatever an office calls a workbook, as sheets of text: what kind of file it is, its content tells and never its name.

xls, xlsx, xlsb and ods are read by calamine through fastexcel. Old Vietnamese software also writes an HTML table, XML of
Excel 2003, or plain CSV or TSV under the name “.xls”. Runs in the limited child process (`_child`), so that a file made to
hurt costs one refusal; nothing here imports more than it needs.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.connectors import _mended
from ingestion.connectors._child import Refused

#: An unpacked workbook larger than this, or than a hundred times its packed size, is refused (zip bomb).
MAX_UNPACKED = 500_000_000
#: What Excel itself can hold, and a grid that still fits the child's memory as Python texts.
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1_048_576, 16_384, 30_000_000

#: Top, left, bottom, right; from 1, both ends included.
Area = tuple[int, int, int, int]


@dataclass(frozen=True)
class Marks:
    """What is not in the cells: merged areas and rows hidden by a person or a filter. None: this kind does not tell."""

    merged: list[Area] | None = None
    hidden_rows: set[int] | None = None


@dataclass(frozen=True)
class Sheet:
    """`columns` are texts from column A and row 1 on, nothing where the cell is blank. `marks` is asked only when needed:
    an xlsx must be unpacked again for it."""

    name: str
    columns: list[pa.Array]
    is_hidden: bool = False
    marks: Callable[[], Marks] = Marks


@dataclass(frozen=True)
class Workbook:
    names: list[str]
    load: Callable[[str], Sheet]


def open_workbook(path: Path) -> Workbook:
    """Raises `Refused` for what is no workbook, and for macros, passwords and zip bombs, before anything is parsed."""
    content = path.read_bytes()
    if content.startswith(b"PK"):
        _refuse_zip(path, len(content))
        return _calamine(path, content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        _refuse_ole(content)
        return _calamine(path, content)
    text = _decoded(content)
    start = (text if text is not None else content[:4096].decode("latin-1")).lstrip()[:4096].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in start and start.startswith(("<?xml", "<workbook")):
        return _among(_xml_2003(content))
    if start.startswith("<") and re.search("<(html|table|meta|head|body)", start):
        return _among(_html(content if text is None else text.encode(), None if text is None else "utf-8"))
    if text is None or "\0" in text or not re.search("[\t;,]", start):
        raise Refused("nội dung không phải bảng tính (xls, xlsx, xlsb, ods, bảng HTML, XML Excel 2003, CSV, TSV)")
    return _among([_delimited(text)])


def _among(sheets: list[Sheet]) -> Workbook:
    found = {sheet.name: sheet for sheet in sheets}
    return Workbook(list(found), found.__getitem__)


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return None


# --- xls, xlsx, xlsb, ods ---------------------------------------------------------------------------------------------


def _refuse_zip(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused("tệp nén hỏng hoặc đang tải lên dở") from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED or unpacked > 100 * max(size, 100_000):
        raise Refused(f"giải nén ra {unpacked:,} byte, vượt giới hạn")
    if any(re.search("vbaProject.bin$|/macrosheets/|^(Basic|Scripts)/", part.filename) for part in parts):
        raise Refused("tệp có macro, không nhận; lưu lại thành .xlsx không macro")


def _refuse_ole(content: bytes) -> None:
    """Names of a compound file's parts are UTF-16 in its directory."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused("tệp có mật khẩu; gỡ mật khẩu rồi gửi lại")
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise Refused("tệp có macro, không nhận; lưu lại thành .xlsx không macro")


def _calamine(path: Path, content: bytes) -> Workbook:
    is_zip = content.startswith(b"PK")
    try:
        content = _mended.workbook(content) if is_zip else content
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        raise Refused("tệp nén hỏng hoặc đang tải lên dở") from None
    book = _opened(content)

    def load(name: str) -> Sheet:
        part = _part_of(content, name) if is_zip else None
        if part is None:
            return _calamine_sheet(book, name, path)
        calculated = _mended.formulas(content, part)
        try:
            return _calamine_sheet(book if calculated is content else _opened(calculated), name, path)
        except Refused as refused:
            if "float" not in str(refused) and "cell error" not in str(refused):
                raise
        return _calamine_sheet(_opened(_mended.cells(calculated, part)), name, path)

    return Workbook(book.sheet_names, load)


def _opened(content: bytes) -> Any:
    try:
        return fastexcel.read_excel(content)
    except fastexcel.FastExcelError as error:
        raise _broken(error) from None


def _broken(error: Exception) -> Refused:
    why = str(error).splitlines()[0][:120]
    return Refused("tệp có mật khẩu; gỡ mật khẩu rồi gửi lại" if "assword" in why else f"tệp hỏng ({why})")


def _calamine_sheet(book: Any, name: str, path: Path) -> Sheet:
    # Everything as text, and no row skipped, so that row numbers are those that a person sees.
    how: dict[str, Any] = {"header_row": None, "skip_rows": 0}
    try:
        loaded = book.load_sheet(name, dtypes="string", **how)
        batch, errors = loaded.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        raise _broken(error) from None
    is_hidden = loaded.visible != "visible"
    if not batch.num_columns:
        return Sheet(name, [], is_hidden)
    at = [column.absolute_index for column in loaded.selected_columns]
    _refuse_width(at[-1] + 1)
    columns = _with_errors(batch.columns, errors.errors if errors else [])
    rounded = [i for i, column in enumerate(columns) if _may_be_rounded(column)]
    if rounded:
        numbers, are_numbers = (
            book.load_sheet(name, dtypes=kind, use_columns=[at[i] for i in rounded], **how).to_arrow().columns
            for kind in ("float", "boolean")
        )
        for i, stored, is_number in zip(rounded, numbers, are_numbers, strict=True):
            columns[i] = _as_stored(columns[i], stored, pc.is_valid(is_number))
    blank = pa.nulls(batch.num_rows, pa.string())
    return Sheet(
        name, [blank] * at[0] + [_plain(c) for c in columns], is_hidden, lambda: _marks(path, name, batch.num_rows)
    )


def _refuse_width(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise Refused(f"trang rộng {columns:,} cột, vượt {MAX_COLUMNS:,} cột của Excel")


_ERRORS = {"Div0": "#DIV/0!", "NA": "#N/A", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!", "Ref": "#REF!", "Value": "#VALUE!"}  # fmt: skip


def _with_errors(columns: list[pa.Array], errors: list[Any]) -> list[pa.Array]:
    """Cells that have no value (#N/A) or an impossible date come as their own text, so that the contract refuses them."""
    changed: dict[int, list[str | None]] = {}
    for error in errors:
        row, column = error.offset_position
        kind = re.search(r"Error\((\w+)\)", error.detail)
        number = re.search(r"value: ([^,]+)", error.detail)
        text = _ERRORS.get(kind[1], f"#{kind[1]}") if kind else number[1] if number else _ods_time(error.detail)
        changed.setdefault(column, columns[column].to_pylist())[row] = text
    return [pa.array(changed[i], pa.string()) if i in changed else column for i, column in enumerate(columns)]


def _ods_time(detail: str) -> str:
    """PT27H17M54S → 27:17:54, as the sheet shows it."""
    found = re.search(r'DurationIso\("([^"]*)"', detail)
    clock = re.fullmatch(r"PT(\d+)H(\d+)M(\d+)S", found[1]) if found else None
    if clock:
        return ":".join(part.zfill(2) for part in clock.groups())
    return found[1] if found else detail


def _may_be_rounded(column: pa.Array) -> bool:
    """fastexcel writes a number with at most nine decimals (a tiny one as 0), and all digits of a large one, though only 15
    of them mean anything."""
    return bool(pc.any(pc.match_substring_regex(column, r"^-?\d{16,}$|^-?\d+\.\d+$|^-?0$")).as_py())


def _as_stored(column: pa.Array, numbers: pa.Array, is_number: pa.Array) -> pa.Array:
    """Number cells as the file has them, in the fewest digits that mean the same; the same digits typed as text stay.

    A 17-digit code that was typed as a number comes as 1.2345678901234E+16, which nobody takes for the code.
    """
    is_number = pc.and_(is_number, pc.fill_null(pc.match_substring_regex(column, r"^-?[\d.]+$"), False))
    texts = pc.if_else(is_number, column, None)
    is_exact = pc.and_(pc.equal(texts.cast(pa.float64()), numbers), pc.less_equal(pc.binary_length(texts), 15))
    changed = pc.and_not(is_number, pc.fill_null(is_exact, False))
    stored = pc.if_else(changed, numbers, None).cast(pa.string())
    if pc.any(pc.match_substring(stored, "e")).as_py():
        stored = pa.array([_without_exponent(text) for text in stored.to_pylist()], pa.string())
    return pc.if_else(changed, stored, column)


def _without_exponent(text: str | None) -> str | None:
    """5e-06 → 0.000005; numbers of more than 15 digits keep theirs."""
    if text is None or "e" not in text:
        return text
    number = Decimal(text)
    return f"{number:f}" if -15 <= number.adjusted() < 15 else text.upper()


def _plain(column: pa.Array) -> pa.Array:
    """Composed letters, no space at the ends, nothing for nothing; a time of day without Excel's day zero before it."""
    is_ascii = pc.all(pc.string_is_ascii(column)).as_py() is not False
    if not is_ascii and pc.any(pc.match_substring_regex(column, r"[\x{0300}-\x{036f}]")).as_py():
        column = pc.utf8_normalize(column, form="NFC")
    if pc.any(pc.starts_with(column, "1899-12-3")).as_py():
        column = pc.replace_substring_regex(column, r"^1899-12-3[01] (\d\d:\d\d:\d\d)", r"\1")
    if pc.any(pc.match_substring(column, "_x000d_")).as_py():  # SheetJS writes Excel's _x000D_ small
        column = pc.replace_substring(column, "_x000d_", "\r")
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _marks(path: Path, name: str, rows: int) -> Marks:
    """Of an xlsx, from its XML; searched as bytes because a full parse takes four times as long as reading the cells."""
    content = path.read_bytes()
    part = _part_of(content, name) if content.startswith(b"PK") else None
    if part is None:
        return Marks()
    with zipfile.ZipFile(path) as archive:
        xml = archive.read(part)
    merged = [
        _area(found[1].decode()) for found in re.finditer(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:$]+)"', xml)
    ]
    hidden = set()
    row = 0
    for found in re.finditer(rb"<(?:\w+:)?row(\s[^>]*)?>", xml):
        number = re.search(rb'\sr="(\d+)"', found[1] or b"")
        row = int(number[1]) if number else row + 1
        if re.search(rb'\shidden="(1|true)"', found[1] or b""):
            hidden.add(row)
    return Marks([area for area in merged if area[0] <= rows], hidden)


def _part_of(content: bytes, name: str) -> str | None:
    """Where an xlsx has a sheet; None in an xlsb or ods."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" not in names:
            return None
        book = _xml(archive.read("xl/workbook.xml"))
        relations = _xml(archive.read("xl/_rels/workbook.xml.rels"))
    keys = [
        value
        for sheet in book.iter("{*}sheet")
        if sheet.get("name") == name
        for attribute, value in sheet.attrib.items()
        if attribute.endswith("}id")
    ]
    targets = [str(one.get("Target")) for one in relations.iter("{*}Relationship") if one.get("Id") in keys]
    parts = [target.lstrip("/") if target.startswith("/") else f"xl/{target}" for target in targets]
    return next((part for part in parts if part in names), None)


_LETTERS = re.compile(r"\$?([A-Z]+)\$?(\d+)")


def cell(name: str) -> tuple[int, int]:
    """`F4` → (4, 6): row and column from 1."""
    found = _LETTERS.fullmatch(name)
    if not found:
        raise ValueError(f"not a cell: {name!r}")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _area(reference: str) -> Area:
    first, _, last = reference.partition(":")
    return *cell(first), *cell(last or first)


# --- texts that only call themselves workbooks ------------------------------------------------------------------------


@dataclass
class _Grid:
    """Cells as they come, row after row, while cells of earlier rows reach down into later ones."""

    rows: list[list[str | None]] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    _reaches: dict[int, int] = field(default_factory=dict)  # column → the last row that a cell above takes

    def start(self, row: int, *, is_hidden: bool = False) -> None:
        if not len(self.rows) < row <= MAX_ROWS:
            raise Refused(f"dòng {row:,} sau dòng {len(self.rows):,}: Excel không có dòng như vậy")
        self.rows.extend([] for _ in range(row - len(self.rows)))
        if is_hidden:
            self.hidden.add(row)

    def put(self, text: str | None, column: int = 0, *, across: int = 1, down: int = 1) -> int:
        """Put a text in the current row at a column (0: the first free one); returns the next column."""
        row = len(self.rows)
        if not column:
            column = len(self.rows[-1]) + 1
            while self._reaches.get(column, 0) >= row:
                column += 1
        _refuse_width(column + across - 1)
        line = self.rows[-1]
        line.extend([None] * (column + across - 1 - len(line)))
        line[column - 1] = text
        if across > 1 or down > 1:
            self.merged.append((row, column, row + down - 1, column + across - 1))
            self._reaches.update(dict.fromkeys(range(column, column + across), row + down - 1))
        return column + across

    def sheet(self, name: str, *, is_hidden: bool = False) -> Sheet:
        width = max(map(len, self.rows), default=0)
        if width * len(self.rows) > MAX_CELLS:
            raise Refused(f"trang {len(self.rows):,} dòng × {width:,} cột, vượt {MAX_CELLS:,} ô")
        lines = [line + [None] * (width - len(line)) for line in self.rows]
        columns = [_plain(pa.array([line[i] for line in lines], pa.string())) for i in range(width)]
        marks = Marks(self.merged, self.hidden)
        return Sheet(name, columns, is_hidden, lambda: marks)


def _xml(content: bytes) -> Any:
    """The root of an XML text that may neither define entities nor reach outside itself."""
    from lxml import etree

    if re.search(rb"<!(DOCTYPE|ENTITY)", content.replace(b"\0", b"")):
        raise Refused("XML tự định nghĩa kiểu (DOCTYPE), không nhận")
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise Refused(f"XML hỏng ({str(error)[:120]})") from None


_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def _xml_2003(content: bytes) -> list[Sheet]:
    sheets = []
    for worksheet in _xml(content).iter(_SS + "Worksheet"):
        grid = _Grid()
        for row in worksheet.iterfind(f"{_SS}Table/{_SS}Row"):
            number = int(row.get(_SS + "Index", len(grid.rows) + 1))
            grid.start(number, is_hidden=row.get(_SS + "Hidden") == "1")
            for one in row.iterfind(_SS + "Cell"):
                across, down = (1 + int(one.get(_SS + way, 0)) for way in ("MergeAcross", "MergeDown"))
                grid.put(
                    _xml_2003_text(one.find(_SS + "Data")), int(one.get(_SS + "Index", 0)), across=across, down=down
                )
            if row.get(_SS + "Span"):
                grid.start(number + int(row.get(_SS + "Span")))
        visible = worksheet.findtext(".//{urn:schemas-microsoft-com:office:excel}Visible", "")
        sheets.append(grid.sheet(worksheet.get(_SS + "Name", ""), is_hidden="Hidden" in visible))
    return sheets


def _xml_2003_text(data: Any) -> str | None:
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get(_SS + "Type")
    if kind == "DateTime":  # as calamine writes it
        return text.replace("T", " ").removesuffix(".000").removeprefix("1899-12-31 ")
    if kind == "Boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    return re.sub(r"^(-?\d+)\.0+$", r"\1", text) if kind == "Number" else text


def _html(content: bytes, encoding: str | None) -> list[Sheet]:
    """Each table is a sheet, “Bảng 1” and on. `encoding`: None where only the page's own `<meta>` knows it."""
    from lxml import etree

    parser = etree.HTMLParser(encoding=encoding, no_network=True, huge_tree=False, remove_comments=True)
    root = etree.fromstring(content, parser)
    if any("depth" in error.message for error in parser.error_log):
        raise Refused("bảng HTML lồng nhau quá sâu")
    if root is None or root.find(".//table") is None:
        raise Refused("trang HTML không có bảng nào")
    for block in root.iter("br", "p", "div"):
        block.tail = f" {block.tail or ''}"
    sheets = []
    for n, table in enumerate(root.iter("table"), 1):
        grid = _Grid()
        for row in table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr"):
            grid.start(len(grid.rows) + 1, is_hidden="display:none" in row.get("style", "").replace(" ", "").lower())
            for one in row.iterchildren("td", "th"):
                across, down = (
                    max(1, int(re.sub(r"\D", "", one.get(way, ""))[:9] or 1)) for way in ("colspan", "rowspan")
                )
                # Excel's own exports keep the true number beside the shown one.
                grid.put(one.get("x:num") or " ".join("".join(one.itertext()).split()), across=across, down=down)
        sheets.append(grid.sheet(f"Bảng {n}"))
    return sheets


def _delimited(text: str) -> Sheet:
    """The separator is the tab when there is one near the top, else the commoner of semicolon and comma."""
    top = text[:4096]
    try:
        lines = list(
            csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in top else max(";,", key=top.count))
        )
    except csv.Error as error:
        raise Refused(f"CSV hỏng ({error})") from None
    return _Grid([list(line) for line in lines]).sheet("Bảng 1")
