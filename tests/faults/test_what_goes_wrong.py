"""Each way that a source can be wrong (groups B, C and D of the fault catalogue): where it lands, and what the steward reads.

Real servers and files on loopback, pulled by the engine; then the page is asked over HTTP. `docs/what-if.md` lists the same.
"""

from __future__ import annotations

import io
import socket
import ssl
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from made_up_servers import free_port, http
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from world import World, make

from ingestion import registry
from ingestion.extract import extract
from ingestion.load import load

pytestmark = pytest.mark.slow
LOCAL = "%d/%m/%Y %H:%M"


@pytest.fixture
def world(tmp_path: Path, ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return make(tmp_path, monkeypatch)


def lines(n: int, first: int = 1, so: str = "{i}", luc: str = "01/11/2026 08:00") -> str:
    return "".join(f"M{i},{so.format(i=i)},{luc}\n" for i in range(first, first + n))


# --- B: sources --------------------------------------------------------------------------------------------------------


def rest(world: World, address: str, **more: Any) -> None:
    world.connector = {"kind": "rest", "base_url": address, "timeout_seconds": 1, **more}
    world.table = {"read": {"path": "/"}}


@contextmanager
def raw_server(answer: bytes | None, *, close: bool = True) -> Iterator[str]:
    """Accepts, says `answer` (nothing: None) and closes, or stays silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            kept.append(one)
            if answer is not None:
                one.recv(4096)
                one.sendall(answer)
            if close:
                one.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    for one in kept:
        one.close()


def failed(world: World, code: str, *words: str) -> None:
    """The pull failed with that code, nothing was loaded, and the page says so in words."""
    outcome = world.pull()
    assert (outcome.status, outcome.code) == ("failed", code), outcome
    assert world.counts == (0, 0, 0, 0)
    page = world.page()
    assert "■ lỗi" in page and outcome.reason_vi in page
    for word in words:
        assert word in page, (word, outcome.reason_vi)
    assert "1 chậm hoặc lỗi" in world.page("/")


def test_b1__a_source_that_is_down(world: World) -> None:
    rest(world, f"http://127.0.0.1:{free_port()}")
    failed(world, "IOC-201")


def test_b2__a_source_that_is_too_slow(world: World) -> None:
    async def slow(call: Request) -> Response:
        import anyio

        await anyio.sleep(3)
        return JSONResponse([])

    with http([Route("/", slow)]) as address:
        rest(world, address)
        failed(world, "IOC-203")


def test_b3__a_source_that_accepts_and_never_answers(world: World) -> None:
    with raw_server(None, close=False) as address:
        rest(world, address)
        failed(world, "IOC-203")


def test_b4__a_source_that_drops_the_answer_half_way(world: World) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n[{"ma": "A", "so": "1"},'
    with raw_server(half) as address:
        rest(world, address)
        failed(world, "IOC-201")


def test_b5__a_password_that_is_refused_is_tried_twice_and_then_left_alone(world: World) -> None:
    calls = []

    async def refuse(call: Request) -> Response:
        calls.append(1)
        return Response(status_code=401)

    with http([Route("/", refuse)]) as address:
        rest(world, address)
        failed(world, "IOC-202")
        failed(world, "IOC-202")
        failed(world, "IOC-202", "Không hỏi lại trước")
    assert len(calls) == 2, "the third pull did not even ask: no account is locked by us"


def test_b6__a_certificate_that_has_expired(world: World, tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name, now = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
        datetime.now(UTC),
    )
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "ca.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)

    def serve() -> None:
        while True:
            try:
                listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    rest(world, f"https://localhost:{listener.getsockname()[1]}", ca_file=str(pem))
    failed(world, "IOC-201", "certificate")
    listener.close()


def test_b7__a_name_that_nobody_knows(world: World) -> None:
    rest(world, "http://khong-co-may-nay.invalid")
    failed(world, "IOC-201")


def test_b8__a_replica_with_far_fewer_rows_waits_for_a_decision(world: World) -> None:
    world.table = {"mode": "snapshot"}
    world.rows(lines(60))
    assert world.pull().status == "ok"
    world.rows(lines(5))
    outcome = world.pull()
    assert (outcome.status, outcome.code) == ("failed", "IOC-207")
    assert world.counts == (60, 60, 0, 0), "yesterday's rows stay"
    page = world.page()
    assert "Lần kéo bị giữ" in page and "./ioc source pull so_loi --accept-drift" in page


# --- C: schema and content ---------------------------------------------------------------------------------------------


def test_c1__a_column_more_is_loaded_around_and_said(world: World) -> None:
    world.put("a.csv", "ma,so,luc,moi\nA,1,01/11/2026 08:00,x\n")
    assert world.pull().status == "ok" and world.counts == (1, 1, 0, 0)
    assert "Cột ở nguồn đã thay đổi: thêm cột moi" in world.page()


@pytest.mark.parametrize(
    ("header", "said"), [("ma,luc", "mất cột so"), ("ma,soo,luc", "có thể so đã đổi tên thành soo")]
)
def test_c1__a_column_that_is_gone_or_renamed_stops_the_source(world: World, header: str, said: str) -> None:
    world.put("a.csv", f"{header}\nA,{'1,' * (header.count(',') - 1)}01/11/2026 08:00\n")
    failed(world, "IOC-205", said)


def test_c1__a_column_of_another_type_waits_row_by_row(world: World) -> None:
    world.rows("A,1,01/11/2026 08:00\nB,một,01/11/2026 08:00\n")
    assert world.pull().status == "ok" and world.counts == (2, 1, 1, 0) and world.rules == {"type:so"}
    assert "“một” không phải là số" in world.page()


def test_c1__columns_in_another_order_and_case_are_the_same(world: World) -> None:
    world.put("a.csv", "LUC,Ma,so\n01/11/2026 08:00,A,1\n")
    assert world.pull().status == "ok"
    assert world.asked('SELECT ma, so FROM raw."so_loi__bang"') == [("A", 1.0)]


def test_c2__two_columns_of_one_name_are_refused_not_guessed(world: World) -> None:
    world.put("a.csv", "ma,Số Lượng,SỐ LƯỢNG,luc\nA,1,2,01/11/2026 08:00\n")
    world.table = {"columns": [{"name": "ma", "type": "text"}, {"name": "sl", "from": "số lượng", "type": "double"}]}
    failed(world, "IOC-206")


def test_c2__names_that_differ_in_accents_only_are_two_columns(world: World) -> None:
    world.table = {
        "columns": [
            {"name": "ma", "type": "text"},
            {"name": "so_a", "from": "số", "type": "double"},
            {"name": "so_b", "from": "so", "type": "double"},
        ]
    }
    world.put("a.csv", "ma,số,so\nA,1,2\n")
    assert world.pull().status == "ok"
    assert world.asked('SELECT so_a, so_b FROM raw."so_loi__bang"') == [(1.0, 2.0)]


def test_c3__a_row_twice_is_counted_and_a_key_that_says_two_things_is_told(world: World) -> None:
    world.rows("A,1,01/11/2026 08:00\nA,1,01/11/2026 08:00\nB,1,01/11/2026 08:00\nB,2,01/11/2026 08:00\n")
    world.pull()
    assert world.counts == (4, 2, 0, 2)
    assert "key_conflicts" in world.judged()
    assert "1 dòng cùng khóa với dòng khác nhưng khác giá trị" in world.page()


def test_c4__late_rows_and_corrected_past_rows_end_with_the_newest(world: World) -> None:
    world.table = {"cursor": "luc"}
    world.rows("A,1,02/11/2026 08:00\nB,1,03/11/2026 08:00\n")
    world.pull()
    world.rows("A,9,05/11/2026 08:00\nB,7,01/11/2026 08:00\nC,3,01/11/2026 08:00\n", "b.csv")
    world.pull()
    assert world.asked('SELECT ma, so FROM raw."so_loi__bang" ORDER BY 1') == [("A", 9.0), ("B", 1.0), ("C", 3.0)]
    assert (
        world.counts == (5, 4, 0, 1)
        and "5 nhận" not in world.page()
        and "3 nhận = 2 nạp + 0 cách ly + 1 trùng" in world.page()
    )


@pytest.mark.parametrize(
    ("written", "rule", "said"),
    [
        ((datetime.now() + timedelta(days=40)).strftime(LOCAL), "future:luc", "ở tương lai quá 1 ngày"),
        ("29/02/2025 08:00", "type:luc", "không phải là thời điểm"),
        ("12/25/2026 08:00", "type:luc", "không phải là thời điểm"),
        ("mùng 3 Tết Giáp Thìn", "type:luc", "không phải là thời điểm"),
        ("0000-00-00 00:00:00", "type:luc", "không phải là thời điểm"),
    ],
)
def test_c5__a_time_that_cannot_be_waits_with_its_reason(world: World, written: str, rule: str, said: str) -> None:
    world.table = {"event_time": "luc"}
    world.rows(f"A,1,{written}\nB,1,29/02/2024 08:00\n")
    world.pull()
    assert world.counts == (2, 1, 1, 0) and world.rules == {rule}
    assert said in world.page()


def test_c5__a_clock_seven_hours_ahead_is_told(world: World) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=14)  # local time, and seven hours more
    world.table = {"event_time": "luc"}
    world.rows("".join(f"M{i},1,{(ahead - timedelta(minutes=i)).strftime(LOCAL)}\n" for i in range(30)))
    world.pull()
    assert world.counts == (30, 30, 0, 0) and "clock" in world.judged()
    assert "có thời điểm sau lúc được kéo về" in world.page()


ROW = "ma,so,luc\nHạc Thành,1,01/11/2026 08:00\n"


@pytest.mark.parametrize("coded", [ROW.encode("utf-8-sig"), ROW.encode("utf-8")], ids=["bom", "plain"])
def test_c6__the_byte_order_mark_is_no_letter(world: World, coded: bytes) -> None:
    world.put("a.csv", coded)
    assert world.pull().status == "ok" and world.asked('SELECT ma FROM raw."so_loi__bang"') == [("Hạc Thành",)]


@pytest.mark.parametrize(
    "coded", [ROW.encode("utf-16"), ROW.encode().replace("ạ".encode(), b"\xff\xfe")], ids=["utf-16", "invalid"]
)
def test_c6__bytes_in_another_encoding_refuse_the_file_by_name(world: World, coded: bytes) -> None:
    world.put("a.csv", coded)
    failed(world, "IOC-206", "a.csv")


def test_c6__old_vietnamese_letters_are_counted_as_uncertain(world: World) -> None:
    world.put("a.csv", "ma,so,luc\nThµnh phè Thanh Ho¸,1,01/11/2026 08:00\nx,1,01/11/2026 08:00\n")
    world.pull()
    ((counts,),) = world.asked("SELECT texts_uncertain FROM ops.extract")
    assert counts == '{"ma": 1}'


def test_c6__decomposed_letters_are_the_same_letters(world: World) -> None:
    import unicodedata

    world.put("a.csv", unicodedata.normalize("NFD", ROW))
    world.pull()
    assert world.asked('SELECT ma FROM raw."so_loi__bang"') == [("Hạc Thành",)]


def test_c6__a_nul_byte_waits_with_its_reason(world: World) -> None:
    world.put("a.csv", "ma,so,luc\nA\0B,1,01/11/2026 08:00\nC,1,01/11/2026 08:00\n")
    world.pull()
    assert world.counts == (2, 1, 1, 0) and world.rules == {"nul:ma"} and "có ký tự NUL" in world.page()


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"1.234,5"', 1234.5), ("12 345", 12345.0), ("1e3", None), ('"1,234.5"', None), ("N/A", None), ("∞", None), ("NaN", None), ("5 triệu", None), ('"12,5"', 12.5)],
)  # fmt: skip
def test_c7__a_number_is_read_as_meant_or_waits(world: World, written: str, meant: float | None) -> None:
    world.rows(f"A,{written},01/11/2026 08:00\n")
    world.pull()
    if meant is not None:
        assert world.asked('SELECT so FROM raw."so_loi__bang"') == [(meant,)]
    elif world.counts[1]:
        assert (written, world.asked('SELECT so FROM raw."so_loi__bang"')) == ("1e3", [(1000.0,)])
    else:
        assert world.counts == (1, 0, 1, 0) and world.rules == {"type:so"} and "không phải là số" in world.page()


def test_c8__a_giant_cell_refuses_the_file_and_names_its_line(world: World) -> None:
    world.put("a.csv", "ma,so,luc\nA,1,01/11/2026 08:00\nB," + "9" * 50_000_000 + ",01/11/2026 08:00\n")
    failed(world, "IOC-206", "a.csv:3", "50,000,019 byte")


def test_c8__a_long_text_is_a_text(world: World) -> None:
    world.put("a.csv", "ma,so,luc\n" + "A" * 1_000_000 + ",1,01/11/2026 08:00\n")
    assert world.pull().status == "ok" and world.counts == (1, 1, 0, 0)


def test_c8__ten_thousand_columns_are_named_and_the_declared_ones_loaded(world: World) -> None:
    more = [f"c{i}" for i in range(10_000)]
    world.put(
        "a.csv", ",".join(["ma", "so", "luc", *more]) + "\nA,1,01/11/2026 08:00," + ",".join("1" for _ in more) + "\n"
    )
    outcome = world.pull()
    assert (outcome.status, world.counts) == ("ok", (1, 1, 0, 0)) or outcome.code in ("IOC-205", "IOC-206")
    assert "c9999" in world.page() or "cột" in world.page()


AREA = {
    "columns": [{"name": "ma", "type": "text"}, {"name": "xa", "type": "text"}],
    "area": {"column": "xa", "scheme": "any", "as": "ma_xa"},
}


def test_c9__a_communes_name_in_any_spelling_is_its_code_and_an_unknown_one_waits(world: World) -> None:
    units = registry.read(registry.SOURCES / "khung" / "vietnamadminunits_dvhc.yml")[0]
    assert units
    load(extract(units, run_id="r"), holder="test")
    world.table = AREA
    world.put("a.csv", "ma,xa\n1,Phường Hạc Thành\n2,P. Hạc Thành\n3,hac thanh\n4,14797\n5,Hạc Thàn\n6,99999\n")
    world.pull()
    assert world.counts == (6, 4, 2, 0) and world.rules == {"area:xa"}
    assert len(world.asked('SELECT DISTINCT ma_xa FROM raw."so_loi__bang"')) == 1
    assert "“Hạc Thàn” không phải là xã, phường nào; gần nhất:" in world.page()


def test_c10__an_empty_file_and_a_header_alone_are_told_as_too_few_rows(world: World) -> None:
    world.table = {"volume": {"min": 10}}
    world.put("a.csv", "")
    first = world.pull()
    world.put("b.csv", "ma,so,luc\n")
    second = world.pull()
    assert {first.status, second.status} <= {"ok", "failed"} and world.counts == (0, 0, 0, 0)
    assert "volume_min" in world.judged() and "Bảng có ít nhất 10 dòng" in world.page()


def test_c10__a_column_that_is_empty_throughout_is_told(world: World) -> None:
    world.rows(lines(40, so=""))
    world.pull()
    assert "silently_empty" in world.judged() and "so: 100 % dòng trống" in world.page()


def test_c10__a_sensor_on_one_value_is_told(world: World) -> None:
    start = datetime(2026, 11, 1)
    world.table = {"primary_key": ["ma", "luc"], "event_time": "luc", "mode": "append"}
    readings = [
        f'T{s},"{5 if s == 3 else (s * 7 + h * 13) % 97 + 1},{h % 7}",{(start + timedelta(hours=h)).strftime(LOCAL)}'.replace(
            f'"5,{h % 7}"', "5"
        )
        for s in range(6)
        for h in range(48)
    ]
    world.rows("\n".join(readings) + "\n")
    world.pull()
    assert world.counts[1] == 288 and "stuck" in world.judged()
    assert "1 trong 6 chuỗi đứng yên ở một giá trị" in world.page()


def test_c10__negative_counts_wait_and_are_not_made_empty(world: World) -> None:
    world.rows("A,-5,01/11/2026 08:00\nB,5,01/11/2026 08:00\n")
    world.pull()
    assert world.counts == (2, 1, 1, 0) and world.rules == {"range:so"} and "-5 nằm ngoài khoảng" in world.page()


def test_c10__ten_times_as_many_rows_as_usual_are_told(world: World) -> None:
    world.table = {"volume": {"max_change": 5}}
    for day in range(4):
        world.rows(lines(20, first=1 + 1000 * day), f"{day}.csv")
        world.pull()
    world.rows(lines(400, first=90_000), "9.csv")
    world.pull()
    assert "volume_change" in world.judged() and "không lệch quá 5 lần trung vị" in world.page()


# --- D: files ----------------------------------------------------------------------------------------------------------


def test_d1__a_file_that_is_still_written_is_left_for_the_next_pull(world: World) -> None:
    world.put("a.csv", "ma,so,luc\n" + lines(3), age=0)
    assert world.pull().rows_in == 0 and world.counts == (0, 0, 0, 0)
    world.put("a.csv", "ma,so,luc\n" + lines(5))
    assert world.pull().status == "ok" and world.counts == (5, 5, 0, 0)


def test_d2__the_same_file_under_another_name_changes_nothing_and_is_told(world: World) -> None:
    world.rows(lines(20))
    world.pull()
    world.rows(lines(20), "b.csv")
    world.pull()
    assert world.asked('SELECT count(*) FROM raw."so_loi__bang"') == [(20,)]
    assert "repeats" in world.judged() and "nội dung y hệt một tệp khác" in world.page()


def test_d3__the_same_name_with_new_content_is_a_new_version_and_both_are_kept(world: World, ioc_home: Path) -> None:
    world.rows(lines(3))
    world.pull()
    world.rows(lines(3, so="5{i}"))
    world.pull()
    assert world.asked('SELECT ma, so FROM raw."so_loi__bang" ORDER BY 1') == [("M1", 51.0), ("M2", 52.0), ("M3", 53.0)]
    assert len(list((ioc_home / "landing" / "so_loi" / "bang").rglob("manifest.json"))) == 2


def workbook(*, hidden: bool = False, cells: dict[str, Any] | None = None) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("Bảng")
    sheet.write_row(0, 0, ["ma", "so", "luc"])
    sheet.write_row(1, 0, ["A", 1, "01/11/2026 08:00"])
    for place, value in (cells or {}).items():
        sheet.write(place, value)
    if hidden:
        other = book.add_worksheet("Giấu")
        other.write_row(0, 0, ["ma", "so", "luc"])
        other.write_row(1, 0, ["Z", 9, "01/11/2026 08:00"])
        other.hide()
    book.close()
    return out.getvalue()


def excel(world: World) -> None:
    world.connector = {"kind": "excel"}
    world.table = {"read": {"file": "*.xls*", "sheet": "Bảng", "header_rows": [1, 1]}}


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("hong.xlsx", workbook()[:-30], "hỏng"),
        ("khoa.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "mật khẩu"),
        ("pdf.xlsx", b"%PDF-1.7\n\0\1", "không phải bảng tính"),
        ("macro.xlsm", OLE + "_VBA_PROJECT_CUR".encode("utf-16-le"), "macro"),
    ],
    ids=["torn", "locked", "pdf", "macro"],
)
def test_d4__a_workbook_that_cannot_be_read_is_refused_by_name(
    world: World, name: str, content: bytes, said: str
) -> None:
    excel(world)
    world.put(name, content)
    failed(world, "IOC-206", name, said)


def test_d4__a_workbook_under_a_wrong_name_is_read_by_its_content(world: World) -> None:
    excel(world)
    world.put("ten-sai.xls", workbook())
    assert world.pull().status == "ok" and world.counts == (1, 1, 0, 0)


def test_d4__hidden_sheets_stay_out_and_errors_in_cells_wait(world: World) -> None:
    excel(world)
    world.put("a.xlsx", workbook(hidden=True, cells={"A3": "B", "C3": "01/11/2026 08:00", "B3": "#DIV/0!"}))
    world.pull()
    assert world.counts == (2, 1, 1, 0) and world.rules == {"type:so"}
    assert world.asked('SELECT ma FROM raw."so_loi__bang"') == [("A",)]


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bom.xlsx", zipped({"xl/worksheets/sheet1.xml": b"0" * 60_000_000}), "giải nén ra"),
        ("cuoi.xlsx", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&b;</Workbook>', "DOCTYPE"),
    ],
    ids=["bomb", "laughs"],
)  # fmt: skip
def test_d5__a_file_that_is_made_to_hurt_costs_one_refusal(world: World, name: str, content: bytes, said: str) -> None:
    excel(world)
    world.put(name, content)
    failed(world, "IOC-206", said)


def test_d5__an_archive_with_a_path_out_of_it_is_refused(world: World, tmp_path: Path) -> None:
    world.table = {"read": {"file": "*.zip", "inside": "*.csv"}}
    world.put("a.zip", zipped({"../../ra-ngoai.csv": b"ma,so,luc\nA,1,\n"}))
    failed(world, "IOC-206", "a.zip")
    assert not list(tmp_path.parent.rglob("ra-ngoai.csv"))


def test_d6__a_folder_that_vanished_is_a_source_that_is_down(world: World) -> None:
    world.rows(lines(3))
    assert world.pull().status == "ok"
    subprocess.run(["rm", "-r", str(world.folder)], check=True)
    outcome = world.pull()
    assert (outcome.status, outcome.code) == ("failed", "IOC-201") and world.counts == (3, 3, 0, 0)
    assert "■ lỗi" in world.page()


def test_d7__ten_thousand_small_files_are_all_taken_once(world: World) -> None:
    for i in range(10_000):
        world.put(f"{i:05}.csv", f"ma,so,luc\nM{i},{i},01/11/2026 08:00\n")
    started = time.monotonic()
    assert world.pull().status == "ok" and world.counts == (10_000, 10_000, 0, 0)
    assert world.pull().rows_in == 0 and time.monotonic() - started < 300
