"""Schools and pupils, in MariaDB: a register that still has the communes' codes from before 2025-07-01.

With what such databases hold: `tinyint(1)` used as a number, a `0000-00-00` update time, utf8mb4 names. Made up.
"""

from __future__ import annotations

import pymysql

from demo.calendar import chance
from demo.units import communes

LEVELS = [("Tiểu học", (1, 5)), ("THCS", (6, 9)), ("THPT", (10, 12))]
YEARS = ["2024-2025", "2025-2026", "2026-2027"]
DDL = [
    """CREATE TABLE truong (ma_truong varchar(10) PRIMARY KEY, ten varchar(200), cap_hoc varchar(20), ma_xa varchar(5),
       dat_chuan_qg tinyint(1), cap_nhat datetime)""",
    """CREATE TABLE si_so (ma_truong varchar(10), nam_hoc varchar(9), khoi smallint, so_lop smallint unsigned,
       so_hoc_sinh int unsigned, hoc_ba_so int unsigned, cap_nhat datetime, PRIMARY KEY (ma_truong, nam_hoc, khoi))""",
]


def fill(connection: pymysql.Connection, seed: int) -> int:
    """Create and fill the tables; returns the number of schools. Does nothing when they are filled."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES LIKE 'si_so'")
        if cursor.fetchone():
            return 0
        cursor.execute("SET SESSION sql_mode = ''")
        for statement in DDL:
            cursor.execute(statement)
        schools, sizes = rows(seed)
        cursor.executemany("INSERT INTO truong VALUES (%s, %s, %s, %s, %s, %s)", schools)
        cursor.executemany("INSERT INTO si_so VALUES (%s, %s, %s, %s, %s, %s, %s)", sizes)
    connection.commit()
    return len(schools)


def rows(seed: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    schools: list[tuple[object, ...]] = []
    sizes: list[tuple[object, ...]] = []
    for c in communes():
        rng = chance(seed, "truong", c.code)
        for n in range(int(rng.integers(3, 8))):
            level, (low, high) = LEVELS[0 if n < 2 else 1 if n < 5 else 2]
            code = f"TH{c.code}{n:02d}"
            touched = "0000-00-00 00:00:00" if len(schools) % 97 == 0 else "2026-09-05 08:00:00"
            schools.append(
                (
                    code,
                    f"Trường {level} minh họa {c.name.split(' ', 1)[1]} {n + 1}",
                    level,
                    c.old_codes[n % len(c.old_codes)],
                    int(rng.random() < 0.7),
                    touched,
                )
            )
            for year in YEARS:
                for grade in range(low, high + 1):
                    classes = int(rng.integers(1, 5))
                    pupils = classes * int(rng.integers(24, 41))
                    sizes.append(
                        (code, year, grade, classes, pupils, int(pupils * rng.uniform(0.5, 1)), "2026-09-05 08:00:00")
                    )
    return schools, sizes
