"""Workbooks as offices send them (.xls, .xlsx, .ods, told by content and not by name), read by calamine through fastexcel.

Cells come as text: leading zeros stay, real dates become ISO text, whole numbers have no “.0”. A header may have several
merged lines, which are joined by “ / ”. Roman sub-totals, totals, footers, the row of column numbers and phantom rows are
not data and are left out by declaration. Macro workbooks and encrypted ones are refused before parsing.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import fastexcel
from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch

#: An unpacked workbook larger than this, or than a hundred times its packed size, is refused (zip bomb).
MAX_UNPACKED = 500_000_000


Connection = Place


class SkipRows(Arguments):
    """Rows that are not data. `roman_in` names the header whose roman numeral marks a sub-total (I, II, III)."""

    roman_in: str | None = None
    total_words: list[str] = Field(default_factory=lambda: ["Tổng cộng", "Tổng số", "Cộng"])
    footer_words: list[str] = Field(default_factory=lambda: ["Người lập", "Ghi chú", "Nguồn:"])
    empty_in: list[str] = Field(default_factory=list, description="headers without whose value a row is no data")


class Unpivot(Arguments):
    """Wide headers to long rows: header → the value of `into`; the cell goes to `value`."""

    columns: dict[str, str]
    into: str
    value: str


class Read(Arguments):
    file: str
    sheet: str = "*"
    header_rows: tuple[int, int] = Field(description="first and last line of the header, from 1")
    first_data_row: int | None = None
    skip_rows: SkipRows = SkipRows()
    unpivot: Unpivot | None = None
    constants: dict[str, str | int | FromName] = Field(default_factory=dict)
    row_number_as: str | None = None
    positions: dict[str, int] = Field(
        default_factory=dict, description="column → its position from 1, where the header changes from year to year"
    )


def columns(request: Request) -> list[str] | None:
    return None  # a folder of workbooks has no columns before they are read


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        rows: list[dict[str, str | None]] = []
        refs: list[str] = []
        workbook = _open(path)
        sheets = [s for s in workbook.sheet_names if fnmatch(s, arguments.sheet)]
        if not sheets:
            raise malformed(
                f"Tệp {path.name}",
                f"không có trang nào khớp “{arguments.sheet}” (có: {', '.join(workbook.sheet_names)})",
            )
        for sheet in sheets:
            for number, row in _rows(workbook, sheet, path, arguments, request):
                for line in _long(row, arguments.unpivot):
                    fixed = {k: constant(v, file=path.name, sheet=sheet) for k, v in arguments.constants.items()}
                    if arguments.row_number_as:
                        fixed[arguments.row_number_as] = str(number)
                    rows.append(line | fixed)
                    refs.append(f"{path.name}!{sheet}!{number}")
        names = list(dict.fromkeys(name for row in rows for name in row))
        yield Chunk(text_batch({name: [row.get(name) for row in rows] for name in names}), refs, [seen])


def _open(path: Path) -> Any:
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PK"):
        _refuse_bombs(path)
    elif not magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise malformed(f"Tệp {path.name}", "nội dung không phải bảng tính (xls, xlsx, ods)")
    try:
        return fastexcel.read_excel(path.read_bytes())
    except Exception as error:  # calamine's reasons have no common type
        raise malformed(f"Tệp {path.name}", f"tệp hỏng hoặc có mật khẩu ({str(error).splitlines()[0][:120]})") from None


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise malformed(f"Tệp {path.name}", "tệp nén hỏng hoặc đang tải lên dở") from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED or unpacked > 100 * max(path.stat().st_size, 100_000):
        raise malformed(f"Tệp {path.name}", f"giải nén ra {unpacked:,} byte, vượt giới hạn")
    if any(part.filename.endswith("vbaProject.bin") for part in parts):
        raise malformed(f"Tệp {path.name}", "tệp có macro, không nhận", "lưu lại thành .xlsx không macro")


def _rows(
    workbook: Any, sheet: str, path: Path, arguments: Read, request: Request
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(row number from 1, header → text) of the data rows of one sheet."""
    first, last = arguments.header_rows
    # Everything as text, and no row skipped, so that row numbers are those that a person sees.
    grid = workbook.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    lines = grid.rows()
    if len(lines) < last:
        raise malformed(
            f"Tệp {path.name}, trang {sheet}", f"chỉ có {len(lines)} dòng, tiêu đề khai báo ở dòng {first}-{last}"
        )
    headers = _headers(lines[first - 1 : last])
    if arguments.positions:
        at = {position: name for name, position in arguments.positions.items()}
        headers = [at.get(i, "") for i in range(1, len(headers) + 1)]
    needed = {c.source_name for c in request.table.columns} - set(arguments.constants) - {arguments.row_number_as}
    if arguments.unpivot:
        needed = (needed - {arguments.unpivot.into, arguments.unpivot.value}) | set(arguments.unpivot.columns)
    wanted = {normal(name): name for name in needed}
    present = {normal(h): i for i, h in enumerate(headers) if h}
    for number, line in enumerate(
        lines[(arguments.first_data_row or last + 1) - 1 :], arguments.first_data_row or last + 1
    ):
        cells = [_text(cell) for cell in line]
        if _is_data(cells, headers, arguments.skip_rows):
            yield number, {wanted.get(normal(h), h): cells[i] for h, i in ((headers[i], i) for i in present.values())}


