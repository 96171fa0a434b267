"""The province's addresses: `state/province.env`, written by the demo or by the operator, read into the environment."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse import connect


def province_file() -> Path:
    return connect.home() / "state" / "province.env"


def addresses() -> dict[str, str]:
    """`NAME=value` lines; blank lines and `#` comments are passed over."""
    file = province_file()
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def apply() -> None:
    """Make the addresses known to this process. What the environment says itself comes first."""
    os.environ.setdefault("IOC_HOME", str(connect.home()))
    for name, value in addresses().items():
        os.environ.setdefault(name, value)
