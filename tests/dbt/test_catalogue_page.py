"""The catalogue page of a real build of the whole project, with a few rows written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import hand_made
import pytest

from boards import smoke
from ingestion import registry
from quality.judge import judge
from warehouse import build, catalogue, connect

pytestmark = [pytest.mark.slow]
SHOWN = "[...document.querySelectorAll('.item:not([hidden])')].map(d => d.id)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The page, written beside its build file."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("catalogue") / "var"
    home.mkdir()
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, None)
    hand_made.put("soyt_y_te__benh_vien", [("38001", "Bệnh viện <b>Một</b>", "I", "14797", None)])
    hand_made.put("soyt_y_te__kcb_ngay", [("38001", date(2026, 2, 3), 9, 80, 100)])
    judge(build.build(run_id="catalogue").build_id)
    written = catalogue.write(connect.build_path())
    assert written is not None
    yield written
    patch.undo()


@pytest.fixture(scope="module")
def told(page: Path) -> dict[str, Any]:
    return catalogue.gather(connect.build_path())


def test_page__has_every_relation_indicator_source_and_query_once(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    there = [
        ("t", hand_made.ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart'"), 220),
        ("i", hand_made.ask("SELECT indicator_code FROM catalog.indicator"), 105),
        ("s", [(name,) for name in registry.load().sources], 40),
        ("q", [(file.stem,) for file in catalogue.QUERIES.glob("*.sql")], 12),
    ]
    for mark, names, least in there:
        assert len(names) >= least, mark
        assert [name for (name,) in names if text.count(f'id="{mark}-{name}"') != 1] == []
    assert text.count('class="item"') == sum(len(names) for _, names, _ in there)


def test_page__is_small_and_asks_nothing_of_a_network(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert "default-src 'none'" in text and text.count("<script") == 1
    assert not [word for word in ("src=", "<link", "@import", "url(", "http://", "https://") if word in text]
    assert "Bệnh viện" in text and "<b>Một</b>" not in text, "words of declarations, never values of rows"


def test_relation__is_taken_down_to_its_sources_with_owner_share_and_verdict(told: dict[str, Any]) -> None:
    relations = {r["name"]: r for r in told["relations"]}
    beds = relations["fct_hospital_day"]
    assert (beds["sources"], beds["owners"], beds["share"]) == (["soyt_y_te"], ["Sở Y tế"], "dùng chung")
    assert beds["staging"] == ["stg_soyt_y_te__benh_vien", "stg_soyt_y_te__kcb_ngay"]
    assert (beds["rows"], beds["key"], beds["verdict"]["verdict"]) == (1, ["hospital_code", "date_day"], "PASS")
    assert "YT02" in beds["indicators"] and "ind_y_te_bed_occupancy" in beds["children"]
    assert beds["is_made_up"] and not relations["dim_area"]["is_made_up"]
    assert relations["obs_indicator"]["share"] == "chuyên ngành", "the strictest of all that it rests on"


def test_links__all_lead_to_something_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = set(re.findall(r'href="#([^"]+)"', text))
    assert len(links) > 350
    assert links - set(re.findall(r'id="([^"]+)"', text)) == set()


def test_indicator__says_what_is_unverified_and_why_it_has_no_value(told: dict[str, Any], page: Path) -> None:
    indicators = {i["indicator_code"]: i for i in told["indicators"]}
    blocked = [i for i in indicators.values() if i["blocked_vi"]]
    text = page.read_text(encoding="utf-8")
    assert len(blocked) >= 3 and text.count('<span class="chip warn"><span lang="vi">chưa có số liệu</span>') == len(
        blocked
    )
    assert indicators["YT02"]["is_unverified"] and indicators["YT02"]["provenance"] == "M"


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
@pytest.mark.parametrize("size", [smoke.DESKTOP, smoke.PHONE], ids=["desktop", "phone"])
def test_search__folds_accents_and_a_link_opens_its_definition(page: Path, size: tuple[int, int]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=smoke.chromium(), args=smoke.FLAGS)
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
        errors: list[str] = []
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{page.as_uri()}#c-fct_hospital_day--beds")
        assert tab.locator("#t-fct_hospital_day").get_attribute("open") is not None
        every = tab.evaluate(SHOWN)
        tab.fill("#q", "GIƯỜNG bệnh")
        found = tab.evaluate(SHOWN)
        tab.fill("#q", "giuong BENH")
        assert tab.evaluate(SHOWN) == found and "i-YT02" in found and len(found) < len(every) / 10
        tab.fill("#q", "đối tượng")
        assert tab.evaluate(SHOWN) and "s-sonv_bao_tro" in tab.evaluate(SHOWN)
        tab.click("[data-kind=source]")
        assert {name[:2] for name in tab.evaluate(SHOWN)} == {"s-"}
        tab.fill("#q", "xyzzy")
        assert tab.evaluate(SHOWN) == [] and tab.locator("#none").is_visible()
        tab.click("#lang")
        assert tab.locator("h1").inner_text().startswith("Data catalogue") and tab.title().startswith("Data catalogue")
        dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.click("#theme")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark
        assert tab.evaluate("document.documentElement.scrollWidth") <= size[0] and errors == []
        browser.close()
