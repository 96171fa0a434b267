"""Indicators of the data themselves against a ledger written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build, connect

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))
TODAY = datetime.now(VN).date()
BEFORE = TODAY - timedelta(days=1)
NIGHT = datetime.combine(TODAY, datetime.min.time(), VN)
KEYS = {"today": f"{TODAY:%Y%m%d}", "before": f"{BEFORE:%Y%m%d}"}


def pulled(source: str, at: datetime, status: str = "ok") -> str:
    return f"INSERT INTO ops.pull (source_id, started_at, finished_at, status) VALUES ('{source}', '{at}', '{at}', '{status}')"


def came(extract: str, source: str, table: str, at: datetime, loaded: int, refused: int) -> str:
    return f"INSERT INTO ops.extract (extract_id, source_id, table_name, loaded_at, rows_in, rows_loaded, rows_quarantined, rows_deduplicated, rows_deleted) VALUES ('{extract}', '{source}', '{table}', '{at}', {loaded + refused}, {loaded}, {refused}, 0, 0)"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("quality")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    # Two registers agree on people and not on households; the log of tasks agrees with their table.
    put("catinh_dan_so__dan_so", [("202509", "14797", 1000, 300)])
    put("soxd_do_thi__nuoc_sach", [("20253", "14797", 995, 900)])
    put("sokhcn_vien_thong__vt_ho", [("14797", "20253", 330, 200)])
    put("vptu_nq57__nhiem_vu", [("NV1", "việc", "Tỉnh", "Sở A", date(2025, 5, 1), date(2025, 9, 1), date(2025, 8, 1), 100.0, None)])  # fmt: skip
    put("vptu_nq57__nhat_ky", [("NV1", date(2025, 5, 1), None, "chua"), ("NV1", date(2025, 8, 1), "chua", "hoan_thanh")])
    with connect.writer("test") as con:
        con.execute("DELETE FROM ops.pull; DELETE FROM ops.extract; UPDATE ops.source SET is_enabled = source_id IN ('soyt_y_te', 'bhxh_the_bhyt')")  # fmt: skip
        # Promised: 3 days and 45 days. The first was pulled in time on both days, the second failed throughout.
        for statement in (
            pulled("soyt_y_te", NIGHT - timedelta(hours=5)), pulled("bhxh_the_bhyt", NIGHT - timedelta(hours=5), "failed"),
            came("e1", "soyt_y_te", "benh_vien", NIGHT - timedelta(hours=5), 90, 10), came("e2", "soyt_y_te", "kcb_ngay", NIGHT - timedelta(hours=5), 100, 0),
            "INSERT INTO quarantine.row (source_id, table_name, extract_id, rules, status) SELECT 'soyt_y_te', 'benh_vien', 'e1', if(i < 4, ['area:ma_xa'], ['type:ngay_emr']), 'open' FROM range(10) AS r(i)",
        ):  # fmt: skip
            con.execute(statement)
    build.build(run_id="quality")
    yield home
    patch.undo()


def values(code: str, day: str) -> dict[str, tuple[float, float | None, float]]:
    rows = ask(f"SELECT breakdown, numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{KEYS[day]}'")  # fmt: skip
    return {str(part): (n, d, v) for part, n, d, v in rows}  # type: ignore[misc]


def test_age__runs_from_the_last_success_to_the_days_end(built: Path) -> None:
    """Pulled at 19:00: five hours old at midnight; the failing source has no age."""
    assert values("QC01", "before") == {"": (300, 1, 300), "nguon=soyt_y_te": (300, 1, 300)}


def test_on_time__counts_a_source_that_never_succeeded_as_late(built: Path) -> None:
    assert values("QC02", "before") == {"": (1, 2, 50)} == values("QC02", "today")


def test_rows__that_pass_are_of_the_day_they_came(built: Path) -> None:
    assert values("QC03", "before") == {"": (190, 200, 95)} and values("QC03", "today") == {}


def test_rows__placed_are_of_tables_with_an_area_and_lost_only_by_their_area(built: Path) -> None:
    """benh_vien has an area: 90 loaded, 4 refused for it; six more were refused for a date. kcb_ngay has none."""
    assert values("QC04", "before") == {"": (90, 94, pytest.approx(100 * 90 / 94))}


def test_passports__are_asked_of_every_indicator_with_figures(built: Path) -> None:
    ((counted,),) = ask("SELECT count(*) FROM catalog.indicator WHERE blocked_vi IS NULL")
    assert int(str(counted)) > 85 and values("QC05", "today") == {"": (counted, counted, 100)}


def test_conflicts__are_over_one_percent_in_the_newest_period_of_both(built: Path) -> None:
    rows = ask("SELECT quantity, period_key, value_a, value_b, round(difference_pct, 2), is_conflict FROM mart.fct_source_conflict ORDER BY 1")  # fmt: skip
    assert rows == [("Dân số", "20253", 1000, 995, 0.5, False), ("Nhiệm vụ NQ57 hoàn thành", KEYS["today"], 1, 1, 0, False), ("Số hộ", "20253", 300, 330, 10, True)]  # fmt: skip
    assert values("QC06", "today") == {"": (1, 1, 1)}


def test_sources__star_means_every_source_that_is_on(built: Path) -> None:
    assert ask("SELECT sources FROM catalog.indicator WHERE indicator_code = 'QC02'") == [(["bhxh_the_bhyt", "soyt_y_te"],)]  # fmt: skip
