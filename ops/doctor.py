"""`ioc doctor`: is this machine fit, and is what runs on it whole? Each check says what it found and how to mend it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from ops import backup, channel, secrets, services
from warehouse import connect, publish
from warehouse.errors import Fault

State = Literal["ok", "warn", "fail"]
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "glusterfs"}


@dataclass(frozen=True)
class Check:
    name: str
    title_vi: str
    title_en: str
    state: State
    found: str
    fix: str = ""


def examine() -> list[Check]:
    """Every check, also after one of them broke: that one is a `fail` with the reason."""
    found: list[Check] = []
    for ask in (_python, _duckdb, _disk, _file_system, _clock, _secrets, _lock, _registry, _served, _backup, _open_data, _alerts, _services, _airflow, _ports):  # fmt: skip
        try:
            found += list(ask())
        except Exception as error:
            found.append(Check(ask.__name__.strip("_"), ask.__name__, ask.__name__, "fail", f"{type(error).__name__}: {error}", "./ioc doctor -v"))  # fmt: skip
    return found


def _python() -> Iterator[Check]:
    version = sys.version_info[:2]
    state: State = "ok" if (3, 11) <= version <= (3, 13) else "fail"
    yield Check(
        "python",
        "Python",
        "Python",
        state,
        f"{version[0]}.{version[1]}",
        "" if state == "ok" else "./ioc explain IOC-001",
    )


def _duckdb() -> Iterator[Check]:
    import duckdb

    other = connect.ROOT / ".venv-boards" / "bin" / "python"
    if not other.exists():
        yield Check("duckdb", "DuckDB", "DuckDB", "warn", f"{duckdb.__version__}; chưa có .venv-boards", "./ioc up")
        return
    command = [str(other), "-c", "import duckdb, duckdb_engine; print(duckdb.__version__)"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    theirs = done.stdout.strip() or "không nạp được duckdb_engine"
    same = theirs == duckdb.__version__
    fix = "" if same else "rm -rf .venv-boards && ./ioc up"
    yield Check(
        "duckdb",
        "DuckDB hai môi trường",
        "DuckDB in both",
        "ok" if same else "fail",
        f"{duckdb.__version__} · {theirs}",
        fix,
    )


def _disk() -> Iterator[Check]:
    usage = shutil.disk_usage(connect.home())
    free, share = usage.free / 1e9, usage.free / usage.total
    state: State = "fail" if free < 1 else "warn" if share < 0.2 and free < 20 else "ok"
    yield Check(
        "disk",
        "Đĩa trống",
        "Free disk",
        state,
        f"{free:.1f} GB ({share:.0%})",
        "" if state == "ok" else "dọn đĩa, hoặc IOC_KEEP_BUILDS=3",
    )
    nodes = os.statvfs(connect.home())
    if nodes.f_files:
        left = nodes.f_favail / nodes.f_files
        yield Check(
            "inodes",
            "Inode trống",
            "Free inodes",
            "ok" if left > 0.05 else "fail",
            f"{left:.0%}",
            "" if left > 0.05 else "dọn tệp nhỏ: df -i",
        )


def _file_system() -> Iterator[Check]:
    import psutil

    home = str(connect.home())
    mounts = [
        p
        for p in psutil.disk_partitions(all=True)
        if home == p.mountpoint or home.startswith(p.mountpoint.rstrip("/") + "/")
    ]
    kind = max(mounts, key=lambda p: len(p.mountpoint)).fstype if mounts else "?"
    bad = kind in _NETWORK_FILE_SYSTEMS
    fix = "đặt IOC_HOME trên ổ của máy này: khóa tệp qua mạng không đáng tin" if bad else ""
    yield Check("file_system", "Hệ tệp của IOC_HOME", "File system", "fail" if bad else "ok", kind, fix)


def _clock() -> Iterator[Check]:
    now = datetime.now(UTC)
    newest = publish.current()
    behind = newest is not None and newest.created_at > now
    yield Check("clock", "Đồng hồ", "Clock", "fail" if behind else "ok", f"{now:%Y-%m-%d %H:%M}Z, máy: {time.tzname[0]}",
                "đồng bộ giờ (chrony): bản công bố mới nhất ở tương lai" if behind else "")  # fmt: skip


def _secrets() -> Iterator[Check]:
    weak = secrets.weak()
    count = len(list(secrets.folder().iterdir()))
    yield Check("secrets", "Bí mật", "Secrets", "fail" if weak else "ok", "; ".join(weak) or f"{count}, 0600", "chmod 600 secrets/*; xóa tệp yếu rồi ./ioc up" if weak else "")  # fmt: skip


def _lock() -> Iterator[Check]:
    try:
        with connect.lock("doctor", shared=True):
            yield Check("lock", "Khóa kho", "Warehouse lock", "ok", "rảnh")
    except Fault as fault:
        yield Check("lock", "Khóa kho", "Warehouse lock", "warn", fault.what_vi, "chờ, hoặc ./ioc status")


def _registry() -> Iterator[Check]:
    from ingestion import registry
    from warehouse import declare

    for name, title, ask in (("sources", "Khai báo nguồn", lambda: len(registry.load().sources)), ("indicators", "Khai báo chỉ tiêu", lambda: len(declare.pairs()))):  # fmt: skip
        yield _declared(name, title, ask)


def _declared(name: str, title: str, ask: Callable[[], int]) -> Check:
    try:
        return Check(name, title, f"Declared {name}", "ok", str(ask()))
    except Fault as fault:
        return Check(name, title, f"Declared {name}", "fail", fault.why or fault.what_vi, fault.fix)


def _served() -> Iterator[Check]:
    title = ("Bản đang phục vụ", "Served build")
    try:
        current = publish.current(verify=True)
    except Fault as fault:
        yield Check("served", *title, "fail", f"{fault.code} {fault.why}", fault.fix)
        return
    if current is None:
        yield Check("served", *title, "warn", "chưa có", "./ioc run")
        return
    yield Check("served", *title, "ok", f"{current.build_id}, mã băm và chữ ký đúng")


def _backup() -> Iterator[Check]:
    last = backup.last()
    if last is None:
        yield Check("backup", "Sao lưu", "Backup", "warn", "chưa có", "./ioc backup /nơi/khác/ioc-2026-01-01")
        return
    days = (datetime.now(UTC) - last).days
    yield Check(
        "backup",
        "Sao lưu",
        "Backup",
        "warn" if days > 7 else "ok",
        f"{days} ngày trước",
        "./ioc backup THƯ_MỤC" if days > 7 else "",
    )


def _open_data() -> Iterator[Check]:
    folder = os.environ.get("IOC_OPEN_DATA")
    if not folder:
        yield Check(
            "open_data",
            "Dữ liệu mở",
            "Open data",
            "warn",
            "chưa đặt IOC_OPEN_DATA",
            "export IOC_OPEN_DATA=/thư/mục/dữ/liệu/mở",
        )
        return
    there = os.path.isdir(folder)  # noqa: PTH112 (the text as the operator wrote it)
    yield Check(
        "open_data",
        "Dữ liệu mở",
        "Open data",
        "ok" if there else "fail",
        folder,
        "" if there else "IOC_OPEN_DATA không phải thư mục",
    )


def _alerts() -> Iterator[Check]:
    title = ("Kênh báo chậm", "Alert channels")
    try:
        names = [each.name for each in channel.configured()]
    except Fault as fault:
        yield Check("alerts", *title, "fail", fault.what_vi, fault.fix)
        return
    fix = "" if names else "docs/alerts.md: IOC_SMTP_URL hoặc IOC_ALERT_WEBHOOK"
    yield Check("alerts", *title, "ok" if names else "warn", ", ".join(names) or "chưa có kênh nào", fix)


def _services() -> Iterator[Check]:
    rows = services.table()
    dead = [row["name"] for row in rows if not row["is_running"]]
    found = f"chết: {', '.join(dead)}" if dead else f"{len(rows)} đang chạy"
    yield Check("services", "Dịch vụ", "Services", "fail" if dead else "ok", found, "./ioc up" if dead else "")


def _airflow() -> Iterator[Check]:
    """DAG files that Airflow could not read, from its own database."""
    database = connect.home() / "airflow" / "airflow.db"
    if not database.exists():
        return
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as con:
        rows = con.execute("SELECT filename, stacktrace FROM import_error").fetchall()
    broken = [f"{name}: {(trace or '?').strip().splitlines()[-1]}" for name, trace in rows]
    fix = "sửa tệp DAG hoặc khai báo, rồi ./ioc logs airflow-dag-processor" if broken else ""
    yield Check(
        "dags", "DAG đọc được", "DAGs readable", "fail" if broken else "ok", "; ".join(broken) or "không lỗi", fix
    )


def _ports() -> Iterator[Check]:
    ours = {row["port"] for row in services.table() if row["is_running"]}
    for port in (8080, 8088):
        with socket.socket() as probe:
            busy = probe.connect_ex(("127.0.0.1", port)) == 0
        if busy and port not in ours:
            yield Check(
                f"port_{port}",
                f"Cổng {port}",
                f"Port {port}",
                "warn",
                "chương trình khác đang giữ",
                "up sẽ tự chọn cổng khác",
            )
        else:
            yield Check(f"port_{port}", f"Cổng {port}", f"Port {port}", "ok", "của ta" if busy else "trống")
