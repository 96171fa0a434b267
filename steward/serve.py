"""`python -m steward.serve PORT`: the stewards' page on loopback, behind whatever proxy ends TLS."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

from steward.app import make
from warehouse import connect

SHORTEST = 32


def session_key() -> str:
    """What signs the cookies: the file of `STEWARD_SESSION_KEY_FILE`, else that name's among the secrets. Without one nothing
    starts."""
    path = Path(os.environ.get("STEWARD_SESSION_KEY_FILE") or connect.home() / "secrets" / "STEWARD_SESSION_KEY")
    key = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if len(key) < SHORTEST:
        raise SystemExit(
            "LỖI IOC-521 · Khóa STEWARD_SESSION_KEY thiếu hoặc ngắn; trang phụ trách dữ liệu không khởi động.\n"
            f"The key STEWARD_SESSION_KEY is missing or short; the page does not start. Fix: rm -f {path} && ./ioc up"
        )
    return key


def main(port: int) -> None:
    host = os.environ.get("IOC_STEWARD_HOST", "127.0.0.1")
    app = make(session_key(), https_only=os.environ.get("IOC_STEWARD_HTTPS") == "1")
    uvicorn.run(app, host=host, port=port, server_header=False, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
