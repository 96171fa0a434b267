"""A build takes what changed and what reads the ledger or the clock, and everything where that would not be enough."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build, connect

MODELS = Path(__file__).parents[2] / "dbt" / "models"
READING = ("K1", "PM2.5", datetime(2026, 7, 1, 3, tzinfo=UTC), 20.0, "µg/m³", "00")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("plan")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    put("sonnmt_danh_muc_tram__tram", [("K1", "Trạm 1", "khong_khi", None, None, 19.8, 105.7, date(2025, 1, 1))])
    put("sonnmt_quan_trac__so_do", [READING])
    assert build.build(run_id="t").is_full
    yield home
    patch.undo()


def built(home: Path) -> set[str]:
    """Names of what the last build ran."""
    results = json.loads((home / "dbt-target" / "run_results.json").read_text())["results"]
    return {r["unique_id"].split(".")[2] for r in results if r["unique_id"].startswith("model.")}


def judged() -> None:
    with connect.writer("test") as con:
        con.execute("UPDATE ops.build SET verdict = 'PASS'")


@pytest.mark.slow
def test_build__with_nothing_new_runs_only_what_reads_the_ledger_or_the_clock(home: Path) -> None:
    assert not build.build(run_id="t").is_full
    assert {"mart_indicator_card", "obs_indicator", "build"} <= built(home)
    assert not {"fct_task", "fct_firm", "dim_area", "fct_env_reading_hour"} & built(home)
    judged()
    assert not build.is_needed()


@pytest.mark.slow
def test_build__runs_the_models_of_a_changed_source_alone(home: Path) -> None:
    put("vptu_nq57__nhiem_vu", [("NV1", "việc", "Tỉnh", "Sở A", date(2025, 1, 2), date(2025, 3, 1), None, None, None)], "e2", datetime.now(UTC))
    assert build.is_needed()
    assert not build.build(run_id="t").is_full
    assert {"fct_task", "ind_nq57_done"} <= built(home) and not {"fct_firm", "fct_env_reading_hour"} & built(home)
    assert ask("SELECT count(*) FROM mart.fct_task") == [(1,)]


@pytest.mark.slow
def test_build__takes_rows_that_came_without_a_pull(home: Path) -> None:
    """As a replay out of quarantine does: its extract keeps the time of its own loading."""
    judged()
    with connect.writer("test") as con:
        con.execute("INSERT INTO raw.sonnmt_quan_trac__so_do SELECT * REPLACE (now() AS _loaded_at, thoi_gian + INTERVAL 5 MINUTE AS thoi_gian) FROM raw.sonnmt_quan_trac__so_do")
    assert build.is_needed()
    assert not build.build(run_id="t").is_full
    assert ask("SELECT n_rows FROM mart.fct_env_reading_hour") == [(2,)]


@pytest.mark.slow
def test_build__begins_again_when_a_table_that_history_reads_whole_changed(home: Path) -> None:
    with connect.writer("test") as con:
        con.execute("UPDATE raw.sonnmt_danh_muc_tram__tram SET loai = 'nuoc_thai', _loaded_at = now()")
    assert build.build(run_id="t").is_full
    assert "dim_area" in built(home)


@pytest.mark.slow
def test_build__begins_again_when_a_model_a_declaration_or_the_build_file_is_another(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect.writer("test") as con:
        con.execute("UPDATE ops.source_table SET volume_min = 7 WHERE source_id = 'kktns_doanh_nghiep'")
    assert build.build(run_id="t").is_full
    connect.build_path().rename(tmp_path / "marts.duckdb")
    assert build.build(run_id="t").is_full


#: Of the clock it takes the year alone, and everything is built once a day.
YEARLY = {"dim_date"}


def test_models__that_read_the_ledger_or_the_clock_are_built_each_time() -> None:
    reads = re.compile(r"\b(ops|quarantine)\.\w|current_timestamp|\bnow\(\)|get_current_timestamp")
    files = [p for p in MODELS.rglob("*.sql") if reads.search(re.sub(r"--.*|\{#.*?#\}", "", p.read_text(encoding="utf-8")))]
    assert len(files) > 8
    assert not [p.name for p in files if "tags=['always']" not in p.read_text(encoding="utf-8") and p.stem not in YEARLY]


def test_models__of_long_histories_say_which_growth_they_follow() -> None:
    files = [p for p in MODELS.rglob("*.sql") if "materialized='incremental'" in p.read_text(encoding="utf-8")]
    assert len(files) >= 5
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert re.search(r"meta=\{'follows': \['\w+__\w+'\]\}", text) and "last_loaded_at" in text, path.name
