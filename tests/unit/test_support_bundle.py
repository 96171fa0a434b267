"""The file for whoever helps: what they need is in it, and no secret and no row."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from pathlib import Path

import pytest
from made_up_source import declare, offered

from ingestion import registry
from ingestion.pull import pull
from ops import cli, doctor, secrets

CANARY = "chim-hoang-yen-7f3a"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("HAZARD_REST_TOKEN", CANARY + "-moi-truong")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "var"


def test_bundle__tells_the_state_and_masks_every_secret(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secrets.folder().joinpath("QUANTRAC").write_text(CANARY)
    offered["ho_so"] = [[{"ma": "BN-0038", "Số lượng": "x", "luc": "2026-11-01"}]]
    declared = registry.Registry({"so_thu_nghiem": declare()}, {"so_thu_nghiem": Path("thu/so_thu_nghiem.yml")})
    pull(["so_thu_nghiem"], run_id="r", holder="t", declared=declared)
    (home / "logs").mkdir(exist_ok=True)
    (home / "logs" / "superset.log").write_text(f"đăng nhập {CANARY} và {CANARY}-moi-truong hỏng")
    assert cli.main(["support-bundle", "a.zip", "--json"]) == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert stat.S_IMODE(Path("a.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile("a.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sorted(texts) == sorted(parts) and len([n for n in texts if n.startswith("sources/")]) >= 15
    assert texts["logs/superset.log"] == "đăng nhập ••• và ••• hỏng"
    assert json.loads(texts["ledger.json"])["so_thu_nghiem"][0]["rows_quarantined"] == 1
    assert [name for name, text in texts.items() if CANARY in text or "BN-0038" in text] == []


def test_bundle__does_not_write_over_a_file(tmp_path: Path) -> None:
    Path("a.zip").write_text("đây là của tôi")
    assert cli.main(["support-bundle", "a.zip"]) == 2
    assert Path("a.zip").read_text() == "đây là của tôi"


def test_doctor__names_a_dag_file_that_airflow_cannot_read(home: Path) -> None:
    assert [c for c in doctor.examine() if c.name == "dags"] == [], "no Airflow, nothing to say"
    (home / "airflow").mkdir(parents=True)
    with sqlite3.connect(home / "airflow" / "airflow.db") as con:
        con.execute("CREATE TABLE import_error (filename TEXT, stacktrace TEXT)")
        assert [c.state for c in doctor.examine() if c.name == "dags"] == ["ok"]
        con.execute("INSERT INTO import_error VALUES ('nguon.py', 'Traceback\n  line\nKeyError: ''x''')")
    (broken,) = (c for c in doctor.examine() if c.name == "dags")
    assert broken.state == "fail" and "nguon.py" in broken.found and "KeyError" in broken.found
