"""Alarms from readings: the storm at its published hours, and made-up gauges that flutter, climb, rise fast, fall silent or come late."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest
from env_province import ROOT, Province, at, pair
from test_kajiki import rows as archived

from demo import storm
from warehouse import connect, declare

pytestmark = pytest.mark.slow
MACROS = ROOT / "dbt" / "macros"
CODES = ("TT01", "TT04", "TT06", "TT08")
NOON = at("2026-10-01 12:00")
#: Levels (m) of made-up gauges, hour by hour from NOON; None is an hour without a reading. Alarm levels 4, 5.5 and 6.5 m.
GAUGES: dict[str, list[float | None]] = {
    "TV_FLUTTER": [3.9, 4.0, 3.95, 4.0, 3.95, 4.02, 3.8, 3.7],
    "TV_CLIMB": [3.9, 4.2, 5.6, 6.7, 5.45, 5.3, 3.85, 3.7],
    "TV_FAST": [1.0, 1.3, 1.6, 1.95, 2.0, 2.0, 2.0, 2.0],
    "TV_SLOW": [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4],  # 0.6 m in three hours
    "TV_GAP": [3.0, 4.5, None, None, 4.6, 3.0, 2.9, 2.8],
    "TV_SILENT": [3.0, 4.5, None, None, None, None, None, None],
}
LATE = "TV_LATE"  # 4.2 m at the second hour comes after 4.5 m at the third
COLUMNS = "object_code, level_no, trigger_kind, opened_at, closed_at, peak_value, peak_at, alarm_id, is_cut, follows IS NOT NULL"
#: The storm's alarms of rivers: (station, level, opened, peak m, closed). Giàng's hours and peaks as published (reference.md §3.6:
#: order 21 at 03:00 on 26/8 at 4.00 m; 6.62 m at 07:00 on 27/8); by hand from the archive where no source gives the hour.
STORM = [
    ("TV_GIANG", 1, "2025-08-26 03:00", 6.62, "2025-08-28 11:00"),
    ("TV_GIANG", 2, "2025-08-26 19:00", 6.62, "2025-08-27 20:00"),
    ("TV_GIANG", 3, "2025-08-27 06:00", 6.62, "2025-08-27 10:00"),
    ("TV_KIMTAN", 3, "2025-08-27 00:00", 12.76, "2025-08-27 16:00"),
    ("TV_LYNHAN", 2, "2025-08-26 20:00", 11.87, "2025-08-27 16:00"),
    ("TV_XUANKHANH", 1, "2025-08-26 16:00", 9.65, "2025-08-27 19:00"),
]


def readings() -> list[tuple[Any, ...]]:
    def row(code: str, hour: int, metres: float) -> tuple[Any, ...]:
        return (code, NOON + timedelta(hours=hour), code, "sông thử", metres, 4.0, 5.5, 6.5, None, None)

    made = [row(code, n, m) for code, levels in GAUGES.items() for n, m in enumerate(levels) if m is not None]
    # after forty days the silent gauge reads high again: another alarm
    return [*made, row(LATE, 0, 3.0), row(LATE, 2, 4.5), row("TV_SILENT", 24 * 40, 4.4)]


def province(home: Path, parts: int) -> Province:
    """Rows of the archive and of the made-up gauges, each table in `parts` loads, every other one in reverse."""
    made = Province(home)
    project = made.project / "dbt_project.yml"
    project.write_text(project.read_text().replace("dim_date: {", "dim_area: {+database: marts}, dim_date: {"))
    for macro in ("vietnamese", "in_season", "due_at"):
        shutil.copy(MACROS / f"{macro}.sql", made.project / "macros")
    folder = made.project / "models" / "marts" / "bao_dong"
    shutil.copytree(ROOT / "dbt" / "models" / "marts" / "bao_dong", folder)
    (folder / "_models.yml").unlink()
    shutil.copy(ROOT / "dbt" / "models" / "serving" / "alarm_now.sql", folder)
    pairs = [p for p in declare.pairs() if p.indicator.code in CODES]
    assert len(pairs) == len(CODES)
    models = [p for p in pairs if p.indicator.code != "TT01"]
    stand_ins = {
        "indicator": declare._values(declare._indicator_rows(pairs, [])), "dim_norm": declare._values(declare._norm_rows(pairs)),
        "obs_indicator": " union all ".join(f"select '{p.indicator.code}' as indicator_code, * from {{{{ ref('{p.model}') }}}}" for p in models),
        "extract": "select distinct _extract_id as extract_id, 'x' as source_id, _loaded_at as loaded_at from raw.kttv_thien_tai__muc_nuoc"
        " union select distinct _extract_id, 'x', _loaded_at from raw.kttv_ho_so_lu__muc_nuoc",
        "source": "select 'x' as source_id, true as is_made_up",
    }  # fmt: skip
    for name, sql in stand_ins.items():
        (folder / f"{name}.sql").write_text(sql)
    archive = home / "archive"
    archive.mkdir()
    storm.archive(archive, 38)
    tables = {
        "kttv_ho_so_lu__muc_nuoc": [[r[0], r[3], r[1], r[2], r[4]] for r in archived(archive / "ho_so_lu_muc_nuoc.csv", 3)],
        "kttv_ho_so_lu__ho_chua": [[r[0], r[2], r[1], *r[3:]] for r in archived(archive / "ho_so_lu_ho_chua.csv", 2)],
        "kttv_ho_so_lu__mua": [[r[0], r[2], r[1], r[3]] for r in archived(archive / "ho_so_lu_mua.csv", 2) if r[3] >= 0],
        "kttv_thien_tai__muc_nuoc": readings(),
    }  # fmt: skip
    for table, found in tables.items():
        assert len(found) > 30
        for n in range(parts):
            made.load(table, found[n::parts][:: -1 if n % 2 else 1])
    made.load(
        "kttv_thien_tai__muc_nuoc",
        [(LATE, NOON + timedelta(hours=1), LATE, "sông thử", 4.2, 4.0, 5.5, 6.5, None, None)],
    )
    with made.intake() as con:
        for series, step, minute in (("TV_SILENT", "acknowledge", 1), ("TV_LATE", "acknowledge", 1), ("TV_LATE", "reopen", 2), ("TV_LATE", "close", 3)):  # fmt: skip
            # the step of the late gauge was taken when its alarm still began an hour later
            opened = NOON + timedelta(days=40) if series == "TV_SILENT" else NOON + timedelta(hours=2)
            con.execute(connect.insert("ops.alarm_step", [{
                "step_id": f"{series}{minute}", "alarm_id": "another", "series": f"TT01.nguong.{series}.1", "opened_at": opened, "step": step,
                "taken_at": opened + timedelta(minutes=minute), "taken_by": "truc_ban", "why": "thử",
            }]))  # fmt: skip
    made.build("--select", "+alarm_now")
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return province(tmp_path_factory.mktemp("whole"), 1)


def alarms(made: Province, code: str, trigger: str = "threshold") -> list[tuple[Any, ...]]:
    return made.ask(
        f"SELECT level_no, opened_at, closed_at, peak_value, follows IS NOT NULL FROM fct_alarm WHERE object_code = '{code}' "
        f"AND trigger_kind = '{trigger}' ORDER BY opened_at, level_no"
    )


def hour(n: int) -> datetime:
    return NOON + timedelta(hours=n)


@pytest.mark.parametrize(("station", "level", "opened", "peak", "closed"), STORM)
def test_kajiki__rivers_open_and_close_at_their_hours(
    whole: Province, station: str, level: int, opened: str, peak: float, closed: str
) -> None:
    assert (level, at(opened), at(closed), peak, level > 1) in alarms(whole, station)


def test_kajiki__each_river_passed_each_of_its_levels_once(whole: Province) -> None:
    found = dict(whole.ask("SELECT level_no, count(*) FROM fct_alarm WHERE indicator_code = 'TT01' AND opened_at < '2025-09-01' GROUP BY 1"))  # fmt: skip
    assert found == {1: 10, 2: 5, 3: 3}  # BĐ2 of Giàng, Kim Tân, Lý Nhân, Chuối, Xuân Vinh; BĐ3 of Giàng, Kim Tân, Chuối


def test_kajiki__only_hua_na_stands_above_what_its_season_allows(whole: Province) -> None:
    found = whole.ask(
        "SELECT DISTINCT object_vi, threshold, opened_at, closed_at, is_unverified, state FROM alarm_now WHERE object_kind = 'reservoir'"
    )
    # 235 m before floods (rule of 2015, not checked against that of 2018); the archive begins above it and ends above it
    assert found == [("Hủa Na (hồ chứa)", 235.0, at("2025-08-25 00:00"), None, True, "mat_tin_hieu")]


def test_margin__makes_one_alarm_of_a_level_that_flutters(whole: Province) -> None:
    assert alarms(whole, "TV_FLUTTER") == [(1, hour(1), hour(6), 4.02, False)]
    [(without,)] = whole.ask(
        "SELECT count(*) FROM (SELECT is_on AND NOT coalesce(lag(is_on) OVER (ORDER BY read_at), false) AS begins FROM fct_alarm_reading "
        "WHERE series = 'TT01.nguong.TV_FLUTTER.1') WHERE begins"
    )
    assert without == 3


def test_levels__that_climb_name_the_lower_one_and_close_each_under_its_own_margin(whole: Province) -> None:
    # 5.45 m is under 5.5 but not by the margin, 5.3 m is
    assert alarms(whole, "TV_CLIMB") == [(1, hour(1), hour(6), 6.7, False), (2, hour(2), hour(5), 6.7, True), (3, hour(3), hour(4), 6.7, True)]  # fmt: skip


def test_rise__opens_at_what_the_pair_says_and_not_under_it(whole: Province) -> None:
    assert alarms(whole, "TV_FAST", "rate_of_rise") == [(1, hour(3), hour(5), pytest.approx(0.95), False)]  # 2.0 - 1.6 m then
    assert alarms(whole, "TV_SLOW", "rate_of_rise") == []


def test_silence__closes_nothing_until_thirty_days(whole: Province) -> None:
    assert alarms(whole, "TV_GAP") == [(1, hour(1), hour(5), 4.6, False)]
    again = NOON + timedelta(days=40)
    assert alarms(whole, "TV_SILENT") == [(1, hour(1), again, 4.5, False), (1, again, None, 4.4, False)]
    found = whole.ask("SELECT state, is_cut, acknowledged_by FROM alarm_now WHERE series = 'TT01.nguong.TV_SILENT.1' ORDER BY opened_at")
    assert found == [("da_dong", True, None), ("mat_tin_hieu", False, "truc_ban")]


def test_late_row__opens_in_the_past_and_says_when_it_was_seen(whole: Province) -> None:
    [(opened, seen)] = whole.ask(f"SELECT opened_at, seen_at FROM fct_alarm WHERE series = 'TT01.nguong.{LATE}.1'")
    [(newest,)] = whole.ask("SELECT max(loaded_at) FROM extract")
    assert (opened, seen) == (hour(1), newest)


def test_steps__stay_with_an_alarm_whose_opening_moved(whole: Province) -> None:
    [found] = whole.ask(f"SELECT state, acknowledged_by, closed_by, closed_why FROM alarm_now WHERE series = 'TT01.nguong.{LATE}.1'")
    assert found == ("dong_boi_nguoi", None, "truc_ban", "thử")  # who acknowledged before it was reopened has it no more


def test_alarms__are_the_same_however_the_rows_came(whole: Province, tmp_path_factory: pytest.TempPathFactory) -> None:
    ask = f"SELECT {COLUMNS} FROM fct_alarm ORDER BY ALL"
    once = whole.ask(ask)
    assert len(once) > 25
    assert province(tmp_path_factory.mktemp("parts"), 3).ask(ask) == once


# --- deadlines ---------------------------------------------------------------------------------------------------------


def due(words: list[str]) -> list[datetime | None]:
    macro = jinja2.Environment().from_string((MACROS / "due_at.sql").read_text() + "{{ due_at('opened', 'within') }}").render()
    listed = ", ".join(f"({n}, {connect.literal(one)})" for n, one in enumerate(words))
    with connect.scratch() as con:
        sql = f"SELECT {macro} FROM (VALUES {listed}) AS v(n, within), (SELECT TIMESTAMPTZ '2026-10-01 12:00:00+07' AS opened) ORDER BY n"
        return [row[0] for row in con.execute(sql).fetchall()]


def test_deadline__is_read_in_each_form(ioc_home: Path) -> None:
    end_of_day = at("2026-10-02 00:00")
    wanted = {"ngay": NOON, "Trong ngày": end_of_day, "30 phút": NOON + timedelta(minutes=30), "2 giờ": hour(2), " 3 ngày ": NOON + timedelta(days=3)}  # fmt: skip
    assert due(list(wanted)) == list(wanted.values())


def test_deadline__that_is_no_span_is_none(ioc_home: Path) -> None:
    words = ["kỳ họp HĐND gần nhất", "", "2", "giờ", "-2 giờ", "1,5 giờ", "99999999 ngày", "2 giờ; DROP", "sớm"]
    assert due(words) == [None] * len(words)


def test_deadline__of_every_pair_is_read_but_for_one(ioc_home: Path) -> None:
    words = [act.within for p in declare.pairs() for act in p.indicator.acts_when]
    assert len(words) > 25
    assert {one for one, moment in zip(words, due(words), strict=True) if moment is None} == {"kỳ họp HĐND gần nhất"}


def test_pairs__cover_only_by_an_indicator_that_has_alarms() -> None:
    covered = {p.indicator.code: p.indicator.alarm.covered_by for p in declare.pairs() if p.indicator.alarm.covered_by}
    assert covered == {"TT02": "TT01", "MT01": "MT01h"}
    for code in covered.values():
        _, found = pair(str(code))
        assert found.acts_when and not found.alarm.covered_by
