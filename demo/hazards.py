"""Reservoirs, flash floods, rain and river levels, as a REST server with the shapes of the public feeds (reference.md §3.2).

What is real: names and levels of reservoirs and rivers as published, and the peaks of storm Kajiki (25-27/8/2025: Giàng
3.46 m at 01:00 on the 26th and 6.62 m at 07:00 on the 27th, Kim Tân 12.76, Lý Nhân 11.87, Xuân Khánh 9.65). All else is made
up. Dirt: HTML inside values, `longtitude`, `/Date(ms)/`, several rows a commune, some names double-encoded, every fifth
small reservoir reporting m³ where others report million m³, a 429 now and then, 401 without the token.
"""

from __future__ import annotations

import itertools
import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.calendar import ZONE, chance, local
from demo.units import communes


@dataclass(frozen=True)
class Reservoir:
    name: str
    basin: str
    normal_m: float
    dead_m: float
    capacity_mm3: float
    lat: float
    lon: float
    in_m3: bool = False

    @property
    def code(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"ho-chua.{self.name}"))


#: (name, river, normal level m, dead level m, capacity million m³, lat, lon); figures as in reservoirs.csv, the rest made up
_KNOWN = [
    ("Cửa Đạt", "Chu", 110, 73, 1500, 19.88, 105.28), ("Hủa Na", "Chu", 240, 215, 569, 19.73, 104.95), ("Trung Sơn", "Mã", 160, 150, 348, 20.61, 104.83),
    ("Sông Mực", "Mực", 33, 20, 200, 19.58, 105.55), ("Yên Mỹ", "Thị Long", 20.36, 12, 87, 19.46, 105.66), ("Cẩm Thủy 1", "Mã", 30, 25.5, 40, 20.21, 105.47),
    ("Bá Thước 1", "Mã", 54, 50, 25, 20.36, 105.23), ("Bá Thước 2", "Mã", 41, 38, 30, 20.30, 105.33), ("Hồi Xuân", "Mã", 80, 77, 60, 20.38, 105.1),
    ("Thành Sơn", "Mã", 89, 86, 12, 20.48, 104.96), ("Đồng Văn", "Chu", 285, 280, 21, 19.71, 104.83), ("Xuân Minh", "Chu", 35, 32, 8, 19.95, 105.36), ("Bái Thượng", "Chu", 17.2, 15, 3, 19.9, 105.4),
]  # fmt: skip
RESERVOIRS = [Reservoir(n, b, nl, dl, w, la, lo) for n, b, nl, dl, w, la, lo in _KNOWN] + [
    Reservoir(
        f"Hồ minh họa {i + 1:02d}",
        "Nội tỉnh",
        30 + i,
        22 + i,
        round(1.5 + i * 0.4, 1),
        19.45 + i * 0.03,
        105.1 + (i * 7 % 30) * 0.02,
        in_m3=i % 5 == 0,
    )
    for i in range(30)
]
#: station → (code, river, alarm levels, lat, lon); levels as in flood_alarm_levels.csv
RIVERS: dict[str, tuple[str, str, tuple[float | None, float | None, float | None], float, float]] = {
    "Giàng": ("TV_GIANG", "Mã", (4.0, 5.5, 6.5), 19.86, 105.76), "Lý Nhân": ("TV_LYNHAN", "Mã", (9.5, 11.0, 12.0), 20.02, 105.63), "Cẩm Thủy": ("TV_CAMTHUY", "Mã", (17.5, 19.0, 20.2), 20.21, 105.47),
    "Bái Thượng": ("TV_BAITHUONG", "Chu", (15.0, 16.5, 18.0), 19.9, 105.38), "Xuân Khánh": ("TV_XUANKHANH", "Chu", (9.0, 10.4, 12.0), 19.9, 105.57), "Kim Tân": ("TV_KIMTAN", "Bưởi", (10.0, 11.0, 12.0), 20.13, 105.67),
    "Lèn": ("TV_LEN", "Lèn", (4.0, 5.0, 6.0), 19.97, 105.85), "Xuân Vinh": ("TV_XUANVINH", "Cầu Chày", (8.0, 9.0, 10.0), 19.97, 105.53), "Chuối": ("TV_CHUOI", "Yên", (2.0, 2.8, 3.5), 19.64, 105.67), "Lang Chánh": ("TV_LANGCHANH", "Âm", (48.5, None, None), 20.15, 105.24),
}  # fmt: skip
KAJIKI = (datetime(2025, 8, 25), datetime(2025, 8, 28, 23))
#: Published points of the storm, in hours after 2025-08-25 00:00: (hour, metres).
PUBLISHED = {
    "Giàng": [(25, 3.46), (27, 4.0), (55, 6.62)],
    "Kim Tân": [(55, 12.76)],
    "Lý Nhân": [(53, 11.87)],
    "Xuân Khánh": [(50, 9.65)],
}
RISKS = ["", "Trung bình", "Cao", "Rất cao"]


