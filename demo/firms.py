"""Firms and projects of the Nghi Sơn economic zone, a SQLite file: on 2025-09-30 exactly 492 firms active, 165 of them on a
digital platform; on 2025-12-31 311 domestic projects (170,366 tỷ đồng registered, 78,270 realised) and 25 foreign ones.

(The article's 165 and 33,5 %; 492 is one of the two denominators that round so. Firms are made up.) Later quarters move
on. Dirt: three firms whose tax code has a wrong check digit, a project of an unknown kind, and of the first quarter of 2025 an amount
in euros, a negative one, one of a project that is in no register, and one that is more than the next quarter's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

from stdnum.vn import mst

from demo.calendar import chance
from demo.telecom import last_day, quarters

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
CREATE TABLE du_an (ma_da TEXT PRIMARY KEY, ten TEXT, mst TEXT, loai_von TEXT, ngay_cap TEXT, ngay_cham_dut TEXT);
CREATE TABLE von_du_an (ma_da TEXT, quy TEXT, don_vi TEXT, von_dk REAL, von_th REAL, PRIMARY KEY (ma_da, quy));
"""
DOMESTIC, FOREIGN, YEAR_END = 311, 25, date(2025, 12, 31)
#: Registered and realised at the end of 2025: tỷ đồng, and million dollars (12.8 and 12.7 billion).
CAPITAL = {"trong_nuoc": ("ty_dong", 170_366, 78_270), "fdi": ("trieu_usd", 12_800, 12_700)}
#: What three projects report for the first quarter of 2025.
WRONG = {(1, "trong_nuoc", 4): ("ty_dong", 1_000, 1_000), (1, "trong_nuoc", 5): ("ty_dong", 500, -1), (1, "fdi", 0): ("trieu_eur", 500, 400)}  # fmt: skip


def tax_codes() -> Iterator[str]:
    """Valid tax codes of the province's block (28…), in order."""
    for number in count(100_000, 7):
        body = f"28{number:07d}"
        digit = mst.calc_check_digit(body)
        if mst.is_valid(body + digit):
            yield body + digit


def _shares(seed: int, kind: str) -> list[tuple[int, int]]:
    """What each project registered and had realised at the end of 2025: some all of it, some nothing yet, one a part."""
    _, registered, realised = CAPITAL[kind]
    rng, parts = chance(seed, "kkt_von", kind), DOMESTIC if kind == "trong_nuoc" else FOREIGN
    weights = rng.uniform(0.2, 2, parts)
    given = [int(registered * float(w) / float(weights.sum())) for w in weights]
    given[0] += registered - sum(given)
    done = [0] * parts
    for i in rng.permutation(parts):
        done[i] = min(given[i], realised - sum(done))
    return list(zip(given, done, strict=True))


def new(until: date) -> list[tuple[str, date]]:
    """One more project every twenty days since 2026 began, which has realised nothing yet."""
    days = max((until - YEAR_END).days, 0)
    return [(f"MOI-{i + 1:03d}", YEAR_END + timedelta(days=20 * (i + 1))) for i in range(days // 20)]


def projects(seed: int, codes: list[str], until: date) -> list[tuple[object, ...]]:
    """Those in force at the end of 2025, forty that had ended before, and the new ones; the first firms have four each, others two."""
    rows: list[tuple[object, ...]] = []
    for kind, parts in (("trong_nuoc", DOMESTIC), ("fdi", FOREIGN)):
        for i in range(parts):
            granted = date(2010, 1, 1) + timedelta(days=int(chance(seed, "kkt_da", kind, i).integers(0, 5400)))
            rows.append((f"{kind[:3].upper()}-{i + 1:03d}", f"Dự án minh họa {kind} {i + 1}", codes[i // 2], kind, granted.isoformat(), None))  # fmt: skip
    rows += [(f"HET-{i + 1:03d}", f"Dự án đã chấm dứt {i + 1}", None, "trong_nuoc", "2012-05-01", f"20{20 + i % 5}-06-30") for i in range(40)]  # fmt: skip
    rows += [(code, f"Dự án mới {code}", None, "trong_nuoc", on.isoformat(), None) for code, on in new(until)]
    return [*rows, ("LD-001", "Dự án liên doanh", None, "lien_doanh", "2020-01-01", None)]


def capital(seed: int, until: date) -> list[tuple[object, ...]]:
    """What projects in force reported each quarter since the end of 2024, since they began."""
    rows: list[tuple[object, ...]] = []
    for n, quarter in enumerate(quarters(until)):
        for kind, (unit, *_) in CAPITAL.items():
            for i, (registered, realised) in enumerate(_shares(seed, kind)):
                done = int(realised * (0.84 + 0.04 * n)) if n < 4 else min(registered, realised + int(registered * 0.02 * (n - 4)))  # fmt: skip
                row = WRONG.get((n, kind, i), (unit, registered, done))
                rows.append((f"{kind[:3].upper()}-{i + 1:03d}", str(quarter), *row))
        rows += [(project, str(quarter), "ty_dong", 150, 0) for project, on in new(until) if on <= last_day(quarter)]
        if n == 1:
            rows.append(("XX-999", str(quarter), "ty_dong", 500, 400))
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
    con.executemany("INSERT INTO von_du_an VALUES (?, ?, ?, ?, ?)", capital(seed, until.date()))
    con.executemany("INSERT INTO du_an VALUES (?, ?, ?, ?, ?, ?)", projects(seed, [str(f[0]) for f in firms], until.date()))  # fmt: skip
    con.commit()
    con.close()
    fresh.replace(path)
    return len(firms)
