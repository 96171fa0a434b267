"""GeoJSON and shapefiles: real files, VN-2000 by hand, and what hostile files cost."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from made_up_request import request, rows
from pyogrio.raw import write
from pyproj import Transformer

from ingestion.connectors import Request, _geojson, _geopackage, _shapefile
from ingestion.connectors import shapefile as shapefile_connector
from ingestion.connectors._child import Refused
from ingestion.connectors._geometry import as_text, to_wgs84
from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Source
from warehouse import connect
from warehouse.errors import Fault

#: Each file is read by a process of its own.
pytestmark = pytest.mark.slow

#: On Thanh Hóa's central meridian, VN-2000.
LAT, LON = 19.8, 105.0
SECOND = math.pi / 648_000


def bursa_wolf(lat: float, lon: float) -> tuple[float, float]:
    """VN-2000 to WGS84 by the formula and the parameters of Decision 05/2007/QĐ-BTNMT, both on the ellipsoid of WGS84."""
    a, e2, phi, lam = 6_378_137.0, 0.006_694_379_990_14, math.radians(lat), math.radians(lon)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    x, y, z = n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)
    k, w, p, e = 1.000_000_252_906_278, -0.009_288_36 * SECOND, 0.019_754_79 * SECOND, -0.004_273_72 * SECOND
    x2 = -191.904_414_29 + k * (x + e * y - p * z)
    y2 = -39.303_182_79 + k * (-e * x + y + w * z)
    z2 = -111.450_328_35 + k * (p * x - w * y + z)
    r = math.hypot(x2, y2)
    for _ in range(6):
        n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z2 + e2 * n * math.sin(phi), r)
    return math.degrees(phi), math.degrees(math.atan2(y2, x2))


def northing(lat: float) -> float:
    """Of a point on the central meridian of a TM-3 zone: 0.9999 × the meridian's arc (Snyder 3-21)."""
    e2, phi = 0.006_694_379_990_14, math.radians(lat)
    m = (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi
    m -= (3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1024) * math.sin(2 * phi)
    m += (15 * e2**2 / 256 + 45 * e2**3 / 1024) * math.sin(4 * phi) - 35 * e2**3 / 3072 * math.sin(6 * phi)
    return 0.9999 * 6_378_137.0 * m


def point(text: str | None) -> list[float]:
    return json.loads(text or "")["coordinates"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("system", ["EPSG:4756", "EPSG:5897"])
def test_vn2000__goes_to_wgs84_by_the_seven_official_parameters(system: str) -> None:
    at = shapely.Point(LON, LAT) if system == "EPSG:4756" else shapely.Point(500_000, northing(LAT))
    lon, lat = point(as_text([at.wkb], to_wgs84(system))[0])
    by_hand = bursa_wolf(LAT, LON)
    assert (lat, lon) == pytest.approx(by_hand, abs=1e-7), "1 cm"
    metres = math.hypot((lat - LAT) * 110_700, (lon - LON) * 111_320 * math.cos(math.radians(LAT)))
    assert metres == pytest.approx(224, abs=1), "what a forgotten shift would put it off"


def test_vn2000__comes_back_within_a_centimetre() -> None:
    there = as_text([shapely.Point(580_000.123, 2_190_000.456).wkb], to_wgs84("EPSG:3405"))
    back = Transformer.from_pipeline(to_wgs84("EPSG:3405").definition).transform(*point(there[0]), direction="INVERSE")
    assert back == pytest.approx((580_000.123, 2_190_000.456), abs=0.01)


@pytest.mark.parametrize(
    "system",
    [
        "EPSG:99999",
        # A .prj whose datum nobody knows looks like WGS84, and is 224 m off.
        'GEOGCS["VN2000",DATUM["VN2000",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]',
    ],
)
def test_crs__that_nobody_knows_is_refused(system: str) -> None:
    with pytest.raises(Refused, match="hệ tọa độ"):
        to_wgs84(system)


def ask(tmp_path: Path, kind: str, file: str, columns: str = "ma; hinh", **read: Any) -> Request:
    return request(
        tmp_path, {"kind": kind, "folder": str(tmp_path)}, {"file": file, "geometry_as": "hinh", **read}, columns
    )


def feature(properties: str, geometry: str) -> str:
    return f'{{"type":"Feature","properties":{properties},"geometry":{geometry}}}'


def collection(*features: str, more: str = "") -> str:
    return f'{{"type":"FeatureCollection",{more}"features":[{",".join(features)}]}}'


POINT = '{"type":"Point","coordinates":[105.1,19.8]}'


def test_geojson__keeps_what_was_printed_and_rows_with_bad_shapes(tmp_path: Path) -> None:
    bad = ["[NaN,19.8]", '["a",1]', "[580000,2190000]", "[1e999,1]"]
    text = collection(
        feature('{"ma":"01","dt":20.880,"so":12345678901234567890,"co":true,"ds":["a",1]}', POINT),
        *(feature('{"ma":"02"}', f'{{"type":"Point","coordinates":{b}}}') for b in bad),
        feature("null", "null"),
    )
    (tmp_path / "a.geojson").write_text(text)
    found, refs, files = rows(ask(tmp_path, "geojson", "*.geojson"))
    printed = {"ma": "01", "dt": "20.880", "so": "12345678901234567890", "co": "true", "ds": '["a", 1]'}
    assert {k: v for k, v in found[0].items() if k != "hinh"} == printed and point(found[0]["hinh"]) == [105.1, 19.8]
    assert len(found) == 6 and refs[5] == "a.geojson#6" and [f.path for f in files] == ["a.geojson"]
    assert [r["hinh"].split(":")[0] for r in found[1:5]] == ["Not a shape"] * 2 + ["Not on the earth", "Not a shape"]
    assert "580000" in found[3]["hinh"] and found[5]["hinh"] is None


def test_geojson__what_is_no_feature_costs_one_row(tmp_path: Path) -> None:
    features = [
        '{"type":"Feature","id":17,"properties":{"ma":"01","sau":{"dt":20.880}},"geometry":null}',
        '{"type":"Feature","id":18,"properties":{"ma":"02","id":"của thuộc tính"},"geometry":null}',
        "null",
        '{"type":"Feature","properties":[1],"geometry":null}',
        '{"type":"Feature","properties":{"ma":"\\ud83d"},"geometry":null}',
        feature("[]", "null"),
    ]
    (tmp_path / "a.geojson").write_text(collection(*features))
    found, _, _ = rows(ask(tmp_path, "geojson", "*.geojson"))
    assert [(r["ma"], r["id"], r["sau"]) for r in found] == [
        ("01", "17", '{"dt": 20.880}'),
        ("02", "của thuộc tính", None),
        *[(None, None, None)] * 4,
    ]
    assert [r["_more"] is not None for r in found] == [False, False, True, True, True, False]
    assert found[2]["_more"] == "null" and "\\ud83d" in found[4]["_more"]


def test_shape__with_curves_costs_one_row_and_an_empty_one_is_null() -> None:
    arc = struct.pack("<BII6d", 1, 8, 3, 105, 19, 105.5, 19.5, 106, 19)
    came = [shapely.Point(105, 19).wkb, arc, shapely.Polygon().wkb, None, shapely.Point(106, 20).wkb]
    texts = as_text(came, to_wgs84("EPSG:4326"))
    assert [point(texts[0]), point(texts[4])] == [[105, 19], [106, 20]]
    assert texts[1:4] == [f"Not a shape: {arc.hex()}", None, None]


def test_geojson__of_the_old_edition_names_its_system_and_the_declaration_overrules_it(tmp_path: Path) -> None:
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::5897"}},'
    one = feature("{}", f'{{"type":"Point","coordinates":[500000,{northing(LAT)}]}}')
    (tmp_path / "a.geojson").write_text(collection(one, more=crs))
    (tmp_path / "b.geojson").write_text(collection(one))
    (named,), _, _ = rows(ask(tmp_path, "geojson", "a.geojson"))
    (declared,), _, _ = rows(ask(tmp_path, "geojson", "b.geojson", crs="EPSG:5897"))
    assert point(named["hinh"]) == pytest.approx(bursa_wolf(LAT, LON)[::-1], abs=1e-7) == point(declared["hinh"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"features":' + "[" * 100_000, "không phải GeoJSON"),
        ('{"type":"Feature"}', "không phải GeoJSON"),
        ('{"features":{"a":1}}', "không phải GeoJSON"),
        (collection(feature('{"hinh":1}', POINT)), "geometry_as"),
        ("\xff\xfe", "không phải GeoJSON"),
    ],
)
def test_geojson__that_is_none_is_refused(tmp_path: Path, body: str, said: str) -> None:
    (tmp_path / "a.geojson").write_text(body, encoding="latin-1")
    with pytest.raises(Refused, match=said):
        list(_geojson.parse(tmp_path / "a.geojson", {"geometry_as": "hinh", "crs": None}))


def test_geojson__real_communes_come_as_published(tmp_path: Path) -> None:
    if not (data := os.environ.get("IOC_OPEN_DATA")):
        pytest.skip("needs IOC_OPEN_DATA, the open data of the province")
    file = "thanh_hoa_wards_simplified.geojson"
    asked = request(
        tmp_path,
        {"kind": "geojson", "folder": f"{data}/boundaries"},
        {"file": file, "geometry_as": "hinh"},
        "code; hinh",
    )
    found, _, _ = rows(asked)
    published = json.loads((Path(data) / "boundaries" / file).read_text())["features"]
    assert len(found) == len({r["code"] for r in found}) == 166
    assert sum(float(r["areaKm2"]) for r in found) == pytest.approx(11_114.78, abs=0.005)
    assert [json.loads(r["hinh"]) for r in found] == [f["geometry"] for f in published]


SHAPES = [shapely.box(580_000 + 100 * i, 2_190_000, 580_100 + 100 * i, 2_190_100) for i in range(3)]


def shapefile(folder: Path, crs: str | None = "EPSG:5897") -> Path:
    """Three squares of 1 ha in a new folder: ranh.shp and its companions, as GDAL writes them."""
    folder.mkdir()
    columns = [
        np.array(["01", "02", "03"], dtype=object),
        np.array(["Ngọc Lặc", "Đông Sơn", None], dtype=object),
        np.array([1, 2, 3]),
    ]
    path = folder / "ranh.shp"
    write(
        path,
        shapely.to_wkb(np.array(SHAPES)),
        columns,
        ["ma", "ten", "so"],
        geometry_type="Polygon",
        crs=crs,
        driver="ESRI Shapefile",
        encoding="UTF-8",
    )
    return path


def zipped(path: Path, folder: Path, inside: str = "Ranh giới/") -> Path:
    archive = folder / "ranh.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for member in sorted(path.parent.iterdir()):
            file.write(member, inside + member.name)
    return archive


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_shapefile__comes_with_letters_and_places_from_a_folder_or_a_zip(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "a")
    zipped(path, tmp_path)
    for file, name in (("a/*.shp", "ranh.shp"), ("*.zip", "ranh.zip")):
        found, refs, files = rows(ask(tmp_path, "shapefile", file))
        assert [(r["ma"], r["ten"], r["so"]) for r in found] == [
            ("01", "Ngọc Lặc", "1"),
            ("02", "Đông Sơn", "2"),
            ("03", None, "3"),
        ]
        assert refs == [f"{name}:{i}" for i in (1, 2, 3)] and len(files) == 1
        back = Transformer.from_pipeline(to_wgs84("EPSG:5897").definition)
        corners = [back.transform(*xy, direction="INVERSE") for xy in json.loads(found[2]["hinh"])["coordinates"][0]]
        assert shapely.Polygon(corners).symmetric_difference(SHAPES[2]).area < 5, "m² of 10,000"


def test_shapefile__is_new_when_only_its_attributes_changed(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "a")
    asked = ask(tmp_path, "shapefile", "a/*.shp")
    _, _, files = rows(asked)
    again = type(asked)(**{**vars(asked), "seen": {f.path: f for f in files}})
    assert len(files) == 1 and rows(again) == ([], [], [])
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("Đông Sơn".encode(), "Đông Hơn".encode()))
    assert [r["ten"] for r in rows(again)[0]] == ["Ngọc Lặc", "Đông Hơn", None]


def test_shapefile__leaves_out_deleted_rows_and_keeps_the_others_numbers(tmp_path: Path) -> None:
    table = shapefile(tmp_path / "a").with_suffix(".dbf")
    body = bytearray(table.read_bytes())
    start, length = int.from_bytes(body[8:10], "little"), int.from_bytes(body[10:12], "little")
    body[start + length] = ord("*")
    table.write_bytes(body)
    found, refs, _ = rows(ask(tmp_path, "shapefile", "a/*.shp"))
    assert [r["ma"] for r in found] == ["01", "03"] and refs == ["ranh.shp:1", "ranh.shp:3"]
    *_, last = shapefile_connector.read(ask(tmp_path, "shapefile", "a/*.shp"))
    assert last.left_out == {"dòng đã đánh dấu xóa": 1}
    assert json.loads(found[1]["hinh"])["coordinates"][0][0][0] > json.loads(found[0]["hinh"])["coordinates"][0][0][0]


def cut(suffix: str, keep: int) -> Any:
    return lambda path: path.with_suffix(suffix).write_bytes(path.with_suffix(suffix).read_bytes()[:keep])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.with_suffix(".prj").unlink(), "khai báo crs"),
        (lambda path: path.with_suffix(".shx").unlink(), "thiếu tệp .shx"),
        (cut(".shp", 250), "bị cắt"),
        (cut(".shp", 3), "không phải shapefile"),
        (cut(".shx", 108), "tệp .shp hỏng"),
        (cut(".dbf", 300), "bị cắt"),
        (lambda path: path.with_suffix(".cpg").write_text("TCVN3"), "khai báo encoding"),
        (lambda path: path.with_suffix(".prj").write_text("GEOGCS[[[["), "hệ tọa độ"),
    ],
)
def test_shapefile__that_lacks_something_is_refused(tmp_path: Path, harm: Any, said: str) -> None:
    path = shapefile(tmp_path / "a")
    harm(path)
    with pytest.raises(Refused, match=said):
        list(_shapefile.parse(path, {"geometry_as": "hinh", "crs": None, "encoding": None, "columns": []}))


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", asked
    listening.shutdown()