def swell(at: datetime) -> float:
    """How wet the days are, 0-1: one pulse about every twelve days, made up, and a large one for the storm."""
    if KAJIKI[0] <= at <= KAJIKI[1]:
        return 0.2 + 0.8 * math.exp(-(((at - datetime(2025, 8, 27, 4)) / timedelta(hours=26)) ** 2))
    phase = (at - datetime(2025, 1, 1)) / timedelta(days=12)
    return max(0.0, math.sin(math.pi * (phase % 1))) ** 6 * (0.55 + 0.35 * math.sin(phase))


def river_level(seed: int, name: str, at: datetime) -> float:
    """Metres at a station, at a full hour."""
    low, *_rest = RIVERS[name][2]
    base = float(low or 0) - 2.6
    if KAJIKI[0] <= at <= KAJIKI[1] and name in PUBLISHED:
        hour = (at - KAJIKI[0]) / timedelta(hours=1)
        points = [(0.0, base), *PUBLISHED[name], (95.0, base + 1.2)]
        for (h0, m0), (h1, m1) in itertools.pairwise(points):
            if h0 <= hour <= h1:
                return round(m0 + (m1 - m0) * (hour - h0) / (h1 - h0), 2)
    noise = chance(seed, name, at.strftime("%Y%m%d%H")).normal(0, 0.04)
    return round(base + swell(at) * (4.4 if name in ("Xuân Vinh", "Chuối") else 3.2) + noise, 2)


def rivers(seed: int, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """GeoJSON features: the station's code and level are inside HTML."""
    features = []
    at = since.replace(minute=0, second=0, microsecond=0)
    while at <= until:
        for name, (code, river, (b1, b2, b3), lat, lon) in RIVERS.items():
            level = river_level(seed, name, at)
            word = "trên BĐ1" if b1 and level >= b1 else "dưới BĐ1"
            popup = f"<div><p>Tr&#7841;m: <b>{name}</b></p><p>M&#227; tr&#7841;m: <b>{code}</b></p><p>S&ocirc;ng: <b>{river}</b></p><p>M&#7921;c n&#432;&#7899;c: <b>{level:.2f}</b> m ({word})</p><p>Th&#7901;i gian: <b>{at:%H:%M %d/%m/%Y}</b></p></div>"
            alarm = {"bao_dong1": b1, "bao_dong2": b2, "bao_dong3": b3}
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [lon, lat]},
                    "properties": {"popupInfo": popup, "longtitude": lon, "latitude": lat, **alarm},
                }
            )
        at += timedelta(hours=1)
    return features


@dataclass(frozen=True)
class Gauge:
    code: str
    name: str
    commune: str
    lat: float
    lon: float


@cache
def gauges() -> tuple[Gauge, ...]:
    """Twenty made-up rain gauges, one in every eighth commune."""
    return tuple(
        Gauge(f"TM_{n:02d}", f"Trạm mưa {c.name}", c.code, c.lat, c.lon) for n, c in enumerate(communes()[::8][:20], 1)
    )


def rain(seed: int, gauge: Gauge, at: datetime) -> float:
    """Millimetres in the hour that ends at `at`: made up, more in the west, none on dry days."""
    wet = max(0.0, swell(at + timedelta(hours=8)) - 0.12)
    burst = float(chance(seed, "mua", gauge.code, at.strftime("%Y%m%d%H")).gamma(0.8, 1.25))
    return round(6.0 * wet * (1 + max(0.0, 105.75 - gauge.lon)) * burst, 1)


