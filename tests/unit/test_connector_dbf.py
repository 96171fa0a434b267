"""dBase and FoxPro tables, written here byte by byte as the old programs do."""

from __future__ import annotations

import io
import json
import os
import struct
from pathlib import Path
from typing import Any

import made_up_source
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_request import request, rows

from ingestion.connectors import Request
from ingestion.connectors._child import Refused
from ingestion.connectors._dbf import Table, known
from ingestion.extract import extract
from ingestion.load import load
from warehouse.errors import Fault

#: name, type, length, decimals, and of FoxPro: flags (2 may be null).
FieldOf = tuple[bytes, str, int, int, int]


def dbf(fields: list[FieldOf], records: list[list[bytes]], *, version: int = 3, count: int | None = None) -> bytes:
    """A table; texts are padded on the right, numbers on the left; a record whose first cell is b"*" is deleted."""
    head = b"".join(
        struct.pack("<11sc4xBBB13x", name, kind.encode(), length & 255, length >> 8 or decimals, flags)
        for name, kind, length, decimals, flags in fields
    )
    lengths = [length for _, _, length, _, _ in fields]
    body = b""
    for record in records:
        mark, cells = (b"*", record[1:]) if record[0] == b"*" else (b" ", record)
        pad = [c.rjust(n) if f[1] in "NF" else c.ljust(n) for c, n, f in zip(cells, lengths, fields, strict=True)]
        body += mark + b"".join(pad)
    size = 33 + len(head)
    start = struct.pack(
        "<BBBBIHH20x", version, 126, 1, 1, len(records) if count is None else count, size, 1 + sum(lengths)
    )
    return start + head + b"\r" + body + b"\x1a"


def text(name: bytes, length: int = 20) -> FieldOf:
    return (name, "C", length, 0, 0)


def ask(tmp_path: Path, columns: str = "ma=MA", **read: Any) -> Request:
    return request(tmp_path, {"kind": "dbf", "folder": str(tmp_path)}, {"file": "*.[dD][bB][fF]", **read}, columns)


FIELDS = [text(b"MA", 4), text(b"TEN"), (b"SO", "N", 8, 2, 0), (b"NGAY", "D", 8, 0, 0), (b"CO", "L", 1, 0, 0)]


@pytest.mark.parametrize("encoding", ["cp1258", "utf-8"])
def test_dbf__gives_what_was_printed_and_not_what_was_deleted(tmp_path: Path, encoding: str) -> None:
    # cp1258 writes a tone as its own mark after the vowel.
    name = {"cp1258": "Đông Sơn, xa\u0303", "utf-8": "Đông Sơn, xã"}[encoding]
    records = [
        [b"007", name.encode(encoding), b"1234.50", b"20250731", b"T"],
        [b"*", b"008", b"x", b"1", b"20250101", b"F"],
        [b"009", b"", b"", b"", b"?"],
        [b"010", b"\0" * 20, b"********", b"00000000", b"n"],
    ]
    (tmp_path / "HOSO.DBF").write_bytes(dbf(FIELDS, records))
    found, refs, files = rows(ask(tmp_path, encoding=encoding))
    assert found == [
        {"MA": "007", "TEN": name, "SO": "1234.50", "NGAY": "20250731", "CO": "true"},
        {"MA": "009", "TEN": None, "SO": None, "NGAY": None, "CO": None},
        {"MA": "010", "TEN": None, "SO": "********", "NGAY": None, "CO": "false"},
    ]
    assert refs == ["HOSO.DBF:1", "HOSO.DBF:3", "HOSO.DBF:4"] and [f.path for f in files] == ["HOSO.DBF"]


def read(body: bytes, encoding: str = "cp1252") -> list[dict[str, str | None]]:
    """Without the child, for what needs many files."""
    table = Table(io.BytesIO(body), encoding)  # type: ignore[arg-type]
    found = []
    for block in table.blocks():
        columns = table.columns(block)
        found += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return found


