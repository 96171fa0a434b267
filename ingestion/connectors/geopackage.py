"""GeoPackages: one row a feature of one layer, its attributes as text and its geometry as GeoJSON text in WGS84.

A shape with curves is quarantined. Tables without shapes are read by `sqlite`: a GeoPackage is such a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, _child
from ingestion.connectors._places import Place, files
from ingestion.connectors.geojson import CRS, GEOMETRY_AS

Connection = Place


class Read(Arguments):
    file: str = Field(description="glob of the files in the folder, e.g. *.gpkg")
    geometry_as: str = GEOMETRY_AS
    crs: str | None = CRS
    layer: str | None = Field(default=None, description="the layer's name, where the file has more than one")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        task = arguments.model_dump(exclude={"file"})
        yield from _child.chunks("ingestion.connectors._geopackage:parse", path, task, seen)
