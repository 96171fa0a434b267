"""Electricity sold, renewables, energy audits and street lights.

Every row is made up; a month's sales are some 650 GWh. Files until June 2025 have the old communes' codes, later ones those of
today. Dirt: in one month of sales an unknown commune, a negative amount, a group “khac” and one row twice; in the workbook
a plant without a code of the right form, an output that says “x”, a tax code with a wrong check digit, one commune's
lights twice and one with more smart lights than lights.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.firms import tax_codes
from demo.society import months
from demo.units import communes, split_codes
from demo.workbooks import Sheet

GROUPS = {"sinh_hoat": 0.34, "cong_nghiep": 0.52, "thuong_mai": 0.09, "nong_nghiep": 0.05}
MONTH_KWH = 650_000_000
PLANTS, AUDITS = 60, 40
DIRTY = 202510
KINDS = ["Mặt trời mái nhà"] * 7 + ["Mặt trời mặt đất", "Thủy điện nhỏ", "Sinh khối"]


def _text(number: float, places: int = 0) -> str:
    return f"{number:,.{places}f}".translate(str.maketrans(",.", ".,"))


def sold(seed: int, month: int) -> list[tuple[str, str, int]]:
    """Code, group and kWh of a month: hotter months take more, each year some 8 % more."""
    heat = 1 + 0.18 * (1 - abs(month % 100 - 7) / 6) + 0.08 * (month // 100 - 2025)
    units: list[tuple[str, ...]] = [(c.code,) for c in communes()]
    if month < 202507:
        units = [*(c.old_codes for c in communes()), *((code,) for code in split_codes())]
    rows = []
    for codes in units:
        size = float(chance(seed, "dien", codes[0]).uniform(0.4, 1.6)) / len(units) / len(codes)
        for code in codes:
            swing = chance(seed, "dien", code, month).uniform(0.95, 1.05, len(GROUPS))
            rows += [(code, group, round(MONTH_KWH * heat * size * part * float(s))) for (group, part), s in zip(GROUPS.items(), swing, strict=True)]  # fmt: skip
    return rows


def electricity(folder: Path, seed: int, until: date) -> None:
    """A file a month since January 2025."""
    folder.mkdir(exist_ok=True)
    every = [*range(202501, 202507), *months(until)]
    for month in every:
        rows = [(code, group, _text(kwh)) for code, group, kwh in sold(seed, month)]
        if month == DIRTY:
            rows += [
                ("99999", "sinh_hoat", "1.200"),
                (rows[1][0], "cong_nghiep", "-5"),
                (rows[0][0], "khac", "7"),
                rows[0],
            ]
        with (folder / f"dien_tt{'_cu' if month < 202507 else ''}_{month}.csv").open(
            "w", encoding="utf-8-sig", newline=""
        ) as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(["ma_xa", "nhom_kh", "kwh"])
            out.writerows(rows)
            out.writerow(["Tổng cộng", "", ""])


def book(path: Path, seed: int, until: date) -> None:
    """The department's workbook: plants, their output, audits, street lights."""
    units = communes()
    every = [*range(202501, 202507), *months(until)]
    with xlsxwriter.Workbook(str(path)) as file:
        plants = Sheet(file, "Công trình", "CÔNG TRÌNH NĂNG LƯỢNG TÁI TẠO", [(h, []) for h in ("STT", "Mã", "Tên công trình", "Loại", "Mã xã", "Công suất (MWp)", "Ngày vận hành")])  # fmt: skip
        output = Sheet(file, "Sản lượng", "SẢN LƯỢNG ĐIỆN TÁI TẠO", [(h, []) for h in ("STT", "Tháng", "Mã", "Sản lượng (kWh)")])  # fmt: skip
        for i in range(PLANTS):
            rng = chance(seed, "nlm_t", i)
            kind = KINDS[i % len(KINDS)]
            mwp = float(rng.uniform(0.1, 1.5) if kind == KINDS[0] else rng.uniform(5, 30))
            began = date(2023, 1, 15) + timedelta(days=22 * i)
            plants.row(str(i + 1), f"NL-{i + 1:03d}", f"{kind} minh họa {i + 1}", kind, units[i * 2].code, _text(mwp, 2), began if began <= until else None)  # fmt: skip
            for month in (m for m in every if m > began.year * 100 + began.month):
                made = round(mwp * 1000 * 110 * float(chance(seed, "nlm_t", i, month).uniform(0.8, 1.2)))
                output.row(str(i + 1), str(month), f"NL-{i + 1:03d}", "x" if (i, month) == (5, DIRTY) else made)
        plants.row("61", "mái nhà A", "Chưa cấp mã", KINDS[0], units[0].code, "0,30", None)
        audits = Sheet(file, "Kiểm toán", "KIỂM TOÁN NĂNG LƯỢNG CƠ SỞ TRỌNG ĐIỂM", [(h, []) for h in ("STT", "Mã số thuế", "Tên cơ sở", "Năm", "Tiêu thụ (TOE)", "Tiết kiệm (%)")])  # fmt: skip
        taxed = list(islice(tax_codes(), 200, 200 + AUDITS))  # firms of Nghi Sơn
        for i in range(AUDITS):
            rng = chance(seed, "kiem_toan", i)
            code = taxed[i] if i != 9 else taxed[i][:-1] + str((int(taxed[i][-1]) + 1) % 10)
            audits.row(str(i + 1), code, f"Cơ sở sử dụng năng lượng minh họa {i + 1}", 2025, _text(float(rng.uniform(1000, 60000))), None if i % 8 == 3 else round(float(rng.uniform(0.2, 6)), 1))  # fmt: skip
        lights = Sheet(file, "Đèn đường", "ĐÈN ĐƯỜNG THEO XÃ, PHƯỜNG", [("STT", []), ("Mã xã", []), ("Tên xã", []), ("Quý", []), ("Số đèn", ["Tổng", "LED", "Điều khiển thông minh"])])  # fmt: skip
        quarters = sorted({m // 100 * 10 + (m % 100 + 2) // 3 for m in every if m % 100 % 3 == 0})
        for n, quarter in enumerate(quarters):
            for i, c in enumerate(units):
                rng = chance(seed, "den", c.code)
                count = int(rng.integers(80, 900)) * (4 if c.kind == "phường" else 1)
                led = int(count * min(0.35 + 0.05 * n, 0.95))
                smart = (
                    count + 3 if (n, i) == (0, 11) else int(count * (0.02 * n if c.kind == "xã" else 0.1 + 0.05 * n))
                )
                for _ in range(2 if (n, i) == (0, 20) else 1):
                    lights.row(str(i + 1), c.code, c.name, str(quarter), count, led, smart)
        lights.footer()


def write(folder: Path, seed: int, until: date) -> None:
    electricity(folder / "dien", seed, until)
    book(folder / ".nang_luong.xlsx", seed, until)
    (folder / ".nang_luong.xlsx").rename(folder / "nang_luong.xlsx")
