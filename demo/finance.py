"""Workbooks of public investment and of revenue, as the finance department sends them.

Exact: on 2025-09-30 44,067 tỷ đồng of revenue, 97 % of the plan (which is therefore taken as 45,430), and 54,341 in the whole
of 2024, whose plan nobody cites and stays empty. All projects, and every other month, are made up.

Dirt among weekly reports: project 7 falls in the 20th Friday of 2025, project 11 ends 2025 over its plan, project 3 sends
nothing in five weeks of 2026, one code is wrong, one amount says “KPH”, two rows come twice; project 5 lies in no one commune.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.units import DEPARTMENTS, communes
from demo.workbooks import Sheet

PROJECTS = 24
NINE_MONTHS, REVENUE_2024 = 44_067, 54_341
PLANS = {2025: 45_430, 2026: 48_500}


def _vi(number: float) -> str:
    return f"{number:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _fridays(year: int) -> list[date]:
    first = date(year, 1, 1)
    first += timedelta(days=(4 - first.weekday()) % 7)
    return [on for n in range(53) if (on := first + timedelta(days=7 * n)).year == year]


def reports(seed: int, until: date) -> list[tuple[date, str, float, float]]:
    """Each Friday since 2025 and project: the year's plan and what was paid since January, million đồng."""
    rows = []
    for year in range(2025, until.year + 1):
        fridays = _fridays(year)
        for i in range(1, PROJECTS + 1):
            rng = chance(seed, "dau_tu_cong", year, i)
            plan, reached = float(rng.integers(50, 2500)) * 100, float(rng.uniform(0.75, 0.99))
            reached = 1.04 if (year, i) == (2025, 11) else reached
            steps = rng.uniform(0.2, 1, len(fridays)) * [0.5 + n / len(fridays) for n in range(len(fridays))]
            paid = 0.0
            for n, on in enumerate(fridays):
                paid += plan * reached * float(steps[n] / steps.sum())
                shown = paid * 0.8 if (year, i, n) == (2025, 7, 19) else paid
                is_silent = i == 3 and year == 2026 and 4 <= n < 9
                if on <= until and not is_silent:
                    rows.append((on, f"DA-{i:03d}", plan, round(shown, 1)))
    return rows


def investment(path: Path, seed: int, until: date) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Dự án", "DANH MỤC DỰ ÁN ĐẦU TƯ CÔNG", [
        ("STT", []), ("Mã dự án", []), ("Tên dự án", []), ("Nhóm", []), ("Mã xã", []), ("Chủ đầu tư", []),
        ("Thời gian", ["Khởi công", "Hạn hoàn thành", "Hoàn thành"]),
    ])  # fmt: skip
    for i in range(1, PROJECTS + 1):
        rng = chance(seed, "du_an_dtc", i)
        begun = date(2024, 3, 1) + timedelta(days=int(rng.integers(0, 330)))
        due = date(2025, 9, 1) + timedelta(days=int(rng.integers(0, 700)))
        done = due + timedelta(days=int(rng.integers(-60, 120)))
        where = None if i == 5 else communes()[i * 6].code
        sheet.row(
            str(i), f"DA-{i:03d}", f"Dự án minh họa {i}", ["A", "B", "C"][i % 3], where, DEPARTMENTS[i % len(DEPARTMENTS)],
            begun, f"{due:%d/%m/%Y}" if i % 2 else due, done if done <= until else None,
        )  # fmt: skip
    sheet.row("Tổng cộng", None, f"{PROJECTS} dự án")
    sheet.footer()
    paid = Sheet(book, "Giải ngân", "GIẢI NGÂN VỐN ĐẦU TƯ CÔNG THEO TUẦN", [
        ("STT", []), ("Ngày báo cáo", []), ("Mã dự án", []), ("Vốn", ["Kế hoạch năm", "Lũy kế giải ngân"]),
    ], "Đơn vị: triệu đồng")  # fmt: skip
    rows: list[tuple[date | str, str, str, str]] = [
        (on if n % 2 else f"{on:%d/%m/%Y}", code, _vi(plan), _vi(shown))
        for n, (on, code, plan, shown) in enumerate(reports(seed, until))
    ]
    rows += [*rows[:2], (date(2025, 1, 3), "DA-9X", "100,0", "1,0"), (date(2025, 1, 4), "DA-001", "100,0", "KPH")]
    for n, row in enumerate(rows, 1):
        paid.row(str(n), *row)
    paid.footer()
    book.close()


def revenue(path: Path, seed: int, until: date) -> None:
    """Revenue since the year began, tỷ đồng, by month; domestic and customs make the total."""
    book = xlsxwriter.Workbook(str(path))
    for year in range(2024, until.year + 1):
        sheet = Sheet(book, f"Năm {year}", f"TÌNH HÌNH THU NGÂN SÁCH NHÀ NƯỚC NĂM {year}", [
            ("STT", []), ("Tháng", []), ("Dự toán năm", []), ("Lũy kế từ đầu năm", ["Tổng thu", "Thu nội địa", "Thu xuất nhập khẩu"]),
        ], "Đơn vị: tỷ đồng")  # fmt: skip
        shares = chance(seed, "thu_nsnn", year).uniform(0.8, 1.2, 12)
        for month in range(1, 13):
            if date(year, month, 28) + timedelta(days=8) > until or (year == 2024 and month < 12):
                continue
            part = float(shares[:month].sum() / shares[:9].sum())
            total = REVENUE_2024 if year == 2024 else round((NINE_MONTHS if year == 2025 else PLANS.get(year, 50_000) * 0.82) * part)  # fmt: skip
            home = round(total * 0.62)
            plan = _vi(PLANS[year]) if year in PLANS else None
            sheet.row(str(month), str(month), plan, _vi(total), _vi(home), total - home)
        sheet.row("Ghi chú: số liệu minh họa, trừ 9 tháng 2025 và cả năm 2024")
        sheet.footer()
    book.close()


def write(folder: Path, seed: int, until: date) -> None:
    """Both workbooks, each under another name first, so that nobody reads half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[Path], object]] = {
        "dau_tu_cong.xlsx": lambda p: investment(p, seed, until), "thu_nsnn.xlsx": lambda p: revenue(p, seed, until),
    }  # fmt: skip
    for name, make in makers.items():
        fresh = folder / f".{name}"
        make(fresh)
        fresh.rename(folder / name)