def test_dbf__of_foxpro_reads_its_binary_columns_and_nulls() -> None:
    fields = [
        (b"I", "I", 4, 0, 2),
        (b"B", "B", 8, 0, 0),
        (b"Y", "Y", 8, 0, 2),
        (b"T", "T", 8, 0, 0),
        (b"_Flags", "0", 1, 0, 5),
    ]
    # 2025-07-31 is Julian day 2460888; 45,296,000 ms are 12:34:56.
    full = [
        struct.pack("<i", -7),
        struct.pack("<d", 0.1),
        struct.pack("<q", 1_234_500),
        struct.pack("<ii", 2_460_888, 45_296_000),
        b"\0",
    ]
    empty = [bytes(4), bytes(8), bytes(8), bytes(8), b"\3"]
    assert read(dbf(fields, [full, empty], version=0x30)) == [
        {"I": "-7", "B": "0.1", "Y": "123.4500", "T": "2025-07-31 12:34:56"},
        {"I": None, "B": "0.0", "Y": None, "T": None},
    ]


def test_dbf__of_foxpro_reads_texts_of_varying_length() -> None:
    """Visual FoxPro 9: a bit a row says that the text is shorter than its field, then its length is the last byte."""
    fields = [
        (b"V", "V", 5, 0, 2),
        (b"Q", "Q", 3, 0, 0),
        (b"I", "I", 4, 0, 2),
        (b"_NullFlags", "0", 1, 0, 5),
    ]
    number = struct.pack("<i", 7)
    # bits from the lowest: V is short, V is null, Q is short, I is null
    found = read(
        dbf(
            fields,
            [
                [b"ab \0\3", b"xyz", number, b"\1"],
                [b"abcde", b"x\0\1", number, b"\4"],
                [bytes(5), b"", number, b"\2"],
                [b"\0\0\0\0\0", b"", number, b"\x09"],
            ],
            version=0x32,
        )
    )
    assert found == [{"V": "ab", "I": "7"}, {"V": "abcde", "I": "7"}, {"V": None, "I": "7"}, {"V": None, "I": None}]


def test_dbf__one_byte_outside_the_encoding_costs_one_row_and_deleted_rows_are_counted(
    tmp_path: Path, ioc_home: Path
) -> None:
    records = [
        [b"1", "Đông Sơn".encode()],
        [b"*", b"8", b"x"],
        [b"2", b"Th\xd2 Xu\xe2n"],
        [b"*", b"9", b"y"],
        [b"3", b""],
    ]
    (tmp_path / "a.dbf").write_bytes(dbf([text(b"MA", 4), text(b"TEN")], records))
    os.utime(tmp_path / "a.dbf", (0, 0))  # not being written right now
    (landed,) = extract(ask(tmp_path, "ma=MA; ten=TEN", encoding="utf-8").source, run_id="run")
    assert landed.manifest.left_out == {"dòng đã đánh dấu xóa": 2}
    (loaded,) = load([landed], holder="test")
    assert (loaded.rows_in, loaded.rows_loaded, loaded.rows_quarantined) == (3, 2, 1)
    ((rules, reason, row, place),) = made_up_source.ask(
        "SELECT rules, reasons_vi[1], row_json, source_ref FROM quarantine.row"
    )
    assert (rules, place) == (["shape:_more"], "a.dbf:3") and "cột TEN: byte d2 không phải utf-8" in reason
    assert json.loads(row)["TEN"] == r"Th\xd2 Xu\xe2n", "what it has is kept"


def test_dbf__letter_cut_in_two_by_the_width_is_left_out_and_long_texts_are_whole() -> None:
    cut = "Thanh Hóa, Ngọc Lặc".encode()[:22]
    assert cut[-1] >= 0x80
    assert read(dbf([text(b"A", 22)], [[cut]]), "utf-8") == [{"A": "Thanh Hóa, Ngọc L"}]
    assert read(dbf([text(b"A", 300)], [[b"x" * 300]])) == [{"A": "x" * 300}], "Clipper's upper byte of the length"


