"""Files with NGSI entities (NGSI-v2 or NGSI-LD, one or a list; normalized, concise, key-values or GeoJSON): one row each."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._ngsi import flat
from ingestion.connectors._places import Place, files
from ingestion.connectors._records import batch, parse
from ingestion.connectors.json import MAX_DOCUMENT

Connection = Place


class Read(Arguments):
    file: str = Field(description="glob of file names; `**/` for any folders")
    inside: str | None = Field(default=None, description="the files are zip archives: glob of the members to read")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    names = [c.source_name for c in request.table.columns]
    for path, seen in files(request, arguments.file, arguments.inside):
        if path.stat().st_size > MAX_DOCUMENT:
            raise malformed(f"Tệp {seen.path}", f"lớn hơn {MAX_DOCUMENT // 1_000_000} MB")
        try:
            body = parse(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise malformed(f"Tệp {seen.path}", f"không phải JSON ({error})") from None
        if isinstance(body, dict) and body.get("type") == "FeatureCollection":
            body = body.get("features")
        entities = body if isinstance(body, list) else [body]
        if not all(isinstance(one, dict) for one in entities):
            raise malformed(f"Tệp {seen.path}", "không phải thực thể NGSI")
        yield Chunk(
            batch([flat(one) for one in entities], names),
            [f"{seen.path}#{i}" for i in range(1, len(entities) + 1)],
            [seen],
        )