def test_shapefile__that_is_another_format_reaches_no_server(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    address, asked = server
    path = shapefile(tmp_path / "a")
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="ranh"><SrcDataSource>/vsicurl/{address}/a.shp</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    path.write_text(vrt)
    zipped(path, tmp_path)
    for file in ("a/*.shp", "*.zip"):
        with pytest.raises(Fault, match="không phải shapefile") as caught:
            rows(ask(tmp_path, "shapefile", file))
        assert caught.value.code == "IOC-206"
    assert asked == []


def test_shapefile__zip_with_paths_outside_or_two_sets_is_refused(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "a")
    archive = zipped(path, tmp_path, inside="../../")
    with pytest.raises(Fault, match="đường dẫn ra ngoài"):
        rows(ask(tmp_path, "shapefile", "*.zip"))
    zipped(path, tmp_path)
    with zipfile.ZipFile(archive, "a") as file:
        file.write(path, "b/khac.shp")
    with pytest.raises(Fault, match="đang có 2"):
        rows(ask(tmp_path, "shapefile", "*.zip"))
    archive.write_bytes(archive.read_bytes()[:500])
    with pytest.raises(Fault, match="hỏng"):
        rows(ask(tmp_path, "shapefile", "*.zip"))


def geopackage(path: Path, layer: str = "ranh", crs: str | None = "EPSG:5897") -> Path:
    columns = [np.array(["01", "02"], dtype=object), np.array([20.88, 1]), np.array([1, 2])]
    shapes = shapely.to_wkb(np.array(SHAPES[:2]))
    write(path, shapes, columns, ["ma", "dt", "so"], geometry_type="Polygon", crs=crs, driver="GPKG", layer=layer)
    return path


def test_geopackage__comes_as_it_is_stored_in_wgs84(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg")
    with closing(sqlite3.connect(path)) as con:
        triggers = con.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            con.execute(f'DROP TRIGGER "{name}"')  # they call functions of GDAL
        con.execute("UPDATE ranh SET so = 'nhiều', geom = x'474700' WHERE ma = '02'")
        con.execute("UPDATE ranh SET ma = CAST(x'54686FCE' AS TEXT) WHERE ma = '02'")  # not UTF-8
        con.commit()
    found, refs, _ = rows(ask(tmp_path, "geopackage", "*.gpkg"))
    assert [(r["ma"], r["dt"], r["so"]) for r in found] == [("01", "20.88", "1"), (r"\x54686fce", "1.0", "nhiều")]
    assert refs == ["a.gpkg!ranh!1", "a.gpkg!ranh!2"] and found[1]["hinh"] == "Not a shape: 474700"
    corner = json.loads(found[0]["hinh"])["coordinates"][0]
    assert as_text([SHAPES[0].wkb], to_wgs84("EPSG:5897")) == [found[0]["hinh"]] and len(corner) == 5


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_geopackage__that_leaves_a_question_open_is_refused(tmp_path: Path) -> None:
    two, open_, bare, none = (tmp_path / f"{name}.gpkg" for name in ("two", "open", "bare", "none"))
    write(
        geopackage(two),
        shapely.to_wkb(np.array(SHAPES[:1])),
        [np.array([1])],
        ["so"],
        geometry_type="Polygon",
        crs="EPSG:4326",
        driver="GPKG",
        layer="khac",
        append=True,
    )
    Path(f"{geopackage(open_)}-wal").write_bytes(b"x")
    geopackage(bare, crs=None)
    none.write_text("<OGRVRTDataSource/>")
    for path, said in (
        (two, "khac, ranh"),
        (open_, "đang mở"),
        (bare, "khai báo crs"),
        (none, "không phải GeoPackage"),
    ):
        with pytest.raises(Refused, match=said):
            list(_geopackage.parse(path, {"geometry_as": "hinh", "crs": None, "layer": None}))
    (batch, _), *_ = _geopackage.parse(two, {"geometry_as": "hinh", "crs": None, "layer": "khac"})
    assert batch.num_rows == 1


def test_bad_shape__costs_one_quarantined_row(tmp_path: Path, ioc_home: Path) -> None:
    shapes = [POINT, '{"type":"Point","coordinates":[580000,2190000]}', '{"type":"Line"}', "null"]
    features = [feature(f'{{"ma":"0{i}"}}', shape) for i, shape in enumerate(shapes)]
    (tmp_path / "a.geojson").write_text(collection(*features))
    os.utime(tmp_path / "a.geojson", (0, 0))  # not being written right now
    body = ask(tmp_path, "geojson", "a.geojson").source.model_dump(by_alias=True)
    body["tables"][0]["columns"][1] |= {"type": "json", "required": True}
    (loaded,) = load(extract(Source.model_validate(body), run_id="run"), holder="test")
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (4, 1, 3)
    with connect.intake() as con:
        assert con.execute("SELECT ma FROM raw.thu_nghiem__bang").fetchall() == [("00",)]
        said = con.execute("SELECT reasons_vi[1] FROM quarantine.row ORDER BY row_number").fetchall()
    assert ["Not on the earth" in said[0][0], "Not a shape" in said[1][0], "bắt buộc" in said[2][0]] == [True] * 3
