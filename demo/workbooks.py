"""Workbooks as offices send them: titles, merged two-line headers, roman sub-totals, footers, dates as text and as dates.

Exact, from the article: on 2025-07-25 91 NQ57 tasks given and 38 done; on 2025-08-25 4 AI projects deployed and 24 in
study, 131 people in specialist training and 51,911 attendances. Every row behind these sums is made up, and so is all
that comes later.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from demo.calendar import chance
from demo.stations import STATIONS
from demo.units import DEPARTMENTS

TASKS, DONE, TASK_DAY = 91, 38, date(2025, 7, 25)
DEPLOYED, STUDIED, SPECIALISTS, ATTENDANCES, ARTICLE_DAY = 4, 24, 131, 51_911, date(2025, 8, 25)


class Sheet:
    """A worksheet written the way an office would."""

    def __init__(
        self, book: xlsxwriter.Workbook, name: str, title: str, header: list[tuple[str, list[str]]], unit: str = ""
    ) -> None:
        self.sheet = book.add_worksheet(name)
        self._bold = book.add_format(
            {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}
        )
        self._date = book.add_format({"num_format": "dd/mm/yyyy"})
        width = sum(max(len(below), 1) for _, below in header)
        self.sheet.merge_range(0, 0, 0, width - 1, "UBND TỈNH THANH HÓA (SỐ LIỆU MINH HỌA)", self._bold)
        self.sheet.merge_range(1, 0, 1, width - 1, title, self._bold)
        self.sheet.write(2, width - 1, unit)
        at = 0
        for text, below in header:
            if len(below) > 1:
                self.sheet.merge_range(3, at, 3, at + len(below) - 1, text, self._bold)
                for i, name_ in enumerate(below):
                    self.sheet.write(4, at + i, name_, self._bold)
            else:
                self.sheet.merge_range(3, at, 4, at, text, self._bold)
            at += max(len(below), 1)
        self.sheet.set_column(0, width, 18)
        self._width, self._row = width, 5

    def row(self, *cells: Any) -> None:
        for i, cell in enumerate(cells):
            if isinstance(cell, date):
                self.sheet.write_datetime(self._row, i, datetime(cell.year, cell.month, cell.day), self._date)
            elif isinstance(cell, str):
                self.sheet.write_string(self._row, i, cell)
            elif cell is not None:
                self.sheet.write(self._row, i, cell)
        self._row += 1

    def footer(self) -> None:
        self._row += 1
        self.sheet.write_string(self._row, 1, "Người lập biểu")
        self.sheet.write_string(self._row, self._width - 1, "Thủ trưởng đơn vị")


def _day(value: date | None, as_text: bool) -> date | str | None:
    return f"{value:%d/%m/%Y}" if value and as_text else value


def tasks(path: Path, seed: int, until: date) -> None:
    rng = chance(seed, "nq57")
    rows: list[tuple[date, date, date | None]] = []
    for i in range(TASKS):
        given = date(2025, 1, 20) + timedelta(days=int(rng.integers(0, 170)))
        if i < DONE:
            done = given + timedelta(days=int(rng.integers(10, max(11, (TASK_DAY - given).days))))
            due = done + timedelta(days=int(rng.integers(-6, 40)))
            rows.append((given, due, min(done, TASK_DAY)))
        else:
            due = TASK_DAY + timedelta(days=int(rng.integers(-9, 320)))
            done = TASK_DAY + timedelta(days=int(rng.integers(5, 420)))
            rows.append((given, due, done if done <= until else None))
    extra = max((until - TASK_DAY).days // 9, 0)
    for i in range(extra):
        given = TASK_DAY + timedelta(days=9 * i + 4)
        due = given + timedelta(days=int(rng.integers(45, 200)))
        done = given + timedelta(days=int(rng.integers(20, 230)))
        rows.append((given, due, done if done <= until else None))
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Nhiệm vụ", "THEO DÕI NHIỆM VỤ THỰC HIỆN NGHỊ QUYẾT 57-NQ/TW", [
        ("STT", []), ("Mã nhiệm vụ", []), ("Nội dung nhiệm vụ", []), ("Nguồn giao", []), ("Đơn vị chủ trì", []),
        ("Thời gian", ["Ngày giao", "Hạn hoàn thành", "Ngày hoàn thành"]), ("Kết quả", ["Tiến độ (%)", "Sản phẩm"]),
    ])  # fmt: skip
    groups = [
        ("I", "Nhiệm vụ Trung ương giao", 0),
        ("II", "Nhiệm vụ Chính phủ giao", 1),
        ("III", "Nhiệm vụ của tỉnh", 2),
    ]
    for roman, words, group in groups:
        mine = [(i, r) for i, r in enumerate(rows) if i % 3 == group]
        sheet.row(roman, None, words, None, None, None, None, None, f"{len(mine)} nhiệm vụ")
        for n, (i, (given, due, finished)) in enumerate(mine, 1):
            percent = "100" if finished else f"{int(rng.integers(10, 90))},{int(rng.integers(0, 9))}"
            source = ["Trung ương", "Chính phủ", "Tỉnh ủy, UBND tỉnh"][group]
            sheet.row(
                str(n),
                f"NQ57-{i + 1:03d}",
                f"Nhiệm vụ minh họa số {i + 1}",
                source,
                DEPARTMENTS[i % len(DEPARTMENTS)],
                _day(given, i % 2 == 0),
                _day(due, i % 3 == 0),
                _day(finished, i % 2 == 1),
                percent,
                "Báo cáo" if finished else "",
            )
    sheet.row("Tổng cộng", None, f"{len(rows)} nhiệm vụ")
    sheet.footer()
    _log(book, rows, until)
    hidden = book.add_worksheet("Nháp")
    hidden.write(0, 0, "Trang nháp, không dùng")
    hidden.hide()
    book.close()


def _log(book: xlsxwriter.Workbook, rows: list[tuple[date, date, date | None]], until: date) -> None:
    """The changes of state behind the register: given, begun three days later, done. Wrong, one row each: a line typed
    twice, a state outside the list, a day that no calendar has."""
    sheet = Sheet(book, "Nhật ký", "NHẬT KÝ TRẠNG THÁI NHIỆM VỤ", [
        ("STT", []), ("Mã nhiệm vụ", []), ("Ngày", []), ("Trạng thái", ["Cũ", "Mới"]), ("Người cập nhật", []),
    ])  # fmt: skip
    changes: list[tuple[date, str, str, str]] = []
    for i, (given, _, done) in enumerate(rows):
        code, begun = f"NQ57-{i + 1:03d}", given + timedelta(days=3)
        steps = [(given, "", "chua"), (begun, "chua", "dang"), *([(done, "dang", "hoan_thanh")] if done else [])]
        changes += [(on, code, old, new) for on, old, new in steps if on <= until]
    changes.sort()
    for n, (on, code, old, new) in enumerate([*changes, changes[0]], 1):
        sheet.row(str(n), code, _day(on, n % 2 == 0), old, new, f"Chuyên viên minh họa {n % 9 + 1}")
    sheet.row(str(len(changes) + 2), "NQ57-001", "15/06/2025", "dang", "đang t/h", "Chuyên viên minh họa 1")
    sheet.row(str(len(changes) + 3), "NQ57-002", "31/02/2025", "chua", "dang", "Chuyên viên minh họa 2")
    sheet.footer()


def projects(path: Path, seed: int, until: date) -> None:
    rng = chance(seed, "ai")
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Dự án AI", "DANH MỤC DỰ ÁN, CHƯƠNG TRÌNH, SÁNG KIẾN ỨNG DỤNG AI", [
        ("STT", []), ("Mã", []), ("Tên dự án, chương trình, sáng kiến", []), ("Lĩnh vực", []), ("Đơn vị", []),
        ("Thời gian", ["Bắt đầu nghiên cứu", "Triển khai"]), ("Kinh phí (triệu đồng)", []),
    ])  # fmt: skip
    fields = ["Y tế", "Nông nghiệp", "Giao thông", "Hành chính công", "Giáo dục", "Môi trường"]
    later = max((until - ARTICLE_DAY).days // 45, 0)
    for i in range(DEPLOYED + STUDIED + later):
        begun = date(2024, 3, 1) + timedelta(days=int(rng.integers(0, 480)))
        launched: date | None = None
        if i < DEPLOYED:
            launched = date(2025, 2, 1) + timedelta(days=int(rng.integers(0, 190)))
        elif i < DEPLOYED + STUDIED:
            planned = ARTICLE_DAY + timedelta(days=40 * (i - DEPLOYED) + 20)
            launched = planned if planned <= until else None
        else:
            begun = ARTICLE_DAY + timedelta(days=45 * (i - DEPLOYED - STUDIED) + 10)
        cost = f"{int(rng.integers(1, 9))}.{int(rng.integers(100, 999))},{int(rng.integers(0, 99)):02d}"
        sheet.row(
            str(i + 1),
            f"AI-{i + 1:02d}",
            f"Dự án minh họa {i + 1}",
            fields[i % 6],
            DEPARTMENTS[i % len(DEPARTMENTS)],
            _day(begun, i % 2 == 0),
            _day(launched, i % 2 == 1),
            cost,
        )
    sheet.row("Tổng cộng")
    sheet.footer()
    book.close()


def trainings(path: Path, seed: int, until: date) -> None:
    rng = chance(seed, "tap_huan")
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(book, "Tập huấn", "KẾT QUẢ ĐÀO TẠO, TẬP HUẤN ỨNG DỤNG AI", [
        ("STT", []), ("Mã lớp", []), ("Tên lớp", []), ("Loại", []), ("Ngày tổ chức", []), ("Đơn vị", []), ("Số người", ["Tham dự", "Trong đó: nữ"]),
    ])  # fmt: skip
    parts = {"chuyen_sau": _parts(rng, SPECIALISTS, 5), "pho_cap": _parts(rng, ATTENDANCES, 180)}
    # Numbers and chance of each kind apart: a later class must not renumber or move those that were held.
    for roman, kind, title, number in (
        ("I", "chuyen_sau", "Đào tạo đặc biệt chuyên sâu về AI", 0),
        ("II", "pho_cap", "Ứng dụng AI trong công việc và trong cuộc sống", 1000),
    ):
        sheet.row(roman, None, title)
        rng = chance(seed, "tap_huan", kind)
        sessions = [(date(2025, 3, 3) + timedelta(days=int(rng.integers(0, 175))), n) for n in parts[kind]]
        after = ARTICLE_DAY + timedelta(days=9)
        while after <= until:
            sessions.append((after, int(rng.integers(80, 320)) if kind == "pho_cap" else int(rng.integers(8, 20))))
            after += timedelta(days=11 if kind == "pho_cap" else 60)
        for n, (on, people) in enumerate(sorted(sessions), 1):
            number += 1
            shown = f"{people:,}".replace(",", ".")
            sheet.row(
                str(n),
                f"TH-{number:04d}",
                title,
                "Chuyên sâu" if kind == "chuyen_sau" else "Phổ cập",
                _day(on, n % 2 == 0),
                DEPARTMENTS[n % len(DEPARTMENTS)],
                shown,
                int(people * 0.46),
            )
        sheet.row("Cộng", None, None, None, None, None, sum(people for _, people in sessions))
    sheet.footer()
    book.close()


def _parts(rng: np.random.Generator, total: int, count: int) -> list[int]:
    """`count` positive whole numbers that sum to `total`."""
    shares = rng.dirichlet(np.full(count, 6.0))
    parts = [max(1, int(total * s)) for s in shares]
    parts[0] += total - sum(parts)
    return parts


def stations(path: Path) -> None:
    """The station directory and the dated limits of permits: QCVN 40:2011 column B until each plant's change of permit."""
    book = xlsxwriter.Workbook(str(path))
    sheet = Sheet(
        book,
        "Tram",
        "DANH MỤC TRẠM QUAN TRẮC TỰ ĐỘNG",
        [
            ("Mã trạm", []),
            ("Tên trạm", []),
            ("Loại", []),
            ("Mã xã", []),
            ("Cơ sở", []),
            ("Tọa độ", ["Vĩ độ", "Kinh độ"]),
            ("Ngày vận hành", []),
        ],
    )
    for i, s in enumerate(STATIONS):
        sheet.row(s.code, s.name, s.kind, s.commune, s.owner, s.lat, s.lon, date(2021 + i % 4, 1 + i, 1))
    limits = Sheet(
        book,
        "Nguong",
        "GIỚI HẠN THEO GIẤY PHÉP MÔI TRƯỜNG",
        [
            ("Mã trạm", []),
            ("Thông số", []),
            ("Hiệu lực", ["Từ ngày", "Đến ngày"]),
            ("Giá trị", ["Nhỏ nhất", "Lớn nhất"]),
            ("Đơn vị", []),
            ("Căn cứ", []),
        ],
    )
    b2011 = {
        "pH": (5.5, 9.0, "-"),
        "COD": (None, 150.0, "mg/L"),
        "TSS": (None, 100.0, "mg/L"),
        "NH4": (None, 10.0, "mg/L"),
    }
    stricter = {
        "pH": (6.0, 9.0, "-"),
        "COD": (None, 100.0, "mg/L"),
        "TSS": (None, 60.0, "mg/L"),
        "NH4": (None, 8.0, "mg/L"),
    }
    for s in STATIONS:
        if s.kind != "nuoc_thai":
            continue
        renewed = s.code in ("TH_NT_02", "TH_NT_04")
        for name, (low, high, unit) in b2011.items():
            until = date(2025, 12, 31) if renewed else None
            limits.row(
                s.code,
                name,
                date(2021, 1, 1),
                until,
                low,
                high,
                unit,
                "Giấy phép môi trường minh họa; QCVN 40:2011/BTNMT cột B",
            )
        for name, (low, high, unit) in stricter.items() if renewed else ():
            limits.row(
                s.code,
                name,
                date(2026, 1, 1),
                None,
                low,
                high,
                unit,
                "Giấy phép môi trường minh họa cấp lại theo QCVN 40:2025/BTNMT",
            )
    book.close()


