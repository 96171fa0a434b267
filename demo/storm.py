"""Storm Kajiki from rain to damage: hourly series of the flood as CSV, and the workbook of the disaster office.

Real, as reference.md §3.6 and §3.7 cite it: levels and words in PUBLISHED_WORDS, Cửa Đạt in CUA_DAT, the peaks in `hazards`,
alarm order 21 of 03:00 on 2025-08-26. All else (rain, other orders, when communes read them, damage) is made up.
Dirt, counted in DIRT: rows that the contract must refuse, rows that come twice, and what only the marts can see.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

from demo import hazards
from demo.calendar import chance
from demo.hazards import KAJIKI, RESERVOIRS, RIVERS, gauges, rain
from demo.units import communes
from demo.workbooks import Sheet

#: (station, metres, the bulletin's words, who printed it); the words on Giàng 5.43 m are wrong, as printed: BĐ2 is 5.5 m.
PUBLISHED_WORDS = [
    ("Giàng", 6.62, "trên BĐ3 0,12 m", "baothanhhoa 259700"), ("Kim Tân", 12.76, "trên BĐ3 0,76 m", "baothanhhoa 259700"),
    ("Lý Nhân", 11.87, "dưới BĐ3 0,13 m", "baothanhhoa 259700"), ("Lý Nhân", 4.41, "dưới BĐ1 5,09 m", "baothanhhoa 259270"),
    ("Bái Thượng", 14.04, "dưới BĐ1 0,96 m", "baothanhhoa 259270"), ("Xuân Khánh", 5.10, "dưới BĐ1 3,90 m", "baothanhhoa 259270"),
    ("Kim Tân", 4.35, "dưới BĐ1 5,65 m", "baothanhhoa 259270"), ("Giàng", 5.94, "trên BĐ2 0,44 m", "danviet 20240923211800046"),
    ("Lý Nhân", 11.08, "trên BĐ2 0,08 m", "danviet 20240923211800046"), ("Cẩm Thủy", 19.97, "dưới BĐ3 0,23 m", "danviet 20240923211800046"),
    ("Bái Thượng", 17.30, "dưới BĐ3 0,70 m", "danviet 20240923211800046"), ("Bái Thượng", 17.25, "trên BĐ2 0,75 m", "baothanhhoa 263209"),
    ("Xuân Vinh", 6.97, "dưới BĐ1 1,03 m", "baothanhhoa 263209"), ("Chuối", 3.46, "dưới BĐ3 0,04 m", "baothanhhoa 263209"),
    ("Xuân Vinh", 8.97, "dưới BĐ2 0,03 m", "baothanhhoa 260191"), ("Chuối", 2.26, "trên BĐ1 0,26 m", "baothanhhoa 260191"),
    ("Giàng", 5.43, "trên BĐ2 0,07 m", "viettimes 178528"), ("Lèn", 5.78, "dưới BĐ3 0,22 m", "viettimes 178528"),
    ("Xuân Vinh", 9.68, "dưới BĐ3 0,32 m", "viettimes 178528"), ("Lang Chánh", 48.96, "trên BĐ1 0,46 m", "baothanhhoa 125759"),
]  # fmt: skip
#: Cửa Đạt as printed: (day, level m, inflow, release at the start and at the end of the day m³/s); no figure, no value.
CUA_DAT = [
    (date(2025, 7, 24), 106.62, None, 300, 1500),
    (date(2025, 8, 23), None, None, 1200, 2500),
    (date(2025, 9, 27), 108.54, 2323, 1250, 3200),
]
#: (code, kind, name, risk level, from, to); the storm's risk level was not found, so it has none.
EVENTS = [
    ("KAJIKI", "Bão", "Bão số 5 (Kajiki)", None, date(2025, 8, 25), date(2025, 8, 27)),
    ("MH-2025-09", "Lũ", "Đợt lũ minh họa tháng 9/2025", 2, date(2025, 9, 26), date(2025, 9, 28)),
    ("MH-2026-07", "Lũ quét", "Đợt lũ quét minh họa tháng 7/2026", 1, date(2026, 7, 12), date(2026, 7, 13)),
]
#: (number, event, station, alarm level, issued): 21 is real, the others follow the made-up course of the flood.
ORDERS = [
    ("21", "KAJIKI", "TV_GIANG", 1, datetime(2025, 8, 26, 3)),
    ("MH-22", "KAJIKI", "TV_GIANG", 2, datetime(2025, 8, 26, 19, 30)),
    ("MH-23", "KAJIKI", "TV_GIANG", 3, datetime(2025, 8, 27, 6)),
    ("MH-40", "MH-2025-09", "TV_BAITHUONG", 2, datetime(2025, 9, 27, 5)),
    ("MH-07", "MH-2026-07", "TV_LANGCHANH", 1, datetime(2026, 7, 12, 16)),
]
NOTIFIED, DAMAGED = 40, 60
DIRT = {
    "receipt of an old commune code": 1,
    "receipt twice": 1,
    "receipt without a time": 2,
    "receipt before its order": 1,
    "damage of an unknown commune": 1,
    "damage of a negative number of houses": 1,
    "damage twice": 1,
    "rain gauge at -99": 4,
}


def _comma(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:.{places}f}".replace(".", ",")


def _moment(at: datetime) -> str:
    return f"{at:%H:%M %d/%m/%Y}"


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """As a Vietnamese Excel saves it: semicolons, decimal commas, a BOM, and a footer."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(header)
        out.writerows(rows)
        file.write("Người lập biểu;;\r\n")


