"""The parser of GeoJSON, run in the child of `_child`.

Own code and not GDAL's reader, because that makes doubles of all numbers: a property must stay as printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors._child import Refused
from ingestion.connectors._geometry import as_text, to_wgs84
from ingestion.connectors._places import text_batch

_FEATURES_A_BATCH = 2_000


class _Printed(float):
    """A number for the geometry, and as a property the text that was printed."""

    def __new__(cls, printed: str) -> _Printed:
        self = super().__new__(cls, printed)
        self.printed = printed
        return self

    printed: str


def parse(path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Parser of `_child`: `geometry_as` names the geometry's column, `crs` is the declared reference system or None."""
    try:
        document = json.loads(path.read_bytes(), parse_float=_Printed)
        features = document["features"]
        rows = [{k: _text(v) for k, v in (f.get("properties") or {}).items()} for f in features]
        shapes = [f.get("geometry") for f in features]
        # GeoJSON is WGS84 (RFC 7946); a member `crs` is of its older edition and still written by desktop programs.
        crs = arguments["crs"] or (document.get("crs") or {"properties": {"name": "EPSG:4326"}})["properties"]["name"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"không phải GeoJSON FeatureCollection ({error})") from None
    way = to_wgs84(crs)
    named = dict.fromkeys(name for row in rows for name in row)
    geometry_as = arguments["geometry_as"]
    if geometry_as in named:
        raise Refused(f"đã có thuộc tính tên {geometry_as}: đổi geometry_as")
    for start in range(0, len(rows), _FEATURES_A_BATCH):
        some = rows[start : start + _FEATURES_A_BATCH]
        columns = {name: [row.get(name) for row in some] for name in named}
        printed = [None if s is None else json.dumps(s) for s in shapes[start : start + len(some)]]
        columns[geometry_as] = as_text(printed, way)
        yield text_batch(columns), [f"{path.name}#{start + i}" for i in range(1, len(some) + 1)]


def _text(value: Any) -> str | None:
    if isinstance(value, _Printed):
        return value.printed
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