def budget(path: Path, until: date) -> None:
    """Planned expenditure by line, million đồng; the S&T group is a little above the 1 % that the article wants."""
    book = xlsxwriter.Workbook(str(path))
    lines = [
        ("CTX-01", "Chi giáo dục - đào tạo và dạy nghề", "khac", 0.315),
        ("CTX-02", "Chi y tế, dân số và gia đình", "khac", 0.085),
        ("CTX-03", "Chi khoa học và công nghệ, đổi mới sáng tạo, chuyển đổi số", "KHCN_DMST_CDS", 0.0),
        ("CTX-04", "Chi quản lý hành chính", "khac", 0.14),
        ("CTX-05", "Chi bảo đảm xã hội", "khac", 0.1),
        ("DT-01", "Chi đầu tư phát triển", "khac", 0.27),
        ("DP-01", "Dự phòng ngân sách và chi khác", "khac", 0.09),
    ]
    for year, total, share in ((2025, 41_250_000, 0.0094), (2026, 45_830_000, 0.0117)):
        if year > until.year:
            continue
        sheet = Sheet(
            book,
            f"Năm {year}",
            f"DỰ TOÁN CHI NGÂN SÁCH ĐỊA PHƯƠNG NĂM {year}",
            [("STT", []), ("Mã khoản", []), ("Nội dung", []), ("Nhóm", []), ("Dự toán (triệu đồng)", [])],
            "Đơn vị: triệu đồng",
        )
        amounts = {
            code: round(total * (share if group == "KHCN_DMST_CDS" else part), 1) for code, _, group, part in lines
        }
        amounts["DP-01"] = round(total - sum(v for k, v in amounts.items() if k != "DP-01"), 1)
        sheet.row("A", None, "TỔNG CHI NGÂN SÁCH ĐỊA PHƯƠNG", None, total)
        for n, (code, words, group, _) in enumerate(lines, 1):
            sheet.row(
                str(n),
                code,
                words,
                group,
                f"{amounts[code]:,.1f}".replace(",", " ").replace(".", ",").replace(" ", "."),
            )
        sheet.row("Tổng cộng", None, None, None, total)
        sheet.footer()
    book.close()


def write(folder: Path, seed: int, until: date) -> None:
    """All workbooks, each under another name first, so that nobody reads half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Any] = {
        "nq57_nhiem_vu.xlsx": lambda p: tasks(p, seed, until), "ai_du_an.xlsx": lambda p: projects(p, seed, until), "tap_huan_ai.xlsx": lambda p: trainings(p, seed, until),
        "danh_muc_tram.xlsx": stations, "du_toan.xlsx": lambda p: budget(p, until),
    }  # fmt: skip
    for name, make in makers.items():
        fresh = folder / f".{name}"
        make(fresh)
        fresh.rename(folder / name)
