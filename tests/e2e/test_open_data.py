"""Open data of the province that is up: the service answers the build that boards show, with real rows and nothing closed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Up

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def test_open_data__follow_the_served_build(province_up: Up) -> None:
    services = json.loads((province_up.home / "state" / "services.json").read_text(encoding="utf-8"))
    with httpx.Client(base_url=services["open-data"]["url"], trust_env=False) as client:
        build = client.get("/api/v1/build").json()
        assert build["build_id"] == province_up.marts().parent.name
        datasets = {d["id"]: d for d in client.get("/api/v1/datasets").json()["datasets"]}
        assert datasets["areas"]["rows"] == 742 and not any(d["is_made_up"] for d in datasets.values())
        assert client.get("/api/v1/areas", params={"level": "commune", "current": True}).json()["total"] == 166
        assert client.get("/api/v1/observations", params={"indicator": "GV01"}).status_code == 404
        assert client.get("/files/areas.parquet").content.startswith(b"PAR1")
        assert "Dữ liệu mở" in client.get("/").text
