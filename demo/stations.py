"""Twelve automatic stations: directory, permits, and five-minute text files in the format of Circular 10/2021.

Made up, with the dirt that such feeds have. By station: `TH_KK_01` writes `PM-2-5` for `PM2,5`; `TH_KK_02` is bad last
night (AQI over 150); `TH_NM_03` sends two hours late; `TH_NM_04` is silent for the last three hours; `TH_NT_02` is over
its COD permit for five hours yesterday; `TH_NT_03`'s pH sensor is stuck; `TH_KK_04` repeats one file an hour under a later
name. Statuses 01 and 02 and single negative values occur everywhere; one file is half uploaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from demo.calendar import chance
from demo.units import communes

STEP = timedelta(minutes=5)
LATE = timedelta(hours=2)
HOURS = 60
#: parameter → (unit, usual value, relative noise)
AIR: dict[str, tuple[str, float, float]] = {
    "PM2,5": ("ug/m3", 28, 0.25),
    "PM10": ("ug/m3", 52, 0.25),
    "SO2": ("ug/m3", 18, 0.3),
    "NO2": ("ug/m3", 26, 0.3),
    "CO": ("ug/m3", 900, 0.2),
    "O3": ("ug/m3", 55, 0.3),
    "Temp": ("oC", 24, 0.05),
    "RH": ("%", 78, 0.05),
}
WATER: dict[str, tuple[str, float, float]] = {
    "pH": ("-", 7.2, 0.02),
    "DO": ("mg/L", 6.1, 0.06),
    "COD": ("mg/L", 9.0, 0.15),
    "BOD5": ("mg/L", 4.2, 0.15),
    "TSS": ("mg/L", 22, 0.25),
    "N-NH4": ("mg/L", 0.22, 0.25),
    "P-PO4": ("mg/L", 0.08, 0.2),
    "TN": ("mg/L", 1.2, 0.2),
    "TP": ("mg/L", 0.16, 0.2),
    "Coliform": ("MPN/100mL", 2300, 0.3),
    "Temp": ("oC", 23, 0.04),
    "Turbidity": ("NTU", 12, 0.3),
}
WASTE: dict[str, tuple[str, float, float]] = {
    "Flow": ("m3/h", 120, 0.15),
    "pH": ("-", 7.1, 0.03),
    "Temp": ("oC", 29, 0.05),
    "COD": ("mg/L", 48, 0.15),
    "TSS": ("mg/L", 31, 0.2),
    "NH4": ("mg/L", 3.1, 0.2),
}


@dataclass(frozen=True)
class Station:
    code: str
    name: str
    kind: str
    commune: str
    lat: float
    lon: float
    owner: str
    factor: float


def _stations() -> list[Station]:
    by_name = {c.name: c for c in communes()}
    places = [
        ("TH_KK_01", "Trạm không khí Hạc Thành", "khong_khi", "Phường Hạc Thành", "Sở Nông nghiệp và Môi trường", 1.0),
        ("TH_KK_02", "Trạm không khí Nghi Sơn", "khong_khi", "Phường Nghi Sơn", "Sở Nông nghiệp và Môi trường", 1.25),
        ("TH_KK_03", "Trạm không khí Bỉm Sơn", "khong_khi", "Phường Bỉm Sơn", "Sở Nông nghiệp và Môi trường", 1.15),
        ("TH_KK_04", "Trạm không khí Sầm Sơn", "khong_khi", "Phường Sầm Sơn", "Sở Nông nghiệp và Môi trường", 0.8),
        (
            "TH_NM_01",
            "Trạm nước mặt sông Mã (Hàm Rồng)",
            "nuoc_mat",
            "Phường Hàm Rồng",
            "Sở Nông nghiệp và Môi trường",
            1.0,
        ),
        (
            "TH_NM_02",
            "Trạm nước mặt sông Chu (Thọ Xuân)",
            "nuoc_mat",
            "Xã Thọ Xuân",
            "Sở Nông nghiệp và Môi trường",
            0.85,
        ),
        (
            "TH_NM_03",
            "Trạm nước mặt sông Yên (Quảng Chính)",
            "nuoc_mat",
            "Xã Quảng Chính",
            "Sở Nông nghiệp và Môi trường",
            1.5,
        ),
        (
            "TH_NM_04",
            "Trạm nước mặt sông Bưởi (Kim Tân)",
            "nuoc_mat",
            "Xã Kim Tân",
            "Sở Nông nghiệp và Môi trường",
            1.1,
        ),
        ("TH_NT_01", "Nước thải nhà máy minh họa A", "nuoc_thai", "Phường Nghi Sơn", "Công ty minh họa A", 0.9),
        ("TH_NT_02", "Nước thải nhà máy minh họa B", "nuoc_thai", "Phường Nghi Sơn", "Công ty minh họa B", 1.05),
        ("TH_NT_03", "Nước thải nhà máy đường minh họa", "nuoc_thai", "Xã Lam Sơn", "Công ty minh họa C", 1.0),
        ("TH_NT_04", "Nước thải KCN minh họa D", "nuoc_thai", "Phường Bỉm Sơn", "Công ty minh họa D", 0.8),
    ]
    chosen = []
    for code, name, kind, place, owner, factor in places:
        unit = by_name.get(place) or next(
            c for c in communes() if c.name.split(" ", 1)[1].startswith(place.split(" ", 1)[1].split()[0])
        )
        chosen.append(
            Station(code, name, kind, unit.code, round(unit.lat + 0.004, 5), round(unit.lon - 0.003, 5), owner, factor)
        )
    return chosen


STATIONS = _stations()
PARAMETERS: dict[str, dict[str, tuple[str, float, float]]] = {"khong_khi": AIR, "nuoc_mat": WATER, "nuoc_thai": WASTE}


def lines(seed: int, station: Station, at: datetime, until: datetime) -> str:
    """The text of one five-minute file (local time)."""
    rng = chance(seed, station.code, at.strftime("%Y%m%d%H"))
    slot = at.minute // 5
    daily = 1 + 0.25 * (1 if 6 <= at.hour <= 9 or 17 <= at.hour <= 20 else -0.3)
    out = []
    for name, (unit, usual, noise) in PARAMETERS[station.kind].items():
        dirtier = (
            station.factor if name not in ("pH", "Temp", "RH", "DO") else 1 / station.factor if name == "DO" else 1
        )
        value = usual * dirtier * (daily if station.kind == "khong_khi" and name not in ("Temp", "RH") else 1)
        value *= 1 + noise * rng.standard_normal(12)[slot]
        draw = rng.random(24)
        status = "01" if draw[slot] < 0.004 else "02" if draw[slot] < 0.009 else "00"
        if name == "Temp":
            value += 3 if 11 <= at.hour <= 15 else -2 if at.hour < 6 else 0
        night = until.replace(hour=0, minute=0, second=0, microsecond=0)
        if (
            station.code == "TH_KK_02"
            and name in ("PM2,5", "PM10")
            and night - timedelta(hours=3) <= at < night + timedelta(hours=5)
        ):
            value *= 4.2
        if (
            station.code == "TH_NT_02"
            and name == "COD"
            and night - timedelta(hours=15) <= at < night - timedelta(hours=10)
        ):
            value *= 3.6
        if station.code == "TH_NT_03" and name == "pH":
            value = 7.02
        if draw[12 + slot] < 0.0015:
            value = -value
        shown = (
            "PM-2-5"
            if station.code == "TH_KK_01" and name == "PM2,5"
            else "NH4"
            if name == "N-NH4" and station.code == "TH_NM_02"
            else name
        )
        out.append(f"{shown}\t{value:.2f}\t{unit}\t{at:%Y%m%d%H%M%S}\t{status}\r\n")
    return "".join(out)


def write(root: Path, seed: int, since: datetime, until: datetime, end: datetime | None = None) -> int:
    """Write the files of [since, until) that a server would hold by `until`; returns how many. Existing ones stay."""
    end = end or until
    count = 0
    at = since.replace(minute=since.minute // 5 * 5, second=0, microsecond=0)
    while at < until:
        for station in STATIONS:
            if station.code == "TH_NM_04" and at >= end - timedelta(hours=3):
                continue
            sent = at + LATE if station.code == "TH_NM_03" and at.hour % 6 == 3 else at
            if sent >= end:
                continue
            count += _put(root, station, at, at, seed, end)
            if station.code == "TH_KK_04" and at.minute == 50:
                count += _put(root, station, at, at + timedelta(seconds=30), seed, end)
        at += STEP
    return count


def _put(root: Path, station: Station, at: datetime, named: datetime, seed: int, end: datetime) -> int:
    """Write the readings of `at` under the name of the moment `named`, whole or not at all; returns 1, or 0 if there."""
    folder = root / f"{named:%Y/%m/%d}"
    file = folder / f"{station.code}_{named:%Y%m%d%H%M%S}.txt"
    if file.exists():
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{file.name}"
    fresh.write_bytes(lines(seed, station, at, end).encode())
    fresh.rename(file)
    return 1


def half_uploaded(root: Path, seed: int, until: datetime) -> Path:
    """One file cut inside its last line, as an upload leaves it."""
    at = until.replace(minute=until.minute // 5 * 5, second=0, microsecond=0) + timedelta(seconds=1)
    body = lines(seed, STATIONS[0], at, until)
    folder = root / f"{at:%Y/%m/%d}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{STATIONS[0].code}_{at:%Y%m%d%H%M%S}.txt"
    file.write_bytes(body[: len(body) - 14].encode())
    return file
