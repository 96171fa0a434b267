"""The ready declarations of public feeds, each pulled by the engine from a server that answers in the shapes that were seen."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_servers import http
from made_up_source import ask
from starlette.requests import Request as Call
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion import extract, load, registry
from ingestion.connectors import rest
from ingestion.load import Loaded

FEEDS = Path(__file__).resolve().parents[2] / "docs" / "feeds"
#: 2026-11-23 04:00 in Việt Nam is 2026-11-22 21:00 UTC: 20,779 days and 21 hours after 1970.
AT_4 = (20_779 * 24 + 21) * 3_600_000
CALLS: list[dict[str, str]] = []


async def form_of(call: Call) -> dict[str, str]:
    found = {k: v[0] for k, v in parse_qs((await call.body()).decode(), keep_blank_values=True).items()}
    CALLS.append(found)
    return found


def warning(code: str | None, name: str, province: str, **more: Any) -> dict[str, Any]:
    return {
        "commune_id_2cap": code, "commune_name_2cap": name, "provinceName_2cap": province, "commune_id": "14758",
        "commune_name": "P. Ba Đình", "district_name": "TP. Thanh Hóa", "provinceName": "Thanh Hóa", "nguycoluquet": "Cao",
        "nguycosatlo": "", "luongmuatd": 120.5, "luongmuatd_db": 80, "lat": 19.8, "lon": 105.77, "thoigian": f"/Date({AT_4})/",
    } | more  # fmt: skip


async def flash_floods(call: Call) -> Response:
    asked = await form_of(call)
    if asked["date"] != "2026-11-23 04:00:00":
        return JSONResponse([])
    return JSONResponse(
        [
            warning("14797", "P. Hạc Thành", "Thanh Hóa", nguycoluquet="Rất cao"),
            warning("03127", "P. Mường Thanh", "Điện Biên"),
            warning("14797", "P. Hạc Thành".encode().decode("cp1252"), "Thanh Hóa".encode().decode("cp1252")),
            warning("14797", "P. Hạc Thành", "Tỉnh Thanh Hóa", thoigian="/Date(mai)/"),
            warning("99999", "Xã Lạ", "Thanh Hóa"),
            "đang bảo trì",
        ]
    )


def popup(code: str, name: str, level: str) -> str:
    return f"<div data-id='{code}'>Mã trạm: <b>{code}</b><br>Tên trạm: <b>{name}</b><br>Sông: <b>Mã</b><br>Địa điểm: <b>Thanh Hóa</b><br>{level}</div>"


def station(html: str) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [105.76, 19.87]}
    return {
        "type": "Feature",
        "geometry": point,
        "properties": {"popupInfo": html, "longtitude": 105.76, "latitude": 19.87},
    }


async def levels(call: Call) -> Response:
    if not call.headers.get("referer") or not call.headers.get("origin"):
        return Response("<html>403</html>", 403)
    entities = "M&#227; tr&#7841;m: <b>70002</b> T&#234;n tr&#7841;m: <b>L&#253; Nh&#226;n</b> M&#7921;c n&#432;&#7899;c: <b>-0.35</b> m"
    found = {
        "0": [station(popup("70001", "Giàng", "Mực nước (3.46(m)")), station(entities)],
        "2": [station(popup("70003", "Chuối", "Mực nước (2,9(m)"))],
        "3": [station("Trạm đang bảo trì")],
    }
    return JSONResponse(
        {"type": "FeatureCollection", "features": found.get(call.query_params["lv"], [])}, headers={"x": "1"}
    )


async def hours(call: Call) -> Response:
    asked = await form_of(call)
    if asked["id"] == "71549":
        return JSONResponse({"name_vn": "Bình Nghi", "labels": "0h \n15/11,1h \n15/11", "value": "1.2"})
    return JSONResponse(
        {
            "name_vn": "Trà Khúc", "river_name": "Trà Khúc", "labels": "22h \n22/11,23h \\n22/11,0h \n23/11,",
            "value": "3.20,-,3.460,", "bao_dong1": "3.5,3.5,3.5", "bao_dong2": "5", "bao_dong3": "0", "gia_tri_lu_lich_su": "8.76,8.76", "nam_lu_lich_su": "2013",
        }
    )  # fmt: skip


async def lakes(call: Call) -> Response:
    asked = await form_of(call)
    assert asked["ishothuydien"] == "0" and asked["time"].endswith(",000")
    lake = {"LakeName": "Cửa Đạt", "TdMucNuoc": 108.54, "QDen": 2323, "QXa": 1250.0, "ProvinceName": "Thanh Hóa"}
    return JSONResponse(
        [
            lake | {"LakeCode": "9CBE33CD-5CFB-4CB9-BAEB-59147A825DF0", "ThoiGianCapNhat": AT_4, "TdDungTich": 1400.5},
            lake | {"LakeCode": "c9a8c4ca-f1bb-467f-82c4-0999294af8fc", "ThoiGianCapNhat": f"/Date({AT_4})/"},
            lake
            | {
                "LakeCode": "fd622826-9f2e-4130-8995-1654bac81895",
                "ThoiGianCapNhat": AT_4,
                "TdDungTich": 1_400_500_000,
            },
            lake | {"LakeCode": "fd622826-9f2e-4130-8995-1654bac81895", "ThoiGianCapNhat": "15h 20/11"},
        ]
    )


async def hydropower(call: Call) -> Response:
    lake = {"maho": "TS", "tenho": "Trung Sơn", "tdmucnuoc": "158.2", "luuluong_den": 350, "dang_xa": True}
    return JSONResponse([lake, lake | {"maho": "HN", "tdmucnuoc": "mất tín hiệu"}])


async def rain(call: Call) -> Response:
    gauge = {"sn": "Bát Mọt", "lt": 19.9801, "lg": 105.010, "d": 45.2, "l": 2, "c": "#ff0000"}
    return JSONResponse([gauge, gauge | {"sn": "Yên Nhân", "lt": 10.5}, gauge | {"sn": "Vạn Xuân", "d": None}])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    posts = {
        "/LayerMapBox/getDSCanhbaoSLLQ": flash_floods,
        "/home/detailRain": hours,
        "/CanhBaoSoLieu/ATCBDTHo": lakes,
    }
    gets = {"/water_level": levels, "/": hydropower, "/public/current/27.json": rain}
    routes = [Route(path, call, methods=["POST"]) for path, call in posts.items()]
    with http([*routes, *(Route(path, call) for path, call in gets.items())]) as address:
        yield address


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    for name in ("NCHMF_URL", "VNDMS_URL", "VNDMS_DETAIL_URL", "VNDMS_HYDRO_URL", "THUYLOI_URL", "VRAIN_URL"):
        monkeypatch.setenv(name, server)


def pulled(source_id: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, Loaded]:
    """Each table of a ready declaration, pulled at `now`, only quicker; rows balance."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now.astimezone(tz)

    monkeypatch.setattr(extract, "datetime", Clock)
    one = registry.load(FEEDS / f"{source_id}.yml").get(source_id)
    if one.connector.kind == "rest":
        one = one.model_copy(update={"connector": one.connector.model_copy(update={"rate_per_second": 500})})
    done = load.load(extract.extract(one, run_id="r"), holder="t", now=now)
    for table in done:
        assert table.rows_in == table.rows_loaded + table.rows_quarantined + table.rows_deduplicated
    return {table.table: table for table in done}


