"""ESRI shapefiles: one row a shape, its attributes as text and its geometry as GeoJSON text in WGS84.

A set is a .zip of one shapefile, or .shp, .shx, .dbf and perhaps .prj and .cpg side by side in a folder of this machine.
A set without .prj and without a declared `crs` is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile, _child
from ingestion.connectors._dbf import Encoding
from ingestion.connectors._places import Place, files
from ingestion.connectors.geojson import CRS, GEOMETRY_AS

Connection = Place
_SET = {".shp", ".shx", ".dbf", ".prj", ".cpg"}


class Read(Arguments):
    file: str = Field(description="glob of the sets in the folder: *.zip or *.shp")
    geometry_as: str = GEOMETRY_AS
    crs: str | None = CRS
    encoding: Encoding | None = Field(
        default=None, description="encoding of the attributes; without it what the .cpg says, or UTF-8"
    )


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    wanted = [c.source_name for c in request.table.columns]
    for path, seen in _sets(request, arguments.file):
        task = arguments.model_dump(exclude={"file"}) | {"columns": wanted}
        yield from _child.chunks("ingestion.connectors._shapefile:parse", path, task, seen)


def _sets(request: Request, pattern: str) -> Iterator[tuple[Path, SeenFile]]:
    """As `files`; but a set of loose files is new when any of them changed, not only its .shp."""
    if not pattern.lower().endswith(".shp"):
        yield from files(request, pattern)
        return
    for path, seen in files(replace(request, seen={}), pattern):
        digest, size = hashlib.sha256(), 0
        for file in sorted(path.parent.iterdir()):
            if file.stem == path.stem and file.suffix.lower() in _SET:
                digest.update(file.suffix.encode() + file.read_bytes())
                size += file.stat().st_size
        before = request.seen.get(seen.path)
        if not before or before.sha256 != digest.hexdigest():
            yield path, replace(seen, size=size, sha256=digest.hexdigest())
