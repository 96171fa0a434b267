"""The province's units for the demo: the communes of the administrative-units package, and agencies in the H56 pattern."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path


@dataclass(frozen=True)
class Commune:
    code: str
    name: str
    kind: str
    lat: float
    lon: float
    area_km2: float
    old_codes: tuple[str, ...]
    agency: str


#: Departments after the mergers of 2025 (reference.md §1), with made-up agency codes of the right pattern.
DEPARTMENTS = [
    "Văn phòng UBND tỉnh", "Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Công Thương", "Sở Nông nghiệp và Môi trường",
    "Sở Xây dựng", "Sở Khoa học và Công nghệ", "Sở Y tế", "Sở Giáo dục và Đào tạo", "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Dân tộc và Tôn giáo", "Thanh tra tỉnh", "Ban Quản lý KKT Nghi Sơn và các KCN", "Công an tỉnh",
]  # fmt: skip


def department_code(number: int) -> str:
    return f"000.00.{number + 1:02d}.H56"


@cache
def communes() -> tuple[Commune, ...]:
    """The 166 communes since 2025-07-01 with the old codes that went into each."""
    from ingestion.connectors.admin_units import crosswalk

    path = Path(str(resources.files("vietnamadminunits"))) / "data" / "dataset.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
        rows = con.execute(
            "SELECT wardCode, ward, lower(wardType), wardLat, wardLon, wardAreaKm2 FROM admin_units WHERE provinceCode = '38' ORDER BY wardCode"
        ).fetchall()
    old: dict[str, list[str]] = {}
    for before, after, is_default, _ in crosswalk("38"):
        if is_default:
            old.setdefault(after, []).append(before)
    return tuple(
        Commune(*row, old_codes=tuple(old.get(row[0], [row[0]])), agency=f"000.{17 + i // 99:02d}.{i % 99 + 1:02d}.H56")
        for i, row in enumerate(rows)
    )
