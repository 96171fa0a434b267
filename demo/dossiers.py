"""One-stop public-service dossiers, in PostgreSQL: about 245,000 over 18 months, changing while the demo lives.

Times are local and have no zone, as in such systems. Until 2025-06-30 `ma_xa` holds codes of the 547 old communes.
Every row follows from its calendar day, so what is missing after a pause is added, and nothing else.

Dirt, on every twentieth day (by ordinal), one row each: an unknown commune (99999), a channel outside the code list
(zalo), a missing submission time, a fee that is NaN, a result before the submission. Names are decomposed (NFD) every
seventh row of the procedure list.
"""

from __future__ import annotations

import io
import unicodedata
from datetime import date, datetime, timedelta
from typing import cast

import numpy as np
import polars as pl
import psycopg

from demo.calendar import chance
from demo.units import DEPARTMENTS, communes, department_code

DAYS = 548
#: No dossier stays open longer than this (20 days of work, and the longest delays are about five times that).
OPEN_DAYS = 120
REFORM = date(2025, 7, 1)
FIELDS = [
    "Đất đai",
    "Hộ tịch",
    "Chứng thực",
    "Xây dựng",
    "Đăng ký kinh doanh",
    "Lao động - Người có công",
    "Bảo trợ xã hội",
    "Môi trường",
    "Giao thông vận tải",
    "Y tế",
]
_FIRST = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đỗ", "Vũ", "Bùi", "Trịnh", "Mai"]
_LAST = ["An", "Bình", "Cường", "Dung", "Giang", "Hà", "Hùng", "Lan", "Minh", "Phương", "Quân", "Thảo"]

DDL = """
CREATE TABLE IF NOT EXISTS public.don_vi (ma_don_vi text PRIMARY KEY, ten text NOT NULL, cap text NOT NULL, ma_xa text, cap_nhat_luc timestamp NOT NULL);
CREATE TABLE IF NOT EXISTS public.thu_tuc (ma_tthc text PRIMARY KEY, ten text NOT NULL, linh_vuc text, muc_do smallint, so_ngay smallint, cap_nhat_luc timestamp NOT NULL);
CREATE TABLE IF NOT EXISTS public.ho_so (
    ma_ho_so text PRIMARY KEY, ma_tthc text, ma_don_vi text, ma_xa varchar(5), ngay_nop timestamp, ngay_hen_tra timestamp, ngay_tra timestamp,
    hinh_thuc_nop text, co_phi boolean, thanh_toan_truc_tuyen boolean, so_hoa_tphs boolean, so_hoa_kq boolean, tai_su_dung boolean,
    muc_hai_long smallint, le_phi_vnd numeric, ho_ten text, cccd varchar(12), so_dien_thoai text, ghi_chu_noi_bo text, cap_nhat_luc timestamp NOT NULL);
CREATE INDEX IF NOT EXISTS ho_so_cap_nhat ON public.ho_so (cap_nhat_luc);
"""


def procedures() -> pl.DataFrame:
    """120 procedures; every seventh name is decomposed Unicode, as some registers have it."""
    rows = []
    for i in range(120):
        name = f"{FIELDS[i % len(FIELDS)]}: thủ tục số {i + 1} (minh họa)"
        rows.append(
            (
                f"1.{10000 + i * 37:06d}",
                unicodedata.normalize("NFD", name) if i % 7 == 0 else name,
                FIELDS[i % len(FIELDS)],
                3 + i % 2,
                [3, 5, 7, 10, 15, 20][i % 6],
                datetime(2025, 1, 2),
            )
        )
    return pl.DataFrame(rows, schema=["ma_tthc", "ten", "linh_vuc", "muc_do", "so_ngay", "cap_nhat_luc"], orient="row")


def agencies() -> pl.DataFrame:
    """15 departments and 166 commune committees."""
    rows: list[tuple[str, str, str, str | None, datetime]]
    rows = [(department_code(i), name, "tinh", None, datetime(2025, 7, 1)) for i, name in enumerate(DEPARTMENTS)]
    rows += [
        (c.agency, f"UBND {c.name[0].lower()}{c.name[1:]}", "xa", c.code, datetime(2025, 7, 1)) for c in communes()
    ]
    return pl.DataFrame(rows, schema=["ma_don_vi", "ten", "cap", "ma_xa", "cap_nhat_luc"], orient="row")


