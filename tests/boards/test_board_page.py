"""The home board in a browser, on the small build: what the cards say is what SQL says, on a wall and on a phone."""

from __future__ import annotations

import itertools
import re

import duckdb
import pytest
from small_build import Boards

from boards import smoke

pytestmark = [
    pytest.mark.slow, pytest.mark.browser,
    pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed"),
]  # fmt: skip
SLUG = "hom-nay"


def cards(up: Boards) -> dict[str, str]:
    """Card code → value, by SQL on the served build."""
    with duckdb.connect(str(up.marts()), read_only=True) as con:
        rows = con.execute("SELECT indicator_code, card_html FROM mart.board_card").fetchall()
    return {code: re.search(r'card-value">([^<]+)<', html).group(1) for code, html in rows}  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [smoke.DESKTOP, smoke.PHONE], ids=["desktop", "phone"])
def test_board__shows_the_cards_of_its_build_and_no_error(boards_up: Boards, size: tuple[int, int]) -> None:
    page = smoke.look(boards_up.url, "lanh_dao", boards_up.password("lanh_dao"), SLUG, size=size, is_whole=True)
    assert cards(boards_up) == {f"TT{n:02d}": str(100 + n) for n in range(1, 13)}
    assert page.cards == cards(boards_up)
    assert set(page.statuses.values()) == {"● Đạt"} and page.status_line == "Mọi chỉ tiêu có chuẩn đều đạt."
    # Superset's telemetry picture is compiled in; the content security policy refuses it, and the browser says so.
    assert [error for error in page.errors if "scarf" not in error] == []


@pytest.mark.parametrize(("size", "columns"), [(smoke.DESKTOP, 6), (smoke.PHONE, 1)], ids=["desktop", "phone"])
def test_cards__stand_in_columns_that_fit_the_screen(boards_up: Boards, size: tuple[int, int], columns: int) -> None:
    boxes = card_boxes(boards_up, size)
    assert len(boxes) == 12
    assert len({round(box["x"]) for box in boxes}) == columns
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= size[0] for box in boxes)
    places = sorted((round(box["x"]), box["y"], box["height"]) for box in boxes)
    over = [(a, b) for a, b in itertools.pairwise(places) if a[0] == b[0] and a[1] + a[2] > b[1] + 0.5]
    assert over == []


def card_boxes(up: Boards, size: tuple[int, int]) -> list[dict[str, float]]:
    """The cards' rectangles on the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=smoke.chromium(), args=smoke.FLAGS, headless=True)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
        try:
            smoke.sign_in(page, up.url, "lanh_dao", up.password("lanh_dao"))
            page.goto(f"{up.url}/superset/dashboard/{SLUG}/", wait_until="domcontentloaded")
            page.wait_for_selector(".card-value", timeout=60_000)
            page.wait_for_timeout(1500)
            return [dict(card.bounding_box()) for card in page.query_selector_all(".card")]  # type: ignore[arg-type]
        finally:
            browser.close()
