"""Land, minerals, water and forests, a SQLite file as the registers of the land office would be exported.

All made up. Dirt, exactly: three parcels under commune codes of before 2025-07-01, one with a negative area, one twice; one
mine whose running total falls within a year (month 2026-04), one that skips a month; totals start anew in January; two
water works without a meter on some days (no row). Mines 1 and 2 pass their licence in 2025, water work 1 on five days of each month.
"""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

from demo.calendar import chance
from demo.units import communes

PARCELS, MINES, WORKS, DAYS = 15, 12, 16, 60
FROM = date(2025, 1, 1)
DDL = """
CREATE TABLE thua_dat (ma_thua TEXT, ma_xa TEXT, so_to INTEGER, so_thua INTEGER, dien_tich_m2 REAL, loai_dat TEXT, chu_su_dung TEXT,
    trang_thai TEXT, ngay_lam_sach TEXT);
CREATE TABLE gcn (ma_xa TEXT, quy TEXT, can_cap_ha REAL, da_cap_ha REAL);
CREATE TABLE mo_ks (so_gp TEXT, ten TEXT, loai TEXT, ma_xa TEXT, cong_suat_m3 REAL, ngay_cap TEXT, ngay_het_han TEXT);
CREATE TABLE sl_mo (so_gp TEXT, thang TEXT, luy_ke_m3 REAL);
CREATE TABLE gp_tnn (so_gp TEXT, ten TEXT, ma_xa TEXT, nguon TEXT, q_phep_m3 REAL, tu_ngay TEXT, den_ngay TEXT);
CREATE TABLE q_tnn (so_gp TEXT, ngay TEXT, q_m3 REAL);
CREATE TABLE rung (ma_xa TEXT, nam INTEGER, loai TEXT, dien_tich_ha REAL);
"""


def _land(con: sqlite3.Connection, seed: int, until: date) -> None:
    units = communes()
    rows: list[tuple[object, ...]] = []
    for c in units:
        rng = chance(seed, "thua_dat", c.code)
        for n in range(1, PARCELS + 1):
            cleaned = date(2025, 9, 1) + timedelta(days=int(rng.integers(0, 500)))
            state = "dung_du_sach_song" if cleaned <= until else "dung_du" if n % 3 else "chua"
            rows.append((
                f"{c.code}-{n:03d}", c.code, n % 5 + 1, n, round(float(rng.lognormal(5.5, 0.8)), 1), ("ODT" if c.kind == "phường" else "ONT") if n % 2 else "LUC",
                f"Người minh họa {n}", state, cleaned.isoformat() if cleaned <= until else None,
            ))  # fmt: skip
    now = {c.code for c in units}
    for n, old in enumerate([code for c in units for code in c.old_codes if code not in now][:3], 1):
        rows.append((f"{old}-{n:03d}", old, 1, n, 120.0, "ONT", "Người minh họa", "chua", None))
    rows.append((f"{units[0].code}-900", units[0].code, 1, 900, -50.0, "ONT", "Người minh họa", "chua", None))
    rows.append(rows[0])
    con.executemany("INSERT INTO thua_dat VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    quarters = [(y, q) for y in range(2025, until.year + 1) for q in range(1, 5) if date(y, 3 * q, 28) <= until]
    for c in units:
        need = 400 + 1800 * float(chance(seed, "gcn", c.code).random())
        for i, (year, quarter) in enumerate(quarters):
            con.execute(
                "INSERT INTO gcn VALUES (?, ?, ?, ?)",
                [c.code, f"{year}{quarter}", round(need, 1), round(need * min(0.99, 0.88 + 0.008 * i), 1)],
            )
        if c.lon < 105.6:
            shares = {"dac_dung": 0.06, "phong_ho": 0.18, "san_xuat": 0.36}
            forest = [(c.code, 2025, kind, round(c.area_km2 * 100 * part, 1)) for kind, part in shares.items()]
            con.executemany("INSERT INTO rung VALUES (?, ?, ?, ?)", forest)


def _mines(con: sqlite3.Connection, seed: int, until: date) -> None:
    for n in range(1, MINES + 1):
        code, unit, licensed = f"GP-KS-{n:02d}", communes()[n * 11], 60_000.0 + 15_000 * (n % 5)
        kind = ("đá vôi", "cát", "đất san lấp", "đá ốp lát")[n % 4]
        con.execute(
            "INSERT INTO mo_ks VALUES (?, ?, ?, ?, ?, '2020-01-01', '2040-12-31')",
            [code, f"Mỏ minh họa {n}", kind, unit.code, licensed],
        )
        total = 0.0
        for month in ((y, m) for y in range(FROM.year, until.year + 1) for m in range(1, 13)):
            if date(*month, 28) > until:
                break
            total = 0.0 if month[1] == 1 else total
            hard = 1.15 if n <= 2 and month[0] == 2025 else 0.7
            total += licensed / 12 * hard * (0.95 + 0.1 * float(chance(seed, "mo", n, *month).random()))
            shown = total * 0.6 if (n, month) == (4, (2026, 4)) else total
            if (n, month) != (5, (2026, 3)):
                con.execute("INSERT INTO sl_mo VALUES (?, ?, ?)", [code, f"{month[0]}{month[1]:02d}", round(shown, 1)])


def _water(con: sqlite3.Connection, seed: int, until: date) -> None:
    for n in range(1, WORKS + 1):
        code, unit, licensed = f"GP-TNN-{n:02d}", communes()[n * 9], 1_000.0 * n
        source = "nuoc_mat" if n % 3 else "nuoc_duoi_dat"
        con.execute(
            "INSERT INTO gp_tnn VALUES (?, ?, ?, ?, ?, '2022-01-01', '2032-12-31')",
            [code, f"Công trình minh họa {n}", unit.code, source, licensed],
        )
        for back in range(DAYS, 0, -1):
            on = until - timedelta(days=back)
            share = 1.2 if n == 1 and on.day <= 5 else 0.75
            taken = licensed * share * (0.95 + 0.1 * float(chance(seed, "tnn", n, on).random()))
            if not (n in (7, 8) and on.day % 10 == 3):
                con.execute("INSERT INTO q_tnn VALUES (?, ?, ?)", [code, on.isoformat(), round(taken, 1)])


def fill(path: Path, seed: int, until: date) -> None:
    """Write the file whole, under another name first."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    con = sqlite3.connect(fresh)
    con.executescript(DDL)
    _land(con, seed, until)
    _mines(con, seed, until)
    _water(con, seed, until)
    con.commit()
    con.close()
    fresh.replace(path)
