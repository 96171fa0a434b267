"""Text files of automatic stations (Circular 10/2021/TT-BTNMT), from an FTP server or a folder.

One line a parameter, tab-separated: `COD<TAB>35.20<TAB>mg/L<TAB>20260715103000<TAB>00`. Commas do not separate anything:
a parameter is called `PM2,5`. Stations repeat files and send buffered ones late; the contract de-duplicates. A file still
being uploaded (its last line unfinished, or its size changed while we read) is left for the next run. A finished line of
the wrong shape is passed on with what it has, so that the contract quarantines it and nobody wonders where it went.
"""

from __future__ import annotations

import ftplib
import io
import os
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, SeenFile, resolve
from ingestion.connectors._duckdb import down, refused

#: Connections to one server at a time: an office's FTP server must not fall over because we came.
CONNECTIONS = 4
_FILES_A_CHUNK = 2000
_COLUMNS = ("ma_tram", "thong_so", "gia_tri", "don_vi", "thoi_gian", "trang_thai")


class Connection(Arguments):
    """`protocol` folder reads a local (mounted) folder; `path` is where the year folders begin."""

    protocol: Literal["ftp", "folder"] = Field(description="folder: of this machine, or mounted")
    path: str = Field(default="/", description="where the folders of years begin")
    host: str = ""
    port: str | int = 21
    user: str = ""
    password: dict[str, str] | None = None
    timeout_seconds: int = Field(default=20, description="of one answer")


class Read(Arguments):
    """`pattern`: regular expression of file names, with a group `station`; `aliases`: other names of parameters."""

    pattern: str = Field(
        default=r"(?P<station>.+)_\d{14}\.txt", description="regular expression of file names, with a group `station`"
    )
    aliases: dict[str, str] = Field(default_factory=dict, description="other names of parameters: PM-2-5: PM2,5")


def columns(request: Request) -> list[str] | None:
    return None  # the format is fixed by the circular


def read(request: Request) -> Iterator[Chunk]:
    arguments = Connection.model_validate(request.source.connector.arguments)
    wanted = Read.model_validate(request.table.read)
    source = _Ftp(request, arguments) if arguments.protocol == "ftp" else _Folder(request, arguments)
    pattern = re.compile(wanted.pattern)
    fresh = [f for f in source.listing() if pattern.fullmatch(Path(f.path).name) and not _taken(f, request.seen)]
    files = iter(sorted(fresh, key=lambda f: f.path))
    while some := list(islice(files, _FILES_A_CHUNK)):
        yield _chunk(zip(some, source.contents(some), strict=True), pattern, wanted.aliases)


def _taken(file: SeenFile, seen: dict[str, SeenFile]) -> bool:
    before = seen.get(file.path)
    return before is not None and before.size == file.size and before.modified == file.modified


def _chunk(files: Iterator[tuple[SeenFile, bytes | None]], pattern: re.Pattern[str], aliases: dict[str, str]) -> Chunk:
    lines: list[str] = []
    stations: list[str | None] = []
    refs: list[str] = []
    taken: list[SeenFile] = []
    for file, body in files:
        if body is None or len(body) != file.size or not is_complete(body):
            continue
        match = pattern.fullmatch(Path(file.path).name)
        text = body.decode("utf-8-sig", errors="replace").splitlines()
        numbers = [number for number, line in enumerate(text, 1) if line and not line.isspace()]
        lines += [text[number - 1] for number in numbers]
        stations += [match["station"] if match else None] * len(numbers)
        refs += [f"{file.path}:{number}" for number in numbers]
        taken.append(file)
    columns = [pa.array(stations, pa.string()), *fields(pa.array(lines, pa.string()), aliases)]
    return Chunk(pa.RecordBatch.from_arrays(columns, names=list(_COLUMNS)), refs, taken)


def is_complete(body: bytes) -> bool:
    """Whether a file has been sent to its end: it is not empty and its last line is finished."""
    return body.endswith(b"\n")


def fields(lines: pa.Array, aliases: dict[str, str]) -> list[pa.Array]:
    """Parameter, value, unit, time, status of each line; what is missing is null, what is too much stays in the status."""
    missing = pc.max_element_wise(pc.subtract(4, pc.count_substring(lines, "\t")), 0)
    padded = pc.binary_join_element_wise(lines, pc.binary_repeat("\t", missing), "")
    split = pc.split_pattern(padded, "\t", max_splits=4)
    found = [pc.utf8_trim_whitespace(pc.list_element(split, i)) for i in range(5)]
    for other, name in aliases.items():
        found[0] = pc.if_else(pc.equal(found[0], other), name, found[0])
    return [pc.if_else(pc.equal(field, ""), pa.scalar(None, pa.string()), field) for field in found]


