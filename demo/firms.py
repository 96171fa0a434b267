"""Firms and projects of the Nghi Sơn economic zone, a SQLite file: on 2025-09-30 exactly 492 firms active, 165 of them on a
digital platform; on 2025-12-31 311 domestic projects (170,366 tỷ đồng registered, 78,270 realised) and 25 foreign ones.

(The article's 165 and 33,5 %; 492 is one of the two denominators that round so. Firms are made up.) Later quarters move
on. Besides, three firms have a tax code with a wrong check digit: the contract must refuse them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

from stdnum.vn import mst

from demo.calendar import chance

ZONES = [
    "KCN Nghi Sơn 1",
    "KCN Nghi Sơn 2",
    "Khu cảng Nghi Sơn",
    "KCN Hoàng Mai - Nghi Sơn",
    "KCN số 3",
    "KCN số 4",
    "Khu phi thuế quan",
]
PLATFORMS = ["ERP", "MES", "HDDT", "KTS", "CRM", "IoT"]
ACTIVE, DIGITAL, BROKEN = 492, 165, 3
DAY = date(2025, 9, 30)
DDL = """
CREATE TABLE doanh_nghiep (mst TEXT PRIMARY KEY, ten TEXT, kcn TEXT, trang_thai TEXT, ngay_trang_thai TEXT, lao_dong INTEGER, ngay_cap TEXT, cap_nhat TEXT);
CREATE TABLE chuyen_doi_so (mst TEXT, nen_tang TEXT, ngay TEXT, muc_do INTEGER, PRIMARY KEY (mst, nen_tang));
CREATE TABLE du_an (ma_da TEXT PRIMARY KEY, ten TEXT, mst TEXT, loai_von TEXT, ngay_cap TEXT, ngay_cham_dut TEXT, von_dk REAL, von_th REAL);
"""
DOMESTIC, FOREIGN, YEAR_END = 311, 25, date(2025, 12, 31)
#: Registered and realised: tỷ đồng, and million dollars (12.8 and 12.7 billion).
CAPITAL = {"trong_nuoc": (170_366, 78_270), "fdi": (12_800, 12_700)}


def tax_codes() -> Iterator[str]:
    """Valid tax codes of the province's block (28…), in order."""
    for number in count(100_000, 7):
        body = f"28{number:07d}"
        digit = mst.calc_check_digit(body)
        if mst.is_valid(body + digit):
            yield body + digit


def _shares(seed: int, kind: str, total: int, parts: int) -> list[int]:
    weights = chance(seed, "kkt_von", kind).uniform(0.2, 2, parts)
    given = [int(total * float(w) / float(weights.sum())) for w in weights]
    return [given[0] + total - sum(given), *given[1:]]


def projects(seed: int, codes: list[str], until: date) -> list[tuple[object, ...]]:
    """Those in force at the end of 2025, forty that had ended before, and one more every twenty days of 2026; every second firm has two."""
    rows: list[tuple[object, ...]] = []
    for kind, parts in (("trong_nuoc", DOMESTIC), ("fdi", FOREIGN)):
        registered, realised = (_shares(seed, kind, total, parts) for total in CAPITAL[kind])
        for i in range(parts):
            granted = date(2010, 1, 1) + timedelta(days=int(chance(seed, "kkt_da", kind, i).integers(0, 5400)))
            rows.append((f"{kind[:3].upper()}-{i + 1:03d}", f"Dự án minh họa {kind} {i + 1}", codes[i // 2], kind, granted.isoformat(), None, registered[i], realised[i]))  # fmt: skip
    rows += [(f"HET-{i + 1:03d}", f"Dự án đã chấm dứt {i + 1}", None, "trong_nuoc", "2012-05-01", f"20{20 + i % 5}-06-30", 100, 10) for i in range(40)]  # fmt: skip
    later = [YEAR_END + timedelta(days=20 * (i + 1)) for i in range(max((until - YEAR_END).days, 0) // 20)]
    rows += [(f"MOI-{i + 1:03d}", f"Dự án mới {i + 1}", None, "trong_nuoc", on.isoformat(), None, 150, 0) for i, on in enumerate(later)]  # fmt: skip
    return rows


def fill(path: Path, seed: int, until: datetime) -> int:
    """Write the file whole, under another name first; returns the number of firms."""
    rng = chance(seed, "kkt")
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    con = sqlite3.connect(fresh)
    con.executescript(DDL)
    later = max((until.date() - DAY).days, 0)
    firms, uses, codes = [], [], tax_codes()
    # Taken first: codes of later firms must not move into those of the broken ones.
    spoiled = [next(codes) for _ in range(BROKEN)]
    for i in range(ACTIVE + 60 + later // 12):
        code = next(codes)
        granted = date(2008, 1, 1) + timedelta(days=int(rng.integers(0, 6300)))
        status, changed = "dang_hoat_dong", granted
        if ACTIVE <= i < ACTIVE + 60:
            status, changed = (
                ("tam_ngung" if i % 3 else "giai_the"),
                date(2025, 1, 1) + timedelta(days=int(rng.integers(0, 260))),
            )
        elif i >= ACTIVE + 60:
            granted = changed = DAY + timedelta(days=12 * (i - ACTIVE - 60) + 5)
        firms.append(
            (
                code,
                f"Công ty minh họa {i + 1:03d}",
                ZONES[i % len(ZONES)],
                status,
                changed.isoformat(),
                int(rng.lognormal(4, 1)) + 3,
                granted.isoformat(),
                f"{max(granted, changed)} 08:00:00",
            )
        )
        if i < DIGITAL:
            since = date(2022, 1, 1) + timedelta(days=int(rng.integers(0, (DAY - date(2022, 1, 1)).days)))
            uses += [
                (code, p, since.isoformat(), int(rng.integers(1, 4)))
                for p in rng.choice(PLATFORMS, int(rng.integers(1, 4)), replace=False)
            ]
        elif DIGITAL <= i < ACTIVE and (joined := DAY + timedelta(days=2 * (i - DIGITAL) + 3)) <= until.date():
            uses.append((code, PLATFORMS[i % 6], joined.isoformat(), 1))
    for i, good in enumerate(spoiled):
        firms.append(
            (
                good[:-1] + str((int(good[-1]) + 1) % 10),
                f"Công ty sai mã số {i + 1}",
                ZONES[0],
                "dang_hoat_dong",
                "2024-01-01",
                10,
                "2024-01-01",
                "2024-01-01 08:00:00",
            )
        )
    con.executemany("INSERT INTO doanh_nghiep VALUES (?, ?, ?, ?, ?, ?, ?, ?)", firms)
    con.executemany("INSERT INTO chuyen_doi_so VALUES (?, ?, ?, ?)", uses)
    con.executemany("INSERT INTO du_an VALUES (?, ?, ?, ?, ?, ?, ?, ?)", projects(seed, [str(f[0]) for f in firms], until.date()))  # fmt: skip
    con.commit()
    con.close()
    fresh.replace(path)
    return len(firms)
