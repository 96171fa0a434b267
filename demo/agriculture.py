"""High-tech zones and their sensors, cane plots with pest alerts, a dairy's daily sums.

Every row is made up, but 18,000 ha of cane (thitruonghanghoa.com 541) come out exactly. Sensors tell every 15 minutes, of the last
two days. Dirt: a humidity of 140 %, a parameter “do_on”, a reading sent twice, a device that no register has, three devices that fell
silent; an alert of level 5, one handled before it was opened, one with a handling time that is no time; a dairy row by the
hour (trade secrets: days only), one with more milking cows than cows.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path

from demo.calendar import chance
from demo.society import months
from demo.units import communes

ZONES, DEVICES, SILENT, PLOTS, CANE_HA = 12, 36, 3, 300, 18_000
PARAMETERS = {"nhiet_do": (18, 38), "am_kk": (45, 98), "am_dat": (15, 60), "ec": (0.8, 2.8), "ph": (5.4, 7.2), "anh_sang": (0, 60_000)}  # fmt: skip
PESTS = {"sau": ["SĐT", "BHG"], "benh": ["TRĐ", "GST"], "dinh_duong": ["ĐẠM"]}
FARMS = 4


def sensors(path: Path, seed: int, until: date) -> None:
    """Zones, devices and the readings of the two days before `until`, a SQLite file."""
    path.unlink(missing_ok=True)
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE khu (ma_khu TEXT PRIMARY KEY, ten TEXT, ma_xa TEXT, dien_tich_ha REAL, cay_trong TEXT);"
        "CREATE TABLE thiet_bi (ma_tb TEXT PRIMARY KEY, loai TEXT, ma_khu TEXT, ngay_lap TEXT, ngay_go TEXT);"
        "CREATE TABLE iot_do (ma_tb TEXT, thong_so TEXT, thoi_gian TEXT, gia_tri REAL);"
    )
    zones = [(f"NNC-{i + 1:02d}", f"Khu nông nghiệp công nghệ cao minh họa {i + 1}", communes()[i * 13].code, float(10 + 5 * i), ["Dưa lưới", "Rau", "Hoa"][i % 3]) for i in range(ZONES)]  # fmt: skip
    con.executemany("INSERT INTO khu VALUES (?, ?, ?, ?, ?)", zones)
    start = datetime.combine(until - timedelta(days=2), datetime.min.time())
    readings: list[tuple[str, str, str, float]] = []
    for i in range(DEVICES):
        device, parameter = f"TB-{i + 1:03d}", list(PARAMETERS)[i % len(PARAMETERS)]
        # The last two zones have no device; one device was taken down long ago.
        put = (device, parameter, zones[i % (ZONES - 2)][0], date(2025, 1 + i % 12, 1).isoformat(), "2025-12-31" if i == 35 else None)  # fmt: skip
        con.execute("INSERT INTO thiet_bi VALUES (?, ?, ?, ?, ?)", put)
        low, high = PARAMETERS[parameter]
        rng = chance(seed, "iot", device, until)
        slots = 0 if i == 35 else 96 + 4 * i if i < SILENT else 192
        readings += [(device, parameter, f"{start + timedelta(minutes=15 * n):%Y-%m-%d %H:%M:%S}", round(float(rng.uniform(low, high)), 2)) for n in range(slots)]  # fmt: skip
    at = f"{start:%Y-%m-%d} 12:00:30"
    readings += [("TB-002", "am_kk", at, 140.0), ("TB-002", "do_on", at, 60.0), readings[0]]
    con.executemany("INSERT INTO iot_do VALUES (?, ?, ?, ?)", readings)
    con.commit()
    con.close()


def seasons(until: date) -> list[str]:
    """Crop years from July to June, since 2024-2025."""
    last = until.year if until.month >= 7 else until.year - 1
    return [f"{year}-{year + 1}" for year in range(2024, last + 1)]


def cane(folder: Path, seed: int, until: date) -> None:
    """Plots, alerts and yields as the mill exports them."""
    folder.mkdir(exist_ok=True)
    weights = chance(seed, "mia").uniform(0.5, 1.5, PLOTS)
    hectares = [round(float(w / weights.sum() * CANE_HA), 1) for w in weights]
    hectares[0] = round(hectares[0] + CANE_HA - sum(hectares), 1)
    plots = [(f"LO-{i + 1:03d}", communes()[60 + i % 40].code) for i in range(PLOTS)]
    _write(folder / "lo_mia.csv", ["ma_lo", "vu", "ma_xa", "ha", "giong"], [(code, season, area, f"{ha:.1f}".replace(".", ","), ["LS1", "LS2", "KK3"][i % 3]) for season in seasons(until) for i, ((code, area), ha) in enumerate(zip(plots, hectares, strict=True))])  # fmt: skip
    alerts: list[tuple[object, ...]] = []
    for month in months(until):
        rng = chance(seed, "mia_cb", month)
        for _ in range(24):
            opened = datetime(month // 100, month % 100, int(rng.integers(1, 28)), int(rng.integers(6, 18)), 5)
            handled = opened + timedelta(hours=float(rng.lognormal(3, 0.7)))
            kind = list(PESTS)[int(rng.integers(0, 3))]
            alerts.append((f"CB-{len(alerts) + 1:05d}", plots[int(rng.integers(0, PLOTS))][0], f"{opened:%d/%m/%Y %H:%M}", kind, PESTS[kind][0], int(rng.integers(1, 4)), round(float(rng.uniform(0.6, 0.99)), 2), f"{handled:%d/%m/%Y %H:%M}" if rng.random() < 0.9 else ""))  # fmt: skip
    alerts += [("CB-90001", "LO-001", "05/08/2025 08:00", "sau", "SĐT", 5, 0.9, ""), ("CB-90002", "LO-002", "05/08/2025 08:00", "sau", "SĐT", 2, 0.9, "04/08/2025 08:00"),
        ("CB-90003", "LO-003", "05/08/2025 08:00", "benh", "GST", 1, 0.8, "hôm sau")]  # fmt: skip
    _write(folder / "canh_bao.csv", ["ma_cb", "ma_lo", "luc", "loai", "ma_dich_hai", "muc", "do_tin_cay", "xu_ly_luc"], alerts)  # fmt: skip
    yields = [(code, season, round(ha * float(chance(seed, "mia_sl", code, season).uniform(60, 80)))) for season in seasons(until)[:-1] for (code, _), ha in zip(plots, hectares, strict=True)]  # fmt: skip
    _write(folder / "san_luong.csv", ["ma_lo", "vu", "tan"], yields)


def dairy(folder: Path, seed: int, until: date) -> None:
    """The company sends sums of a day and farm, nothing finer."""
    folder.mkdir(exist_ok=True)
    first = date(2025, 7, 1)
    rows: list[dict[str, object]] = []
    for i in range(FARMS):
        for n in range((until - first).days):
            on = first + timedelta(days=n)
            rng = chance(seed, "sua", i, on)
            cows = 1500 + 400 * i
            milking = int(cows * float(rng.uniform(0.48, 0.54)))
            rows.append({"maTrai": f"VNM-TH{i + 1}", "maXa": communes()[100 + 9 * i].code, "ngay": on.isoformat(), "soBo": cows, "soVatSua": milking, "lit": round(milking * float(rng.uniform(26, 31)), 1), "thucAnKg": round(cows * 21.5, 1)})  # fmt: skip
    rows += [rows[0] | {"ngay": f"{first + timedelta(days=1)}T06:00", "lit": 120.0}, rows[1] | {"maTrai": "VNM-TH9", "soVatSua": 9_999}]  # fmt: skip
    (folder / "sua_ngay.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def _write(path: Path, header: list[str], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(header)
        out.writerows(rows)


def write(folder: Path, seed: int, until: date) -> None:
    sensors(folder / ".nncnc.sqlite", seed, until)
    (folder / ".nncnc.sqlite").rename(folder / "nncnc.sqlite")
    cane(folder / "lasuco", seed, until)
    dairy(folder / "vinamilk", seed, until)
