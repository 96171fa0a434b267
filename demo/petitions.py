"""Petitions of citizens and the publication of procedures, two more tables in the one-stop shop's PostgreSQL.

About six petitions a day since the new map of 2025-07-01. Wrong, one row each on every twentieth day (by ordinal): an
unknown commune (99999), an answer before the petition, a satisfaction outside the code list. Every 25th publication
says “KPH” where its day should stand.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import psycopg

from demo.calendar import chance
from demo.dossiers import REFORM, procedures
from demo.units import communes

DDL = """
CREATE TABLE IF NOT EXISTS public.phan_anh (ma_pa text PRIMARY KEY, ma_xa varchar(5), linh_vuc text, thuoc_tham_quyen boolean, ngay_tiep_nhan timestamp,
    han_xu_ly timestamp, ngay_xu_ly timestamp, hai_long text, nguoi_gui text, so_dien_thoai text, cap_nhat_luc timestamp NOT NULL);
CREATE TABLE IF NOT EXISTS public.cong_khai_tthc (so_qd text, ma_tthc text, ngay_cong_bo date, han_cong_khai date, ngay_cong_khai text, PRIMARY KEY (so_qd, ma_tthc));
"""
FIELDS = ["Đất đai", "Môi trường", "Đô thị", "Giao thông", "Cán bộ, công chức"]
Petition = tuple[str, str, str, bool, datetime, datetime, datetime | None, str | None, str, str, datetime]


def day(seed: int, on: date, until: datetime) -> list[Petition]:
    """The petitions of one day, as they stand at `until` (local time)."""
    rng, units = chance(seed, "pakn", on), communes()
    rows: list[Petition] = []
    for n in range(int(rng.integers(4, 9))):
        at = datetime(on.year, on.month, on.day, 7) + timedelta(minutes=int(rng.integers(0, 600)))
        due = at + timedelta(days=10)
        handled = at + timedelta(
            days=10 * float(rng.uniform(0.1, 0.95) if rng.random() < 0.93 else rng.uniform(1.01, 2))
        )
        where, words = units[int(rng.integers(0, len(units)))].code, ["hai_long", "hai_long", "hai_long", "khong_hai_long"][int(rng.integers(0, 4))]  # fmt: skip
        is_ours = bool(rng.random() < 0.9)
        if on.toordinal() % 20 == 0:
            where = "99999" if n == 0 else where
            handled = at - timedelta(days=1) if n == 1 else handled
            words = "tạm được" if n == 2 else words
        is_handled = handled <= until
        if at <= until:
            rows.append((f"PA-{on:%y%m%d}-{n + 1:02d}", where, FIELDS[n % 5], is_ours, at, due, handled if is_handled else None, words if is_handled or words == "tạm được" else None,
                f"Người dân {n}", f"09{int(rng.integers(0, 10**8)):08d}", max(at, handled) if is_handled else at))  # fmt: skip
    return rows


def publications(seed: int, until: date) -> list[tuple[str, str, date, date, str | None]]:
    """Ten procedures a month are announced since July 2025; each has a day by which it is to be published."""
    rng, codes = chance(seed, "cong_khai"), procedures()["ma_tthc"].to_list()
    rows = []
    for month in range(60):
        announced = date(2025 + (6 + month) // 12, (6 + month) % 12 + 1, 12)
        for n in range(10):
            due = announced + timedelta(days=5)
            shown = due + timedelta(days=int(rng.integers(-5, 1) if rng.random() < 0.92 else rng.integers(1, 12)))
            text = "KPH" if (month * 10 + n) % 25 == 24 else f"{shown:%d/%m/%Y}" if shown <= until else None
            if announced <= until:
                rows.append((f"{month + 1:03d}/QĐ-MH", codes[(month * 10 + n) % len(codes)], announced, due, text))
    return rows


def fill(connection: str, seed: int, until: datetime) -> int:
    """Create the tables and bring them up to `until`; returns the number of petitions."""
    petitions = [row for n in range((until.date() - REFORM).days + 1) for row in day(seed, REFORM + timedelta(days=n), until)]  # fmt: skip
    with psycopg.connect(connection) as con:
        con.execute(DDL)
        con.execute("TRUNCATE public.phan_anh, public.cong_khai_tthc")
        for table, rows in (("phan_anh", petitions), ("cong_khai_tthc", publications(seed, until.date()))):
            with con.cursor().copy(f"COPY public.{table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    return len(petitions)
