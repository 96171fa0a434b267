"""The steward's morning, walked in a real browser on the province that `./ioc up` made: look, map, replay, confirm, log."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from boards import smoke

if TYPE_CHECKING:
    from tests.e2e.conftest import Up

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SOURCE = "soxd_do_thi"


def address(up: Up) -> str:
    known = json.loads((up.home / "state" / "services.json").read_text(encoding="utf-8"))
    return str(known["steward"]["url"])


def password(up: Up, name: str) -> str:
    return (up.home / "secrets" / f"STEWARD_{name.upper()}_PASSWORD").read_text(encoding="utf-8").strip()


def ioc(up: Up, *arguments: str) -> Any:
    env = os.environ | {"IOC_HOME": str(up.home)}
    done = subprocess.run(
        ["./ioc", *arguments, "--json"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_page__answers_nobody_who_has_not_signed_in(province_up: Up) -> None:
    base = address(province_up)
    assert httpx.get(f"{base}/khoe", trust_env=False).text == "ok"
    for path in ("/", f"/nguon/{SOURCE}", "/nhat-ky"):
        answer = httpx.get(base + path, trust_env=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dang-nhap")


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=smoke.chromium(), args=smoke.FLAGS)
        yield one
        one.close()


def signed_in(browser: Any, up: Up, name: str, size: tuple[int, int] = smoke.DESKTOP) -> Any:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="vi-VN").new_page()
    page.set_default_timeout(120_000)  # a decision waits while a build holds the warehouse
    page.goto(address(up))
    page.fill("#name", name)
    page.fill("#password", password(up, name))
    page.click("button.do")
    page.wait_for_load_state()
    assert page.locator("h1").inner_text().startswith("Sáng nay nguồn nào")
    return page


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
def test_loop__looks_at_the_rows_maps_them_and_watches_how_many_pass(province_up: Up, browser: Any) -> None:
    page = signed_in(browser, province_up, "du_lieu")
    before = len(ioc(province_up, "quarantine", "list", "--source", SOURCE))
    page.click(f"a[href='/nguon/{SOURCE}']")
    row = page.locator("tr", has_text="code_list:linh_vuc")
    wrong = int(row.locator("td.n").inner_text())
    assert wrong > 20 and "mã “khác” không có trong danh mục" in row.inner_text()
    row.locator("a.do").click()
    assert page.locator("table.rows tbody tr").count() == wrong
    assert page.locator("td.wrong").first.inner_text() == "khác"
    form = page.locator("form.map")
    form.locator("input[name=right]").fill("Hạ tầng đô thị")
    form.locator("input[name=why]").fill("phần mềm mới ghi “khác”, Sở xác nhận là hạ tầng")
    form.locator("button").click()
    assert page.locator(".said").inner_text().startswith(f"{wrong} trên {before} dòng nay đạt")
    assert "Không còn dòng nào chờ theo quy tắc này" in page.locator("main").inner_text()
    assert len(ioc(province_up, "quarantine", "list", "--source", SOURCE)) == before - wrong
    page.goto(f"{address(province_up)}/nhat-ky")
    assert (
        "phần mềm mới ghi" in page.locator("main").inner_text()
        and f"{wrong} / {before}" in page.locator("main").inner_text()
    )


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
def test_rule__is_changed_by_two_people(province_up: Up, browser: Any) -> None:
    first = signed_in(browser, province_up, "du_lieu")
    first.goto(f"{address(province_up)}/nguon/lasuco_mia/dong?table=mia_cb&rule=range:muc")
    first.select_option("#rule", "range")
    first.fill("#value", "1; 5")
    first.fill("#why-rule", "thang mới năm mức")
    first.click("button:has-text('Đề xuất')")
    assert "cần một người khác xác nhận" in first.locator(".said").inner_text()
    second = signed_in(browser, province_up, "kiem_tra")
    second.click("a[href='/cho-xac-nhan']")
    second.click("button:has-text('Xác nhận và xét lại')")
    assert second.locator(".said").inner_text().startswith("1 trên 2 dòng nay đạt")
    decided = ioc(province_up, "quarantine", "decisions", "--source", "lasuco_mia")[0]
    assert (decided["decided_by"], decided["confirmed_by"], decided["status"]) == ("du_lieu", "kiem_tra", "confirmed")


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
@pytest.mark.parametrize("size", [smoke.DESKTOP, smoke.PHONE], ids=["desktop", "phone"])
def test_pages__fit_the_screen_and_a_steward_sees_her_own_sources_only(province_up: Up, browser: Any, size: tuple[int, int]) -> None:  # fmt: skip
    page = signed_in(browser, province_up, "so_nnmt", size)
    errors: list[str] = []
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    mine = [a.get_attribute("href") for a in page.locator("a.title").all()]
    assert len(mine) > 5 and all(href.startswith("/nguon/sonnmt_") for href in mine)
    for path in [
        "/",
        *mine[:3],
        "/nguon/sonnmt_dat_dai/dong?table=thua_dat&rule=area:ma_xa",
        "/nhat-ky",
        "/cho-xac-nhan",
    ]:
        page.goto(address(province_up) + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    assert page.goto(f"{address(province_up)}/nguon/{SOURCE}").status == 404
    assert [e for e in errors if "404" not in e] == []


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
@pytest.mark.parametrize("size", [smoke.DESKTOP, smoke.PHONE], ids=["desktop", "phone"])
def test_board__of_trust_draws_without_an_error_and_says_what_the_judge_said(province_up: Up, size: tuple[int, int]) -> None:  # fmt: skip
    seen = smoke.look(province_up.url, "du_lieu", province_up.password("du_lieu"), "chat-luong-du-lieu", size=size, is_whole=True)  # fmt: skip
    # Superset's own pixel is compiled in; the policy blocks it.
    assert [error for error in seen.errors if "scarf" not in error] == [] and "Chất lượng dữ liệu" in seen.title
    cards = ioc(
        province_up,
        "sql",
        "SELECT indicator_code, value_vi FROM mart.card_now WHERE area_code = '38' AND indicator_code LIKE 'QC%'",
    )["rows"]
    assert len(cards) == 6
    assert {card["indicator_code"]: card["value_vi"] for card in cards}.items() <= seen.cards.items()
