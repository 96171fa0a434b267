"""Airflow's API while its SQLite is locked: asked again, and a run that was made although its answer was lost is one run."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import httpx
import pytest

from ops.airflow import Api

ANSWERS: list[int] = []
ASKED: list[dict[str, str]] = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        ASKED.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(ANSWERS.pop(0))
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def api() -> Iterator[Api]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ASKED.clear()
    yield Api(server.server_address[1])
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
