"""JSON files: a document with a list of records, or one record a line (NDJSON).

Numbers keep the digits that they were printed with; nested values are addressed by dots. A field that nobody declared is
reported as drift. A line that is no JSON becomes a row
without values whose text stays in the column `_more`, where the contract refuses it: one broken line does not cost the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch
from ingestion.connectors._records import batch, dig, parse
from ingestion.model import SURPLUS

Connection = Place
BATCH_ROWS = 50_000
#: A document is read whole; as Python objects it takes some ten times its size.
MAX_DOCUMENT = 100_000_000


class Read(Arguments):
    file: str = Field(description="glob of file names; `**/` for any folders")
    inside: str | None = Field(default=None, description="the files are zip archives: glob of the members to read")
    lines: bool = Field(default=False, description="one record a line (NDJSON), read as a stream")
    records: str = Field(default="", description="dotted path of the list of records; empty: the document itself")
    encoding: str = Field(default="utf-8-sig", description="as Python names it")
    constants: dict[str, str | int | FromName] = Field(
        default_factory=dict, description="columns with one value, or taken from the file's name"
    )


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    names = [c.source_name for c in request.table.columns if c.source_name not in arguments.constants]
    for path, seen in files(request, arguments.file, arguments.inside):
        fixed = {k: constant(v, file=path.name) for k, v in arguments.constants.items()}
        rows = _lines(path, seen, arguments) if arguments.lines else _document(path, seen, arguments)
        while some := list(islice(rows, BATCH_ROWS)):
            refs = [ref for ref, _, _ in some]
            records = [record for _, record, _ in some]
            found = batch(records, names + _undeclared(records, names))
            for name, value in fixed.items():
                found = found.append_column(name, text_batch({name: [value] * len(some)}).column(0))
            if any(broken for _, _, broken in some):
                found = found.append_column(SURPLUS, text_batch({SURPLUS: [broken for _, _, broken in some]}).column(0))
            yield Chunk(found, refs)
        yield Chunk(text_batch({}), [], [seen])


def _undeclared(records: list[Any], names: list[str]) -> list[str]:
    """What the records have and nobody declared, so that it is reported as drift."""
    known = {*names, *(name.partition(".")[0] for name in names), SURPLUS}
    found = dict.fromkeys(key for record in records if isinstance(record, dict) for key in record)
    return [key for key in found if key not in known]


def _document(path: Path, seen: SeenFile, arguments: Read) -> Iterator[tuple[str, Any, str | None]]:
    if path.stat().st_size > MAX_DOCUMENT:
        raise malformed(
            f"Tệp {seen.path}", f"lớn hơn {MAX_DOCUMENT // 1_000_000} MB", "xin tệp NDJSON (mỗi dòng một bản ghi)"
        )
    try:
        body = parse(path.read_text(encoding=arguments.encoding))
    except (ValueError, RecursionError) as error:
        raise malformed(
            f"Tệp {seen.path}", f"không phải JSON ({error})", "nếu mỗi dòng một bản ghi: lines: true"
        ) from None
    records = dig(body, arguments.records) if arguments.records else body
    if isinstance(records, dict):
        records = [records]
    if not isinstance(records, list):
        raise malformed(f"Tệp {seen.path}", f"không có danh sách bản ghi ở “{arguments.records}”")
    for number, record in enumerate(records, 1):
        yield f"{seen.path}#{number}", record, None


def _lines(path: Path, seen: SeenFile, arguments: Read) -> Iterator[tuple[str, Any, str | None]]:
    try:
        with path.open(encoding=arguments.encoding) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{seen.path}:{number}", *_record(line)
    except UnicodeError as error:
        raise malformed(f"Tệp {seen.path}", str(error), "khai báo đúng encoding") from None


def _record(line: str) -> tuple[Any, str | None]:
    """The record of a line, or the line itself when it is none."""
    try:
        record = parse(line)
    except (ValueError, RecursionError):
        return {}, line.strip()
    return (record, None) if isinstance(record, dict) else ({}, line.strip())
