"""The API of open data on a real server: it answers what the files say, one build a question, and nothing that is closed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import uvicorn
from made_up_open import make_open_build, make_open_home

from opendata import app as service
from opendata import publish
from warehouse import connect

ROOT = Path(__file__).parents[2]


def serve(rate: tuple[str, ...] = ()) -> tuple[uvicorn.Server, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(service.make(rate), port=port, log_level="error", proxy_headers=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    return server, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        yield make_open_home(tmp_path_factory.mktemp("open"), patch)


@pytest.fixture(scope="module")
def api(home: str) -> Iterator[httpx.Client]:
    server, url = serve()
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client
    server.should_exit = True


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, str] = answer.json()
    assert body["code"] == code and body["status"] == status and body["detail"] and body["detail_en"]
    return body


def test_rows__are_those_of_the_file_with_build_licence_and_made_up(api: httpx.Client, home: str) -> None:
    answer = api.get("/api/v1/datasets/recipients/rows", params={"filter": ["month_key:eq:202602", "recipients:ge:20"], "columns": "area_code,recipients", "sort": "-recipients"})  # fmt: skip
    body = answer.json()
    assert body["rows"] == [{"area_code": "38", "recipients": 30}, {"area_code": "00002", "recipients": 20}]
    assert (body["build"]["build_id"], body["licence"]["id"], body["is_made_up"], body["total"]) == (home, "MIT", True, 2)  # fmt: skip
    assert (answer.headers["ioc-build"], answer.headers["etag"]) == (home, f'"{home}"')


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("area_code:in:00001,00002", ["00001", "00002"]), ("area_km2:null:true", ["00001"]), ("area_km2:gt:1.5", ["00002"]), ("is_current:ne:true", []),
        ("seen_at:lt:2026-06-01T00:00:00+07:00", ["38"]), ("area_name:eq:' OR 1=1 --", []), ("area_name:eq:=HYPERLINK(\"x\")", ["38"]),
    ],
)  # fmt: skip
def test_filters__are_bound_values_of_the_columns_type(api: httpx.Client, asked: str, codes: list[str]) -> None:
    body = api.get("/api/v1/datasets/areas/rows", params={"filter": asked, "columns": "area_code"}).json()
    assert [row["area_code"] for row in body["rows"]] == codes


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "secret:eq:x"}, {"filter": "area_code:eq"}, {"filter": 'a"b:eq:x'}, {"filter": "area_km2:eq:nhiều"}, {"filter": "area_code:like:%"},
        {"columns": "area_code,secret"}, {"columns": "count(*)"}, {"columns": "area_code;drop"}, {"sort": "secret"}, {"sort": "area_code desc"}, {"limit": 1001}, {"limit": 0},
        {"offset": -1}, {"build": "../../serving"}, {"filter": ["area_code:eq:1"] * 11}, {"filter": "area_km2:null:maybe"},
    ],
)  # fmt: skip
def test_rows__refuse_what_is_no_column_of_theirs(api: httpx.Client, asked: dict[str, str]) -> None:
    problem(api.get("/api/v1/datasets/areas/rows", params=asked), 422, "IOC-536")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/datasets/fct-dossier", "/api/v1/datasets/mixed/rows", "/api/v1/datasets/orphan", "/files/fct_dossier.parquet", "/files/mixed.csv", "/files/datasets.json",
        "/files/..%2Fdatasets.json", "/files/%2e%2e/datasets.json", "/files/..%2f..%2f..%2fserving%2fcurrent%2fmarts.duckdb", "/files//etc/passwd", "/datasets.json", "/files/",
    ],
)  # fmt: skip
def test_closed_tables__cannot_be_had_by_name_or_path(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code in (404, 422) and "bí mật" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_question__can_open_one_file_and_no_other(home: str) -> None:
    """Even SQL of the attacker's own, were it ever run, reaches nothing: the connection knows one file."""
    reading = service.Reading(None)
    path = publish.folder() / home / "files"
    with service.asking(reading, "areas") as con:
        assert con.execute("SELECT count(*) FROM r").fetchone() == (3,)
        for sql in (f"FROM read_parquet('{path}/recipients.parquet')", f"ATTACH '{connect.home()}/serving/current/marts.duckdb'", "FROM read_text('/etc/passwd')",
                    "FROM glob('/**')", "COPY r TO '/tmp/x.csv'", "SET enable_external_access = true", "INSTALL httpfs"):  # fmt: skip
            with pytest.raises(Exception, match=r"disabled|Cannot access|configuration"):
                con.execute(sql)


