"""The home board in a real browser, as the province's leader sees it, against SQL on the same build."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boards import smoke
from warehouse import connect

if TYPE_CHECKING:
    from tests.e2e.conftest import Up

pytestmark = [
    pytest.mark.e2e, pytest.mark.slow, pytest.mark.browser,
    pytest.mark.skipif(smoke.chromium() is None, reason="Chromium is not installed")
]  # fmt: skip
SLUG = "hom-nay"
CARDS = "SELECT indicator_code, value_vi, status_icon || ' ' || status_vi FROM mart.card_now WHERE area_code = '38' AND home_order IS NOT NULL"


def seen(up: Up, folder: Path, size: tuple[int, int]) -> smoke.Seen:
    return smoke.look(
        up.url, "lanh_dao", up.password("lanh_dao"), SLUG, picture=folder / "board.png", size=size, is_whole=True
    )


@pytest.mark.parametrize("size", [smoke.DESKTOP, smoke.PHONE], ids=["desktop", "phone"])
def test_home_board__shows_the_numbers_of_its_build(province_up: Up, tmp_path: Path, size: tuple[int, int]) -> None:
    page = seen(province_up, tmp_path, size)
    with connect.served(province_up.marts()) as con:
        rows = con.execute(CARDS).fetchall()
        build_id = con.execute("SELECT build_id FROM mart.province_status").fetchall()[0][0]
    assert len(rows) == 12
    assert page.cards == {code: value for code, value, _ in rows}
    assert page.statuses == {code: status for code, _, status in rows}
    assert build_id == province_up.marts().parent.name
    # Superset's telemetry picture is compiled in; the content security policy refuses it, and the browser says so.
    assert [error for error in page.errors if "scarf" not in error] == []


def test_home_board__is_in_vietnamese(province_up: Up, tmp_path: Path) -> None:
    page = seen(province_up, tmp_path, smoke.DESKTOP)
    assert "Hôm nay" in page.title
    assert page.status_line and page.status_line == unicodedata.normalize("NFC", page.status_line)
    assert (tmp_path / "board.png").stat().st_size > 50_000
