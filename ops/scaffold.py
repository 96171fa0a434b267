"""`ioc source add`, `ioc indicator add`: new files that already pass their check, to be filled in by a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import Fault

ROOT = Path(__file__).resolve().parent.parent

_SOURCE = """\
id: {id}
sector: {sector}
title: {{vi: "{title}", en: "{title}"}}
owner: {{agency: Sở chủ quản}}
grants_access: Sở chủ quản
legal_basis: ""
share_class: chuyên ngành
connector: {{kind: csv, folder: "${{PROVINCE_FILES}}"}}
cadence: {{every: 1d, late_after: 2d}}
tables:
  - name: ban_ghi
    title: {{vi: Bản ghi, en: Records}}
    grain: một dòng một bản ghi
    mode: snapshot
    primary_key: [ma]
    read: {{file: {id}.csv}}
    columns:
      - {{name: ma, type: text, class: code, required: true}}
"""


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise Fault(
            "IOC-016",
            f"Tệp {path.name} đã có.",
            f"{path.name} exists already.",
            fix=f"sửa {path.relative_to(ROOT)}",
            exit_code=2,
        )


def arguments(given: list[str]) -> dict[str, Any]:
    """`name=value` from a command line, each value as YAML: `header_rows=[5, 6]`. Raises `Fault` IOC-015 without a name."""
    pairs = [one.partition("=") for one in given]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise Fault("IOC-015", f"“{name}” thiếu dấu =.", f"“{name}” has no =.", fix="tên=giá trị", exit_code=2)
    return {name: yaml.safe_load(value) for name, _, value in pairs}


def source(source_id: str, sector: str, title: str, body: str | None = None) -> Path:
    """Write a declaration, by default one that reads a CSV file; the folder of the sector is made. Raises `Fault` IOC-015
    for a wrong id, IOC-016 when there is one already."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", source_id):
        raise Fault(
            "IOC-015",
            f"“{source_id}” không phải mã nguồn.",
            f"“{source_id}” is not a source id.",
            why="<cơ quan>_<hệ thống>, chữ thường không dấu: soyt_benh_vien",
            fix="./ioc source add soyt_benh_vien --sector y_te",
            exit_code=2,
        )
    path = ROOT / "ingestion" / "sources" / sector / f"{source_id}.yml"
    _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body or _SOURCE.format(id=source_id, sector=sector, title=title), encoding="utf-8")
    return path


def indicator(code: str, sector: str, what: str, like: Path) -> tuple[Path, Path]:
    """A pair copied from an existing one (`like`, its YAML) under a new code and name, so that it builds at once."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[a-z]?", code):
        raise Fault(
            "IOC-015",
            f"“{code}” không phải mã chỉ tiêu.",
            f"“{code}” is not an indicator code.",
            why="hai chữ hoa và hai chữ số: YT01",
            fix="./ioc indicator add YT01 --sector y_te --name beds",
            exit_code=2,
        )
    name = f"ind_{sector}_{what}"
    folder = ROOT / "dbt" / "models" / "indicators" / sector
    yml, sql = folder / f"{name}.yml", folder / f"{name}.sql"
    for path in (yml, sql):
        _refuse_existing(path)
    folder.mkdir(parents=True, exist_ok=True)
    body = like.read_text(encoding="utf-8").replace(like.stem, name)
    body = re.sub(r"(\bcode: )\w+", rf"\g<1>{code}", body, count=1)
    body = re.sub(r"(\bsector: )\w+", rf"\g<1>{sector}", body, count=1)
    body = re.sub(r"\n\s*home_order: \d+", "", body)
    yml.write_text(body, encoding="utf-8")
    sql.write_text(like.with_suffix(".sql").read_text(encoding="utf-8"), encoding="utf-8")
    return yml, sql
