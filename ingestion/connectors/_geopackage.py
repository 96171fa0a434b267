"""The parser of GeoPackages, run in the child of `_child`.

A GeoPackage is an SQLite file (OGC 12-128r19) and is read as one: GDAL makes 0 of a text in a column of numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors._child import Refused
from ingestion.connectors._geometry import as_text, to_wgs84
from ingestion.connectors._places import text_batch
from ingestion.connectors.sqlite import text_of
from warehouse.connect import quote

_SHAPES_A_BATCH = 2_000
#: Bytes of the envelope between a geometry's head and its WKB, by its indicator.
_ENVELOPE = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


def parse(path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Parser of `_child`: `geometry_as`, `crs` (or the file's), `layer` (or the only one)."""
    if (log := path.with_name(path.name + "-wal")).exists() and log.stat().st_size:
        raise Refused("tệp đang mở trong chương trình khác, chưa ghi hết")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as con:
            con.execute("PRAGMA trusted_schema = OFF")
            con.text_factory = text_of
            yield from _rows(con, path.name, **arguments)
    except sqlite3.Error as error:
        raise Refused(f"không phải GeoPackage, hoặc tệp hỏng ({error})") from None


def _rows(
    con: sqlite3.Connection, name: str, geometry_as: str, crs: str | None, layer: str | None
) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    layers = dict(con.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
    if layer is None and len(layers) == 1:
        (layer,) = layers
    if layer is None or layer not in layers:
        raise Refused(
            f"khai báo layer, một trong: {', '.join(sorted(layers)) or 'không có lớp nào'}; bảng không có hình: kind sqlite"
        )
    way = to_wgs84(crs or _crs(con, layer))
    found = con.execute(f"SELECT rowid, * FROM {quote(layer)} ORDER BY rowid")
    names = [column[0] for column in found.description[1:]]
    if geometry_as in names and geometry_as != layers[layer]:
        raise Refused(f"đã có cột tên {geometry_as}: đổi geometry_as")
    while rows := found.fetchmany(_SHAPES_A_BATCH):
        numbers, *cells = zip(*rows, strict=True)
        columns = dict(zip(names, cells, strict=True))
        shapes = as_text([_wkb(cell) for cell in columns.pop(layers[layer])], way)
        texts = {column: [_text(value) for value in values] for column, values in columns.items()}
        yield text_batch(texts | {geometry_as: shapes}), [f"{name}!{layer}!{number}" for number in numbers]


def _crs(con: sqlite3.Connection, layer: str) -> str:
    found = con.execute(
        "SELECT s.organization, s.organization_coordsys_id, s.definition FROM gpkg_geometry_columns g "
        "JOIN gpkg_spatial_ref_sys s USING (srs_id) WHERE g.table_name = ? AND srs_id > 0",
        [layer],
    ).fetchone()
    if not found:
        raise Refused("lớp không nói hệ tọa độ: khai báo crs, ví dụ EPSG:5897 (VN-2000, kinh tuyến trục 105°00′)")
    organization, code, definition = found
    return f"EPSG:{code}" if str(organization).upper() == "EPSG" else str(definition)


def _wkb(cell: Any) -> str | bytes | None:
    if not isinstance(cell, bytes) or cell[:2] != b"GP" or len(cell) < 8:
        return cell if cell is None or isinstance(cell, bytes) else str(cell)
    return cell[8 + _ENVELOPE.get(cell[3] >> 1 & 7, 0) :]


def _text(value: Any) -> str | None:
    return value.hex() if isinstance(value, bytes) else None if value is None else str(value)
