"""The pages of ours inside Superset: sign-in and the leader page, as a browser without scripts and as an attacker sees them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import page_token
from small_build import PYTHON, ROOT, Boards

from boards import serve, smoke
from boards.pages import local_path, words
from warehouse import connect

pytestmark = pytest.mark.slow
TALLEST_TOTAL = 300_000


@pytest.fixture(scope="module")
def browser(boards_up: Boards) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=smoke.chromium(), args=smoke.FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def reader(boards_up: Boards, browser: Any) -> Any:
    """A page without scripts, signed in at /vao/."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{boards_up.url}/lanh-dao/?xa=14758")
    assert "/vao/?next=" in page.url
    page.fill("#username", "lanh_dao")
    page.fill("#password", boards_up.password("lanh_dao"))
    page.click("main button")
    assert page.url == f"{boards_up.url}/lanh-dao/?xa=14758"
    return page


def test_leader_page__shows_the_numbers_of_the_build_without_scripts(boards_up: Boards, reader: Any) -> None:
    reader.goto(f"{boards_up.url}/lanh-dao/")
    with connect.served(boards_up.marts()) as con:
        wanted = con.execute("SELECT value_vi FROM mart.card_now WHERE area_code = '38'").fetchall()
    shown = [node.inner_text() for node in reader.query_selector_all("main .number strong, main td strong")]
    assert len(wanted) == 98
    assert sorted(shown) == sorted(value for (value,) in wanted)
    for said in ("Từ", "tháng 2/2026", "Sở Thử", "3 ngày", "KHÔNG ĐẠT", "SỐ LIỆU MINH HỌA", "chuẩn chưa kiểm chứng"):
        assert said in reader.content()


def test_leader_page__title_from_data_is_escaped(boards_up: Boards, reader: Any) -> None:
    reader.goto(f"{boards_up.url}/lanh-dao/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in reader.content()
    assert not reader.query_selector_all("script")


def test_leader_page__is_small_and_loads_nothing_else(boards_up: Boards, reader: Any) -> None:
    asked: list[Any] = []
    reader.on("response", lambda answer: asked.append(answer))
    reader.goto(f"{boards_up.url}/lanh-dao/")
    assert [answer.url for answer in asked] == [f"{boards_up.url}/lanh-dao/"]
    assert len(asked[0].body()) < TALLEST_TOTAL


def test_leader_page__prints_ninety_eight_indicators_on_one_a4(boards_up: Boards, reader: Any) -> None:
    reader.goto(f"{boards_up.url}/lanh-dao/")
    assert len(reader.query_selector_all("main .card, main tbody tr")) == 98
    assert len(re.findall(rb"/Type\s*/Page\b", reader.pdf(prefer_css_page_size=True))) == 1


def test_leader_page__english_has_no_vietnamese_fixed_word(boards_up: Boards, reader: Any) -> None:
    reader.goto(f"{boards_up.url}/lanh-dao/?lang=en")
    without_data = re.sub(r'<(\w+)[^>]*lang="vi"[^>]*>.*?</\1>', "", reader.content(), flags=re.S)
    assert "Needs action" in without_data
    assert len(words.WORDS) > 30
    assert not [vi for vi, en in words.WORDS.values() if vi != en and f">{vi}<" in without_data]
    reader.goto(f"{boards_up.url}/lanh-dao/?lang=vi")
    assert "Cần xử lý" in reader.content()


@pytest.mark.parametrize("path", ["/vao/", "/lanh-dao/"])
@pytest.mark.parametrize("width", [390, 1920])
def test_pages__axe_finds_nothing_serious(boards_up: Boards, browser: Any, reader: Any, path: str, width: int) -> None:
    state = reader.context.storage_state() if path != "/vao/" else None
    context = browser.new_context(storage_state=state, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(boards_up.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response
    context.close()
    assert len(found["passes"]) > 10
    assert [(v["id"], v["impact"]) for v in found["violations"] if v["impact"] in ("serious", "critical")] == []


def test_leader_page__replay_of_a_moment_before_any_build_is_told_in_words(boards_up: Boards, reader: Any) -> None:
    answer = reader.goto(f"{boards_up.url}/lanh-dao/?luc=2020-01-01T00:00")
    assert answer.status == 404
    assert "Không còn giữ bản số liệu nào" in reader.content()


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)
def test_sign_in__never_sends_people_elsewhere(target: str) -> None:
    assert local_path(target) == "/lanh-dao/"
    assert local_path("/lanh-dao/?xa=14758") == "/lanh-dao/?xa=14758"


def test_sign_in__refuses_a_wrong_password_and_a_form_without_token(boards_up: Boards) -> None:
    with httpx.Client(base_url=boards_up.url, trust_env=False, timeout=60) as client:
        form = {"username": "lanh_dao", "password": "sai", "csrf_token": page_token(client.get("/vao/"))}
        refused = client.post("/vao/", data=form)
        assert refused.status_code == 401
        assert "Không đăng nhập được" in refused.text
        bare = client.post("/vao/", data={"username": "lanh_dao", "password": boards_up.password("lanh_dao")})
        assert client.get("/lanh-dao/").status_code == 302, bare.status_code


def test_leader_page__area_limited_user_sees_that_area_whatever_the_query_says(boards_up: Boards) -> None:
    code = """
from superset.app import create_app
app = create_app()
with app.app_context():
    sm = app.appbuilder.sm
    role = sm.add_role("Lanh_dao_14797")
    sm.add_user("ham_rong", "Hàm", "Rồng", "ham_rong@localhost", role, "mat-khau-chi-de-thu-29")
"""
    env = {**os.environ, **serve.environment(), "IOC_HOME": str(boards_up.home)}
    subprocess.run([str(PYTHON), "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, timeout=120)
    with httpx.Client(base_url=boards_up.url, trust_env=False, timeout=60, follow_redirects=True) as client:
        form = {
            "username": "ham_rong",
            "password": "mat-khau-chi-de-thu-29",
            "csrf_token": page_token(client.get("/vao/")),
        }
        assert client.post("/vao/", data=form).status_code == 200
        for query in ("", "?xa=14758", "?xa=38"):
            page = client.get(f"/lanh-dao/{query}").text
            assert "Phường Hàm Rồng" in page
            assert "Phường Hạc Thành" not in page
            assert "Bản thử: 19 chỉ tiêu không đạt." not in page