def test_dbf__memo_column_may_be_ignored_but_not_wanted(tmp_path: Path) -> None:
    fields = [text(b"MA"), (b"GHICHU", "M", 10, 0, 0)]
    (tmp_path / "a.dbf").write_bytes(dbf(fields, [[b"1", b"5"]], version=0x83))
    assert rows(ask(tmp_path, encoding="utf-8"))[0] == [{"MA": "1"}]
    with pytest.raises(Fault, match="GHICHU nằm trong tệp memo"):
        rows(ask(tmp_path, "ma=MA; ghi_chu=GHICHU", encoding="utf-8"))


def test_dbf__column_of_a_type_that_is_not_read_may_be_ignored_but_not_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.dbf").write_bytes(dbf([text(b"MA"), (b"ANH", "Q", 9, 0, 0)], [[b"1", b"\xff"]], version=0x32))
    assert rows(ask(tmp_path, encoding="utf-8"))[0] == [{"MA": "1"}]
    with pytest.raises(Fault, match="ANH có kiểu Q, không đọc"):
        rows(ask(tmp_path, "ma=MA; anh=ANH", encoding="utf-8"))


ONE = [text(b"MA", 3)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (dbf(ONE, [[b"1"]], count=2**31), "nói có 2147483648 dòng, trong tệp có 1"),
        (dbf(ONE, [[b"1"], [b"2"]], count=1), "có nhiều hơn"),
        (dbf(ONE, [[b"1"], [b"2"]])[:-4], "có 1: tệp bị cắt"),
        (dbf(ONE, [[b"1"]])[:40], "phần đầu tệp bị cắt"),
        (dbf(ONE, [[b"1"]], version=0x04), "không phải bảng dBase"),
        (b"", "không phải bảng dBase"),
        (dbf([text(b"A"), text(b"A")], []), "trùng"),
        (dbf([], []), "tên cột trống"),
        (dbf([text(b"\xd2\xd2")], []), "tên cột không phải utf-8"),
        (dbf([(b"A", "I", 3, 0, 0)], [], version=0x30), "độ dài của cột A"),
        (dbf(ONE, [[b"1"]])[:15] + b"\1" + dbf(ONE, [[b"1"]])[16:], "mật khẩu"),
        (dbf(ONE, [[b"1"]]).replace(b"\r ", b"\rX"), "dấu đầu dòng"),
    ],
)
def test_dbf__that_contradicts_itself_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(body, "utf-8")


def test_dbf__refused_file_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "a.dbf").write_bytes(dbf(ONE, [[b"1"]], count=2**31))
    with pytest.raises(Fault, match="2147483648") as caught:
        rows(ask(tmp_path, encoding="utf-8"))
    assert caught.value.code == "IOC-206"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("65001", "utf-8"),
        ("ANSI 1258", "cp1258"),
        ("1252", "cp1252"),
        ("ISO-8859-1", "latin-1"),
    ],
)
def test_cpg__names_are_known(name: str, encoding: str) -> None:
    assert known(name) == encoding
    with pytest.raises(Refused):
        known("TCVN3")


CELL = st.text(st.characters(codec="cp1252", exclude_characters=" \0"), max_size=8)


# A first cell “*” is how `dbf` writes a deleted record.
@given(st.lists(st.tuples(CELL.filter(lambda cell: cell != "*"), CELL)))
def test_dbf__any_texts_come_back(records: list[tuple[str, str]]) -> None:
    body = dbf([text(b"A", 8), text(b"B", 8)], [[a.encode("cp1252"), b.encode("cp1252")] for a, b in records])
    assert read(body) == [{"A": a or None, "B": b or None} for a, b in records]


SOUND = dbf(FIELDS, [[b"007", b"x", b"1234.50", b"20250731", b"T"]] * 3, version=0x30)


@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_dbf__any_harm_is_refused_or_read_with_as_many_rows(harm: list[tuple[int, int]]) -> None:
    body = bytearray(SOUND)
    for at, byte in harm:
        body[at] = byte
    try:
        found = read(bytes(body))
    except Refused:
        return
    assert len(found) <= 3