def counts(one: Loaded) -> tuple[int, int, int, int]:
    return one.rows_in, one.rows_loaded, one.rows_quarantined, one.rows_deduplicated


def reasons() -> list[str]:
    return [rule for (rules,) in ask("SELECT rules FROM quarantine.row ORDER BY source_ref") for rule in rules]


NOW = datetime(2026, 11, 22, 21, 20, tzinfo=UTC)  # 04:20 on the 23rd in Việt Nam


def test_feeds__are_all_tried_here() -> None:
    assert sorted(registry.load(FEEDS).sources) == [
        "gtfs_xe_buyt", "nchmf_lu_quet", "thuyloi_ho_chua", "vndms_ho_thuy_dien", "vndms_muc_nuoc", "vndms_muc_nuoc_gio", "vrain_mua",
    ]  # fmt: skip


def test_flash_floods__of_the_province_come_hour_by_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    load.load(extract.extract(registry.load().get("vietnamadminunits_dvhc"), run_id="r"), holder="t")
    done = pulled("nchmf_lu_quet", NOW, monkeypatch)["lu_quet"]
    assert [c["date"][11:] for c in CALLS] == [f"{h % 24:02}:00:00" for h in range(16, 29)]
    assert {c["sogiodubao"] for c in CALLS} == {"6"}
    assert counts(done) == (5, 2, 3, 0), "Điện Biên is left out"
    assert ask(
        "SELECT ma_xa, dong, ten_xa, nguy_co_lu_quet, epoch_ms(thoi_gian) = 1795381200000 FROM raw.nchmf_lu_quet__lu_quet ORDER BY dong"
    ) == [("14797", 1, "P. Hạc Thành", "Rất cao", True), ("14797", 3, "P. Hạc Thành", "Cao", True)]
    assert reasons()[:2] == ["type:thoi_gian", "area:ma_xa"] and "shape:_more" in reasons()


