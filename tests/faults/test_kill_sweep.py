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
#: What is killed → every point on its way, with how often it is passed: a batch, table or extract each, or once.
POINTS = {
    "2": {
        "extract.batch": 4,
        "extract.manifest": 3,
        "extract.rename": 3,
        "load.begin": 1,
        "load.middle": 3,
        "load.commit": 1,
        "load.committed": 1,
    },
    "rebuild": {"rebuild.begin": 1, "rebuild.middle": 6, "rebuild.commit": 1, "rebuild.committed": 1},
    "prune": {"prune.marked": 1, "prune.removed": 3},
}
SWEEP = [(what, point, times) for what, points in POINTS.items() for point, times in points.items()]


def run(home: Path, what: str, fault_at: str = "") -> int:
    environment = {**os.environ, "IOC_HOME": str(home), "IOC_FAULT_AT": fault_at}
    return subprocess.run([sys.executable, str(RUN), what], env=environment, check=False, timeout=60).returncode


def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """Everything that counts: rows, quarantine, watermark, what is on the disk, and whether the ledger balances."""
    monkeypatch.setenv("IOC_HOME", str(home))
    values = "ma, so, luc, _row_hash, _row_number"
    return {
        "ho_so": ask(f"SELECT {values} FROM raw.so_thu_nghiem__ho_so ORDER BY ALL"),
        "danh_muc": ask(f"SELECT {values} FROM raw.so_thu_nghiem__danh_muc ORDER BY ALL"),
        "lich_su": ask(
            f"SELECT {values}, _valid_from IS NULL, _valid_to IS NULL FROM raw.so_thu_nghiem__lich_su ORDER BY ALL"
        ),
        "quarantine": ask("SELECT key_text, rules, status FROM quarantine.row ORDER BY ALL"),
        "watermark": ask("SELECT table_name, cursor_value FROM ops.watermark ORDER BY ALL"),
        "ledger": ask(
            "SELECT table_name, rows_in, rows_loaded, rows_deleted, pruned_at IS NULL FROM ops.extract ORDER BY ALL"
        ),
        "on disk": sorted(str(p.parent.name) for p in (home / "landing").glob("*/*/[!.]*")),
        "unbalanced": ask(
            "SELECT * FROM ops.extract WHERE rows_in <> rows_loaded + rows_quarantined + rows_deduplicated"
        ),
        "twice": ask("SELECT extract_id FROM ops.extract GROUP BY 1 HAVING count(*) > 1"),
        "partial": list((home / "landing").rglob("*.partial")),
    }


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("day") / "1"
    assert run(home, "1") == 0
    return home


@pytest.fixture(scope="module")
def second_day(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = shutil.copytree(first_day, tmp_path_factory.mktemp("day") / "2")
    assert run(home, "2") == 0
    return home


@pytest.fixture(scope="module")
def undisturbed(second_day: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list]]:
    """The world after each thing that is done, when nothing is killed."""
    pruned = shutil.copytree(second_day, tmp_path_factory.mktemp("day") / "pruned")
    assert run(pruned, "prune") == 0
    with pytest.MonkeyPatch.context() as monkeypatch:
        done = world(second_day, monkeypatch)
        return {"2": done, "rebuild": done, "prune": world(pruned, monkeypatch)}


def test_kill_sweep__compares_with_a_world_that_has_something_in_it(undisturbed: dict[str, dict[str, list]]) -> None:
    done, pruned = undisturbed["2"], undisturbed["prune"]
    assert (len(done["ho_so"]), len(done["danh_muc"]), len(done["lich_su"])) == (61, 20, 15)
    assert done["quarantine"] == [("X1", ["type:so"], "superseded"), ("X2", ["type:so"], "open")]
    assert done["unbalanced"] == done["twice"] == done["partial"] == []
    assert (len(done["on disk"]), len(pruned["on disk"])) == (6, 3)
    assert [row[-1] for row in pruned["ledger"]].count(False) == 3


@pytest.mark.parametrize(("what", "point", "times"), SWEEP)
def test_kill_at__any_pass_of_a_point_heals_with_the_next_run(
    what: str,
    point: str,
    times: int,
    first_day: Path,
    second_day: Path,
    undisturbed: dict[str, dict[str, list]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = first_day if what == "2" else second_day
    for nth in range(1, times + 1):
        home = shutil.copytree(start, tmp_path / str(nth))
        assert run(home, what, f"{point}:{nth}") == -signal.SIGKILL
        assert run(home, what) == 0
        assert world(home, monkeypatch) == undisturbed[what]
    over = shutil.copytree(start, tmp_path / "over")
    assert run(over, what, f"{point}:{times + 1}") == 0, "the sweep has reached the last pass"
