"""A GeoJSON FeatureCollection: one row a feature, its properties as text and its geometry as GeoJSON text in WGS84.

A feature's own `id` is a column too, unless a property has that name. What is no feature costs one quarantined row. Features
one a line are read by `json` with `lines: true`, by dotted names (`properties.ten`).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, _child
from ingestion.connectors._places import Place, files

Connection = Place
CRS = Field(
    default=None,
    pattern=r"^EPSG:\d{4,5}$",
    description="reference system of the coordinates, where the file names none or a wrong one. VN-2000: EPSG:5897 is TM-3 "
    "at 105°00′ (Thanh Hóa), EPSG:3405 and EPSG:3406 are UTM 48N and 49N, EPSG:4756 is in degrees, EPSG:9205 to 9218 and "
    "5896 to 5899 are the other provinces' meridians. Sent to WGS84 by the parameters of Decision 05/2007/QĐ-BTNMT",
)
GEOMETRY_AS = Field(
    description="name of the geometry's column: GeoJSON text, longitude first, 7 decimals, no heights. Declare it as type "
    "json and required: what is no shape or not on the earth comes as text that is no JSON, and its row is quarantined"
)


class Read(Arguments):
    file: str = Field(description="glob of the files in the folder, e.g. ranh_gioi*.geojson")
    geometry_as: str = GEOMETRY_AS
    crs: str | None = CRS


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        task = {"geometry_as": arguments.geometry_as, "crs": arguments.crs}
        yield from _child.chunks("ingestion.connectors._geojson:parse", path, task, seen)
