"""What the connectors that read through DuckDB's scanners share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from warehouse.errors import Fault

if TYPE_CHECKING:  # the child that parses files starts faster without it
    import duckdb

#: Rows an Arrow batch; with 25 wide columns some 30 MB.
BATCH_ROWS = 100_000


def batches(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[pa.RecordBatch]:
    """Stream a query as Arrow batches, never holding more than a few."""
    yield from con.execute(sql).fetch_record_batch(BATCH_ROWS)


def down(where: str, why: str, fix: str) -> Fault:
    """`Fault` IOC-201: nobody answers at `where`, or nobody whom we may believe."""
    vi = en = "."
    if "certificate" in why.lower():
        vi = ": chứng chỉ TLS của máy chủ hết hạn, sai tên hoặc không do nơi tin cậy ký (certificate)."
        en = ": its TLS certificate has expired, names another server, or is signed by nobody we know."
    return Fault("IOC-201", f"Không kết nối được {where}{vi}", f"Cannot reach {where}{en}", why=why, fix=fix)


def refused(where: str, user: str, why: str = "wrong or expired password, or the account is locked") -> Fault:
    """`Fault` IOC-202: the server is there and refuses us. Never retried: an account may be locked by it."""
    return Fault(
        "IOC-202",
        f"{where} từ chối tài khoản “{user}”.",
        f"{where} refuses the account “{user}”.",
        why=why,
        fix="đặt lại tệp bí mật của nguồn trong secrets/, rồi ./ioc source pull",
    )


def malformed(what: str, why: str, fix: str = "") -> Fault:
    """`Fault` IOC-206: what came is not what was declared, as a whole (single rows go to quarantine instead)."""
    return Fault(
        "IOC-206",
        f"{what} không đọc được: {why}.",
        f"{what} cannot be read: {why}.",
        why=why,
        fix=fix or "xem lại tệp hoặc khai báo của nguồn",
    )
