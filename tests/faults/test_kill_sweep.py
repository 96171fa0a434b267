"""A process killed anywhere: the next run gives the same rows as if nothing had happened, and the ledger balances."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_source import ask

pytestmark = pytest.mark.slow
RUN = Path(__file__).parent / "pull_day.py"
#: Every point of the first half of the way, with how often day 2 passes it: a batch or table each, or once.
POINTS = {
    "extract.batch": 3,
    "extract.manifest": 2,
    "extract.rename": 2,
    "load.begin": 1,
    "load.middle": 2,
    "load.commit": 1,
    "load.committed": 1,
}


def run(home: Path, day: int, fault_at: str = "") -> int:
    environment = {**os.environ, "IOC_HOME": str(home), "IOC_FAULT_AT": fault_at}
    return subprocess.run([sys.executable, str(RUN), str(day)], env=environment, check=False, timeout=60).returncode


def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """Everything that counts: rows, open quarantine, watermark, and whether the ledger balances."""
    monkeypatch.setenv("IOC_HOME", str(home))
    values = "ma, so, luc, _row_hash, _row_number"
    return {
        "ho_so": ask(f"SELECT {values} FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"),
        "danh_muc": ask(f"SELECT {values} FROM raw.so_thu_nghiem__danh_muc ORDER BY ALL"),
        "quarantine": ask("SELECT key_text, rules, status FROM quarantine.row ORDER BY ALL"),
        "watermark": ask("SELECT table_name, cursor_value FROM ops.watermark"),
        "unbalanced": ask(
            "SELECT * FROM ops.extract WHERE rows_in <> rows_loaded + rows_quarantined + rows_deduplicated"
        ),
        "twice": ask("SELECT extract_id FROM ops.extract GROUP BY 1 HAVING count(*) > 1"),
        "partial": list((home / "landing").rglob("*.partial")),
    }


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("day") / "1"
    assert run(home, 1) == 0
    return home


@pytest.fixture(scope="module")
def undisturbed(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    home = shutil.copytree(first_day, tmp_path_factory.mktemp("day") / "2")
    assert run(home, 2) == 0
    with pytest.MonkeyPatch.context() as monkeypatch:
        return world(home, monkeypatch)


def test_kill_sweep__compares_with_a_world_that_has_something_in_it(undisturbed: dict[str, list]) -> None:
    assert (len(undisturbed["ho_so"]), len(undisturbed["danh_muc"])) == (61, 20)
    assert undisturbed["quarantine"] == [("X1", ["type:so"], "superseded"), ("X2", ["type:so"], "open")]
    assert undisturbed["unbalanced"] == undisturbed["twice"] == undisturbed["partial"] == []


@pytest.mark.parametrize(("point", "times"), POINTS.items())
def test_kill_at__any_pass_of_a_point_heals_with_the_next_run(
    point: str,
    times: int,
    first_day: Path,
    undisturbed: dict[str, list],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for nth in range(1, times + 1):
        home = shutil.copytree(first_day, tmp_path / str(nth))
        assert run(home, 2, f"{point}:{nth}") == -signal.SIGKILL
        assert run(home, 2) == 0
        assert world(home, monkeypatch) == undisturbed
    over = shutil.copytree(first_day, tmp_path / "over")
    assert run(over, 2, f"{point}:{times + 1}") == 0, "the sweep has reached the last pass"