def test_observations__of_closed_indicators_are_not_there_and_it_says_why(api: httpx.Client) -> None:
    body = problem(api.get("/api/v1/observations", params={"indicator": "KI01"}), 404, "IOC-538")
    assert "kin (dùng chung)" in body["detail"]
    problem(api.get("/api/v1/observations", params={"indicator": "ZZ99"}), 404, "IOC-533")
    rows = api.get("/api/v1/observations", params={"indicator": "MO01", "from": "2026", "to": "2026"}).json()["rows"]
    assert len(rows) == 4 and {r["area_code"]: r["value"] for r in rows} == {"38": 50, "00001": None, "00002": None, "00003": 75}  # fmt: skip
    assert api.get("/api/v1/observations", params={"indicator": "MO01", "to": "202512"}).json()["total"] == 0
    listed = api.get("/api/v1/datasets/observations/rows").json()["rows"]
    assert {r["indicator_code"] for r in listed} == {"MO01", "MO02"}


def test_catalogue_answers__name_areas_indicators_and_norms(api: httpx.Client, home: str) -> None:
    assert api.get("/api/v1/build").json()["build_id"] == home
    assert [d["id"] for d in api.get("/api/v1/datasets").json()["datasets"]] == ["areas", "recipients", "indicators", "norms", "observations"]  # fmt: skip
    one = api.get("/api/v1/datasets/recipients").json()["dataset"]
    assert one["files"]["csv"]["url"] == "/files/recipients.csv" and one["title_vi"].startswith("SỐ LIỆU MINH HỌA")
    assert api.get("/api/v1/areas", params={"level": "commune"}).json()["total"] == 2
    assert [i["indicator_code"] for i in api.get("/api/v1/indicators", params={"open": True}).json()["rows"]] == ["MO01", "MO02"]  # fmt: skip
    found = api.get("/api/v1/indicators/MO01").json()
    assert found["indicator"]["is_open"] is True and found["norms"][0]["is_unverified"] is True
    problem(api.get("/api/v1/indicators/ZZ99"), 404, "IOC-533")
    assert api.get("/health").json() == {"status": "ok", "build_id": home}


