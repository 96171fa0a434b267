"""Connectors of files against real files: units of the package, workbooks, CSV, GeoJSON, SQLite, station files."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from made_up_request import request, rows
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer
from shapely.geometry import Point, shape

from ingestion.connectors import admin_units, sqlite, station_files
from warehouse.errors import Fault

SPLIT = {
    "Hà Trung",
    "Hà Bình",
    "Thanh Tân",
    "Yên Thọ",
    "Sơn Lư",
    "Thiệu Hóa",
    "Thiệu Long",
    "Luận Khê",
    "An Hưng",
    "Đông Thọ",
}


def test_admin_units__are_those_of_resolution_1686() -> None:
    units = admin_units._units_2025("38")
    assert len(units) == 166
    assert Counter(u[3] for u in units) == {"phường": 19, "xã": 147}
    assert sum(u[6] for u in units) == pytest.approx(11_114.8, abs=0.1)
    assert all(shape(json.loads(u[7])).contains(Point(u[5], u[4])) for u in units)


def test_crosswalk__sends_547_old_units_to_166_and_splits_ten() -> None:
    former = {u[0]: u for u in admin_units._units_before("38")}
    pairs = admin_units.crosswalk("38")
    assert len(former) == 547 and len(pairs) == 558
    assert {p[0] for p in pairs} == set(former)
    targets = Counter(p[1] for p in pairs)
    assert len(targets) == 166 and targets.most_common(1) == [("14797", 12)]
    assert set(targets) <= set(former), "every new code reuses an old one"
    assert round(len(pairs) / 166, 1) == 3.4
    assert {former[p[0]][2] for p in pairs if p[3]} == SPLIT
    assert Counter(p[0] for p in pairs if p[2]).most_common(1)[0][1] == 1, "one default target each"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "so.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Số liệu")
    sheet.merge_range(0, 0, 0, 4, "BÁO CÁO", book.add_format())
    sheet.merge_range(1, 0, 2, 0, "STT", book.add_format())
    sheet.merge_range(1, 1, 2, 1, "Mã", book.add_format())
    sheet.merge_range(1, 2, 1, 3, "Thời gian", book.add_format())
    sheet.write_row(2, 2, ["Ngày giao", "Ngày xong"])
    sheet.merge_range(1, 4, 2, 4, "Giá trị", book.add_format())
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for i, row in enumerate(
        [
            ("I", "", "Nhóm một", "", ""),
            ("1", "007", "01/02/2025", "", "1.234,5"),
            ("2", "008", "", "", "12"),
            ("Tổng cộng", "", "", "", "99"),
            ("", "", "", "", ""),
            ("", "Người lập biểu", "", "Thủ trưởng", ""),
        ]
    ):
        for j, cell in enumerate(row):
            if cell:
                sheet.write_string(3 + i, j, cell)
    sheet.write_datetime(5, 2, __import__("datetime").datetime(2025, 3, 4), day)
    book.add_worksheet("Nháp").hide()
    book.close()
    return path


def ask_workbook(tmp_path: Path, **read: object) -> object:
    return request(
        tmp_path,
        {"kind": "excel", "folder": str(tmp_path)},
        {"file": "*.xlsx", "sheet": "Số liệu", "header_rows": [2, 3], "skip_rows": {"roman_in": "STT"}, **read},
        "ma=Mã; giao=Thời gian / Ngày giao; xong=Thời gian / Ngày xong; gia_tri=Giá trị",
    )


def test_excel__reads_data_rows_and_leaves_out_groups_totals_and_footers(tmp_path: Path, workbook: Path) -> None:
    found, refs, files = rows(ask_workbook(tmp_path))  # type: ignore[arg-type]
    assert [(r["Mã"], r["Thời gian / Ngày giao"], r["Giá trị"]) for r in found] == [
        ("007", "01/02/2025", "1.234,5"),
        ("008", "2025-03-04 00:00:00", "12"),
    ]
    assert refs == ["so.xlsx!Số liệu!5", "so.xlsx!Số liệu!6"]
    assert [f.path for f in files] == ["so.xlsx"]


def test_excel__does_not_read_an_unchanged_file_again(tmp_path: Path, workbook: Path) -> None:
    asked = ask_workbook(tmp_path)
    _, _, files = rows(asked)  # type: ignore[arg-type]
    again = type(asked)(**{**vars(asked), "seen": {f.path: f for f in files}})  # type: ignore[call-overload]
    assert rows(again) == ([], [], [])


def test_excel__refuses_bombs_macros_and_what_is_no_workbook(tmp_path: Path) -> None:
    bomb = tmp_path / "a.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    for name, body, word in (
        ("a.xlsx", None, "giải nén"),
        ("b.xlsx", b"khong phai", "không phải bảng tính"),
        ("c.xlsx", b"PK\x03\x04 cut", "hỏng"),
    ):
        if body:
            (tmp_path / name).write_bytes(body)
        with pytest.raises(Fault) as caught:
            rows(
                request(
                    tmp_path, {"kind": "excel", "folder": str(tmp_path)}, {"file": name, "header_rows": [1, 1]}, "ma"
                )
            )
        assert caught.value.code == "IOC-206" and word in caught.value.what_vi, caught.value
    with zipfile.ZipFile(tmp_path / "d.xlsx", "w") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(Fault, match="macro"):
        rows(
            request(
                tmp_path, {"kind": "excel", "folder": str(tmp_path)}, {"file": "d.xlsx", "header_rows": [1, 1]}, "ma"
            )
        )


def test_files__missing_folder_or_file_is_a_source_that_is_down(tmp_path: Path) -> None:
    for folder in ("không có", "."):
        with pytest.raises(Fault) as caught:
            rows(request(tmp_path, {"kind": "csv", "folder": str(tmp_path / folder)}, {"file": "*.csv"}, "ma"))
        assert caught.value.code == "IOC-201"


def test_csv__is_text_with_places_and_constants_from_names(tmp_path: Path) -> None:
    (tmp_path / "2024.csv").write_text("\ufeffTỉnh,A,B\nP26,007,\nP01,1.10,2\n", encoding="utf-8")
    read = {
        "file": "*.csv",
        "unpivot": {"id": ["Tỉnh"], "into": "muc", "value": "diem"},
        "constants": {"nam": {"from_name": r"(\d{4})"}},
    }
    found, refs, _ = rows(
        request(tmp_path, {"kind": "csv", "folder": str(tmp_path)}, read, "tinh=Tỉnh; muc; diem; nam")
    )
    assert found == [
        {"Tỉnh": "P26", "muc": "A", "diem": "007", "nam": "2024"},
        {"Tỉnh": "P01", "muc": "A", "diem": "1.10", "nam": "2024"},
        {"Tỉnh": "P01", "muc": "B", "diem": "2", "nam": "2024"},
    ]
    assert refs == ["2024.csv:2", "2024.csv:3", "2024.csv:3"]


def test_geojson__keeps_digits_and_geometry(tmp_path: Path) -> None:
    feature = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ma":"1","dt":20.880},"geometry":{"type":"Point","coordinates":[105.1,19.8]}}]}'
    (tmp_path / "a.geojson").write_text(feature)
    (found,), _, _ = rows(
        request(
            tmp_path,
            {"kind": "geojson", "folder": str(tmp_path)},
            {"file": "a.geojson", "geometry_as": "hinh"},
            "ma; dt; hinh",
        )
    )
    assert found["dt"] == "20.880" and json.loads(found["hinh"])["coordinates"] == [105.1, 19.8]


def test_sqlite__gives_text_while_an_office_program_writes(tmp_path: Path, ioc_home: Path) -> None:
    path = tmp_path / "a.sqlite"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("CREATE TABLE t (ma TEXT, so INTEGER)")
    writer.execute("INSERT INTO t VALUES ('007', 1), ('008', 'nhiều'), ('009', 2.5)")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO t VALUES ('010', 9)")
    found, _, _ = rows(request(tmp_path, {"kind": "sqlite", "path": str(path)}, {"table": "t"}, "ma; so"))
    writer.execute("ROLLBACK")
    assert found == [{"ma": "007", "so": "1"}, {"ma": "008", "so": "nhiều"}, {"ma": "009", "so": "2.5"}]


def test_sqlite__that_a_program_holds_is_asked_again_and_is_not_called_broken(
    tmp_path: Path, ioc_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.1)
    with closing(sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)) as writer:
        writer.execute("CREATE TABLE t (ma TEXT)")
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Fault, match="chương trình khác đang khóa") as caught:
            rows(request(tmp_path, {"kind": "sqlite", "path": str(tmp_path / "a.sqlite")}, {"table": "t"}, "ma"))
    assert caught.value.code == "IOC-203"


LINE = "PM-2-5\t35.20\tug/m3\t20260715103000\t00\r\n"


def stations(tmp_path: Path) -> Path:
    day = tmp_path / "ftp" / "2026" / "07" / "15"
    day.mkdir(parents=True)
    (day / "TH_KK_01_20260715103000.txt").write_bytes(("PM2,5\t1.5\tug/m3\t20260715103000\t00\r\n" + LINE).encode())
    (day / "TH_KK_01_20260715103500.txt").write_bytes((LINE + LINE[:12]).encode())  # half uploaded
    (day / "TH_KK_01_20260715104000.txt").write_bytes(b"COD 35 mg/L\r\n")  # no tabs
    (day / "readme.md").write_text("no station file\n")
    return tmp_path / "ftp"


COLUMNS = "ma_tram; thong_so; gia_tri; don_vi; thoi_gian; trang_thai"
READ = {"pattern": r"(?P<station>TH_[A-Z]{2}_\d{2})_\d{14}\.txt", "aliases": {"PM-2-5": "PM2,5"}}


def test_station_files__leave_a_half_uploaded_file_and_keep_commas(tmp_path: Path) -> None:
    found, refs, files = rows(
        request(
            tmp_path, {"kind": "station_files", "protocol": "folder", "path": str(stations(tmp_path))}, READ, COLUMNS
        )
    )
    assert [(r["ma_tram"], r["thong_so"], r["gia_tri"]) for r in found] == [
        ("TH_KK_01", "PM2,5", "1.5"),
        ("TH_KK_01", "PM2,5", "35.20"),
        ("TH_KK_01", "COD 35 mg/L", None),
    ]
    assert refs[0].endswith("TH_KK_01_20260715103000.txt:1") and len(files) == 2


@given(st.lists(st.text("ab\t ,", min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_station_files__a_line_of_any_shape_keeps_what_it_has(lines: list[str]) -> None:
    found = station_files.fields(pa.array(lines), {"a": "PM2,5"})
    for number, line in enumerate(lines):
        cells = [cell.strip() or None for cell in line.split("\t", 4)]
        wanted = [*cells, *[None] * (5 - len(cells))]
        assert [column[number].as_py() for column in found] == ["PM2,5" if wanted[0] == "a" else wanted[0], *wanted[1:]]


@pytest.fixture
def ftp(tmp_path: Path) -> Iterator[int]:
    users = DummyAuthorizer()
    users.add_user("tram", "mat-khau-dai", str(stations(tmp_path)), perm="elr")
    handler = type("Handler", (FTPHandler,), {"authorizer": users, "auth_failed_timeout": 0})
    server = ThreadedFTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.address[1]
    server.close_all()


def test_station_files__come_over_ftp_and_only_once(tmp_path: Path, ftp: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAM_PASSWORD", "mat-khau-dai")
    asked = request(
        tmp_path,
        {
            "kind": "station_files",
            "protocol": "ftp",
            "host": "127.0.0.1",
            "port": ftp,
            "user": "tram",
            "password": {"secret": "TRAM_PASSWORD"},
        },
        READ,
        COLUMNS,
    )
    found, _, files = rows(asked)
    assert len(found) == 3 and len(files) == 2
    again = type(asked)(**{**vars(asked), "seen": {f.path: f for f in files}})
    assert rows(again)[0] == []


def test_station_files__wrong_password_is_refused_and_a_closed_port_is_down(
    tmp_path: Path, ftp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAM_PASSWORD", "sai")
    for port, code in ((ftp, "IOC-202"), (9, "IOC-201")):
        connector = {
            "kind": "station_files",
            "protocol": "ftp",
            "host": "127.0.0.1",
            "port": port,
            "user": "tram",
            "password": {"secret": "TRAM_PASSWORD"},
        }
        with pytest.raises(Fault) as caught:
            rows(request(tmp_path, connector, READ, COLUMNS))
        assert caught.value.code == code and "sai" not in str(caught.value)
