"""The data catalogue of the served build: for whoever is signed in, searchable with and without accents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from boards import smoke

if TYPE_CHECKING:
    from tests.e2e.conftest import Up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SHOWN = "[...document.querySelectorAll('details:not([hidden])')].map(d => d.id)"


def test_catalogue__is_shown_to_people_who_signed_in_and_runs_one_script_alone(province_up: Up, sign_in: Callable[[str], httpx.Client]) -> None:  # fmt: skip
    stranger = httpx.get(f"{province_up.url}/danh-muc/", trust_env=False, follow_redirects=False)
    assert stranger.status_code == 302 and "/login/" in stranger.headers["location"]
    page = sign_in("lanh_dao").get("/danh-muc/")
    assert page.status_code == 200 and province_up.marts().parent.name in page.text
    policy = page.headers["content-security-policy"]
    nonce = page.text.split('<script nonce="')[1].split('"')[0]
    assert len(nonce) > 20 and f"'nonce-{nonce}'" in policy and page.text.count("<script") == 1


@pytest.mark.browser
@pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)], ids=["desktop", "phone"])
def test_catalogue__finds_with_and_without_accents_and_opens_what_a_link_names(province_up: Up, tmp_path: Path, size: tuple[int, int]) -> None:  # fmt: skip
    from playwright.sync_api import sync_playwright

    address = (province_up.marts().parent / "catalogue.html").as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=smoke.chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}#i-GV01")
        assert page.locator("#i-GV01").get_attribute("open") is not None
        every = page.evaluate(SHOWN)
        page.fill("#q", "điện mặt trời")
        with_accents = page.evaluate(SHOWN)
        page.fill("#q", "DIEN MAT TROI")
        assert page.evaluate(SHOWN) == with_accents and "i-NL04" in with_accents and len(with_accents) < len(every) / 10
        page.fill("#q", "xyzzy")
        assert page.evaluate(SHOWN) == [] and page.locator("#none").is_visible()
        page.fill("#q", "")
        assert page.evaluate(SHOWN) == every and len(every) > 250
        page.click("#lang")
        assert page.locator("h1").inner_text().startswith("Data catalogue")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0] and errors == []
        browser.close()
