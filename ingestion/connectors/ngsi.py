"""A FIWARE context broker: entities by NGSI-v2 or NGSI-LD, page after page, one row each.

Normalized, concise and key-value answers give the same rows; an attribute is addressed by its name, what is said about it by
dots (`no2.unitCode`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._http import Client, Http
from ingestion.connectors._ngsi import flat
from ingestion.connectors._records import batch


class Connection(Http):
    version: Literal["v2", "ld"] = Field(description="v2: NGSI-v2, ld: NGSI-LD")
    service: str = Field(default="", description="the tenant (Fiware-Service, NGSILD-Tenant)")
    service_path: str = Field(default="", description="v2: Fiware-ServicePath")


class Read(Arguments):
    type: str = Field(description="the entities' type")
    query: str = Field(default="", description="a filter in the broker's language (q)")
    size: int = Field(default=1000, description="entities a page")
    max_pages: int = Field(default=10_000, description="more pages are a fault of the broker")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    connection = Connection.model_validate(request.source.connector.arguments)
    arguments = Read.model_validate(request.table.read)
    names = [c.source_name for c in request.table.columns]
    is_ld = connection.version == "ld"
    path = "/ngsi-ld/v1/entities" if is_ld else "/v2/entities"
    tenant = {"NGSILD-Tenant": connection.service} if is_ld else {"Fiware-Service": connection.service}
    headers = {k: v for k, v in {**tenant, "Fiware-ServicePath": connection.service_path}.items() if v}
    counted = {"count": "true"} if is_ld else {"options": "count"}
    with Client(request, connection) as client:
        came = 0
        for _ in range(arguments.max_pages):
            query = {"type": arguments.type, "limit": str(arguments.size), "offset": str(came), **counted}
            if arguments.query:
                query["q"] = arguments.query
            answer = client.call(path, query, headers=headers)
            found = client.json(answer)
            if not isinstance(found, list):
                raise malformed(f"{client.where}{path}", "không phải danh sách thực thể NGSI")
            records = [flat(one) for one in found if isinstance(one, dict)]
            if records:
                yield Chunk(batch(records, names), [f"{path}#{one.get('id')}" for one in records])
            came += len(found)
            total = answer.headers.get("NGSILD-Results-Count" if is_ld else "Fiware-Total-Count")
            if not found or (came >= int(total) if total else len(found) < arguments.size):
                return
        raise malformed(f"{client.where}{path}", f"hơn {arguments.max_pages:,} trang mà chưa hết")
