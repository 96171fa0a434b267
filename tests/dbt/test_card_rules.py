"""What a card says: made-up indicators with chosen values and norms, through the real serving models, one row a rule."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hand_made
import pytest
import yaml
from hand_made import ask

from warehouse import build

pytestmark = [pytest.mark.slow]
ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert("x")</script>'


class Case(NamedTuple):
    """An indicator with one number, and the status that its card must have."""

    direction: str
    value: float | None
    status: str
    norms: tuple[dict[str, Any], ...]
    period: str = "202506"
    age: str = "1 minute"
    home_order: int | None = None
    title: str = ""


def norm(level: str, value: float, value_max: float | None = None, since: str = "2020-01-01", until: str | None = None, season: tuple[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
    words = {"source": "Ví dụ", "valid_from": since, "valid_to": until, "provenance": "S"}
    if season:
        words |= {"season_from": season[0], "season_to": season[1]}
    return {"level": level, "value": value, "value_max": value_max, **words}


UP = (norm("target", 95), norm("watch", 90), norm("alarm", 80))
DOWN = (norm("target", 5), norm("alarm", 10))
BAND = (norm("target", 40, 60), norm("alarm", 30, 70))
WATCHED = (norm("watch", 45, 55), norm("alarm", 30, 70))
TIGHTER = (norm("target", 90, until="2025-06-30"), norm("target", 99, since="2025-07-01"))
KIND = {6: "month", 8: "day", 10: "hour"}
#: A reservoir: nearly full is good in the dry season, which runs over the new year, and bad in the flood season.
SEASONS = (norm("target", 0, 80, season=("0701", "1130")), norm("target", 40, 100, season=("1201", "0630")))
#: The PM2.5 norms of the pair itself: 50 µg/m³ until 2025-12-31, 45 from 2026-01-01 (QCVN 05:2023/BTNMT).
PM25 = tuple(
    yaml.safe_load((ROOT / "dbt/models/indicators/moi_truong/ind_moi_truong_pm25_day.yml").read_text(encoding="utf-8"))["models"][0]["config"]["meta"]["indicator"]["norm"]
)  # fmt: skip

CASES = {
    "TS01": Case("up", 95, "dat", UP),  # on the norm is met
    "TS02": Case("up", 94.9, "chu_y", UP),
    "TS03": Case("up", 80, "chu_y", UP),  # on the alarm is not beyond it
    "TS04": Case("up", 79.9, "khong_dat", UP, home_order=1, title=HOSTILE),
    "TS05": Case("down", 5, "dat", DOWN, home_order=2, title="Đạt"),
    "TS06": Case("down", 5.1, "chu_y", DOWN),
    "TS07": Case("down", 10, "chu_y", DOWN),
    "TS08": Case("down", 10.1, "khong_dat", DOWN),
    "TS09": Case("band", 40, "dat", BAND),
    "TS10": Case("band", 39.9, "chu_y", BAND),
    "TS11": Case("band", 60.1, "chu_y", BAND),
    "TS12": Case("band", 29.9, "khong_dat", BAND),
    "TS13": Case("band", 70.1, "khong_dat", BAND),
    "TS14": Case("band", 50, "dat", WATCHED),
    "TS15": Case("band", 44.9, "chu_y", WATCHED),
    "TS16": Case("band", 55.1, "chu_y", WATCHED),
    "TS17": Case("up", 95, "dat", TIGHTER),  # June is judged by June's norm
    "TS18": Case("up", 95, "chu_y", TIGHTER, period="202507"),
    "TS19": Case("up", 95, "khong_chuan", (norm("target", 90, since="2025-07-01"),)),  # the norm came later
    "TS20": Case("up", 95, "khong_chuan", (norm("target", 90, until="2025-05-31"),)),  # the norm had ended
    "TS21": Case("up", None, "khong_du", UP),
    "TS22": Case("up", 1234.5, "khong_du", UP, age="50 hours", home_order=3, title="Chậm"),  # past its promise of two days
    "TS23": Case("up", 1234.5, "dat", UP, age="47 hours"),
    "TS24": Case("band", 95, "dat", SEASONS, period="2025063023"),
    "TS25": Case("band", 95, "chu_y", SEASONS, period="2025070100"),
    "TS26": Case("band", 20, "dat", SEASONS, period="20251130"),
    "TS27": Case("band", 20, "chu_y", SEASONS, period="20251201"),
    "TS28": Case("band", 20, "chu_y", SEASONS, period="202601"),
    "TS29": Case("down", 47, "dat", PM25, period="20251231"),
    "TS30": Case("down", 47, "khong_dat", PM25, period="20260101"),
    "TS31": Case("down", 45, "dat", PM25, period="20260101"),
    "TS32": Case("up", 94.96, "chu_y", UP),  # in one decimal it would read 95,0
}  # fmt: skip


def write(folder: Path, code: str, case: Case) -> None:
    model = f"ind_thu_{code.lower()}"
    number = "null" if case.value is None else case.value
    (folder / f"{model}.sql").write_text(
        f"""select '{KIND[len(case.period)]}' as period_kind, '{case.period}' as period_key, '38' as area_code, '' as breakdown,
        cast({number} as double) as numerator, cast(1 as double) as denominator, cast({number} as double) as value,
        current_timestamp - interval '{case.age}' as as_of, ['x'] as extract_ids\n""",
        encoding="utf-8",
    )
    body = yaml.safe_load((ROOT / "dbt/models/indicators/nq57/ind_nq57_done.yml").read_text(encoding="utf-8"))
    body["models"][0]["name"] = model
    body["models"][0]["config"]["meta"]["indicator"] |= {
        "code": code,
        "sector": "thu",
        "title": {"vi": case.title or code, "en": code},
        "direction": case.direction,
        "unit": "%",
        "decimals": 1,
        "grain": {"period": KIND[len(case.period)], "area": "province"},
        "norm": list(case.norms),
        "freshness": {"promise": "hằng ngày", "stale_after": "2d"},
        "home_order": case.home_order,
        "sources": ["vptu_nq57"],
    }
    (folder / f"{model}.yml").write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home built from a copy of the project whose only indicators are CASES."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("cards")
    patch.setenv("IOC_HOME", str(home / "var"))
    patch.setenv("IOC_DBT_DIR", str(home / "dbt"))
    shutil.copytree(ROOT / "dbt", home / "dbt")
    shutil.rmtree(home / "dbt" / "models" / "indicators")
    folder = home / "dbt" / "models" / "indicators" / "thu"
    folder.mkdir(parents=True)
    for code, case in CASES.items():
        write(folder, code, case)
    (home / "var").mkdir()
    hand_made.prepare(home / "var", None)
    build.build(run_id="cards")
    yield home
    patch.undo()


@pytest.mark.parametrize("code", CASES)
def test_card__has_the_status_that_its_norms_of_the_day_give(built: Path, code: str) -> None:
    assert ask(f"SELECT status FROM mart.card_now WHERE indicator_code = '{code}'") == [(CASES[code].status,)]


def test_cards__are_as_many_as_their_indicators(built: Path) -> None:
    assert ask("SELECT count(*), count(DISTINCT indicator_code) FROM mart.card_now") == [(32, 32)]


def test_card__past_its_promise_loses_its_green_and_says_how_old_it_is(built: Path) -> None:
    said = "SELECT status, is_stale, value_vi, age_vi, reason_vi FROM mart.card_now WHERE indicator_code = "
    assert ask(said + "'TS22'") == [("khong_du", True, "1.234,5", "2 ngày", "Số liệu chậm hơn cam kết (hằng ngày)")]
    assert ask(said + "'TS23'") == [("dat", False, "1.234,5", "47 giờ", "Đạt chuẩn")]
    assert ask("SELECT status_of_value FROM mart.mart_indicator_card WHERE indicator_code = 'TS22'") == [("dat",)]


def test_card__of_no_value_has_a_dash_and_a_reason(built: Path) -> None:
    said = "SELECT value_vi, reason_vi FROM mart.card_now WHERE indicator_code = 'TS21'"
    assert ask(said) == [("–", "Chưa tính được giá trị")]


@pytest.mark.parametrize(
    ("code", "words"),
    [("TS01", "≥ 95"), ("TS05", "≤ 5"), ("TS09", "40–60"), ("TS14", "45–55"), ("TS18", "≥ 99"), ("TS19", "chưa có chuẩn")],
)  # fmt: skip
def test_target__is_written_as_a_bound(built: Path, code: str, words: str) -> None:
    assert ask(f"SELECT target_vi FROM mart.card_now WHERE indicator_code = '{code}'") == [(words,)]


def test_card__that_misses_its_norm_is_not_written_as_if_it_met_it(built: Path) -> None:
    said = "SELECT value_vi FROM mart.card_now WHERE indicator_code = "
    assert ask(said + "'TS32'") == [("94,960",)] and ask(said + "'TS01'") == [("95,0",)] and ask(said + "'TS02'") == [("94,9",)]


def test_card__names_the_first_period_of_its_status(built: Path) -> None:
    """One period each: the status began with it; without a norm or a value there is no since."""
    said = "SELECT since_vi FROM mart.card_now WHERE indicator_code = "
    assert ask(said + "'TS04'") == [("tháng 6/2025",)] and ask(said + "'TS19'") == [("",)] and ask(said + "'TS21'") == [("",)]


def test_province__says_what_is_red_what_is_late_and_that_sources_never_came(built: Path) -> None:
    ((status, sentence, red, green, unknown),) = ask(
        "SELECT status, sentence_vi, n_red, n_green, n_unknown FROM mart.province_status"
    )
    assert (status, red, green, unknown) == ("khong_dat", 1, 1, 1)
    assert str(sentence).startswith(f"1 chỉ tiêu không đạt: {HOSTILE} (79,9 %). 1 chỉ tiêu không đủ dữ liệu: Chậm. ")
    # only the administrative units were ever brought: nobody may read that every source is on time
    assert "Mọi nguồn đúng hẹn" not in str(sentence) and "nguồn chưa có số liệu" in str(sentence)


def test_actions__are_three_and_red_before_any_amber(built: Path) -> None:
    rows = ask("SELECT action_no, indicator_code, action_html FROM mart.board_action ORDER BY 1")
    assert [row[:2] for row in rows] == [(1, "TS04"), (2, "TS08"), (3, "TS12")]  # of eleven that miss a norm, four are red
    assert "79,9 %" in str(rows[0][2]) and "act-alarm" in str(rows[0][2]) and "hạn" in str(rows[0][2])


def test_boards__draw_a_hostile_title_as_text(built: Path) -> None:
    pieces = [str(html) for (html,) in ask("SELECT unnest([card_html, card_en_html, headline_vi]) FROM mart.board_card UNION ALL SELECT action_html FROM mart.board_action")]  # fmt: skip
    assert len(pieces) == 3 * 32 + 3
    assert sum("&lt;script&gt;" in piece for piece in pieces) == 3  # its card, what the line of state says of it, and the action
    assert not [piece for piece in pieces if "<script" in piece or 'alert("' in piece]
