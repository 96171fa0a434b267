"""JSON files: a document with a list of records, or one record a line (NDJSON).

Numbers keep the digits that they were printed with; nested values are addressed by dots. A field that nobody declared is
reported as drift. A line that is no JSON, or a record that is no object, becomes a row without values whose text stays in
the column `_more`, where the contract refuses it: neither costs the file.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch
from ingestion.connectors._records import batch, dig, dumps, parse
from ingestion.model import SURPLUS

Connection = Place
#: Where it stands, the record (an object), and its text where it is none.
Row = tuple[str, dict[str, Any], str | None]
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
            try:
                found = _batch(some, names, fixed)
            except UnicodeEncodeError:
                some = [(ref, *_sayable(record, broken)) for ref, record, broken in some]
                found = _batch(some, names, fixed)
            for name, value in fixed.items():
                found = found.append_column(name, text_batch({name: [value] * len(some)}).column(0))
            if any(broken for _, _, broken in some):
                found = found.append_column(SURPLUS, text_batch({SURPLUS: [broken for _, _, broken in some]}).column(0))
            yield Chunk(found, refs)
        yield Chunk(text_batch({}), [], [seen])


def _batch(some: list[Row], names: list[str], fixed: Container[str]) -> pa.RecordBatch:
    """The named values, and the fields that nobody declared, so that they are reported as drift."""
    records = [record for _, record, _ in some]
    known = {*names, *(name.partition(".")[0] for name in names), SURPLUS}
    fields = dict.fromkeys(key for record in records for key in record)
    return batch(records, names + [key for key in fields if key not in known and key not in fixed])


def _document(path: Path, seen: SeenFile, arguments: Read) -> Iterator[Row]:
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
        yield f"{seen.path}#{number}", *((record, None) if isinstance(record, dict) else ({}, dumps(record)))


def _lines(path: Path, seen: SeenFile, arguments: Read) -> Iterator[Row]:
    try:
        with path.open(encoding=arguments.encoding) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{seen.path}:{number}", *_record(line)
    except UnicodeError as error:
        raise malformed(f"Tệp {seen.path}", str(error), "khai báo đúng encoding") from None


def _record(line: str) -> tuple[dict[str, Any], str | None]:
    """The record of a line, or the line itself when it is none."""
    try:
        record = parse(line)
    except (ValueError, RecursionError):
        return {}, line.strip()
    return (record, None) if isinstance(record, dict) else ({}, line.strip())


def _sayable(record: dict[str, Any], broken: str | None) -> tuple[dict[str, Any], str | None]:
    """A record with half of a surrogate pair (an emoji cut in two) is no text: it is kept in escapes, beside its columns."""
    try:
        dumps(record).encode()
    except UnicodeEncodeError:
        return {}, json.dumps(record)
    return record, broken


def sniff(path: Path) -> dict[str, Any]:
    """`lines` where the first line alone is a record and not the last; `records` where a document has one list of records."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first, second = file.readline(MAX_DOCUMENT), file.readline(MAX_DOCUMENT)
    if second.strip() and _record(first)[1] is None:
        return {"lines": True}
    if path.stat().st_size > MAX_DOCUMENT:
        return {}
    try:
        body = parse(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    lists = [name for name, value in body.items() if _is_list(value)] if isinstance(body, dict) else []
    return {"records": lists[0]} if len(lists) == 1 else {}


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
