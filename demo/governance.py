"""Files of governance and science: big problems, AI notes of the operations centre, public employees, the science fund.

Exact, from the article and cited sources: 20 big problems; on 2025-08-25 131 people in specialist AI training; on
2025-12-31 31 science firms. All other rows are made up, but for `cong_bo.csv`, which holds published figures only.

Dirt: two tax codes of solvers with a wrong check digit and one role outside the list; among AI notes a confidence “KPH” at
every hundredth, one of 1,7 at every 250th; three attendances without a person (equal keys, so one is refused and two are doubles), two of an unknown kind, five identifiers
with a space behind, 25 attendances of people who are not on the register; a fifth quarter in the fund's book; a science
firm with a wrong tax code; a month of spending that says “KPH”, and one month sent twice.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.firms import tax_codes
from demo.units import DEPARTMENTS, communes, department_code
from demo.workbooks import ARTICLE_DAY, SPECIALISTS, Sheet

PROBLEMS, SOLVED = 20, 6
SCIENCE_FIRMS, SCIENCE_DAY = 31, date(2025, 12, 31)
STAFF = 3_000
#: Plans of line CTX-03 in the budget workbook, million đồng.
PLAN = {2025: 387_750.0, 2026: 536_211.0}


def _vi(number: float, decimals: int = 1) -> str:
    return f"{number:,.{decimals}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _broken(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def problems(path: Path, seed: int, until: date) -> None:
    """The register of big problems and the firms that registered: by the article's day `SOLVED` problems have one, then
    one more each 40 days, 17 in all."""
    rng = chance(seed, "bai_toan")
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Bài toán", "DANH MỤC BÀI TOÁN LỚN VỀ KHCN, ĐMST VÀ CĐS", [
        ("STT", []), ("Mã", []), ("Tên bài toán", []), ("Lĩnh vực", []), ("Căn cứ đề xuất", []), ("Kết quả cần đạt", []),
        ("Đơn vị đặt hàng", []), ("Thời gian", ["Ngày công bố", "Hạn"]), ("Kinh phí (triệu đồng)", []),
    ])  # fmt: skip
    fields = ["Nông nghiệp", "Môi trường", "Y tế", "Giáo dục", "Đô thị", "Hành chính công", "Du lịch"]
    for i in range(PROBLEMS):
        sheet.row(
            str(i + 1), f"BT-{i + 1:02d}", f"Bài toán minh họa số {i + 1}", fields[i % 7], "Đề xuất minh họa", "Giải pháp dùng thử",
            DEPARTMENTS[i % len(DEPARTMENTS)], date(2025, 6, 30) if i % 2 else "30/06/2025", date(2027, 12, 31), _vi(float(rng.integers(900, 9000))),
        )  # fmt: skip
    sheet.row("Tổng cộng", None, f"{PROBLEMS} bài toán")
    sheet.footer()
    solvers = Sheet(book, "Doanh nghiệp", "DOANH NGHIỆP ĐĂNG KÝ GIẢI BÀI TOÁN LỚN", [
        ("STT", []), ("Mã bài toán", []), ("Mã số thuế", []), ("Vai trò", []), ("Ngày đăng ký", []),
    ])  # fmt: skip
    codes = islice(tax_codes(), 4000, None)  # science firms
    rows: list[tuple[str, str, str, date | str]] = []
    for i in range(17):
        on = date(2025, 7, 15) + timedelta(days=5 * i) if i < SOLVED else ARTICLE_DAY + timedelta(days=40 * (i - 5))
        if on <= until:
            rows.append((f"BT-{i + 1:02d}", next(codes), "chu_tri", on if i % 2 else f"{on:%d/%m/%Y}"))
            rows.append((f"BT-{i + 1:02d}", next(codes), "phoi_hop", on))
    rows += [("BT-19", _broken(next(codes)), "chu_tri", date(2025, 8, 1)) for _ in range(2)]
    rows += [("BT-20", next(codes), "tư vấn", date(2025, 8, 1)), rows[0]]
    for n, row in enumerate(rows, 1):
        solvers.row(str(n), *row)
    solvers.footer()
    book.close()


def fund(path: Path, seed: int, until: date) -> None:
    """The fund's quarters since 2025, tỷ đồng, half of the columns as text: each opens with what the last one left."""
    rng = chance(seed, "quy_khcn")
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Quỹ", "TÌNH HÌNH THU, CHI QUỸ PHÁT TRIỂN KHOA HỌC VÀ CÔNG NGHỆ", [
        ("STT", []), ("Kỳ", []), ("Số dư đầu kỳ", []), ("Phát sinh", ["Thu", "Chi"]), ("Số dư cuối kỳ", []),
    ], "Đơn vị: tỷ đồng")  # fmt: skip
    opening, year, quarter, n = 42.5, 2025, 1, 0
    while date(year + quarter // 4, quarter % 4 * 3 + 1, 1) <= until:
        income, spent = float(rng.integers(20, 90)) / 10, float(rng.integers(15, 70)) / 10
        closing, n = round(opening + income - spent, 1), n + 1
        sheet.row(str(n), f"{year}{quarter}", _vi(opening), _vi(income), spent, closing)
        if quarter == 4:
            sheet.row("Cộng", f"Năm {year}", None, None, None, closing)
        opening, year, quarter = closing, year + quarter // 4, quarter % 4 + 1
    sheet.row(str(n + 1), "2025Q5", "1,0", "1,0", 1.0, 1.0)
    sheet.footer()
    book.close()


def science_firms(path: Path, seed: int, until: date) -> None:
    """Certificates of science firms: 34 granted and three ended by 2025-12-31, then one granted each 70 days."""
    rng = chance(seed, "dn_khcn")
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "DN KHCN", "DOANH NGHIỆP KHOA HỌC VÀ CÔNG NGHỆ", [
        ("STT", []), ("Mã số thuế", []), ("Tên doanh nghiệp", []), ("Số giấy chứng nhận", []), ("Hiệu lực", ["Ngày cấp", "Ngày chấm dứt"]),
    ])  # fmt: skip
    codes = islice(tax_codes(), 4000, None)
    granted = [date(2015, 1, 5) + timedelta(days=int(rng.integers(0, 3800))) for _ in range(SCIENCE_FIRMS + 3)]
    granted += [SCIENCE_DAY + timedelta(days=70 * k) for k in range(1, max((until - SCIENCE_DAY).days, 0) // 70 + 1)]
    rows: list[tuple[str, str, str, date, date | None]] = []
    for i, on in enumerate(granted):
        ended = date(2025, 10, 1 + i) if i < 3 else None
        rows.append((next(codes), f"Công ty KH&CN minh họa {i + 1}", f"{i + 1:02d}/DNKHCN", on, ended))
    rows += [(_broken(next(codes)), "Công ty KH&CN sai mã số", "98/DNKHCN", date(2020, 1, 1), None), rows[5]]
    for n, (code, name, paper, since, ended) in enumerate(rows, 1):
        sheet.row(str(n), code, name, paper, f"{since:%d/%m/%Y}" if n % 2 else since, ended)
    sheet.footer()
    book.close()


def spending(path: Path, seed: int, until: date) -> None:
    """Spent on line CTX-03 since the year began, month by month, as the treasury exports it; the second May corrects the first."""
    rng = chance(seed, "chi_khcn")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["nam", "thang", "ma_khoan", "chi_luy_ke_trieu"])
        for year, plan in PLAN.items():
            total = 0.0
            for month in range(1, 13):
                total += plan * (0.04 + 0.06 * month / 12) * float(rng.uniform(0.8, 1.1))
                if date(year, month, 28) + timedelta(days=10) > until:
                    break
                if month == 5:
                    out.writerow([year, month, "CTX-03", _vi(total * 0.9)])
                out.writerow([year, month, "CTX-03", "KPH" if (year, month) == (2025, 7) else _vi(total)])


def notes(folder: Path, seed: int, until: datetime) -> None:
    """Some four AI notes a day since July 2025, a file a month with a line of total; a third led to a directive within ten days."""
    folder.mkdir(exist_ok=True)
    fields = ["Môi trường", "Thiên tai", "Hành chính công", "Kinh tế", "Y tế"]
    number, day, months = 0, date(2025, 7, 1), dict[str, list[list[object]]]()
    while day <= until.date():
        rng = chance(seed, "ai_phan_tich", day)
        for _ in range(int(rng.integers(3, 6))):
            number += 1
            at = datetime(day.year, day.month, day.day, 6) + timedelta(minutes=int(rng.integers(0, 600)))
            is_led, lag = rng.random() < 0.34, int(rng.integers(1, 11))
            sure = (
                "1,7"
                if number % 250 == 0
                else "KPH"
                if number % 100 == 0
                else f"{rng.uniform(0.55, 0.98):.2f}".replace(".", ",")
            )
            if at <= until:
                used = f"{number}/CĐ-UBND (minh họa)" if is_led and at + timedelta(days=lag) <= until else ""
                months.setdefault(f"{day:%Y-%m}", []).append([f"AI-{number:06d}", at, fields[number % 5], f"mô hình {number % 3 + 1}", f"{day:%Y%m}", sure, used])  # fmt: skip
        day += timedelta(days=1)
    for month, rows in months.items():
        with (folder / f"ai_phan_tich_{month}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(["id", "luc", "linh_vuc", "mo_hinh", "dau_vao_ky", "do_tin_cay", "quyet_dinh_dung"])
            out.writerows([*rows, [f"Tổng số: {len(rows)}"]])


def staff(path: Path, seed: int, until: date) -> None:
    """A sample of the register of public employees, and attendances of courses from the learning system."""
    rng = chance(seed, "cbccvc")
    path.unlink(missing_ok=True)
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE cbccvc (so_dinh_danh TEXT PRIMARY KEY, ho_ten TEXT, don_vi TEXT, chuyen_mon TEXT, trinh_do TEXT, la_cntt INTEGER, ngay_vao TEXT, ngay_nghi TEXT);"
        "CREATE TABLE hoc_vien (khoa TEXT, so_dinh_danh TEXT, loai TEXT, ngay TEXT, ket_qua TEXT);"
    )
    agencies = [department_code(i) for i in range(len(DEPARTMENTS))] * 6 + [c.agency for c in communes()]
    subjects = ["Hành chính", "Luật", "Kinh tế", "Giáo dục", "Y tế", "Công nghệ thông tin"]
    people, came = [], list[tuple[str, str | None, str, date, str]]()
    for i in range(STAFF):
        person = f"0380{i:08d}"
        since = date(2005, 1, 1) + timedelta(days=int(rng.integers(0, 7200)))  # the last in September 2024
        left = date(2025, 9, 1) + timedelta(days=int(rng.integers(0, 900))) if rng.random() < 0.05 else None
        subject = subjects[min(int(rng.integers(0, 60)) // 11, 5)]
        people.append((person, f"Nguyễn Văn {i + 1}", agencies[int(rng.integers(0, len(agencies)))], subject, ["Đại học", "Thạc sĩ", "Tiến sĩ"][i % 7 % 3],
            int(subject == "Công nghệ thông tin"), since.isoformat(), left.isoformat() if left and left <= until else None))  # fmt: skip
        if rng.random() < 0.86:
            first = date(2025, 3, 3) + timedelta(days=int(rng.integers(0, 600)))
            times = [first, *([first + timedelta(days=90)] if rng.random() < 0.3 else [])]
            came += [(f"PC-{on:%y%m}", person, "pho_cap", on, "dat") for on in times]
    for i in range(SPECIALISTS + 9):  # nine of them come twice
        came.append((f"CS-{i // SPECIALISTS + 1}", f"0380{i % SPECIALISTS * 20:08d}", "chuyen_sau", date(2025, 4, 1) + timedelta(days=i), "dat"))  # fmt: skip
    came += [("PC-2505", f"0389{i:08d}", "pho_cap", date(2025, 5, 6), "KPH") for i in range(25)]
    came += [("PC-2505", None, "pho_cap", date(2025, 5, 6), "dat")] * 3
    came += [(f"XX-{i}", "038000000001", "hội thảo", date(2025, 5, 7), "dat") for i in range(2)]
    came += [("PC-2503", f"0380{i:08d} ", "pho_cap", date(2025, 3, 20), "dat") for i in range(5)]
    con.executemany("INSERT INTO cbccvc VALUES (?, ?, ?, ?, ?, ?, ?, ?)", people)
    known = [(course, person, kind, on.isoformat(), result) for course, person, kind, on, result in came if on <= until]
    con.executemany("INSERT INTO hoc_vien VALUES (?, ?, ?, ?, ?)", known)
    con.commit()
    con.close()


def write(folder: Path, seed: int, until: datetime) -> None:
    """All files, each under another name first, so that nobody reads half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    last = until.date()
    makers: dict[str, Callable[[Path], object]] = {
        "bai_toan_lon.xlsx": lambda p: problems(p, seed, last), "quy_khcn.xlsx": lambda p: fund(p, seed, last), "dn_khcn.xlsx": lambda p: science_firms(p, seed, last),
        "chi_khcn.csv": lambda p: spending(p, seed, last), "cbccvc.sqlite": lambda p: staff(p, seed, last),
        "cong_bo.csv": lambda p: shutil.copyfile(Path(__file__).with_name("cong_bo.csv"), p),
    }  # fmt: skip
    for name, make in makers.items():
        fresh = folder / f".{name}"
        make(fresh)
        fresh.rename(folder / name)
    notes(folder / "ioc_ai", seed, until)
