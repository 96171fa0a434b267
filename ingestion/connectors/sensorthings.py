"""OGC SensorThings 1.1: the entities of one set, page after page by `@iot.nextLink`.

Nested values are addressed by dots, also through expanded entities (`Datastream.Thing.name`). Only what changed is asked for:
the cursor column becomes a `$filter` of the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._http import Client, Http
from ingestion.connectors._records import batch, dig

Connection = Http


class Read(Arguments):
    entities: str = Field(
        description="the set below the base address: Observations, Things, Datastreams(7)/Observations, …"
    )
    filter: str = Field(default="", description="a $filter of one's own, besides that of the cursor")
    expand: str = Field(default="", description="$expand: Datastream($select=name;$expand=Thing)")
    top: int = Field(default=1000, description="$top: entities a page")
    max_pages: int = Field(default=100_000, description="more pages are a fault of the server")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    names = [c.source_name for c in request.table.columns]
    path, query, asked = f"/{arguments.entities}", _query(request, arguments), set()
    with Client(request, Connection.model_validate(request.source.connector.arguments)) as client:
        for _ in range(arguments.max_pages):
            answer = client.call(path, query)
            body = client.json(answer)
            found = dig(body, "value")
            if not isinstance(found, list):
                raise malformed(f"{client.where}/{arguments.entities}", "không phải SensorThings: thiếu “value”")
            if found:
                yield Chunk(batch(found, names), [f"{arguments.entities}({dig(one, '@iot.id')})" for one in found])
            following = dig(body, "@iot.nextLink")
            if not following:
                return
            if following in asked:
                raise malformed(
                    f"{client.where}/{arguments.entities}", "các trang quay vòng: trang tiếp theo đã đọc rồi"
                )
            asked.add(following)
            path, query = client.following(answer, str(following)), {}
        raise malformed(f"{client.where}/{arguments.entities}", f"hơn {arguments.max_pages:,} trang mà chưa hết")


def _query(request: Request, arguments: Read) -> dict[str, str]:
    tests = [arguments.filter] if arguments.filter else []
    query: dict[str, Any] = {"$top": str(arguments.top)}
    if request.table.cursor:
        cursor = request.table.column(request.table.cursor)
        name = cursor.source_name.replace(".", "/")
        query["$orderby"] = f"{name} asc"
        if cursor.type == "timestamp":
            for sign, moment in (("ge", request.since), ("le", request.until)):
                if moment:
                    tests.append(
                        f"{name} {sign} {datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
                    )
    if tests:
        query["$filter"] = " and ".join(tests)
    return query | ({"$expand": arguments.expand} if arguments.expand else {})
