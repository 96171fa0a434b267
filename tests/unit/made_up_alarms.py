"""A served build with a few made-up alarms, its columns and types as the model's contract has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse import connect, publish

MODELS = Path(__file__).parents[2] / "dbt" / "models"
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
AGENCY = "Ban Chỉ huy Phòng thủ dân sự tỉnh"


def columns(file: str, model: str) -> dict[str, str]:
    body = yaml.safe_load((MODELS / file).read_text(encoding="utf-8"))
    return {c["name"]: c["data_type"] for m in body["models"] if m["name"] == model for c in m["columns"]}


def one(name: str, **said: Any) -> dict[str, Any]:
    """An alarm of level 2 that opened two hours ago and is overdue; its id is made of `name`."""
    opened = said.get("opened_at", NOW - 2 * HOUR)
    return {
        "alarm_id": name, "series": f"TT01.nguong.{name}.2", "indicator_code": "TT01", "title_vi": "Cấp báo động lũ", "measure_vi": "Mực nước",
        "object_kind": "station", "object_code": name, "object_vi": f"Trạm {name}", "area_code": "38", "area_name": "Thanh Hóa", "level_no": 2,
        "level": "alarm", "level_vi": "Báo động 2", "icon": "■", "trigger_kind": "threshold", "trigger_vi": "Vượt ngưỡng", "opened_at": opened,
        "opened_vi": "02:00", "seen_at": opened, "peak_value": 6.0, "peak_vi": "6,00 m", "peak_at": opened + HOUR, "last_read_at": NOW, "is_cut": False,
        "state_of_data": "dang_mo", "state": "dang_mo", "state_vi": "Đang mở, chưa ai nhận", "is_open": True, "agency_vi": AGENCY,
        "procedure_vi": "Phát lệnh báo động", "within_vi": "1 giờ", "due_at": opened + HOUR, "due_vi": "03:00", "is_overdue": True,
        "message_vi": f"Báo động 2: Trạm {name}", "opened_value": 5.5, "last_value": 5.9, "value_vi": "5,90 m", "unit": "m", "decimals": 2, "threshold": 5.5,
        "threshold_vi": "5,50 m", "threshold_source_vi": "QĐ 05/2020", "is_made_up": True, "is_unverified": True, "age_vi": "2 giờ", **said,
    }  # fmt: skip


def serve(monkeypatch: pytest.MonkeyPatch, alarms: list[dict[str, Any]]) -> None:
    """What `publish.current` gives from now on; a home without a build before."""
    path = connect.home() / f"served-{len(list(connect.home().glob('served-*')))}.duckdb"
    readings = [
        {"series": a["series"], "read_at": NOW - HOUR * n, "value": 6.0 - n / 4, "threshold": 5.5} for a in alarms for n in range(12)
    ]  # fmt: skip
    with connect.copy_writer(path, _empty()) as con:
        con.execute("CREATE SCHEMA mart")
        for relation, file, found in (
            ("alarm_now", "serving/_models.yml", alarms),
            ("fct_alarm_reading", "marts/bao_dong/_models.yml", readings),
        ):
            declared = columns(file, relation)
            assert len(declared) > 15
            con.execute(f"CREATE TABLE mart.{relation} ({', '.join(f'{n} {t}' for n, t in declared.items())})")
            con.execute(connect.insert(f"mart.{relation}", found))
    manifest = {"created_at": NOW.isoformat()}
    monkeypatch.setattr(publish, "current", lambda **_: publish.Served("b", path, manifest, True))


def _empty() -> Path:
    path = connect.home() / "empty.duckdb"
    if not path.exists():
        with connect.copy_writer(path, connect.intake_path()):
            pass
    return path
