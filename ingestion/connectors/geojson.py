"""A GeoJSON FeatureCollection: one row a feature, its properties as text and its geometry as GeoJSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import Place, files, text_batch

Connection = Place


class Read(Arguments):
    file: str
    geometry_as: str


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        try:
            features = json.loads(path.read_bytes(), parse_float=str)["features"]
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise malformed(f"Tệp {path.name}", f"không phải GeoJSON FeatureCollection ({error})") from None
        shapes = json.loads(path.read_bytes())["features"]
        rows = [
            {k: None if v is None else str(v) for k, v in feature["properties"].items()}
            | {arguments.geometry_as: json.dumps(shape["geometry"])}
            for feature, shape in zip(features, shapes, strict=True)
        ]
        names = list(dict.fromkeys(name for row in rows for name in row))
        refs = [f"{path.name}#{i}" for i in range(1, len(rows) + 1)]
        yield Chunk(text_batch({name: [row.get(name) for row in rows] for name in names}), refs, [seen])
