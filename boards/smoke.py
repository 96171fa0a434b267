"""Looking at a board as a leader does: log in, wait until every chart drew, read the cards, take a picture.

Needs Chromium on the machine and playwright (in `.venv`); no browser is downloaded.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Flags that keep a headless Chromium quiet on a machine without network and let it draw maps without a GPU.
FLAGS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
]  # fmt: skip
DESKTOP, PHONE = (1920, 1080), (390, 844)
_DRAWN = "() => { const wanted = document.querySelectorAll('[data-test=\"dashboard-grid\"] .dashboard-chart, .dashboard-component-chart-holder').length; return wanted > 0 && document.querySelectorAll('.loading, [data-test=\"loading-indicator\"]').length === 0; }"


@dataclass
class Seen:
    """What was on the page: card code → value text, chart titles that show an error, console errors."""

    cards: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    status_line: str = ""
    errors: list[str] = field(default_factory=list)
    title: str = ""


def chromium() -> str | None:
    """The browser's path, or None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def look(
    url: str,
    user: str,
    password: str,
    slug: str,
    *,
    picture: Path | None = None,
    size: tuple[int, int] = DESKTOP,
    is_whole: bool = False,
    seconds: float = 60,
) -> Seen:
    """Log in at `url`, open the board `slug`, return what it shows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS, headless=True)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
        seen = Seen()
        page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
        try:
            sign_in(page, url, user, password)
            page.goto(f"{url}/superset/dashboard/{slug}/", wait_until="domcontentloaded", timeout=seconds * 1000)
            page.wait_for_selector(".st-sentence", timeout=seconds * 1000)
            if is_whole:
                # charts below the fold draw when they are scrolled to
                for _ in range(14):
                    page.mouse.wheel(0, 500)
                    page.wait_for_timeout(250)
                page.mouse.wheel(0, -20000)
            page.wait_for_function(_DRAWN, timeout=seconds * 1000)
            page.wait_for_timeout(2500)
            seen.title = page.title()
            seen.status_line = page.inner_text(".st-sentence")
            for card in page.query_selector_all(".card"):
                code = _text(card, ".card-code")
                seen.cards[code] = _text(card, ".card-value")
                seen.statuses[code] = _text(card, ".card-status")
            seen.errors += [
                node.inner_text() for node in page.query_selector_all('[data-test="chart-error"], .ant-alert-error')
            ]
            if picture:
                page.screenshot(path=str(picture), full_page=False)
        finally:
            browser.close()
    return seen


def sign_in(page: Any, url: str, user: str, password: str) -> None:
    # Quiet first: what is typed before the page's script took over is lost.
    page.goto(f"{url}/login/", wait_until="networkidle")
    page.wait_for_selector("input[name=username], #username", timeout=30_000)
    page.fill("input[name=username], #username", user)
    page.fill("input[name=password], #password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda where: "/login" not in where, timeout=60_000, wait_until="commit")


def _text(node: Any, selector: str) -> str:
    found = node.query_selector(selector)
    return found.inner_text().strip() if found else ""
