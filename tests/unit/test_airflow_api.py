"""Airflow's API while its SQLite is locked: asked again, and a run that was made although its answer was lost is one run."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import httpx
import pytest

from ops import services
from ops.airflow import Api

ANSWERS: list[int] = []
ASKED: list[dict[str, str]] = []
REVIVED: list[bool] = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        ASKED.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(ANSWERS.pop(0))
        self.end_headers()
        self.wfile.write(b"{}")

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"state": "success" if REVIVED else "queued"}).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def api() -> Iterator[Api]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ASKED.clear()
    REVIVED.clear()
    yield Api(server.server_address[1], revive=lambda: REVIVED.append(True))
    server.shutdown()
    server.server_close()


def test_trigger__through_a_locked_database_starts_one_run(api: Api) -> None:
    ANSWERS[:] = [500, 409]
    run_id = api.trigger("source__x")
    assert [asked["dag_run_id"] for asked in ASKED] == [run_id, run_id] and run_id.startswith("up__")


def test_trigger__that_is_refused_is_not_asked_again(api: Api) -> None:
    ANSWERS[:] = [404, 200]
    with pytest.raises(httpx.HTTPStatusError):
        api.trigger("source__x")
    assert len(ASKED) == 1


def test_wait_for__starts_a_component_that_died_meanwhile(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "process", lambda name: None if name == "airflow-scheduler" and not REVIVED else name)
    said: list[str] = []
    assert api.wait_for({"source__x": "up__1"}, 20, said.append) == {"source__x": "success"}
    assert REVIVED == [True] and said == ["airflow-scheduler đã dừng: khởi động lại", "Airflow: source__x: success"]
