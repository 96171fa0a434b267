"""Base stations, hamlets with their coverage, households with fibre and speed tests, as the department's workbook and a CSV.

Exact, from the article (vietnam.vn ?p=1242140): at the end of 2024 1,732 of 1,850 hamlets have 4G, 118 have not. Every row is
made up; later quarters move on. Until June 2025 hamlets stand under the communes of then, nine of them under one that was split
later. Dirt: a station of technology “6G”, one without coordinates, a hamlet twice in one quarter, one that says “chưa rõ”, one of
no commune, more fibre than households in one commune, a speed test of -3 Mbps and one of a commune that is none.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.society import months, people
from demo.units import communes, split_by_heir
from demo.workbooks import Sheet

HAMLETS, COVERED = 1850, 1732
STATIONS_5G, STATIONS = 90, 420
CARRIERS = ["Viettel", "VNPT", "MobiFone"]


def quarters(until: date) -> list[int]:
    """The last quarter of 2024, then each whole one."""
    last = until.year * 10 + (until.month - 1) // 3
    return [20244, *(year * 10 + q for year in range(2025, until.year + 1) for q in (1, 2, 3, 4) if year * 10 + q <= last)]  # fmt: skip


def last_day(quarter: int) -> date:
    year, q = divmod(quarter, 10)
    return date(year + q // 4, q % 4 * 3 + 1, 1) - timedelta(days=1)


def commune_of(hamlet: int, quarter: int) -> str:
    """The code of the quarter's own time; the first hamlet of an heir was in the commune that was split."""
    units = communes()
    now = units[hamlet % len(units)]
    if quarter > 20252:
        return now.code
    if hamlet < len(units) and now.code in split_by_heir():
        return split_by_heir()[now.code]
    return now.old_codes[hamlet // len(units) % len(now.old_codes)]


def book(path: Path, seed: int, until: date) -> None:
    units = communes()
    with xlsxwriter.Workbook(str(path)) as file:
        stations = Sheet(file, "BTS", "TRẠM THU PHÁT SÓNG DI ĐỘNG", [(h, []) for h in ("STT", "Mã trạm", "Nhà mạng", "Công nghệ", "Mã xã", "Vĩ độ", "Kinh độ", "Ngày phát sóng")])  # fmt: skip
        for i in range(STATIONS):
            rng = chance(seed, "bts", i)
            c = units[i % len(units)] if i >= STATIONS_5G else units[i * 2 % len(units)]
            began = date(2024, 10, 1).toordinal() + 8 * i if i < STATIONS_5G else date(2015, 1, 1).toordinal() + int(rng.integers(0, 3000))  # fmt: skip
            on = date.fromordinal(began)
            if on > until:
                continue
            lat, lon = c.lat + float(rng.uniform(-0.02, 0.02)), c.lon + float(rng.uniform(-0.02, 0.02))
            stations.row(str(i + 1), f"TH{i + 1:04d}", CARRIERS[i % 3], "5G" if i < STATIONS_5G else "6G" if i == 200 else "4G", c.code, None if i == 201 else round(lat, 5), round(lon, 5), on)  # fmt: skip
        hamlets = Sheet(file, "Thôn bản", "PHỦ SÓNG THÔN, BẢN", [("STT", []), ("Mã thôn", []), ("Mã xã", []), ("Quý", []), ("Ngày chốt", []), ("Có", ["4G", "5G", "Cáp quang", "Điện lưới"])])  # fmt: skip
        first = chance(seed, "thon").permutation(HAMLETS)[: HAMLETS - COVERED]
        for n, quarter in enumerate(quarters(until)):
            dark = set(first[8 * n :].tolist())
            for i in range(HAMLETS):
                area = "38000" if (n, i) == (1, 11) else commune_of(i, quarter)
                told = "chưa rõ" if (n, i) == (1, 7) else "Không" if i in dark else "Có"
                for _ in range(2 if (n, i) == (1, 9) else 1):
                    hamlets.row(str(i + 1), f"T{i + 1:05d}", area, str(quarter), last_day(quarter), told, "Có" if i % 40 < n else "Không", "Có" if i % 10 < 7 + min(n, 2) else "Không", "Có")  # fmt: skip
        fibre = Sheet(file, "Cáp quang", "HỘ CÓ INTERNET CÁP QUANG", [("STT", []), ("Mã xã", []), ("Quý", []), ("Số hộ", ["Tổng", "Có cáp quang"])])  # fmt: skip
        for n, quarter in enumerate(q for q in quarters(until) if q > 20252):
            for i, c in enumerate(units):
                households = round(people(seed)[c.code] / 3.6)
                with_fibre = households + 9 if (n, i) == (0, 13) else int(households * min(float(chance(seed, "quang", c.code).uniform(0.55, 0.8)) + 0.02 * n, 0.99))  # fmt: skip
                fibre.row(str(i + 1), c.code, str(quarter), households, with_fibre)


def speeds(folder: Path, seed: int, until: date) -> None:
    """A file of tests a month; the last six."""
    folder.mkdir(exist_ok=True)
    for month in months(until)[-6:]:
        with (folder / f"do_toc_do_{month}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "thoi_gian", "ma_xa", "nha_mang", "download_mbps", "upload_mbps"])
            for i in range(600):
                rng = chance(seed, "toc_do", month, i)
                area = communes()[int(rng.integers(0, 60))].code
                out.writerow([f"{month}-{i:04d}", f"{month // 100}-{month % 100:02d}-{1 + i % 27:02d} {i % 24:02d}:10:00", area, CARRIERS[i % 3], round(float(rng.lognormal(4, 0.5)), 1), round(float(rng.lognormal(3, 0.5)), 1)])  # fmt: skip
            if month == 202510:
                out.writerow([f"{month}-9001", "2025-10-03 08:00:00", communes()[0].code, "VNPT", -3, 1])
                out.writerow([f"{month}-9002", "2025-10-03 08:00:00", "99999", "VNPT", 50, 10])


def write(folder: Path, seed: int, until: date) -> None:
    book(folder / ".vien_thong.xlsx", seed, until)
    (folder / ".vien_thong.xlsx").rename(folder / "vien_thong.xlsx")
    speeds(folder / "toc_do", seed, until)
