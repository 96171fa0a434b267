"""Runs, secrets, CSV, services and backups keep what they promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops import backup, query, run, scaffold, secrets, services
from ops.query import Answer
from warehouse import connect
from warehouse.errors import Fault


def test_secret__is_strong_private_and_made_once(ioc_home: Path) -> None:
    first = secrets.read("X")
    assert len(first) >= 40 and secrets.read("X") == first
    assert secrets.path("X").stat().st_mode & 0o777 == 0o600
    secrets.path("X").chmod(0o644)
    (secrets.folder() / "SHORT").write_text("admin")
    assert [word.split(":")[0] for word in secrets.weak()] == ["SHORT", "SHORT", "X"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-cmd", "@x", "\tx", "＝1"])
def test_csv__never_begins_a_formula(cell: str) -> None:
    text = query.as_csv(Answer("b", ["a"], [(cell,)], False))
    assert text.splitlines()[1].lstrip('"').startswith("'")


def test_csv__leaves_numbers_and_words_alone() -> None:
    assert query.as_csv(Answer("b", ["a", "b"], [(-1.5, "Hạc Thành")], False)) == "a,b\n-1.5,Hạc Thành\n"


def test_second_run__is_told_who_is_at_work_and_exits_75(ioc_home: Path) -> None:
    with run.one_at_a_time("một"), pytest.raises(Fault) as caught, run.one_at_a_time("hai"):
        pass
    assert (caught.value.exit_code, caught.value.details["holder"]) == (75, "một")


def test_run_row__is_closed_also_when_the_run_fails(ioc_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), run.recorded("thử"):
        _ = 1 / 0
    with connect.intake() as con:
        row = con.execute("SELECT holder, exit_code, finished_at IS NOT NULL FROM ops.run").fetchall()
    assert row == [("thử", 1, True)]


def test_service__is_known_by_start_time_and_ended(ioc_home: Path) -> None:
    services.start("ngu", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    one = services.process("ngu")
    assert one is not None
    services.start("ngu", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    assert services.process("ngu") == one
    assert services.stop() == ["ngu"] and not one.is_running()


def test_service__of_another_with_our_old_pid_is_left_alone(ioc_home: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    services._save({"ngu": {"pid": other.pid, "started": 1.0, "shape": ""}})
    assert services.stop() == [] and other.poll() is None
    other.kill()
    other.wait()


def test_backup__comes_back_and_a_changed_file_is_refused(
    ioc_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect.writer("test") as con:
        con.execute("CREATE TABLE raw.x AS SELECT 42 AS so")
    backup.backup(tmp_path / "bk")
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "new"))
    backup.restore(tmp_path / "bk")
    with connect.intake() as con:
        assert con.execute("SELECT so FROM raw.x").fetchone() == (42,)
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "newer"))
    (tmp_path / "bk" / "intake.duckdb").write_bytes(b"khac")
    with pytest.raises(Fault, match="IOC-013"):
        backup.restore(tmp_path / "bk")


def test_scaffolded_source__passes_its_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion import registry

    monkeypatch.setattr(scaffold, "ROOT", tmp_path)
    path = scaffold.source("soyt_benh_vien", "y_te", "Bệnh viện")
    assert list(registry.load(path).sources) == ["soyt_benh_vien"]
    with pytest.raises(Fault, match="IOC-016"):
        scaffold.source("soyt_benh_vien", "y_te", "Bệnh viện")