def archive(folder: Path, seed: int) -> None:
    """Rain, rivers and reservoirs of the storm's days, an hour a row; Cửa Đạt also on the days that were printed."""
    hours = [KAJIKI[0] + timedelta(hours=h) for h in range(96)]
    wet = [(g.code, g.name, _moment(at), _comma(rain(seed, g, at), 1)) for at in hours for g in gauges()]
    for n in range(DIRT["rain gauge at -99"]):
        wet[n * 20 + 3] = (*wet[n * 20 + 3][:3], "-99,0")
    _csv(folder / "ho_so_lu_mua.csv", ["Mã trạm", "Tên trạm", "Thời gian", "Mưa (mm)"], wet)
    levels = [
        (code, name, river, _moment(at), _comma(hazards.river_level(seed, name, at)))
        for at in hours
        for name, (code, river, *_) in RIVERS.items()
    ]
    levels.append(levels[0])  # a line pasted twice
    _csv(folder / "ho_so_lu_muc_nuoc.csv", ["Mã trạm", "Tên trạm", "Sông", "Thời gian", "Mực nước (m)"], levels)
    main = {r.code: r for r in RESERVOIRS[:3]}
    lakes = [
        (row["LakeCode"], row["LakeName"], _moment(at), _comma(row["TdMucNuoc"]), _comma(row["QDen"], 1), _comma(row["QXa"], 1))
        for at in hours
        for row in hazards.reservoirs(seed, at, at)
        if row["LakeCode"] in main
    ]  # fmt: skip
    for on, level, inflow, first, last in CUA_DAT:
        for hour in range(24):
            at = datetime(on.year, on.month, on.day, hour)
            release = first + (last - first) * hour / 23
            lakes.append(
                (RESERVOIRS[0].code, "Cửa Đạt", _moment(at), _comma(level), _comma(inflow, 1), _comma(release, 1))
            )
    header = ["Mã hồ", "Tên hồ", "Thời gian", "Mực nước (m)", "Q đến (m3/s)", "Q xả (m3/s)"]
    _csv(folder / "ho_so_lu_ho_chua.csv", header, lakes)