def day(seed: int, on: date, until: datetime) -> pl.DataFrame:
    """The dossiers submitted on one day, as they stand at `until` (local time)."""
    rng = chance(seed, "ho_so", on)
    busy = on.weekday() < 5
    size = int(
        rng.poisson(600 if busy else 70) * (0.35 if (on.month, on.day) in ((9, 2), (4, 30), (5, 1), (1, 1)) else 1)
    )
    size = max(size, 8)
    units = communes()
    weight = np.array([c.area_km2**0.1 * (4 if c.kind == "phường" else 1) for c in units])
    where = rng.choice(len(units), size, p=weight / weight.sum())
    at_department = rng.random(size) < 0.25
    list_ = procedures()
    which = rng.integers(0, list_.height, size)
    days = list_["so_ngay"].to_numpy()[which]
    submitted = np.array(
        [np.datetime64(on, "us") + np.timedelta64(int(s), "s") for s in rng.integers(7 * 3600 + 1800, 17 * 3600, size)]
    )
    due = (submitted + days.astype("timedelta64[D]")).astype("datetime64[us]")
    # A few communes are slow; everybody is a little slower in the first two months of the new map.
    slow = np.array([0.10 if int(c.code) % 23 == 0 else 0.045 if int(c.code) % 7 == 0 else 0.012 for c in units])[where]
    slow = slow + (0.03 if REFORM <= on < date(2025, 9, 1) else 0.0)
    late = rng.random(size) < slow
    share = np.where(late, 1 + rng.exponential(0.4, size), rng.beta(3, 2, size) * 0.98)
    resolved = submitted + (days * 86400 * share).astype("timedelta64[s]").astype("timedelta64[us]")
    progress = min(max((on - date(2025, 5, 1)).days / 560, 0), 1)
    online = rng.random(size) < 0.55 + 0.27 * progress
    fee = rng.random(size) < 0.45
    done = resolved <= np.datetime64(until, "us")
    serial = np.arange(1, size + 1)
    agency = [
        department_code(int(w) % len(DEPARTMENTS)) if d else units[w].agency
        for w, d in zip(where, at_department, strict=True)
    ]
    code = [
        units[w].old_codes[int(s) % len(units[w].old_codes)] if on < REFORM else units[w].code
        for w, s in zip(where, serial, strict=True)
    ]
    updated = np.where(done, resolved, submitted)
    frame = pl.DataFrame(
        {
            "ma_ho_so": [f"{a}-{on:%y%m%d}-{s:04d}" for a, s in zip(agency, serial, strict=True)],
            "ma_tthc": list_["ma_tthc"].gather(which),
            "ma_don_vi": agency,
            "ma_xa": code,
            "ngay_nop": submitted,
            "ngay_hen_tra": due,
            "ngay_tra": pl.Series(resolved).set(pl.Series(~done), None),
            "hinh_thuc_nop": np.where(
                online, "truc_tuyen", np.where(rng.random(size) < 0.93, "truc_tiep", "buu_chinh")
            ),
            "co_phi": fee,
            "thanh_toan_truc_tuyen": fee & (rng.random(size) < 0.3 + 0.4 * progress),
            "so_hoa_tphs": rng.random(size) < 0.6 + 0.3 * progress,
            "so_hoa_kq": done & (rng.random(size) < 0.5 + 0.4 * progress),
            "tai_su_dung": rng.random(size) < 0.12 + 0.2 * progress,
            "muc_hai_long": pl.Series(rng.choice([5, 5, 5, 4, 4, 3, 2, 1], size)).set(
                pl.Series(~done | (rng.random(size) < 0.7)), None
            ),
            "le_phi_vnd": pl.Series(
                [str(f) for f in rng.choice([15000, 20000, 30000, 50000, 100000, 150000], size)]
            ).set(pl.Series(~fee), None),
            "ho_ten": [
                f"{_FIRST[int(n) % 10]} Thị {_LAST[int(n) % 12]}"
                if n % 2
                else f"{_FIRST[int(n) % 10]} Văn {_LAST[int(n) % 12]}"
                for n in rng.integers(0, 9999, size)
            ],
            "cccd": [
                f"038{c}{y:02d}{n:06d}"
                for c, y, n in zip(
                    rng.integers(0, 4, size), rng.integers(0, 100, size), rng.integers(0, 999999, size), strict=True
                )
            ],
            "so_dien_thoai": [f"09{n:08d}" for n in rng.integers(0, 99999999, size)],
            "ghi_chu_noi_bo": pl.Series(["" if n else "Hồ sơ minh họa" for n in rng.random(size) < 0.9]),
            "cap_nhat_luc": updated,
        }
    )
    # Soiled whole, then cut: the same rows are wrong at any hour of the day.
    dirty = soiled(frame) if on.toordinal() % 20 == 0 else frame
    return dirty.filter(pl.Series(submitted <= np.datetime64(until, "us")))


