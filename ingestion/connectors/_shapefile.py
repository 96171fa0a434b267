"""The parser of ESRI shapefiles, run in the child of `_child`: shapes by GDAL, attributes by `_dbf`.

GDAL is told of nothing but a file that starts as a shapefile does, because by content alone it would open any of its
formats, also those that name other files and servers.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors import _dbf
from ingestion.connectors._child import Refused, left_out
from ingestion.connectors._geometry import as_text, to_wgs84
from ingestion.connectors._places import text_batch

_SHAPES_A_BATCH = 2_000
_MAGIC = 9994
Member = Path | zipfile.Path


def parse(path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Parser of `_child` for a .shp beside its other files, or a .zip of one set: `geometry_as`, `crs` (or the .prj's),
    `encoding` (or the .cpg's, or UTF-8), `columns` as in `_dbf`."""
    members = _zipped(path) if path.suffix.lower() == ".zip" else _beside(path)
    if missing := [suffix for suffix in (".shp", ".shx", ".dbf") if suffix not in members]:
        raise Refused(f"bộ shapefile thiếu tệp {', '.join(missing)}")
    crs = arguments["crs"] or _said(members, ".prj")
    if not crs:
        raise Refused("không có tệp .prj: khai báo crs, ví dụ EPSG:5897 (VN-2000, kinh tuyến trục 105°00′)")
    way = to_wgs84(crs)
    encoding = arguments["encoding"] or _dbf.known(_said(members, ".cpg") or "utf-8")
    _check_head(members[".shp"])
    with members[".dbf"].open("rb") as stream:
        table = _dbf.Table(stream, encoding)
        table.refuse_unread(arguments["columns"])
        geometry_as = arguments["geometry_as"]
        if geometry_as in [f.name for f in table.fields]:
            raise Refused(f"đã có cột tên {geometry_as}: đổi geometry_as")
        rows = chain.from_iterable(table.blocks())
        for numbers, shapes in _shapes(members[".shp"]):
            some = [next(rows, (0, ())) for _ in numbers]
            if [number for number, _ in some] != numbers:
                raise Refused(f"tệp .dbf và .shp không khớp nhau từ dòng {numbers[0]}")
            batch = text_batch(table.columns(some) | {geometry_as: as_text(shapes, way)})
            yield batch, [f"{path.name}:{number}" for number in numbers]
        if (left := next(rows, None)) is not None:
            raise Refused(f"tệp .dbf có dòng {left[0]}, tệp .shp không có")
        yield left_out({_dbf.DELETED: table.deleted})


def _beside(path: Path) -> dict[str, Member]:
    return {p.suffix.lower(): p for p in path.parent.iterdir() if p.stem == path.stem}


def _zipped(path: Path) -> dict[str, Member]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise Refused("tệp nén hỏng") from None
    names = archive.namelist()
    if any(".." in name.split("/") or name.startswith("/") or "\\" in name for name in names):
        raise Refused("tệp nén có đường dẫn ra ngoài")
    shp = [name for name in names if name.lower().endswith(".shp") and not name.startswith("__MACOSX/")]
    if len(shp) != 1:
        raise Refused(f"tệp nén phải có đúng một tệp .shp, đang có {len(shp)}")
    stem = shp[0][:-4]
    return {n[len(stem) :].lower(): zipfile.Path(archive, n) for n in names if n.startswith(stem + ".")}


def _said(members: dict[str, Member], suffix: str) -> str:
    if suffix not in members:
        return ""
    with members[suffix].open("rb") as file:
        return file.read(65_536).decode("utf-8", "replace").strip()


def _size(member: Member) -> int:
    if isinstance(member, Path):
        return member.stat().st_size
    return member.root.getinfo(member.at).file_size


def _check_head(shp: Member) -> None:
    """GDAL gives null shapes for what is missing at a file's end, so its length is held to what its head says."""
    with shp.open("rb") as file:
        head = file.read(28)
    if len(head) < 28 or struct.unpack(">i", head[:4])[0] != _MAGIC:
        raise Refused("tệp .shp không phải shapefile")
    said, there = 2 * struct.unpack(">i", head[24:28])[0], _size(shp)
    if said > there:
        raise Refused(f"đầu tệp .shp nói dài {said} byte, tệp dài {there}: tệp bị cắt")


def _shapes(shp: Member) -> Iterator[tuple[list[int], list[bytes | None]]]:
    """Numbers from 1 of the records that are not deleted, and their shapes as WKB."""
    os.environ["CPL_VSIL_CURL_ALLOWED_FILENAME"] = "none"  # no network, whatever a file says
    from pyogrio.errors import DataSourceError
    from pyogrio.raw import open_arrow

    place = str(shp) if isinstance(shp, Path) else f"/vsizip/{{{shp.root.filename}}}/{shp.at}"
    try:
        asked = open_arrow(place, columns=[], return_fids=True, batch_size=_SHAPES_A_BATCH, use_pyarrow=True)
        with asked as (_, found):
            for batch in found:
                numbers = [number + 1 for number in batch.column(0).to_pylist()]
                yield numbers, batch.column(1).to_pylist()
    except (DataSourceError, pa.ArrowException) as error:
        raise Refused(f"tệp .shp hỏng ({str(error)[:120]})") from None