def test_river_levels__are_read_from_html_of_every_level_of_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    done = pulled("vndms_muc_nuoc", NOW, monkeypatch)["tram"]
    assert counts(done) == (4, 2, 2, 0)
    assert ask(
        "SELECT ma_tram, ten_tram, song, dia_diem, cap_bao_dong, muc_nuoc_m, kinh_do FROM raw.vndms_muc_nuoc__tram ORDER BY 1"
    ) == [
        ("70001", "Giàng", "Mã", "Thanh Hóa", 0, 3.46, 105.76),
        ("70002", "Lý Nhân", None, None, 0, -0.35, 105.76),
    ]
    assert reasons() == ["type:muc_nuoc_m", "key:ma_tram", "required:ten_tram"]


def test_hourly_levels__are_rows_with_the_year_of_the_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    done = pulled("vndms_muc_nuoc_gio", NOW, monkeypatch)["muc_nuoc"]
    assert [c["id"] for c in CALLS] == ["71540", "71549"] and {c["timeSelect"] for c in CALLS} == {"7"}
    assert counts(done) == (4, 3, 1, 0)
    assert ask(
        "SELECT ma_tram, strftime(thoi_gian AT TIME ZONE 'Asia/Ho_Chi_Minh', '%Y-%m-%d %H'), muc_nuoc_m, bd1_m, bd2_m, bd3_m, lu_lich_su_m, nam_lu_lich_su FROM raw.vndms_muc_nuoc_gio__muc_nuoc ORDER BY 2"
    ) == [
        ("71540", "2026-11-22 22", 3.2, 3.5, 5.0, None, 8.76, 2013),
        ("71540", "2026-11-22 23", None, 3.5, 5.0, None, 8.76, 2013),
        ("71540", "2026-11-23 00", 3.46, 3.5, 5.0, None, 8.76, 2013),
    ]
    assert ask("SELECT rules, row_json->>'labels' FROM quarantine.row") == [
        (["type:thoi_gian"], "0h \n15/11,1h \n15/11")
    ]


def test_reservoirs__that_report_cubic_metres_or_no_time_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    done = pulled("thuyloi_ho_chua", NOW, monkeypatch)["van_hanh"]
    assert CALLS == [{"time": "2026-11-23 04:20:00,000", "ishothuydien": "0"}]
    assert counts(done) == (4, 2, 2, 0)
    assert ask(
        "SELECT left(ma_ho, 4), muc_nuoc_m, dung_tich_trieu_m3, epoch_ms(thoi_gian) = 1795381200000 FROM raw.thuyloi_ho_chua__van_hanh ORDER BY 1"
    ) == [("9CBE", 108.54, 1400.5, True), ("c9a8", 108.54, None, True)]
    assert reasons() == ["range:dung_tich_trieu_m3", "type:thoi_gian"]


