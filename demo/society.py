"""Files of the smart-city scheme's social sectors: population, health, insurance cards, poverty, benefits, civic reports.

Every row is made up; only the sum of the communes is calibrated, 3,790,000 people in December 2025 (derived from 22,000
firms at 5.8 per 1,000 people). Months begin in July 2025, with today's communes; the poverty survey of 2024 has the old ones.

Dirt: a population row under an unknown commune and one sent twice; insurance files with old codes beside every tenth
commune's own; three health records that say “KPH”; a hospital day sent twice, a negative count, a day that does not exist; in
the poverty book a code cut to four digits, an “x”, one row twice, and two communes with three and four poor households; of
benefits three periods `2026-10`, an unknown method, two payments twice, five payments to people on no register, two transfers
without a bank, and two communes with two and three recipients; civic reports wrong once each way on every twentieth day; a
clean-water row that says “KPH”, one over its people.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import xlsxwriter

from demo.calendar import chance
from demo.units import communes, split_codes
from demo.workbooks import Sheet

PEOPLE, CENSUS = 3_790_000, 202512
HOSPITALS, HOSPITAL_DAYS = 24, 120
FIRST = date(2025, 7, 1)


def months(until: date) -> list[int]:
    """Whole months since July 2025, as YYYYMM."""
    count = (until.year - FIRST.year) * 12 + until.month - FIRST.month
    return [(FIRST.year + (6 + n) // 12) * 100 + (6 + n) % 12 + 1 for n in range(count)]


def _text(number: int) -> str:
    return f"{number:,}".replace(",", ".")


@cache
def people(seed: int) -> dict[str, int]:
    """The people of each commune in December 2025; wards have some twice as many."""
    rng, units = chance(seed, "dan_so"), communes()
    weights = [float(rng.uniform(0.6, 1.4)) * (2 if c.kind == "phường" else 1) for c in units]
    counts = {c.code: int(PEOPLE * w / sum(weights)) for c, w in zip(units, weights, strict=True)}
    counts[units[0].code] += PEOPLE - sum(counts.values())
    return counts


def people_in(seed: int, code: str, month: int) -> int:
    """0.06 % more a month, from December 2025 in both directions."""
    away = (month // 100 - CENSUS // 100) * 12 + month % 100 - CENSUS % 100
    return round(people(seed)[code] * (1 + 0.0006 * away))


def population(path: Path, seed: int, until: date) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["thang", "ma_xa", "so_dan", "so_ho"])
        for month in months(until):
            for c in communes():
                count = people_in(seed, c.code, month)
                out.writerow([month, c.code, _text(count), _text(round(count / 3.6))])
        out.writerow([CENSUS, "99999", "12.000", "3.300"])
        last = people_in(seed, communes()[0].code, CENSUS)
        out.writerow([CENSUS, communes()[0].code, _text(last), _text(round(last / 3.6))])
        out.writerow(["Tổng số", "", "", ""])


def insurance(folder: Path, seed: int, until: date) -> None:
    """Cards in force by commune, a file a month; of every tenth commune a fifth still stand under an old code."""
    folder.mkdir(exist_ok=True)
    new = {c.code for c in communes()}
    for n, month in enumerate(months(until)):
        with (folder / f"the_bhyt_{month}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(["ma_xa", "so_the"])
            for i, c in enumerate(communes()):
                rate = float(chance(seed, "bhyt", c.code).uniform(0.9, 0.97)) + 0.001 * n
                cards = int(people_in(seed, c.code, month) * min(rate, 0.99))
                old = next((code for code in c.old_codes if code not in new), None) if i % 10 == 0 else None
                if old:
                    out.writerow([old, _text(cards // 5)])
                out.writerow([c.code, _text(cards - cards // 5 if old else cards)])
            out.writerow(["Tổng cộng", ""])


def health(path: Path, seed: int, until: date) -> None:
    """Hospitals, their days (the last 120), and e-health records by commune."""
    path.unlink(missing_ok=True)
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE benh_vien (ma_bv TEXT PRIMARY KEY, ten TEXT, hang TEXT, ma_xa TEXT, ngay_emr TEXT);"
        "CREATE TABLE kcb_ngay (ma_bv TEXT, ngay TEXT, luot_ngoai_tru INTEGER, ngay_dt_noi_tru INTEGER, giuong INTEGER);"
        "CREATE TABLE hssk (thang INTEGER, ma_xa TEXT, so_ho_so TEXT);"
    )
    hospitals: list[tuple[object, ...]] = []
    days: list[tuple[object, ...]] = []
    for i in range(HOSPITALS):
        rng = chance(seed, "benh_vien", i)
        code, beds = f"38{i + 1:03d}", int(rng.integers(12, 90)) * 10
        went = date(2024, 10, 1) + timedelta(days=40 * i)
        hospitals.append((code, f"Bệnh viện minh họa {i + 1}", ["I", "II", "III"][i % 3], communes()[i * 6].code, went.isoformat() if went <= until else None))  # fmt: skip
        for n in range(1, HOSPITAL_DAYS + 1):
            on = until - timedelta(days=n)
            busy = chance(seed, "kcb", i, on).uniform(0.72, 1.04, 2)
            days.append((code, on.isoformat(), int(beds * busy[0] * 1.6), int(beds * busy[1]), beds))
    days += [days[0], ("38002", (until - timedelta(days=HOSPITAL_DAYS + 1)).isoformat(), -5, 100, 300), ("38003", "2026-02-30", 90, 100, 300)]  # fmt: skip
    con.executemany("INSERT INTO benh_vien VALUES (?, ?, ?, ?, ?)", hospitals)
    con.executemany("INSERT INTO kcb_ngay VALUES (?, ?, ?, ?, ?)", days)
    for n, month in enumerate(months(until)):
        share = {c.code: min(float(chance(seed, "hssk", c.code).uniform(0.6, 0.85)) + 0.008 * n, 0.99) for c in communes()}  # fmt: skip
        rows = [(month, code, str(int(people_in(seed, code, month) * part))) for code, part in share.items()]
        if n == 0:
            rows[:3] = [(month, code, "KPH") for _, code, _ in rows[:3]]
        con.executemany("INSERT INTO hssk VALUES (?, ?, ?)", rows)
    con.commit()
    con.close()


def poverty(path: Path, seed: int, until: date) -> None:
    """The survey of each December since 2024, a sheet a year; 2024 by the old communes."""
    book = xlsxwriter.Workbook(str(path))
    wards = [c.code for c in communes() if c.kind == "phường"]
    for year in range(2024, until.year):
        sheet = Sheet(book, f"Năm {year}", f"KẾT QUẢ RÀ SOÁT HỘ NGHÈO ĐA CHIỀU NĂM {year}", [
            ("STT", []), ("Mã xã", []), ("Tên xã, phường", []), ("Tổng số hộ", []), ("Kết quả", ["Hộ nghèo", "Hộ cận nghèo"]),
        ], "Đơn vị: hộ")  # fmt: skip
        number = 0
        for roman, kind in (("I", "phường"), ("II", "xã")):
            sheet.row(roman, None, f"Khu vực {kind}")
            for i, c in enumerate(communes()):
                if c.kind != kind:
                    continue
                codes = (*c.old_codes, *split_codes()[i : i + 1]) if year == 2024 else (c.code,)
                households = round(people(seed)[c.code] / 3.6 / len(codes))
                rate = float(chance(seed, "ho_ngheo", c.code).uniform(0.002, 0.012 if kind == "phường" else 0.07))
                poor = round(households * rate * (1 - 0.2 * (year - 2024)))
                if c.code in wards[:2] and year > 2024:
                    poor = 3 + wards.index(c.code)
                for code in codes:
                    number += 1
                    near = "x" if number == 30 and year == 2025 else round(poor * 1.4)
                    sheet.row(str(number), code, c.name, _text(households), poor, near)
                    if number == 40 and year == 2025:
                        sheet.row(str(number), code, c.name, _text(households), poor, near)
        if year == 2025:
            sheet.row(str(number + 1), "1479", "Thiếu một chữ số", "5.000", 40, 60)
        sheet.row("Tổng cộng", None, f"{number} xã, phường")
        sheet.footer()
    book.close()


def benefits(folder: Path, seed: int, until: date) -> None:
    """Recipients, and the payments of the last three months, as the benefits system answers; the codes of methods are ours:
    1 cash, 2 transfer, 3 post office."""
    folder.mkdir(exist_ok=True)
    recipients: list[dict[str, object]] = []
    for i, c in enumerate(communes()):
        rng = chance(seed, "bao_tro", c.code)
        for _ in range((0, 2, 3)[i] if i < 3 else int(rng.integers(6, 14))):
            number, since = len(recipients), date(2020, 1, 1) + timedelta(days=int(rng.integers(0, 2000)))
            ended = date(2026, 1, 15) + timedelta(days=int(rng.integers(0, 700))) if rng.random() < 0.1 else None
            recipients.append({"SoDinhDanh": f"0381{number:08d}", "HoTen": f"Lê Thị {number + 1}", "MaXa": c.code, "NhomDoiTuong": ["NCT", "NKT", "TE", "KHAC"][number % 4],
                "NgayHuong": f"{since:%d/%m/%Y}", "NgayThoiHuong": f"{ended:%d/%m/%Y}" if ended and ended <= until else None})  # fmt: skip
    (folder / "doi_tuong.json").write_text(json.dumps({"duLieu": recipients}, ensure_ascii=False), encoding="utf-8")
    for month in months(until)[-3:]:
        rng = chance(seed, "chi_tra", month)
        first = date(month // 100, month % 100, 1)
        rows: list[dict[str, object]] = []
        for person in recipients:
            stopped = person["NgayThoiHuong"]
            if stopped and datetime.strptime(str(stopped), "%d/%m/%Y").date() < first:
                continue
            by = "2" if rng.random() < 0.8 else "1" if rng.random() < 0.7 else "3"
            rows.append({"SoDinhDanh": person["SoDinhDanh"], "KyChiTra": str(month), "SoTien": 500_000 * int(rng.integers(1, 4)), "MaHinhThucChiTra": by,
                "MaNganHang": ["VCB", "AGR", "BIDV"][int(rng.integers(0, 3))] if by == "2" else None, "SoTaiKhoan": f"10{int(rng.integers(0, 10**9)):09d}" if by == "2" else None})  # fmt: skip
        if month == months(until)[-1]:
            for row in [row for row in rows if row["MaHinhThucChiTra"] == "2"][:2]:
                row["MaNganHang"] = None
            stranger = rows[0] | {"MaHinhThucChiTra": "1", "MaNganHang": None, "SoTaiKhoan": None}
            rows += [stranger | {"SoDinhDanh": f"0389{i:08d}"} for i in range(5)] + rows[10:12]
            rows += [stranger | {"SoDinhDanh": f"0388{i:08d}", "KyChiTra": "2026-10"} for i in range(3)]
            rows += [stranger | {"SoDinhDanh": "038700000000", "MaHinhThucChiTra": "9"}]
        (folder / f"chi_tra_{month}.json").write_text(json.dumps({"duLieu": rows}, ensure_ascii=False), encoding="utf-8")  # fmt: skip


FIELDS = ["Hạ tầng đô thị", "Vệ sinh môi trường", "Trật tự đô thị", "Điện chiếu sáng", "Cây xanh"]


def reports(seed: int, on: date, until: datetime) -> list[tuple[object, ...]]:
    """The field reports of one day as they stand at `until`."""
    rng, units = chance(seed, "hien_truong", on), communes()
    rows: list[tuple[object, ...]] = []
    for n in range(int(rng.integers(3, 8))):
        at = datetime(on.year, on.month, on.day, 6) + timedelta(minutes=int(rng.integers(0, 840)))
        due = at + timedelta(days=3)
        done = at + timedelta(days=3 * float(rng.uniform(0.1, 0.95) if rng.random() < 0.88 else rng.uniform(1.01, 3)))
        field, where = FIELDS[int(rng.integers(0, 5))], units[int(rng.integers(0, len(units)))].code
        if on.toordinal() % 20 == 0:
            where, field = ("99999" if n == 0 else where), ("khác" if n == 2 else field)
            done = at - timedelta(hours=5) if n == 1 else done
        if at <= until:
            rows.append((f"HT-{on:%y%m%d}-{n + 1:02d}", field, where, at.isoformat(" "), due.isoformat(" "), done.isoformat(" ", "seconds") if done <= until else None, f"Người gửi {n}", f"09{int(rng.integers(0, 10**8)):08d}"))  # fmt: skip
    return rows


def city(path: Path, seed: int, until: datetime) -> None:
    """Field reports since July 2025 and, each whole quarter, people with piped clean water."""
    path.unlink(missing_ok=True)
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE phan_anh (ma TEXT PRIMARY KEY, linh_vuc TEXT, ma_xa TEXT, luc_gui TEXT, han_xu_ly TEXT, luc_xong TEXT, nguoi_gui TEXT, dien_thoai TEXT);"
        "CREATE TABLE nuoc_sach (quy TEXT, ma_xa TEXT, so_dan INTEGER, so_dan_co_nuoc TEXT);"
    )
    for n in range((until.date() - FIRST).days + 1):
        con.executemany("INSERT INTO phan_anh VALUES (?, ?, ?, ?, ?, ?, ?, ?)", reports(seed, FIRST + timedelta(days=n), until))  # fmt: skip
    ends = [month for month in months(until.date()) if month % 100 % 3 == 0]
    for n, month in enumerate(ends):
        quarter, units = f"{month // 100}{month % 100 // 3}", communes()
        for i, c in enumerate(units):
            count = people_in(seed, c.code, month)
            rate = float(
                chance(seed, "nuoc_sach", c.code).uniform(*((0.85, 0.97) if c.kind == "phường" else (0.3, 0.7)))
            )
            served: object = "KPH" if (n, i) == (0, 7) else count + 50 if (n, i) == (0, 9) else int(count * min(rate + 0.01 * n, 0.98))  # fmt: skip
            con.execute("INSERT INTO nuoc_sach VALUES (?, ?, ?, ?)", (quarter, c.code, count, str(served)))
    con.commit()
    con.close()


def write(folder: Path, seed: int, until: datetime) -> None:
    """All files, each under another name first, so that nobody reads half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    last = until.date()
    makers: dict[str, Callable[[Path], object]] = {
        "dan_so.csv": lambda p: population(p, seed, last), "y_te.sqlite": lambda p: health(p, seed, last),
        "ho_ngheo.xlsx": lambda p: poverty(p, seed, last), "do_thi.sqlite": lambda p: city(p, seed, until),
    }  # fmt: skip
    for name, make in makers.items():
        fresh = folder / f".{name}"
        make(fresh)
        fresh.rename(folder / name)
    insurance(folder / "bhyt", seed, last)
    benefits(folder / "bao_tro", seed, last)