def test_files__answer_etag_range_and_head(api: httpx.Client, home: str) -> None:
    path = publish.folder() / home / "files" / "areas.parquet"
    whole = api.get("/files/areas.parquet")
    assert whole.content == path.read_bytes() and whole.headers["last-modified"]
    assert api.get("/files/areas.parquet", headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    part = api.get("/files/areas.parquet", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    assert api.head("/files/areas.csv").headers["content-type"].startswith("text/csv")
    assert api.get("/api/v1/build", headers={"If-None-Match": f'"{home}"'}).status_code == 304


def test_pages__are_shut_to_scripts_and_open_to_every_reader(api: httpx.Client) -> None:
    for path in ("/", "/en.html", "/docs", "/docs?lang=en"):
        answer = api.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 200 and "<script" not in answer.text and "://" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["access-control-allow-origin"] == "*" and "set-cookie" not in answer.headers
    listed = api.get("/openapi.json").json()["paths"]
    docs = api.get("/docs").text
    assert len(listed) == 9 and all(path in docs for path in listed)
    assert api.get("/catalog.jsonld").headers["content-type"] == "application/ld+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_api__only_reads(api: httpx.Client, method: str) -> None:
    answer = api.request(method, "/api/v1/build")
    assert answer.status_code == 405 and answer.headers["allow"] == "GET"


def test_pages_of_rows__stay_in_their_build_and_say_when_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    first = make_open_home(tmp_path, monkeypatch)
    server, url = serve()
    try:
        with httpx.Client(base_url=url, trust_env=False) as client:
            page = client.get("/api/v1/datasets/areas/rows", params={"limit": 1}).json()
            second = make_open_build("DELETE FROM mart.dim_area WHERE area_code = '00001';")
            publish.publish()
            rows, seen = page["rows"], [page["build"]["build_id"]]
            while page["next"]:
                page = client.get(page["next"]).json()
                rows += page["rows"]
                seen.append(page["build"]["build_id"])
            assert [r["area_code"] for r in rows] == ["00001", "00002", "38"] and set(seen) == {first}
            assert (page["build"]["is_current"], page["build"]["current_build_id"]) == (False, second)
            assert client.get("/api/v1/areas").json()["build"]["build_id"] == second
            shutil.rmtree(publish.folder() / first)
            gone = problem(client.get("/api/v1/datasets/areas/rows", params={"build": first}), 410, "IOC-532")
            assert second in gone["detail"]
            shutil.rmtree(publish.folder())
            problem(client.get("/api/v1/build"), 503, "IOC-531")
    finally:
        server.should_exit = True


def test_rate__is_limited_by_address_with_words_and_a_time(home: str) -> None:
    server, url = serve(("3/minute",))
    try:
        with httpx.Client(base_url=url, trust_env=False) as client:
            # Another address in a header is the same reader: no proxy is trusted unless it is named.
            statuses = [client.get("/api/v1/build", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(3)]  # fmt: skip
            late = client.get("/api/v1/areas", headers={"X-Forwarded-For": "10.0.0.9"})
            assert statuses == [200] * 3
            assert "3 lần mỗi phút" in problem(late, 429, "IOC-537")["detail"]
            assert 1 <= int(late.headers["retry-after"]) <= 60
            assert client.get("/health").status_code == 200, "a watchman is no reader"
    finally:
        server.should_exit = True


def test_a_slow_question__is_stopped_and_many_wait_their_turn(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(service, "SECONDS", 0.2)
    reading = service.Reading(None)
    with pytest.raises(service.Trouble) as stopped, service.asking(reading, "areas") as con:
        con.execute("SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE a.range + b.range > c.range").fetchall()  # fmt: skip
    assert (stopped.value.status, stopped.value.code) == (503, "IOC-535")
    monkeypatch.setattr(service, "WAIT_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as pool:
        taken = [service._running.acquire() for _ in range(service.AT_ONCE)]
        try:
            late = pool.submit(api.get, "/api/v1/areas").result()
        finally:
            for _ in taken:
                service._running.release()
    assert problem(late, 503, "IOC-534") and late.headers["retry-after"] == "5"
    assert api.get("/api/v1/areas").status_code == 200


@pytest.mark.slow
def test_service__starts_on_loopback_and_believes_a_named_proxy(home: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"PYTHONPATH": str(ROOT), "IOC_OPEN_PROXY": "127.0.0.1", "IOC_OPEN_RATE": "2/minute"}
    child = subprocess.Popen([sys.executable, "-m", "opendata.serve", str(port)], cwd=ROOT, env=env)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            for _ in range(100):
                try:
                    client.get("/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            asked = [client.get("/api/v1/build", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in (1, 1, 1, 2)]  # fmt: skip
        assert asked == [200, 200, 429, 200]
    finally:
        child.terminate()
        child.wait(10)


# --- the contract --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_contract__holds_for_generated_questions(api: httpx.Client, tmp_path: Path) -> None:
    """Schemathesis with all of its default checks, valid and invalid questions, on the real server. A question that fits the schema
    may still name a column (422), indicator (404) or build (410) that is not there."""
    config = tmp_path / "schemathesis.toml"
    config.write_text('[checks.positive_data_acceptance]\nexpected-statuses = ["2xx", 404, 410, 422]\n')
    script = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    report = tmp_path / "report.ndjson"
    done = subprocess.run(
        [script, "--config-file", str(config), "run", f"{api.base_url}/openapi.json", "--max-examples", "12", "--seed", "1", "--generation-deterministic",
         "--report", "ndjson", "--report-ndjson-path", str(report), "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "9 selected" in done.stdout or "9 / 9" in done.stdout, done.stdout[-3000:]
    assert report.stat().st_size > 0 and json.loads(report.read_text().splitlines()[0])