def book(path: Path, seed: int, until: date) -> None:
    """The disaster office's workbook: events, orders, who read them when, damage, and what the press printed."""
    work = xlsxwriter.Workbook(str(path))
    events = [e for e in EVENTS if e[4] <= until]
    known = {e[0] for e in events}
    orders = [o for o in ORDERS if o[1] in known]
    sheet = Sheet(work, "Sự kiện", "CÁC ĐỢT THIÊN TAI", [("Mã sự kiện", []), ("Loại", []), ("Tên", []), ("Cấp độ rủi ro", []), ("Thời gian", ["Từ ngày", "Đến ngày"])])  # fmt: skip
    for event in events:
        sheet.row(*event)
    sheet.footer()
    sheet = Sheet(work, "Công điện", "LỆNH BÁO ĐỘNG LŨ", [("Số công điện", []), ("Mã sự kiện", []), ("Mã trạm", []), ("Cấp báo động", []), ("Giờ phát", [])])  # fmt: skip
    for number, event_code, station, level, issued in orders:
        sheet.row(number, event_code, station, level, _moment(issued))
    sheet.footer()
    _receipts(work, seed, orders)
    _damage(work, seed, [e[0] for e in events])
    sheet = Sheet(work, "Tin đã đăng", "MỰC NƯỚC ĐÃ ĐĂNG TRÊN BÁO", [("STT", []), ("Trạm", []), ("Mực nước (m)", []), ("Lời báo", []), ("Nguồn", [])])  # fmt: skip
    for n, (name, metres, words, source) in enumerate(PUBLISHED_WORDS, 1):
        sheet.row(str(n), name, _comma(metres), words, source)
    work.close()


def _receipts(work: xlsxwriter.Workbook, seed: int, orders: list[tuple[str, str, str, int, datetime]]) -> None:
    sheet = Sheet(work, "Xã nhận", "GIỜ XÃ NHẬN CÔNG ĐIỆN", [("Số công điện", []), ("Mã xã", []), ("Tên xã", []), ("Giờ nhận", [])])  # fmt: skip
    units = communes()
    old = next(code for c in units for code in c.old_codes if code not in {u.code for u in units})
    for number, _, _, _, issued in orders:
        rng = chance(seed, "cong_dien", number)
        for n, i in enumerate(sorted(int(i) for i in rng.choice(len(units), NOTIFIED, replace=False))):
            read = issued + timedelta(minutes=int(rng.integers(4, 95)))
            if number == "21" and n == 0:
                read = issued - timedelta(minutes=10)
            row = (number, units[i].code, units[i].name, None if number == "21" and n in (1, 2) else _moment(read))
            sheet.row(*row)
            if number == "21" and n == 3:
                sheet.row(*row)
                sheet.row(number, old, "Xã cũ", _moment(read))
    sheet.footer()


def _damage(work: xlsxwriter.Workbook, seed: int, events: list[str]) -> None:
    """Quick reports first, final ones two weeks later; a few communes never send the final one."""
    sheet = Sheet(work, "Thiệt hại", "TỔNG HỢP THIỆT HẠI DO THIÊN TAI", [
        ("STT", []), ("Mã sự kiện", []), ("Mã xã", []), ("Tên xã", []), ("Báo cáo", ["Loại", "Ngày"]), ("Người chết", []), ("Nhà hư hỏng", []),
        ("Lúa thiệt hại (ha)", []), ("Thiệt hại (triệu đồng)", []),
    ])  # fmt: skip
    units = communes()
    for event in events:
        rng = chance(seed, "thiet_hai", event)
        last = next(e[5] for e in EVENTS if e[0] == event)
        hit = sorted(int(i) for i in rng.choice(len(units), DAMAGED if event == "KAJIKI" else 15, replace=False))
        for roman, kind, on in (("I", "nhanh", last + timedelta(days=1)), ("II", "cuoi", last + timedelta(days=14))):
            sheet.row(roman, None, None, f"{event}: báo cáo {kind}")
            for n, i in enumerate(hit):
                dead, houses, rice, money = int(rng.random() < 0.03), int(rng.integers(0, 80)), float(rng.integers(0, 900)) / 10, float(rng.integers(50, 90_000)) / 10  # fmt: skip
                if kind == "cuoi" and n % 20 == 7:
                    continue
                shown = f"{money:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")
                day = f"{on:%d/%m/%Y}" if n % 2 else on
                row = (str(n + 1), event, units[i].code, units[i].name, kind, day, dead, houses, _comma(rice, 1) if n % 5 else "-", shown)  # fmt: skip
                sheet.row(*row)
                if event == "KAJIKI" and kind == "nhanh" and n == 0:
                    sheet.row(*row)
                    sheet.row("61", event, "99999", "Xã không có", kind, day, 0, 3, "1,0", "10,0")
                    sheet.row("62", event, units[hit[1]].code, units[hit[1]].name, "bo_sung", day, 0, -3, "1,0", "10,0")
    sheet.row("Tổng cộng")
    sheet.footer()
