"""Administrative units and the 2025 crosswalk from the PyPI package `vietnamadminunits` (MIT, 1.0.4).

The package's own data files are read, not its functions, which resolve addresses by fuzzy text. Held against the facts of
Resolution 1686/NQ-UBTVQH15 and the polygons of thanglequoc/vietnamese-provinces-database it is good but imperfect: 7 of
166 names place the tone otherwise (“Sơn Thủy”, “Sơn Thuỷ”); the old list has the 26 districts of 2025-01-01, not the 27
before; areas sum to 11,114.86 km² (11,114.78 there); the ten split communes carry neither area nor population of their
parts; the crosswalk is keyed by names without accents, which is safe only together with the district, as used here.
Cells are Voronoi cells of the centroids, cut to a hull: a picture of where a commune lies, not its boundary.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import shapely
from pydantic import Field
from shapely.geometry import MultiPoint, mapping

from ingestion.connectors import Arguments, Chunk, Request


class Connection(Arguments):
    """No arguments: the data is installed with the package."""


class Read(Arguments):
    """`table`: which of the package's lists; `province`: its two-digit code."""

    table: Literal["units_2025", "units_before_2025", "crosswalk_2025"]
    province: str = Field(default="38", description="its two-digit code")


_UNITS_2025 = """SELECT wardCode, ward, wardShort, lower(wardType), wardLat, wardLon, wardAreaKm2
    FROM admin_units WHERE provinceCode = ? ORDER BY wardCode"""
_UNITS_BEFORE = """SELECT wardCode, ward, wardShort, lower(wardType), districtCode, district, wardLat, wardLon
    FROM admin_units_legacy WHERE provinceCode = ? ORDER BY wardCode"""


def columns(request: Request) -> list[str] | None:
    return [
        ["ma_dvhc", "ten", "ten_ngan", "loai", "vi_do", "kinh_do", "dien_tich_km2", "o_luoi_geojson"],
        ["ma_dvhc", "ten", "ten_ngan", "loai", "ma_huyen", "ten_huyen", "vi_do", "kinh_do"],
        ["ma_cu", "ma_moi", "la_mac_dinh", "bi_tach"],
    ][("units_2025", "units_before_2025", "crosswalk_2025").index(_read(request).table)]


def read(request: Request) -> Iterator[Chunk]:
    arguments = _read(request)
    names = columns(request) or []
    rows = {"units_2025": _units_2025, "units_before_2025": _units_before, "crosswalk_2025": crosswalk}[
        arguments.table
    ](arguments.province)
    yield Chunk(pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows]))


def _read(request: Request) -> Read:
    return Read.model_validate(request.table.read)


def _data() -> Path:
    return Path(str(resources.files("vietnamadminunits"))) / "data"


def _query(sql: str, province: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{_data() / 'dataset.db'}?mode=ro&immutable=1", uri=True) as con:
        return con.execute(sql, [province]).fetchall()


def _units_2025(province: str) -> list[tuple[Any, ...]]:
    units = _query(_UNITS_2025, province)
    cells = voronoi([(unit[5], unit[4]) for unit in units])
    return [(*unit, cell) for unit, cell in zip(units, cells, strict=True)]


def _units_before(province: str) -> list[tuple[Any, ...]]:
    return _query(_UNITS_BEFORE, province)


def voronoi(points: list[tuple[float, float]]) -> list[str]:
    """One GeoJSON polygon a (lon, lat) point, in the same order: its Voronoi cell within the buffered hull of all."""
    hull = MultiPoint(points).convex_hull.buffer(0.06)
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(points), extend_to=hull))
    tree = shapely.STRtree(cells)
    found = [cells[tree.query(shapely.Point(p), predicate="within")[0]] for p in points]
    return [json.dumps(mapping(shapely.set_precision(cell.intersection(hull), 1e-5))) for cell in found]


def crosswalk(province: str) -> list[tuple[str, str, bool, bool]]:
    """(old code, new code, is the default target, is the old unit split), from the package's keys without accents."""
    old = {
        f"{p}_{d}_{w}": code
        for p, d, w, code in _query(
            "SELECT provinceKey, districtKey, wardKey, wardCode FROM admin_units_legacy WHERE provinceCode = ?",
            province,
        )
    }
    new_rows = _query("SELECT provinceKey, wardKey, wardCode FROM admin_units WHERE provinceCode = ?", province)
    new = {ward: code for _, ward, code in new_rows}
    tables = json.loads((_data() / "converter_2025.json").read_text(encoding="utf-8"))
    key = new_rows[0][0]
    rows = [
        (old[o], new[n], True, False) for n, olds in tables["DICT_PROVINCE_WARD_NO_DIVIDED"][key].items() for o in olds
    ]
    rows += [
        (old[o], new[part["newWardKey"]], bool(part["isDefaultNewWard"]), True)
        for o, parts in tables["DICT_PROVINCE_WARD_DIVIDED"].get(key, {}).items()
        for part in parts
    ]
    return sorted(rows)
