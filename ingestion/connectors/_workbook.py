"""From the sheets of a workbook to rows of data, as declared: headers, what is no data, units, wide months to long rows.

Runs in the limited child process; columns stay Arrow arrays throughout, because a Python loop over 100,000 × 20 cells
takes longer than reading them. `parse` yields one batch that says what was left out of a sheet, then the sheet's rows.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.connectors._child import Refused
from ingestion.connectors._sheets import Marks, Sheet, cell, open_workbook

BATCH_ROWS = 50_000
#: Columns of the batch before a sheet's rows: the sheet's name, and how many of what was left out of it.
SUMMARY = ["_sheet", "_reason", "_count"]

Rows = Iterator[tuple[pa.RecordBatch, list[str]]]


def parse(path: Path, declared: dict[str, Any]) -> Rows:
    """`declared` is the connector's `Read` as JSON, and `wanted`: the declared source names."""
    book = open_workbook(path)
    pattern = _nfc(declared["sheet"])
    names = [n for n in book.names if _nfc(n) == pattern] or [n for n in book.names if fnmatchcase(_nfc(n), pattern)]
    if not names:
        raise Refused(f"không có trang nào khớp “{pattern}” (có: {', '.join(book.names)})")
    is_read = False
    for name in names:
        sheet = book.load(name)
        is_named = _nfc(name) == pattern
        if sheet.is_hidden and not is_named:
            yield _summary(name, {"trang ẩn": 1})
        elif sheet.columns or is_named:
            is_read = True
            yield from _read(sheet, path.name, declared)
    if not is_read:
        raise Refused(f"trang khớp “{pattern}” đều ẩn hoặc trống ({', '.join(names)})")


def _summary(name: str, left_out: dict[str, int]) -> tuple[pa.RecordBatch, list[str]]:
    reasons = left_out or {"": 0}
    columns = [[name] * len(reasons), list(reasons), list(reasons.values())]
    return pa.record_batch([pa.array(c) for c in columns], names=SUMMARY), [name] * len(reasons)


def _read(sheet: Sheet, file: str, declared: dict[str, Any]) -> Rows:
    first, last = declared["header_rows"]
    rows = len(sheet.columns[0]) if sheet.columns else 0
    if rows < last:
        raise Refused(f"trang {sheet.name} chỉ có {rows} dòng, tiêu đề khai báo ở dòng {first}-{last}")
    top, left, bottom, right = _area(declared["range"], rows, len(sheet.columns))
    columns = sheet.columns[left - 1 : right]
    headers = _headers(sheet, first, last)[left - 1 : right]
    if declared["positions"]:
        at = {position: name for name, position in declared["positions"].items()}
        headers = [at.get(i, "") for i in range(left, left + len(columns))]
    places = _places(headers, declared["wanted"], sheet.name)
    start = max(declared["first_data_row"] or last + 1, top)
    body = [column.slice(start - 1, max(0, bottom - start + 1)) for column in columns]
    numbers = pa.array(range(start, max(start, bottom + 1)), pa.int64())
    is_data, left_out = _data(body, numbers, headers, sheet, declared)
    after = _with_text([column.slice(bottom) for column in columns])
    if after:
        left_out["ngoài vùng khai báo"] = after
    yield _summary(sheet.name, left_out)

    unit = declared["unit_from"]
    fields = {name: body[i].filter(is_data) for name, i in places.items()}
    numbers = numbers.filter(is_data)
    if unit:
        fields[unit["unit_as"]] = _repeated(_unit(sheet, first, unit), len(numbers))
    if declared["row_number_as"]:
        fields[declared["row_number_as"]] = numbers.cast(pa.string())
    references = pc.binary_join_element_wise(f"{file}!{sheet.name}", numbers.cast(pa.string()), "!")
    if declared["unpivot"]:
        fields, references = _long(fields, references, declared["unpivot"], sheet.name)
    table = pa.table({**fields, "_ref": references})
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        yield batch.drop_columns("_ref"), batch.column("_ref").to_pylist()