def normal(header: str) -> str:
    """Headers are matched without regard to case, spaces, line breaks, tone placement of the font, or a final star."""
    return re.sub(r"[\s*]+", " ", unicodedata.normalize("NFC", header)).strip().lower()


def _headers(lines: list[tuple[Any, ...]]) -> list[str]:
    """One name a column: the lines of a merged header, top to bottom, joined by “ / ”.

    A merged cell has its text in its first cell only. It is carried right while the line below has texts of its own
    under empty cells, which is what a group heading over sub-headings looks like.
    """
    texts = [[_text(cell) or "" for cell in line] for line in lines]
    for above, below in itertools.pairwise(texts):
        for i in range(1, len(above)):
            if not above[i] and below[i] and above[i - 1] and below[i - 1]:
                above[i] = above[i - 1]
    width = max(map(len, texts))
    return [
        " / ".join(dict.fromkeys(re.sub(r"\s+", " ", t[i]).strip() for t in texts if t[i].strip()))
        for i in range(width)
    ]


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    text = unicodedata.normalize("NFC", str(cell)).strip()
    return text or None


_ROMAN = re.compile(r"[IVXLC]+\.?")


def _is_data(cells: list[str | None], headers: list[str], skip: SkipRows) -> bool:
    texts = [c for c in cells if c]
    if len(texts) < 2:
        return False  # phantom rows, section titles
    if (
        all(re.fullmatch(r"\(?\d{1,2}\)?(=.*)?|[A-Z]", t) for t in texts)
        and len(texts) >= len([h for h in headers if h]) - 1
    ):
        return False  # the line that numbers the columns: A B 1 2 3=2-1
    index = {normal(h): i for i, h in enumerate(headers) if h}
    if skip.roman_in is not None:
        mark = cells[index[normal(skip.roman_in)]]
        if mark and _ROMAN.fullmatch(mark):
            return False
    if any(not cells[index[normal(name)]] for name in skip.empty_in if normal(name) in index):
        return False
    return not any(
        t.lower().startswith(word.lower()) for word in [*skip.total_words, *skip.footer_words] for t in texts[:2]
    )


def _long(row: dict[str, str | None], unpivot: Unpivot | None) -> Iterator[dict[str, str | None]]:
    if unpivot is None:
        yield row
        return
    wide = {normal(h): code for h, code in unpivot.columns.items()}
    kept = {name: value for name, value in row.items() if normal(name) not in wide}
    for name, value in row.items():
        if normal(name) in wide:
            yield kept | {unpivot.into: wide[normal(name)], unpivot.value: value}
