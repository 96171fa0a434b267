"""dBase III/IV and FoxPro tables, read byte by byte in the child of `_child`.

Own code and not GDAL's reader, because numbers must stay as printed, the encoding is declared and not guessed, and a file
whose size contradicts its header is refused. Layout: dBASE III/IV and Visual FoxPro table structure.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Literal

import pyarrow as pa

from ingestion.connectors._child import Refused, left_out
from ingestion.connectors._duckdb import BATCH_ROWS
from ingestion.connectors._places import text_batch
from ingestion.model import SURPLUS

#: Encodings of text that Python decodes; the fonts of old software (TCVN3, VNI, VISCII) are added in `_decoded`.
Encoding = Literal["utf-8", "cp1258", "cp1252", "latin-1"]
#: Names that a .cpg gives them.
_NAMES: dict[str, Encoding] = {
    "utf-8": "utf-8",
    "65001": "utf-8",
    "1258": "cp1258",
    "1252": "cp1252",
    "88591": "latin-1",
}
_BLOCK_BYTES = 4_000_000
_FOXPRO = {0x30, 0x31, 0x32}
_VERSIONS = {0x03, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB} | _FOXPRO
_NULL_FLAGS = "0"
#: Why a row is left out, in the manifest.
DELETED = "dòng đã đánh dấu xóa"
#: A row's number in the file and its cells.
Row = tuple[int, tuple[bytes, ...]]


def known(name: str) -> Encoding:
    """An encoding by the name that programs write into a .cpg: `UTF-8`, `1258`, `ANSI 1252`, `ISO-8859-1`. Raises `Refused`."""
    found = _NAMES.get(name.lower().replace("utf8", "utf-8")) or _NAMES.get("".join(filter(str.isdigit, name)))
    if not found:
        raise Refused(f"bảng mã “{name[:40]}” của tệp .cpg không có: khai báo encoding")
    return found


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    length: int
    nullable: bool


class Table:
    """A table's header, and its rows from a stream that is only read forwards. Raises `Refused`."""

    def __init__(self, stream: IO[bytes], encoding: Encoding) -> None:
        self._stream, self._encoding = stream, encoding
        self.deleted = 0
        head = stream.read(32)
        if len(head) < 32 or head[0] not in _VERSIONS:
            raise Refused("không phải bảng dBase III, dBase IV hay FoxPro")
        if head[15]:
            raise Refused("bảng có mật khẩu")
        self.count, header_length, self._row_length = struct.unpack("<IHH", head[4:12])
        described = stream.read(header_length - 32) if header_length > 32 else b""
        if len(described) < header_length - 32 or b"\r" not in described:
            raise Refused("phần đầu tệp bị cắt")
        self._foxpro = head[0] in _FOXPRO
        try:
            self.fields = list(self._described(described))
        except UnicodeDecodeError:
            raise Refused(f"tên cột không phải {encoding}") from None
        names = [f.name for f in self.fields]
        if not names or not all(names) or len(set(names)) < len(names):
            raise Refused("tên cột trống hoặc trùng nhau")
        if 1 + sum(f.length for f in self.fields) != self._row_length:
            raise Refused("độ dài các cột không khớp độ dài một dòng")
        if odd := [f.name for f in self.fields if self._is_read(f) and f.length != _WIDTH.get(f.type, f.length)]:
            raise Refused(f"độ dài của cột {', '.join(odd)} không hợp kiểu của nó")

    def _described(self, described: bytes) -> Iterator[Field]:
        for at in range(0, len(described) - 31, 32):
            one = described[at : at + 32]
            if one[0] == 0x0D:
                return
            name, kind = one[:11].split(b"\0")[0], chr(one[11])
            # Clipper and FoxPro keep the upper byte of a long text's length where numbers have their decimals.
            length = one[16] + (one[17] << 8 if kind == "C" else 0)
            yield Field(self._decoded(name).strip(), kind, length, self._foxpro and bool(one[18] & 2))

    def _is_memo(self, field: Field) -> bool:
        """Kept in another file (.dbt, .fpt), which is not read."""
        return field.type in "MGPW" or (field.type == "B" and not self._foxpro)

    def _is_read(self, field: Field) -> bool:
        return field.type in _MEANING and not self._is_memo(field)

    def refuse_unread(self, wanted: list[str]) -> None:
        """A memo column, or one of a type that is not read, may be ignored by the declaration, but not be wanted."""
        if unread := [f for f in self.fields if f.name in wanted and not self._is_read(f)]:
            names = ", ".join(f.name for f in unread)
            why = "nằm trong tệp memo" if self._is_memo(unread[0]) else f"có kiểu {unread[0].type}"
            raise Refused(f"cột {names} {why}, không đọc: đưa vào ignored_columns kèm lý do")

    def blocks(self) -> Iterator[list[Row]]:
        """The rows that are not marked as deleted, each with its number in the file, from 1; some MB at a time."""
        layout = struct.Struct("c" + "".join(f"{f.length}s" for f in self.fields))
        number = 0
        while number < self.count:
            wanted = min(self.count - number, BATCH_ROWS, max(1, _BLOCK_BYTES // self._row_length))
            block = self._stream.read(wanted * self._row_length)
            if len(block) < wanted * self._row_length:
                there = number + len(block) // self._row_length
                raise Refused(f"đầu tệp nói có {self.count} dòng, trong tệp có {there}: tệp bị cắt")
            rows: list[Row] = []
            for mark, *cells in layout.iter_unpack(block):
                number += 1
                if mark == b" ":
                    rows.append((number, tuple(cells)))
                elif mark == b"*":
                    self.deleted += 1
                else:
                    raise Refused(f"dòng {number} không có dấu đầu dòng: tệp hỏng")
            yield rows
        if self._stream.read(self._row_length).strip(b"\x1a\0 "):
            raise Refused(f"đầu tệp nói có {self.count} dòng, trong tệp có nhiều hơn")

    def columns(self, rows: list[Row]) -> dict[str, list[str | None]]:
        """Some rows as columns of text, without those that are not read. A text that is not of the declared encoding has its
        bytes written out (`\\xd2`), and `SURPLUS` says so in its row."""
        cells = list(zip(*(row for _, row in rows), strict=True)) or [()] * len(self.fields)
        flags = next((cells[i] for i, f in enumerate(self.fields) if f.type == _NULL_FLAGS), [b""] * len(rows))
        marks = [int.from_bytes(flag, "little") for flag in flags]
        found: dict[str, list[str | None]] = {}
        surplus: list[str | None] = [None] * len(rows)
        bits = itertools.count()
        for field, column in zip(self.fields, cells, strict=True):
            shortened = next(bits) if field.type in "VQ" else None
            null = next(bits) if field.nullable else None
            if not self._is_read(field):
                continue
            values = found[field.name] = []
            for at, cell in enumerate(column):
                if shortened is not None and marks[at] >> shortened & 1:
                    cell = cell[: cell[-1]]
                is_null = null is not None and marks[at] >> null & 1
                try:
                    values.append(None if is_null else _MEANING[field.type](self, cell))
                except UnicodeDecodeError as error:
                    values.append(cell.decode(self._encoding, "backslashreplace").rstrip(" \0"))
                    surplus[at] = f"cột {field.name}: byte {cell[error.start]:02x} không phải {self._encoding}"
        return found | ({SURPLUS: surplus} if any(surplus) else {})

    def _decoded(self, cell: bytes) -> str:
        try:
            return cell.decode(self._encoding)
        except UnicodeDecodeError as error:
            # The field's width cut the last letter in two: its first half is no letter.
            if self._encoding == "utf-8" and error.reason == "unexpected end of data":
                return cell[: error.start].decode()
            raise

    def _text(self, cell: bytes) -> str | None:
        return self._decoded(cell).rstrip(" \0") or None

    def _printed(self, cell: bytes) -> str | None:
        """A number or date as printed; stars are a number too wide for its field, left for the contract to refuse."""
        return cell.strip(b" \0").decode("ascii", "backslashreplace") or None

    def _day(self, cell: bytes) -> str | None:
        printed = self._printed(cell)
        return None if printed == "00000000" else printed

    def _logical(self, cell: bytes) -> str | None:
        printed = self._printed(cell) or "?"
        return {"T": "true", "Y": "true", "F": "false", "N": "false", "?": None}.get(printed.upper(), printed)

    def _moment(self, cell: bytes) -> str | None:
        day, milliseconds = struct.unpack("<ii", cell)
        if not cell.strip(b" \0"):
            return None
        try:  # Julian day 1721426 is 0001-01-01
            return str(datetime.min + timedelta(days=day - 1_721_426, milliseconds=milliseconds))
        except OverflowError:
            return f"ngày Julius {day}"


_MEANING: dict[str, Callable[[Table, bytes], str | None]] = {
    "C": Table._text,
    "V": Table._text,
    "N": Table._printed,
    "F": Table._printed,
    "D": Table._day,
    "L": Table._logical,
    # Binary ones of Visual FoxPro.
    "I": lambda _, cell: str(struct.unpack("<i", cell)[0]),
    "B": lambda _, cell: repr(struct.unpack("<d", cell)[0]),
    "Y": lambda _, cell: str(Decimal(struct.unpack("<q", cell)[0]).scaleb(-4)),
    "T": Table._moment,
}
_WIDTH = {"I": 4, "B": 8, "Y": 8, "T": 8}


def parse(path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Parser of `_child`: `encoding`, and `columns`, the source's names that the declaration wants."""
    with path.open("rb") as stream:
        table = Table(stream, arguments["encoding"])
        table.refuse_unread(arguments["columns"])
        for rows in table.blocks():
            yield text_batch(table.columns(rows)), [f"{path.name}:{number}" for number, _ in rows]
        yield left_out({DELETED: table.deleted})
