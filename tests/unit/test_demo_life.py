"""The demo goes on: after a pause it holds what it would have held without one, and life changes no number."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg
import pytest

from demo import dossiers, province, stations
from demo.calendar import ZONE

ROOT = Path(__file__).resolve().parents[2]
#: Between them lies 2026-03-05, a day with dirt; the later moment is in the middle of a day.
PAUSED, RESUMED = datetime(2026, 3, 3, 15), datetime(2026, 3, 9, 10, 30)


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with PostgreSQL alone, filled up to PAUSED with 20 days."""
    home = tmp_path_factory.mktemp("life") / "var"
    home.mkdir()
    province.start(home, only="postgres", until=PAUSED.replace(tzinfo=ZONE), days=20)
    yield home
    province.stop(home)


def held(home: Path) -> pl.DataFrame:
    columns = ["ma_ho_so", "ma_xa", "ngay_nop", "ngay_tra", "so_hoa_kq", "muc_hai_long", "cap_nhat_luc"]
    with psycopg.connect((home / "demo" / "postgres.dsn").read_text(encoding="utf-8")) as con:
        rows = con.execute(f"SELECT {', '.join(columns)} FROM ho_so ORDER BY ma_ho_so").fetchall()
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def made(until: datetime, days: int, like: pl.DataFrame) -> pl.DataFrame:
    """The generator's own rows, to the second as PostgreSQL was given them."""
    frame = dossiers.rows(38, until, days).select(like.columns).sort("ma_ho_so")
    return frame.with_columns(pl.col(pl.Datetime).dt.truncate("1s")).cast(dict(like.schema))


@pytest.mark.slow
def test_start__after_six_days_holds_what_it_would_have_held_without_the_pause(paused: Path) -> None:
    before = held(paused)
    assert before.equals(made(PAUSED, 20, before)) and before.height > 5000
    province.start(paused, only="postgres", until=RESUMED.replace(tzinfo=ZONE))
    after = held(paused)
    assert after.height > before.height + 1500
    assert after["ngay_nop"].max() > datetime(2026, 3, 9, 7, 30)
    assert after.equals(made(RESUMED, 26, after))


@pytest.mark.slow
def test_touch__moves_update_times_of_open_dossiers_and_nothing_else(paused: Path) -> None:
    before, now = held(paused), datetime(2026, 3, 9, 11)
    count = dossiers.touch((paused / "demo" / "postgres.dsn").read_text(encoding="utf-8"), 38, now)
    after = held(paused)
    moved = after.filter(pl.col("cap_nhat_luc") == now)
    assert moved.height == count and 2 <= count <= 6
    assert moved["ngay_tra"].null_count() == count
    assert after.drop("cap_nhat_luc").equals(before.drop("cap_nhat_luc"))


@pytest.mark.slow
def test_start__refuses_a_second_seed_over_the_rows_of_the_first(paused: Path) -> None:
    with pytest.raises(ValueError, match="are of seed 38, not 39"):
        province.start(paused, only="postgres", seed=39)


def test_dossiers__no_result_takes_longer_than_a_pause_is_looked_back() -> None:
    days = [dossiers.day(38, PAUSED.date() - timedelta(days=n), datetime(2027, 3, 3)) for n in range(0, 300, 10)]
    taken = pl.concat(days).select((pl.col("ngay_tra") - pl.col("ngay_nop")).dt.total_days())["ngay_tra"]
    assert taken.count() > 10_000
    assert 60 < taken.max() < dossiers.OPEN_DAYS  # type: ignore[operator]


def test_dossiers__the_same_rows_are_wrong_at_any_hour_of_the_day() -> None:
    noon, night = (dossiers.day(38, datetime(2026, 3, 5).date(), datetime(2026, 3, 5, h)) for h in (12, 23))
    steady = ["ma_ho_so", "ma_xa", "hinh_thuc_nop", "le_phi_vnd"]
    same = night.filter(pl.col("ma_ho_so").is_in(noon["ma_ho_so"].implode()))
    assert 100 < noon.height < night.height
    assert noon.select(steady).equals(same.select(steady))


def test_station_files__late_ones_arrive_while_the_demo_lives(tmp_path: Path) -> None:
    # A writer that looks back as far as `live` does, from 10:50 on: TH_NM_03's files of nine o'clock are sent at eleven.
    window = stations.LATE + 2 * stations.STEP
    for minute in range(50, 131, 2):
        now = datetime(2026, 3, 10, 10) + timedelta(minutes=minute)
        stations.write(tmp_path, 38, now - window, now)
    assert len(list(tmp_path.rglob("TH_NM_03_2026031009*.txt"))) == 12


@pytest.mark.slow
def test_command_line__status_starts_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo", "status"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"IOC_HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "chưa khởi động")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