def test_hydropower_and_rain__come_by_their_short_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(pulled("vndms_ho_thuy_dien", NOW, monkeypatch)["van_hanh"]) == (2, 1, 1, 0)
    assert ask("SELECT ma_ho, muc_nuoc_m, q_den_m3s, dang_xa FROM raw.vndms_ho_thuy_dien__van_hanh") == [
        ("TS", 158.2, 350.0, True)
    ]
    assert counts(pulled("vrain_mua", NOW, monkeypatch)["mua"]) == (3, 2, 1, 0)
    assert ask(
        "SELECT ten_tram, vi_do::VARCHAR, kinh_do::VARCHAR, mua_mm, muc, mau FROM raw.vrain_mua__mua ORDER BY 1"
    ) == [
        ("Bát Mọt", "19.980100", "105.010000", 45.2, "2", "#ff0000"),
        ("Vạn Xuân", "19.980100", "105.010000", None, "2", "#ff0000"),
    ]
    assert sorted(reasons()) == ["range:vi_do", "type:muc_nuoc_m"]


GTFS = {
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,zone_id\nD1,Bến xe phía Bắc,19.83,105.78,\nD2,Sầm Sơn,19.74,105.90,\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nT1,A,01,Hạc Thành - Sầm Sơn,3\n",
    "trips.txt": "route_id,service_id,trip_id\nT1,NGAY,C1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nC1,23:50:00,23:50:00,D1,1\nC1,25:10:00,25:10:30,D2,2\nC1,,,D1,3\nC1,25:61:00,25:61:00,D2,4\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nNGAY,1,1,1,1,1,0,0,20260101,20261231\nHE,1,1,1,1,1,0,0,20260230,20261231\n",
    "calendar_dates.txt": "",
}


def test_gtfs__times_past_midnight_stay_and_an_empty_file_is_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTFS_FOLDER", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "gtfs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in GTFS.items():
            archive.writestr(name, b"\xef\xbb\xbf" + body.encode())
    done = pulled("gtfs_xe_buyt", datetime(2099, 1, 1, tzinfo=UTC), monkeypatch)
    assert {name: counts(one)[:3] for name, one in done.items() if one.rows_in} == {
        "diem_dung": (2, 2, 0), "tuyen": (1, 1, 0), "chuyen": (1, 1, 0), "gio_dung": (4, 3, 1), "lich": (2, 1, 1),
    }  # fmt: skip
    assert ask("SELECT thu_tu, gio_den, gio_di FROM raw.gtfs_xe_buyt__gio_dung ORDER BY 1") == [
        (1, "23:50:00", "23:50:00"),
        (2, "25:10:00", "25:10:30"),
        (3, None, None),
    ]
    assert ask("SELECT thu_2, chu_nhat, tu_ngay::VARCHAR, den_ngay::VARCHAR FROM raw.gtfs_xe_buyt__lich") == [
        (True, False, "2026-01-01", "2026-12-31")
    ]
    assert ask("SELECT count(*) FROM raw.gtfs_xe_buyt__ngoai_le") == [(0,)]


@pytest.mark.parametrize(
    ("label", "now", "wanted"),
    [
        ("23h \n31/12", "2026-01-01T00:05", "2025-12-31 23:00:00"),
        ("0h 01/01", "2025-12-31T23:58", "2026-01-01 00:00:00"),  # a clock that is ahead
        ("7h 29/02", "2024-03-05T08:00", "2024-02-29 07:00:00"),
        ("7h 29/02", "2026-03-05T08:00", "7h 29/02"),
        ("25h 01/01", "2026-01-02T00:00", "25h 01/01"),
        ("6h 15/11", "2026-02-01T00:00", "2025-11-15 06:00:00"),  # eleven weeks late
        ("0h 02/01", "2026-12-30T09:00", "2027-01-02 00:00:00"),  # a forecast
    ],
)
def test_day_without_a_year__is_that_of_the_pull(label: str, now: str, wanted: str) -> None:
    assert rest._with_year(label, "%Hh %d/%m", datetime.fromisoformat(now)) == wanted


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(-24 * 20, 24 * 180))
def test_day_without_a_year__comes_back_half_a_year_late(now: datetime, hours_late: int) -> None:
    moment = (now - timedelta(hours=hours_late)).replace(minute=0, second=0, microsecond=0)
    found = rest._with_year(f"{moment.hour}h \n{moment:%d/%m}", "%Hh %d/%m", now)
    assert found == f"{moment:%Y-%m-%d %H:%M:%S}"
