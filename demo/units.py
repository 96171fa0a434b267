"""The province's units for the demo: the communes of the administrative-units package, and agencies in the H56 pattern."""

from __future__ import annotations

import json
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


DATA = Path(str(resources.files("vietnamadminunits"))) / "data"


@cache
def _former() -> dict[str, str]:
    """Name → code of the 547 communes until 2025-06-30."""
    with sqlite3.connect(f"file:{DATA / 'dataset.db'}?mode=ro", uri=True) as con:
        return dict(
            con.execute(
                "SELECT provinceKey || '_' || districtKey || '_' || wardKey, wardCode FROM admin_units_legacy WHERE provinceCode = '38'"
            ).fetchall()
        )


@cache
def communes() -> tuple[Commune, ...]:
    """The 166 communes since 2025-07-01 with the old codes that went whole into each."""
    with sqlite3.connect(f"file:{DATA / 'dataset.db'}?mode=ro", uri=True) as con:
        rows = con.execute(
            "SELECT wardCode, ward, lower(wardType), wardLat, wardLon, wardAreaKm2, wardKey FROM admin_units "
            "WHERE provinceCode = '38' ORDER BY wardCode"
        ).fetchall()
    code = _former()
    merged = json.loads((DATA / "converter_2025.json").read_text(encoding="utf-8"))["DICT_PROVINCE_WARD_NO_DIVIDED"][
        "tinhthanhhoa"
    ]
    return tuple(
        Commune(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5],
            old_codes=tuple(code[key] for key in merged[row[6]]),
            agency=f"000.{17 + i // 99:02d}.{i % 99 + 1:02d}.H56",
        )
        for i, row in enumerate(rows)
    )


@cache
def split_codes() -> tuple[str, ...]:
    """The old communes that went to several of today."""
    return tuple(sorted(set(_former().values()) - {code for c in communes() for code in c.old_codes}))


@cache
def split_by_heir() -> dict[str, str]:
    """For each commune of today that most of a split one went to, the code of that split one."""
    with sqlite3.connect(f"file:{DATA / 'dataset.db'}?mode=ro", uri=True) as con:
        code = dict(con.execute("SELECT wardKey, wardCode FROM admin_units WHERE provinceCode = '38'").fetchall())
    parts = json.loads((DATA / "converter_2025.json").read_text(encoding="utf-8"))["DICT_PROVINCE_WARD_DIVIDED"]
    return {code[p["newWardKey"]]: _former()[old] for old, into in parts["tinhthanhhoa"].items() for p in into if p["isDefaultNewWard"]}  # fmt: skip
