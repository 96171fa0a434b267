"""The parser of GeoJSON, run in the child of `_child`.

Own code and not GDAL's reader, because that makes doubles of all numbers: a property must stay as printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors import _records
from ingestion.connectors._child import Refused
from ingestion.connectors._geometry import as_text, to_wgs84
from ingestion.connectors._places import text_batch
from ingestion.model import SURPLUS

_FEATURES_A_BATCH = 2_000
#: Without a member `crs` (of an older edition, still written by desktop programs) GeoJSON is WGS84 (RFC 7946).
_WGS84 = {"properties": {"name": "EPSG:4326"}}


def parse(path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Parser of `_child`: `geometry_as` names the geometry's column, `crs` is the declared reference system or None."""
    try:
        document = _records.parse(path.read_bytes())
        if not isinstance(features := document["features"], list):
            raise ValueError("features không phải danh sách")
        crs = arguments["crs"] or (document.get("crs") or _WGS84)["properties"]["name"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"không phải GeoJSON FeatureCollection ({error})") from None
    way = to_wgs84(crs)
    rows = [_row(feature) for feature in features]
    named = dict.fromkeys(name for row, _ in rows for name in row)
    geometry_as = arguments["geometry_as"]
    if geometry_as in named:
        raise Refused(f"đã có thuộc tính tên {geometry_as}: đổi geometry_as")
    for start in range(0, len(rows), _FEATURES_A_BATCH):
        some = rows[start : start + _FEATURES_A_BATCH]
        columns = {name: [row.get(name) for row, _ in some] for name in named}
        shapes = [f.get("geometry") if isinstance(f, dict) else None for f in features[start : start + len(some)]]
        columns[geometry_as] = as_text([None if s is None else _records.dumps(s) for s in shapes], way)
        if any(broken for _, broken in some):
            columns[SURPLUS] = [broken for _, broken in some]
        yield text_batch(columns), [f"{path.name}#{start + i}" for i in range(1, len(some) + 1)]


def _row(feature: Any) -> tuple[dict[str, str | None], str | None]:
    """The properties of a feature as text, with its own `id` unless a property has that name; or why it has none: what it
    is instead."""
    properties = feature.get("properties") or {} if isinstance(feature, dict) else None
    if isinstance(properties, dict):
        named = {"id": feature["id"]} | properties if "id" in feature else properties
        texts = {name: _records.as_text(value) for name, value in named.items()}
        if _is_text("".join(filter(None, (*texts, *texts.values())))):
            return texts, None
    return {}, _records.dumps(feature).encode("utf-8", "backslashreplace").decode()


def _is_text(text: str) -> bool:
    """False for half of a pair of surrogates (`\\ud83d`), which JSON can write and no text holds."""
    try:
        return bool(text.encode()) or True
    except UnicodeEncodeError:
        return False
