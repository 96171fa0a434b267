"""`python -m opendata.serve PORT`: open data on loopback, behind whatever proxy ends TLS.

`IOC_OPEN_PROXY` names the address of that proxy: only then, and only from it, is X-Forwarded-For believed, by which the rate is
limited. `IOC_OPEN_RATE` are the limits (`60/minute;10/second`)."""

from __future__ import annotations

import os
import sys

import uvicorn

from opendata.app import RATE, make


def main(port: int) -> None:
    proxy = os.environ.get("IOC_OPEN_PROXY")
    rate = tuple(os.environ.get("IOC_OPEN_RATE", ";".join(RATE)).split(";"))
    uvicorn.run(
        make(rate), host=os.environ.get("IOC_OPEN_HOST", "127.0.0.1"), port=port, server_header=False, access_log=False, log_level="warning",
        proxy_headers=bool(proxy), forwarded_allow_ips=proxy or "", limit_concurrency=200, timeout_keep_alive=10,
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
