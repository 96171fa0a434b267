"""CSV and TSV files: all text, in the declared encoding and delimiter, never sniffed while loading.

A row with too few fields has nulls, one with too many keeps the rest in the column `_more`, and the contract quarantines it:
what is shifted by one comma is not guessed back. So it does a row whose quotes do not fit, as a whole; one left open to the
end of the file would swallow rows, so such a file is refused. A line of delimiters only is nothing, a column without a header is `cột 3`, by its place. `sniff` proposes delimiter and encoding once, from a file; the declaration keeps them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch
from ingestion.model import SURPLUS

Connection = Place
BATCH_ROWS = 50_000
#: A longer cell is a missing quote, not a value.
MAX_CELL = 10_000_000


class Unpivot(Arguments):
    """All columns but `id` become rows: the header goes to `into`, the cell to `value`; empty cells are no rows."""

    id: list[str] = Field(description="columns that stay as they are")
    into: str = Field(description="the column that takes the header")
    value: str = Field(description="the column that takes the cell")


class Read(Arguments):
    file: str = Field(description="glob of file names; `**/` for any folders")
    inside: str | None = Field(default=None, description="the files are zip archives: glob of the members to read")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description='one character; a tab is "\\t"')
    quote: str = Field(default='"', min_length=1, max_length=1, description="one character")
    encoding: str = Field(default="utf-8-sig", description="as Python names it: utf-8-sig, utf-16, cp1258, …")
    skip_lines: int = Field(default=0, description="lines above the header")
    names: list[str] = Field(default_factory=list, description="column names of a file without a header")
    until: str | None = Field(
        default=None, description="regular expression; the first line that matches, and all after it, are a footer"
    )
    unpivot: Unpivot | None = None
    constants: dict[str, str | int | FromName] = Field(
        default_factory=dict, description="columns with one value, or taken from the file's name"
    )


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file, arguments.inside):
        if path.open("rb").read(4) == b"PK\3\4":
            raise malformed(
                f"Tệp {seen.path}", "là tệp nén hoặc bảng tính, không phải CSV", "khai báo inside, hoặc kind: excel"
            )
        try:
            yield from _chunks(path, seen, arguments)
        except (UnicodeError, csv.Error, LookupError) as error:
            raise malformed(
                f"Tệp {seen.path}", str(error), f"khai báo đúng encoding và delimiter của bảng {request.table.name}"
            ) from None


def _chunks(path: Path, seen: SeenFile, arguments: Read) -> Iterator[Chunk]:
    """The rows of one file; it counts as taken only after its last row."""
    csv.field_size_limit(MAX_CELL)
    fixed = {k: constant(v, file=path.name) for k, v in arguments.constants.items()}
    with path.open(encoding=arguments.encoding, newline="") as file:
        above = sum(1 for _ in islice(file, arguments.skip_lines))
        lines = _above_footer(file, arguments.until)
        rows = _records(lines, arguments, above)
        names = arguments.names or unique(_header(rows))
        while some := list(islice(rows, BATCH_ROWS)):
            yield _chunk(names, some, fixed, seen, arguments)
    yield Chunk(text_batch({}), [], [seen])


def _header(rows: Iterator[tuple[int, list[str] | str]]) -> list[str]:
    """The first row as names; a column without one is called by its place, delimiters at the end are none."""
    number, first = next(rows, (0, []))
    if isinstance(first, str):
        raise csv.Error(f"quotes of the header in line {number} do not close")
    while first and not first[-1].strip():
        first = first[:-1]
    return [name.strip() or f"cột {i}" for i, name in enumerate(first, 1)]


def _records(lines: Iterator[str], arguments: Read, number: int) -> Iterator[tuple[int, list[str] | str]]:
    """Rows, each with the number of its last line (`number` lines are above). Where a quote does not fit (`"x"y`) what was read
    for its row comes as text: what a line in the middle of a quoted text would mean by itself is not guessed."""
    taken: list[str] = []

    def given() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    while True:
        reader = csv.reader(given(), delimiter=arguments.delimiter, quotechar=arguments.quote, strict=True)
        try:
            for row in reader:
                number += len(taken)
                taken.clear()
                if any(row):
                    yield number, row
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise csv.Error(f"a quote opened in line {number + 1} is never closed") from None
            number += len(taken)
            broken = "".join(taken).strip()
            taken.clear()
            yield number, broken


def _chunk(
    names: list[str],
    records: list[tuple[int, list[str] | str]],
    fixed: dict[str, str | None],
    seen: SeenFile,
    arguments: Read,
) -> Chunk:
    width = len(names)
    # All of a broken line is surplus, and stands behind the last column.
    rows = [(number, row if isinstance(row, list) else [""] * width + [row]) for number, row in records]
    refs = [f"{seen.path}:{number}" for number, _ in rows]
    columns: dict[str, list[str | None]] = {
        name: [row[i] if i < len(row) else None for _, row in rows] for i, name in enumerate(names)
    }
    surplus = [arguments.delimiter.join(row[width:]) if any(row[width:]) else None for _, row in rows]
    if any(surplus):  # delimiters at the end of a line are none
        columns[SURPLUS] = surplus
    if arguments.unpivot:
        columns, refs = _long(columns, refs, arguments.unpivot)
    columns |= {name: [value] * len(refs) for name, value in fixed.items()}
    return Chunk(text_batch(columns), refs)


def _above_footer(file: TextIO, until: str | None) -> Iterator[str]:
    if until is None:
        yield from file
        return
    footer = re.compile(until)
    for line in file:
        if footer.search(line):
            return
        yield line


def unique(headers: list[str]) -> list[str]:
    """Headers of which none repeats: a second `Ghi chú` is `Ghi chú.2`."""
    return [h if (n := headers[: i + 1].count(h)) == 1 else f"{h}.{n}" for i, h in enumerate(headers)]


def _long(
    columns: dict[str, list[str | None]], refs: list[str], unpivot: Unpivot
) -> tuple[dict[str, list[str | None]], list[str]]:
    """Wide to long, row by row; a surplus stays with each line of its row, and comes even where no other cell does."""
    kept = [*unpivot.id, *([SURPLUS] if SURPLUS in columns else [])]
    wide = [name for name in columns if name not in kept]
    long: dict[str, list[str | None]] = {name: [] for name in (*kept, unpivot.into, unpivot.value)}
    places = []
    for i, ref in enumerate(refs):
        cells: list[tuple[str | None, str | None]] = [(name, columns[name][i]) for name in wide if columns[name][i]]
        if not cells and SURPLUS in columns and columns[SURPLUS][i]:
            cells = [(None, None)]
        for name, value in cells:
            for id_ in kept:
                long[id_].append(columns[id_][i])
            long[unpivot.into].append(name)
            long[unpivot.value].append(value)
            places.append(ref)
    return long, places


def sniff(path: Path) -> dict[str, str | int]:
    """Delimiter and encoding as the first 256 kB of a file suggest them, to be looked at by a person and declared. A first
    line `sep=;`, which is a word to Excel, is skipped."""
    with path.open("rb") as file:
        head = file.read(262_144)
        is_whole = not file.read(1)
    encoding = _encoding(head if is_whole else head[: head.rfind(b"\n") + 1])
    text = head.decode(encoding, errors="ignore")
    lines = [line for line in text.splitlines() if line.strip()][:50]
    told = re.fullmatch('"?sep=(.)"?', lines[0]) if lines else None
    if told:
        return {"delimiter": told[1], "encoding": encoding, "skip_lines": 1}
    counts = {mark: [line.count(mark) for line in lines] for mark in ",;\t|"}
    steady = {mark: min(n) for mark, n in counts.items() if n and min(n) == max(n) and min(n) > 0}
    likely = steady or {mark: sum(n) for mark, n in counts.items()}
    return {"delimiter": max(likely, key=lambda mark: likely[mark]), "encoding": encoding}


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.count(0) * 4 > len(head):  # of Latin letters every other byte is nothing
        return "utf-16-le" if head[1:2] == b"\x00" else "utf-16-be"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1258"
    return "utf-8-sig"
