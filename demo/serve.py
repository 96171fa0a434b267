"""The demo's own server processes: `python -m demo.serve ftp|rest|live …`. Secrets come by file, never by argument."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

import psycopg

from demo import dossiers, hazards, stations
from demo.calendar import ZONE, local


def ftp(port: int, root: str, password_file: str) -> None:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    users = DummyAuthorizer()
    users.add_user("quantrac", Path(password_file).read_text().strip(), root, perm="elr")
    FTPHandler.authorizer = users
    FTPHandler.banner = "Tram quan trac minh hoa"
    FTPHandler.use_sendfile = False
    server = FTPServer(("127.0.0.1", port), FTPHandler)
    server.max_cons = 64
    server.serve_forever(handle_exit=True)


def rest(port: int, token_file: str, seed: int) -> None:
    import uvicorn

    uvicorn.run(
        hazards.application(Path(token_file).read_text().strip(), seed),
        host="127.0.0.1",
        port=port,
        log_level="warning",
    )


def live(connection_file: str, root: str, seed: int) -> None:
    """Every twenty seconds some dossiers go one step on; every five minutes new ones and results come, and stations send."""
    connection = Path(connection_file).read_text().strip()
    due = datetime.min
    while True:
        now = local(datetime.now(ZONE)).replace(microsecond=0)
        if now >= due:
            with psycopg.connect(connection) as con:
                dossiers.advance(con, seed, now)
            due = now + stations.STEP
        # After the calendar's rows: touched first, a pull in between would set its watermark past them.
        dossiers.touch(connection, seed, now)
        # As far back as the latest file may come late; what is there stays.
        stations.write(Path(root), seed, now - stations.LATE - 2 * stations.STEP, now)
        time.sleep(20)


if __name__ == "__main__":
    what, *rest_ = sys.argv[1:]
    if what == "ftp":
        ftp(int(rest_[0]), rest_[1], rest_[2])
    elif what == "rest":
        rest(int(rest_[0]), rest_[1], int(rest_[2]))
    else:
        live(rest_[0], rest_[1], int(rest_[2]))