def soiled(frame: pl.DataFrame) -> pl.DataFrame:
    """The first five rows of a day made wrong, one way each (see the module's list)."""
    row = pl.int_range(pl.len())
    return frame.with_columns(
        ma_xa=pl.when(row == 0).then(pl.lit("99999")).otherwise("ma_xa"),
        hinh_thuc_nop=pl.when(row == 1).then(pl.lit("zalo")).otherwise("hinh_thuc_nop"),
        ngay_nop=pl.when(row == 2).then(None).otherwise("ngay_nop"),
        le_phi_vnd=pl.when(row == 3).then(pl.lit("NaN")).otherwise("le_phi_vnd"),
        ngay_tra=pl.when(row == 4).then(pl.col("ngay_nop") - pl.duration(days=3)).otherwise("ngay_tra"),
    )


def rows(seed: int, until: datetime, days: int = DAYS) -> pl.DataFrame:
    """All dossiers of the last `days` days up to `until` (local time)."""
    start = until.date() - timedelta(days=days)
    return pl.concat([day(seed, start + timedelta(days=n), until) for n in range(days + 1)])


def fill(connection: str, seed: int, until: datetime, days: int = DAYS) -> int:
    """Create and fill the tables by COPY, or bring filled ones up to `until`; returns the number of dossiers."""
    with psycopg.connect(connection) as con:
        con.execute(DDL)
        held = con.execute("SELECT count(*) FROM public.ho_so").fetchone()
        if held and held[0]:
            return int(held[0]) + advance(con, seed, until)[0]
        for table, frame in (("don_vi", agencies()), ("thu_tuc", procedures()), ("ho_so", rows(seed, until, days))):
            _copy(con, table, frame)
        con.execute("ANALYZE")
        held = con.execute("SELECT count(*) FROM public.ho_so").fetchone()
        return int(held[0]) if held else 0


def _copy(con: psycopg.Connection[tuple[object, ...]], table: str, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_csv(
        buffer, include_header=False, null_value="\\N", quote_style="necessary", datetime_format="%Y-%m-%d %H:%M:%S"
    )
    with con.cursor().copy(f"COPY {table} ({', '.join(frame.columns)}) FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
        copy.write(buffer.getvalue())


def advance(con: psycopg.Connection[tuple[object, ...]], seed: int, until: datetime) -> tuple[int, int]:
    """Bring the table up to `until` as the calendar has it; returns (new, resolved). Rows and results that are there stay."""
    span = con.execute("SELECT min(ngay_nop)::date, max(ngay_nop)::date FROM public.ho_so").fetchone()
    first, last = cast(tuple[date, date], span)
    start = max(first, min(last, until.date()) - timedelta(days=OPEN_DAYS))
    con.execute("CREATE TEMP TABLE moi (LIKE public.ho_so) ON COMMIT DROP")
    _copy(con, "moi", rows(seed, until, (until.date() - start).days))
    resolved = con.execute(
        """UPDATE public.ho_so h SET ngay_tra = m.ngay_tra, so_hoa_kq = m.so_hoa_kq, muc_hai_long = m.muc_hai_long,
        cap_nhat_luc = greatest(h.cap_nhat_luc, m.cap_nhat_luc)
        FROM moi m WHERE m.ma_ho_so = h.ma_ho_so AND h.ngay_tra IS NULL AND m.ngay_tra IS NOT NULL"""
    ).rowcount
    new = con.execute("INSERT INTO public.ho_so SELECT * FROM moi ON CONFLICT DO NOTHING").rowcount
    return new, resolved


def touch(connection: str, seed: int, now: datetime) -> int:
    """Some open dossiers go one step on (only their update time moves, so no number does); returns how many."""
    wanted = int(chance(seed, "touch", now.isoformat()).integers(2, 7))
    with psycopg.connect(connection) as con:
        return con.execute(
            """UPDATE public.ho_so SET cap_nhat_luc = %(now)s WHERE ma_ho_so IN (SELECT ma_ho_so FROM public.ho_so
            WHERE ngay_tra IS NULL AND ngay_nop < %(now)s ORDER BY md5(ma_ho_so || %(now)s::text) LIMIT %(wanted)s)""",
            {"now": now, "wanted": wanted},
        ).rowcount
