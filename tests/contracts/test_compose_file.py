"""The compose file: all services, no password in it, loopback only, and Superset cannot write what it serves."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return body


def test_compose__has_every_service_with_a_health_check(compose: dict[str, Any]) -> None:
    expected = {
        "airflow-db",
        "airflow-migrate",
        "airflow-api",
        "airflow-scheduler",
        "airflow-dag-processor",
        "superset",
        "steward",
        "open-data",
    }
    assert set(compose["services"]) == expected
    assert all("healthcheck" in service for service in compose["services"].values())


def test_compose__binds_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 4 and all(port.startswith("127.0.0.1:") for port in ports)


def test_compose__takes_every_secret_from_a_file(compose: dict[str, Any]) -> None:
    words = re.compile(r"PASSWORD|SECRET|KEY|SQL_ALCHEMY_CONN|TOKEN")
    named = [
        (k, v) for s in compose["services"].values() for k, v in (s.get("environment") or {}).items() if words.search(k)
    ]
    assert len(named) > 5
    assert all("/run/secrets/" in value for _, value in named), named
    assert all(secret["file"].startswith("./secrets/") for secret in compose["secrets"].values())


def test_superset__sees_published_builds_read_only(compose: dict[str, Any]) -> None:
    volumes = compose["services"]["superset"]["volumes"]
    assert "serving:/var/lib/ioc/serving:ro" in volumes
    assert not any(str(v).startswith("ioc:") for v in volumes)


def test_open_data__has_the_open_files_only(compose: dict[str, Any]) -> None:
    service = compose["services"]["open-data"]
    assert service["volumes"] == ["open:/var/lib/ioc/open:ro"]
    assert not service.keys() & {"secrets", "env_file"}


def test_compose__is_accepted_by_docker(tmp_path: Path) -> None:
    command = next((c for c in (["docker", "compose"], ["docker-compose"]) if _runs(c)), None)
    if command is None:
        pytest.skip("neither docker compose nor docker-compose here; the tests above read the file themselves")
    # `config` wants the files that an operator makes with docker/make-secrets to be there.
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / "province.env").touch()
    done = subprocess.run([*command, "config", "-q"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run([*command, "version"], capture_output=True).returncode == 0
    except OSError:
        return False
