"""Shapes of any declared reference system as GeoJSON text in WGS84, longitude first. Runs in the child of `_child`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]
from pyproj.transformer import TransformerGroup

from ingestion.connectors._child import Refused

#: Decimals of a degree: 1 cm.
DECIMALS = 7


def to_wgs84(crs: str) -> Transformer:
    """The transformation of a reference system (EPSG code or .prj text) to WGS84. Raises `Refused` when there is none.

    Of several the one for the largest area is taken: for VN-2000 that is EPSG:6960, the seven parameters of Decision
    05/2007/QĐ-BTNMT, and not those of a study in the Mekong delta. A system that only resembles WGS84 is refused: VN-2000
    does, and lies 224 m off.
    """
    set_network_enabled(False)
    try:
        known = CRS.from_user_input(crs)
        ways = TransformerGroup(known, "EPSG:4326", always_xy=True, allow_ballpark=False).transformers
    except CRSError:
        shown = "".join(filter(str.isprintable, crs))[:80]
        raise Refused(f"hệ tọa độ “{shown}” không hiểu được") from None
    if not ways:
        raise Refused(f"hệ tọa độ “{known.name}” không có phép chuyển sang WGS84: khai báo crs, ví dụ EPSG:5897")
    return ways[0]


def as_text(came: Sequence[str | bytes | None], way: Transformer) -> list[str | None]:
    """Shapes as GeoJSON texts or WKB, in WGS84 as GeoJSON, heights left out; an empty one is null.

    What is no shape, or has curves, comes as it was, and one with a point that is not on the earth as its WKT, untransformed; both with a
    word before it: no JSON, so that a column of type json quarantines the row and nothing is lost. A ring that crosses
    itself is passed as it is: simplified boundaries have some.
    """

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.column_stack(way.transform(points[:, 0], points[:, 1])), DECIMALS)

    shapes = _shapes(came)
    moved = shapely.transform(shapely.force_2d(shapes), move)
    points, of = shapely.get_coordinates(moved, return_index=True)
    on_earth = (np.abs(points) <= (180, 90)).all(axis=1)  # false for NaN
    texts = shapely.to_geojson(moved)
    for at in np.unique(of[~on_earth]):
        texts[at] = f"Not on the earth: {shapely.to_wkt(shapes[at], rounding_precision=-1)}"
    for at in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        raw = came[at]
        texts[at] = raw if raw is None else f"Not a shape: {raw.hex() if isinstance(raw, bytes) else raw}"
    texts[shapely.is_empty(shapes)] = None
    return list(texts)


def _shapes(came: Sequence[str | bytes | None]) -> NDArray[np.object_]:
    """None for what is no shape. One with curves would cost all of them."""
    read = shapely.from_wkb if any(isinstance(c, bytes) for c in came) else shapely.from_geojson
    try:
        shapes: NDArray[np.object_] = read(np.array(came, dtype=object), on_invalid="ignore")
    except NotImplementedError:
        shapes = np.concatenate([_shapes([c]) for c in came]) if len(came) > 1 else np.array([None])
    return shapes
