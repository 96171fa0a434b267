"""What the boards' users cannot do, asked of the running server; and how soon a publication shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import httpx
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SignIn = Callable[[str], httpx.Client]
FORBIDDEN = [
    "SELECT * FROM read_text('/etc/hostname')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/etc/*')", "SELECT * FROM '/etc/passwd'",
    "ATTACH '/tmp/other.duckdb'", "COPY (SELECT 1) TO '/tmp/out.csv'", "INSTALL httpfs", "LOAD httpfs", "SET memory_limit = '64GB'",
    "SET enable_external_access = true", "CREATE TABLE mart.mine AS SELECT 1", "DELETE FROM mart.dim_area",
]  # fmt: skip


def ask(client: httpx.Client, sql: str) -> httpx.Response:
    """One statement through SQL Lab."""
    database = client.get("/api/v1/database/").json()["ids"][0]
    return client.post(
        "/api/v1/sqllab/execute/", json={"database_id": database, "schema": "mart", "sql": sql, "runAsync": False}
    )


def answer(client: httpx.Client, sql: str) -> list[dict[str, Any]]:
    reply = ask(client, sql)
    assert reply.status_code == 200, reply.text
    return list(reply.json()["data"])


def test_sql_lab__answers_an_analyst(sign_in: SignIn) -> None:
    rows = answer(
        sign_in("phan_tich"),
        "SELECT count(*) AS n FROM mart.dim_area WHERE is_current AND area_type IN ('phường', 'xã')",
    )
    assert rows == [{"n": 166}]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_sql_lab__refuses_what_leaves_the_file_or_changes_it(sign_in: SignIn, sql: str) -> None:
    reply = ask(sign_in("phan_tich"), sql)
    assert reply.status_code >= 400, reply.text
    assert "errors" in reply.json()


def test_leader__opens_the_board_but_neither_sql_lab_nor_editing(sign_in: SignIn) -> None:
    leader = sign_in("lanh_dao")
    board = leader.get("/api/v1/dashboard/hom-nay")
    assert board.status_code == 200
    execute = leader.post("/api/v1/sqllab/execute/", json={"database_id": 1, "sql": "SELECT 1", "runAsync": False})
    assert execute.status_code in (401, 403), execute.text
    change = leader.put(f"/api/v1/dashboard/{board.json()['result']['id']}", json={"dashboard_title": "khác"})
    assert change.status_code in (401, 403), change.text
    assert leader.get("/api/v1/database/").status_code in (401, 403)


def test_public__sees_no_board(province_up: Up) -> None:
    with httpx.Client(base_url=province_up.url, trust_env=False) as nobody:
        assert nobody.get("/api/v1/dashboard/hom-nay").status_code in (401, 403, 404)
        assert nobody.get("/superset/dashboard/hom-nay/").status_code in (302, 401, 403, 404)


@pytest.fixture
def second_build(province_up: Up) -> Iterator[str]:
    """Another build is served during the test: a copy of the current one whose card DX02 reads 12,3."""
    serving = province_up.home / "serving"
    first = (serving / "current").resolve().name
    # The year after all others: never mistaken for a build of the pipeline.
    second = f"2099{first[4:]}"
    (serving / second).mkdir()
    shutil.copyfile(serving / first / "marts.duckdb", serving / second / "marts.duckdb")
    with duckdb.connect(str(serving / second / "marts.duckdb")) as con:
        con.execute(
            "UPDATE mart.mart_indicator_card SET value_vi = '12,3' WHERE indicator_code = 'DX02' AND area_code = '38'"
        )
    point(serving, second)
    yield second
    point(serving, first)
    shutil.rmtree(serving / second)


def point(serving: Path, build_id: str) -> None:
    """Switch `current` as `warehouse.publish` does: a new link renamed over the old one."""
    fresh = serving / "current.test"
    fresh.symlink_to(build_id)
    fresh.replace(serving / "current")


def test_publication__shows_at_the_next_question(
    sign_in: SignIn, province_up: Up, request: pytest.FixtureRequest
) -> None:
    sql = "SELECT value_vi FROM mart.card_now WHERE indicator_code = 'DX02' AND area_code = '38'"
    analyst = sign_in("phan_tich")
    before = answer(analyst, sql)
    assert before != [{"value_vi": "12,3"}]
    request.getfixturevalue("second_build")
    assert answer(analyst, sql) == [{"value_vi": "12,3"}]