class _Folder:
    """A folder on this machine."""

    def __init__(self, request: Request, arguments: Connection) -> None:
        self._root = Path(resolve(arguments.path))
        if not self._root.is_dir():
            raise down(
                f"thư mục {arguments.path}",
                "the folder is not there",
                f"kiểm tra đường dẫn của nguồn {request.source.id}",
            )

    def listing(self) -> list[SeenFile]:
        return list(self._walk(""))

    def _walk(self, below: str) -> Iterator[SeenFile]:
        with os.scandir(self._root / below) as listed:
            for one in listed:
                if one.is_dir(follow_symlinks=False):
                    yield from self._walk(f"{below}{one.name}/")
                elif one.is_file():
                    stat = one.stat()
                    modified = datetime.fromtimestamp(stat.st_mtime, UTC).strftime("%Y%m%d%H%M%S")
                    yield SeenFile(f"{below}{one.name}", stat.st_size, modified)

    def contents(self, files: list[SeenFile]) -> list[bytes | None]:
        return [self._body(file) for file in files]

    def _body(self, file: SeenFile) -> bytes | None:
        try:
            return (self._root / file.path).read_bytes()
        except OSError:
            return None


class _Ftp:
    """An FTP server. Only folders of days that can hold something new are listed."""

    def __init__(self, request: Request, arguments: Connection) -> None:
        self._arguments, self._request = arguments, request
        try:
            self._host, self._port = resolve(arguments.host), int(resolve(arguments.port))
            self._password = resolve(arguments.password) or ""
        except KeyError as missing:
            raise down(
                f"FTP {arguments.host}",
                f"{missing.args[0]} is not set",
                f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
            ) from None
        self._where = f"FTP {self._host}:{self._port}"

    def _login(self) -> ftplib.FTP:
        ftp = ftplib.FTP(timeout=self._arguments.timeout_seconds, encoding="utf-8")
        try:
            ftp.connect(self._host, self._port)
            ftp.login(self._arguments.user, self._password)
            ftp.sendcmd("TYPE I")
        except ftplib.error_perm:
            raise refused(self._where, self._arguments.user) from None
        except (OSError, EOFError, ftplib.Error) as error:
            raise self._down(error) from None
        return ftp

    def _down(self, error: Exception) -> Exception:
        if isinstance(error, socket.timeout | TimeoutError):
            fault = down(
                self._where,
                f"no answer within {self._arguments.timeout_seconds} s",
                f"./ioc source pull {self._request.source.id}",
            )
            fault.code = "IOC-203"
            return fault
        return down(
            self._where,
            str(error) or type(error).__name__,
            f"kiểm tra máy chủ, rồi ./ioc source pull {self._request.source.id}",
        )

    def listing(self) -> list[SeenFile]:
        ftp = self._login()
        try:
            return list(self._walk(ftp, self._arguments.path.rstrip("/"), ""))
        except (OSError, EOFError, ftplib.Error) as error:
            raise self._down(error) from None
        finally:
            ftp.close()

    def _walk(self, ftp: ftplib.FTP, root: str, below: str) -> Iterator[SeenFile]:
        folders = []
        for name, facts in ftp.mlsd(f"{root}/{below}", facts=["type", "size", "modify"]):
            path = f"{below}/{name}".lstrip("/")
            if facts["type"] == "dir":
                folders.append(path)
            elif facts["type"] == "file":
                yield SeenFile(path, int(facts["size"]), facts["modify"])
        for folder in sorted(folders):
            yield from self._walk(ftp, root, folder)

    def contents(self, files: list[SeenFile]) -> list[bytes | None]:
        """Bodies in the order of `files`; None where a file vanished or grew while it was read."""
        share = -(-len(files) // CONNECTIONS)
        parts = [files[i : i + share] for i in range(0, len(files), share)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return [body for part in pool.map(self._fetch, parts) for body in part]

    def _fetch(self, files: list[SeenFile]) -> list[bytes | None]:
        ftp = self._login()
        bodies: list[bytes | None] = []
        try:
            for file in files:
                buffer = io.BytesIO()
                try:
                    ftp.retrbinary(f"RETR {self._arguments.path.rstrip('/')}/{file.path}", buffer.write)
                    bodies.append(buffer.getvalue())
                except ftplib.error_perm:
                    bodies.append(None)  # gone since it was listed
        except (OSError, EOFError, ftplib.Error) as error:
            raise self._down(error) from None
        finally:
            ftp.close()
        return bodies