def _repeated(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _area(declared: str | None, rows: int, columns: int) -> tuple[int, int, int, int]:
    if declared is None:
        return 1, 1, rows, columns
    first, _, last = declared.partition(":")
    (top, left), (bottom, right) = cell(first), cell(last)
    return top, left, min(bottom, rows), min(right, columns)


# --- headers ----------------------------------------------------------------------------------------------------------


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def normal(header: str) -> str:
    """Headers are matched without regard to case, spaces, line breaks, the composition of letters, or a final star."""
    return re.sub(r"[\s*]+", " ", _nfc(header)).strip().lower()


def _headers(sheet: Sheet, first: int, last: int) -> list[str]:
    """One name a column: the lines of a merged header, top to bottom, joined by “ / ”.

    Only the first cell of a merged area has the text; all of it gets it here. Where the file does not tell its merged
    areas, or has none in its header, a text is carried right while the line below has texts of its own under empty cells,
    which is what a group heading over sub-headings looks like.
    """
    texts = [[column[row - 1].as_py() or "" for column in sheet.columns] for row in range(first, last + 1)]
    if len(texts) > 1 and not _fill_merged(texts, sheet.marks(), first):
        for above, below in itertools.pairwise(texts):
            for i in range(1, len(above)):
                if not above[i] and below[i] and above[i - 1] and below[i - 1]:
                    above[i] = above[i - 1]
    return [
        " / ".join(dict.fromkeys(re.sub(r"\s+", " ", one) for one in lines if one))
        for lines in zip(*texts, strict=True)
    ]


def _fill_merged(texts: list[list[str]], marks: Marks, first: int) -> bool:
    """Fill the merged areas that begin in the header; whether there was one."""
    areas = [area for area in marks.merged or [] if first <= area[0] < first + len(texts)]
    for top, left, bottom, right in areas:
        for line in texts[top - first : bottom - first + 1]:
            line[left - 1 : right] = [texts[top - first][left - 1]] * len(line[left - 1 : right])
    return bool(areas)


def _places(headers: list[str], wanted: list[str], sheet: str) -> dict[str, int]:
    """Name of each column that has one → its position. A declared name in two columns is refused: which is meant?"""
    declared = {normal(name): name for name in wanted}
    places: dict[str, int] = {}
    for i, header in enumerate(headers):
        name = declared.get(normal(header), header)
        if name in places and normal(header) in declared:
            raise Refused(f"trang {sheet} có hai cột cùng tên “{header}”; khai báo positions để chọn")
        if header:
            places.setdefault(name, i)
    return places


# --- what is no data --------------------------------------------------------------------------------------------------


def _data(
    body: list[pa.Array], numbers: pa.Array, headers: list[str], sheet: Sheet, declared: dict[str, Any]
) -> tuple[pa.BooleanArray, dict[str, int]]:
    """Which rows are data, and why how many with any text are not. Rows without any text are nothing and not counted."""
    skip = declared["skip_rows"]
    texts = _texts(body, len(numbers))
    alive = pc.greater(texts, 0)
    left_out: dict[str, int] = {}

    def leave(reason: str, rows: pa.BooleanArray) -> None:
        nonlocal alive
        gone = pc.and_(alive, rows)
        count = pc.sum(gone).as_py()
        if count:
            left_out[reason] = count
            alive = pc.and_(alive, pc.invert(gone))

    if declared["hidden_rows"] == "skip":
        hidden = sheet.marks().hidden_rows
        if hidden is None:
            raise Refused("loại tệp này không cho biết dòng ẩn; khai báo hidden_rows: read")
        leave("dòng ẩn", pc.is_in(numbers, pa.array(sorted(hidden), pa.int64())))
    top = pc.index(alive, True).as_py()
    if top >= 0 and _numbers_columns(
        [c[top].as_py() for c in body if c[top].is_valid], len(list(filter(None, headers)))
    ):
        leave("dòng số thứ tự cột", pc.equal(numbers, numbers[top]))
    if len(body) > 1:
        leave("dòng chỉ có một ô", pc.equal(texts, 1))
    index = {normal(header): i for i, header in enumerate(headers) if header}
    if skip["roman_in"] is not None:
        if normal(skip["roman_in"]) not in index:
            raise Refused(f"trang {sheet.name} không có cột “{skip['roman_in']}” của roman_in")
        leave("cộng nhóm (số La Mã)", _matches(body[index[normal(skip["roman_in"])]], r"^[IVXLC]+\.?$"))
    for name in skip["empty_in"]:
        if normal(name) in index:
            leave(f"không có “{name}”", pc.is_null(body[index[normal(name)]]))
    leave("dòng tổng cộng", _begins(body, skip["total_words"], alive))
    leave("chân biểu", _begins(body, skip["footer_words"], alive))
    return alive, left_out


def _texts(columns: list[pa.Array], rows: int) -> pa.Array:
    """How many cells of each row have a text."""
    total = pa.repeat(pa.scalar(0, pa.int32()), rows)
    for column in columns:
        total = pc.add(total, pc.is_valid(column).cast(pa.int32()))
    return total


def _with_text(columns: list[pa.Array]) -> int:
    rows = len(columns[0]) if columns else 0
    return pc.sum(pc.greater(_texts(columns, rows), 0)).as_py() or 0


def _numbers_columns(texts: list[str], headers: int) -> bool:
    """The line under the header that numbers the columns: A B 1 2 3=2-1, or 1 2 3 4."""
    marks = [re.fullmatch(r"\(?([A-Z]|\d{1,2})\)?\s*(=.*)?", text) for text in texts]
    if len(texts) < headers - 1 or not all(marks):
        return False
    numbers = [mark[1] for mark in marks if mark]
    return numbers[0] == "A" or (len(numbers) > 2 and numbers == [str(n) for n in range(1, len(numbers) + 1)])


def _matches(column: pa.Array, pattern: str) -> pa.BooleanArray:
    return pc.fill_null(pc.match_substring_regex(column, pattern), False)


def _begins(columns: list[pa.Array], words: list[str], alive: pa.BooleanArray) -> pa.BooleanArray:
    """Rows whose first or second text begins with one of the words, in any case."""
    pattern = f"(?i)^({'|'.join(map(re.escape, map(_nfc, words)))})"
    found = pa.repeat(pa.scalar(False), len(alive))
    before = _texts([], len(alive))
    for column in columns if words else []:
        looked_at = pc.and_(alive, pc.less(before, 2))
        if not pc.any(looked_at).as_py():
            break
        found = pc.or_(found, pc.and_(looked_at, _matches(column, pattern)))
        before = pc.add(before, pc.is_valid(column).cast(pa.int32()))
    return found


# --- units, and wide to long ------------------------------------------------------------------------------------------


def _unit(sheet: Sheet, first: int, declared: dict[str, Any]) -> str:
    """The declared unit that a cell, or the lines above the header, name: exactly, so that “nghìn tỷ đồng” is never taken
    for “đồng”."""
    known: dict[str, str] = {normal(word): word for word in declared["words"]}
    if declared["cell"]:
        row, column = cell(declared["cell"])
        inside = column <= len(sheet.columns) and row <= len(sheet.columns[0])
        cells = {declared["cell"]: sheet.columns[column - 1][row - 1].as_py() if inside else None}
    else:
        above = (f"{_letters(c)}{r + 1}" for r in range(first - 1) for c in range(1, len(sheet.columns) + 1))
        texts = (column[r].as_py() for r in range(first - 1) for column in sheet.columns)
        cells = {
            at: text for at, text in zip(above, texts, strict=True) if text and _unit_text(text, declared["pattern"])
        }
    units = {at: _unit_text(text or "", declared["pattern"]) or normal(text or "") for at, text in cells.items()}
    for at, unit in units.items():
        if unit not in known:
            raise Refused(
                f"trang {sheet.name}, ô {at}: đơn vị “{cells[at] or ''}” không có trong khai báo ({', '.join(known)})"
            )
    if len(set(units.values())) != 1:
        raise Refused(f"trang {sheet.name}: phía trên tiêu đề có {len(set(units.values()))} đơn vị, cần đúng một")
    return known[next(iter(units.values()))]


def _unit_text(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.IGNORECASE)
    return normal(str(found[1])).strip(" .:)") if found else ""


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _long(
    fields: dict[str, pa.Array], references: pa.Array, unpivot: dict[str, Any], sheet: str
) -> tuple[dict[str, pa.Array], pa.Array]:
    """Each row once a wide column, in the order of the columns: the header's code in `into`, the cell in `value`."""
    codes = {normal(header): code for header, code in unpivot["columns"].items()}
    wide = {}
    for name in fields:
        found = re.fullmatch(unpivot["pattern"], name, re.IGNORECASE) if unpivot["pattern"] else None
        if found or normal(name) in codes:
            wide[name] = found[1] if found else codes[normal(name)]
    if not wide:
        raise Refused(f"trang {sheet} không có cột nào để xoay dọc")
    rows, width = len(references), len(wide)
    each = pa.array([row for row in range(rows) for _ in range(width)], pa.int64())
    crossed = pa.array([row + rows * i for row in range(rows) for i in range(width)], pa.int64())
    long = {name: values.take(each) for name, values in fields.items() if name not in wide}
    long[unpivot["into"]] = pa.array(list(wide.values()) * rows, pa.string())
    long[unpivot["value"]] = pa.concat_arrays([fields[name] for name in wide]).take(crossed)
    return long, references.take(each)
