"""The environment office's workbook: laboratory samples of rivers six times a year, household waste, zones' waste water.

All made up. Dirt, exactly: one sample line typed twice, one with the result “âm tính”, KPH for every value under the
detection limit (KPH is not zero); one commune's waste under an unknown code; one month that collected more than arose.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.units import communes
from demo.workbooks import Sheet

#: parameter → (unit, usual value, detection limit)
ANALYSED = {
    "pH": ("-", 7.2, 0.0), "DO": ("mg/L", 5.9, 0.5), "BOD5": ("mg/L", 4.6, 1.0), "COD": ("mg/L", 10.5, 3.0), "TSS": ("mg/L", 30.0, 5.0),
    "TN": ("mg/L", 1.1, 0.3), "TP": ("mg/L", 0.06, 0.05), "Coliform": ("MPN/100mL", 2400.0, 3.0),
}  # fmt: skip
POINTS, MONTHS = 12, (2, 4, 6, 8, 10, 12)
WASTE_FROM, ZONES = date(2026, 1, 1), 8


def _number(value: float, places: int) -> str:
    return f"{value:,.{places}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _months(first: date, until: date) -> list[date]:
    """First days of the months that ended by `until`."""
    found, at = [], first
    while (after := (at.replace(day=28) + timedelta(days=4)).replace(day=1)) <= until:
        found.append(at)
        at = after
    return found


def _samples(work: xlsxwriter.Workbook, seed: int, until: date) -> None:
    sheet = Sheet(work, "Mẫu nước mặt", "KẾT QUẢ PHÂN TÍCH MẪU NƯỚC MẶT ĐỊNH KỲ", [
        ("STT", []), ("Mã điểm", []), ("Tên điểm", []), ("Mã xã", []), ("Ngày lấy mẫu", []), ("Thông số", []), ("Kết quả", []), ("Giới hạn phát hiện", []), ("Đơn vị", []),
    ])  # fmt: skip
    places = communes()[5 :: len(communes()) // POINTS][:POINTS]
    days = [date(year, month, 10) for year in range(2025, until.year + 1) for month in MONTHS]
    for on in [d for d in days if d <= until]:
        for n, place in enumerate(places, 1):
            dirt = 0.7 + 0.08 * n
            for name, (unit, usual, limit) in ANALYSED.items():
                factor = 1 if name == "pH" else 1 / dirt if name == "DO" else dirt
                value = usual * factor * (1 + 0.12 * float(chance(seed, "mau", n, on, name).standard_normal()))
                shown = "KPH" if value < limit else _number(value, 2 if value < 100 else 0)
                first = (on, n, name) == (days[0], 1, "pH")
                day = f"{on:%d/%m/%Y}" if n % 2 else on
                row = (str(n), f"NM-{n:02d}", f"Điểm nước mặt {place.name}", place.code, day, name, shown, limit, unit)
                for again in [row, row] if first else [row]:
                    sheet.row(*again)
                if first:
                    sheet.row(*row[:5], "Tổng dầu mỡ", "âm tính", 0.3, "mg/L")
    sheet.footer()


def _waste(work: xlsxwriter.Workbook, seed: int, until: date) -> None:
    sheet = Sheet(work, "Chất thải rắn", "CHẤT THẢI RẮN SINH HOẠT THEO XÃ", [
        ("STT", []), ("Tháng", []), ("Mã xã", []), ("Tên xã", []), ("Khối lượng (tấn)", ["Phát sinh", "Thu gom"]),
    ])  # fmt: skip
    for month in _months(WASTE_FROM, until):
        for n, c in enumerate(communes()):
            rng = chance(seed, "rac", c.code, month)
            arose = 90 + 260 * float(rng.random()) * (2 if c.kind == "phường" else 1)
            collected = arose * (0.97 if c.kind == "phường" else 0.86) * (0.96 + 0.03 * float(rng.random()))
            if (month, n) == (WASTE_FROM, 7):
                collected = arose * 1.4
            code = "99999" if (month, n) == (WASTE_FROM, 8) else c.code
            sheet.row(str(n + 1), f"{month:%Y%m}", code, c.name, _number(arose, 1), _number(collected, 1))
        sheet.row("Cộng")
    sheet.footer()


def _zones(work: xlsxwriter.Workbook, seed: int, until: date) -> None:
    sheet = Sheet(work, "KCN", "XỬ LÝ NƯỚC THẢI TẬP TRUNG CÁC KHU CÔNG NGHIỆP", [
        ("STT", []), ("Quý", []), ("Mã khu", []), ("Tên khu", []), ("Hoạt động", []), ("Trạm XLNT", ["Có trạm", "Công suất (m3/ngđ)", "Kết quả"]),
    ])  # fmt: skip
    for month in [m for m in _months(date(2025, 1, 1), until) if m.month % 3 == 0]:
        for n in range(1, ZONES + 1):
            built = n <= 5 or (month >= date(2026, 3, 1) and n == 6)
            passed = float(chance(seed, "xlnt", n, month).random()) < 0.9
            result = "" if not built else "Đạt" if passed else "Không đạt"
            active = "Không" if n == ZONES else "Có"
            sheet.row(str(n), f"{month.year}{month.month // 3}", f"KCN-{n:02d}", f"Khu công nghiệp minh họa {n}", active, "Có" if built else "Không", 1500 * n if built else None, result)  # fmt: skip
    sheet.footer()


def book(path: Path, seed: int, until: date) -> None:
    work = xlsxwriter.Workbook(str(path))
    _samples(work, seed, until)
    _waste(work, seed, until)
    _zones(work, seed, until)
    work.close()