def rains(seed: int, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Hourly rain in the short keys of Vrain. The first gauge comes twice at 6 o'clock; the second says -99 at 3 o'clock."""
    rows = []
    at = since.replace(minute=0, second=0, microsecond=0)
    while at <= until:
        for n, g in enumerate(gauges()):
            fallen = -99.0 if n == 1 and at.hour == 3 else rain(seed, g, at)
            row = {"id": g.code, "sn": g.name, "wc": g.commune, "lt": g.lat, "lg": g.lon, "d": fallen, "l": int(fallen > 16), "c": "#2d7dd2", "t": f"{at:%H:%M %d/%m/%Y}"}  # fmt: skip
            rows += [row, row] if n == 0 and at.hour == 6 else [row]
        at += timedelta(hours=1)
    return rows


def reservoirs(seed: int, since: datetime, until: datetime) -> list[dict[str, Any]]:
    rows = []
    at = since.replace(minute=0, second=0, microsecond=0)
    while at <= until:
        season = 0.78 + 0.07 * math.sin((at.timetuple().tm_yday - 230) / 365 * 2 * math.pi)
        for i, r in enumerate(RESERVOIRS):
            rng = chance(seed, r.name, at.strftime("%Y%m%d"))
            fill = min(
                1.04 if i in (4, 17) else 0.999,
                season
                + 0.10 * swell(at - timedelta(hours=9))
                + 0.03 * math.sin(i)
                + (0.09 if i in (4, 17) else 0)
                + rng.normal(0, 0.004),
            )
            level = r.dead_m + (r.normal_m - r.dead_m) * max(fill, 0.05) ** 0.9
            volume = r.capacity_mm3 * max(fill, 0.05)
            inflow = (2 + r.capacity_mm3 * 0.25) * (0.4 + 2.5 * swell(at))
            rows.append({
                "LakeCode": r.code, "LakeName": r.name, "BasinName": r.basin, "ProvinceName": "Thanh Hóa", "ProvinceCode": "38",
                "TdMucNuoc": round(level, 2), "TdDungTich": round(volume * 1e6) if r.in_m3 else round(volume, 3), "TkDungTich": round(r.capacity_mm3 * 1e6) if r.in_m3 else r.capacity_mm3,
                "QDen": round(inflow, 1), "QXa": round(inflow * (1.1 if fill > 0.97 else 0.7), 1), "MucNuocDangBinhThuong": r.normal_m, "MucNuocDangGiaCuong": round(r.normal_m + 3, 2),
                "XuThe": "Lên" if swell(at) > swell(at - timedelta(hours=3)) else "Xuống", "ThoiGianCapNhat": int(at.replace(tzinfo=ZONE).timestamp() * 1000), "X": r.lon, "Y": r.lat,
            })  # fmt: skip
        at += timedelta(hours=1)
    return rows


def flash_floods(seed: int, at: datetime, ahead: int) -> list[dict[str, Any]]:
    """Communes at risk in one hour, several rows each (the feed lists hamlets), the highest counts."""
    wet = swell(at)
    rows = []
    for c in communes():
        rng = chance(seed, "lu_quet", c.code, at.strftime("%Y%m%d%H"))
        steep = max(0.0, min(1.0, (105.75 - c.lon) / 0.9))
        risk = wet * (0.35 + steep) + rng.normal(0, 0.06)
        if risk < 0.5:
            continue
        for k in range(1 + int(c.code) % 3):
            level = min(3, int((risk - 0.5) * 6) + (1 if k == 0 else 0))
            name = f"{'P. ' if c.kind == 'phường' else 'X. '}{c.name.split(' ', 1)[1]}"
            if int(c.code) % 19 == 0:
                name = name.encode().decode("cp1252", errors="ignore")
            rows.append({
                "commune_id_2cap": c.code, "commune_name_2cap": name, "provinceName_2cap": "Thanh Hóa", "commune_id": c.old_codes[k % len(c.old_codes)], "commune_name": name, "district_name": "",
                "nguycoluquet": RISKS[level], "nguycosatlo": RISKS[max(0, level - 1)], "luongmuatd": round(40 + risk * 90 + float(rng.normal(0, 5)), 1), "luongmuatd_db": round(30 + risk * 60, 1),
                "lat": c.lat, "lon": c.lon, "sogiodubao": ahead, "thoigian": f"/Date({int(at.replace(tzinfo=ZONE).timestamp() * 1000)})/",
            })  # fmt: skip
    return rows


def application(token: str, seed: int) -> Starlette:
    calls = 0

    def guarded(request: Request) -> Response | None:
        nonlocal calls
        calls += 1
        if request.headers.get("authorization") != f"Bearer {token}":
            return JSONResponse({"error": "unauthorized"}, 401)
        if calls % 97 == 0:
            return JSONResponse({"error": "too many requests"}, 429, {"Retry-After": "1"})
        return None

    def moment(text: str | None, default: datetime) -> datetime:
        return datetime.fromisoformat(text.split(",")[0]) if text else default

    def now() -> datetime:
        return local(datetime.now(ZONE))

    def paged(rows: list[Any], given: dict[str, str]) -> dict[str, Any]:
        page, size = int(given.get("page", 1)), min(int(given.get("size", 500)), 2000)
        return {"total": len(rows), "page": page, "rows": rows[(page - 1) * size : page * size]}

    async def form(request: Request) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}

    async def reservoir_feed(request: Request) -> Response:
        if stop := guarded(request):
            return stop
        given = await form(request)
        until = min(moment(given.get("time"), now()), now())
        return JSONResponse(paged(reservoirs(seed, moment(given.get("from"), until), until), given))

    async def flood_feed(request: Request) -> Response:
        if stop := guarded(request):
            return stop
        given = await form(request)
        at = moment(given.get("date"), now()).replace(minute=0, second=0)
        return JSONResponse(flash_floods(seed, at, int(given.get("sogiodubao", 6))) if at <= now() else [])

    async def river_feed(request: Request) -> Response:
        if stop := guarded(request):
            return stop
        given = dict(request.query_params)
        until = min(moment(given.get("to"), now()), now())
        body = paged(rivers(seed, moment(given.get("from"), until), until), given)
        return JSONResponse({"type": "FeatureCollection", "total": body["total"], "features": body["rows"]})

    async def rain_feed(request: Request) -> Response:
        if stop := guarded(request):
            return stop
        given = dict(request.query_params)
        until = min(moment(given.get("to"), now()), now())
        return JSONResponse(paged(rains(seed, moment(given.get("from"), until), until), given))

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/CanhBaoSoLieu/ATCBDTHo", reservoir_feed, methods=["POST"]),
            Route("/LayerMapBox/getDSCanhbaoSLLQ", flood_feed, methods=["POST"]),
            Route("/water_level", river_feed),
            Route("/public/rain", rain_feed),
            Route("/health", health),
        ]
    )
