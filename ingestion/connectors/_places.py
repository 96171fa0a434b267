"""Where files are, whatever their format: finding what is new at a place, and bringing it here to be read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from ingestion.connectors import Arguments, Request, SeenFile, resolve
from ingestion.connectors._duckdb import down


class Place(Arguments):
    """The connection of every connector of files."""

    folder: str


class FromName(Arguments):
    """A value taken from the file's or sheet's name by a regular expression's first group."""

    from_name: str
    of: str = "file"


def files(request: Request, pattern: str) -> Iterator[tuple[Path, SeenFile]]:
    """The files of the declared place that match a glob and were not taken before with the same content, by name.

    The path is one on this machine and is good until the next file is asked for.

    A file that is being written right now (changed in the last two seconds) is left for the next run. Raises `Fault`
    IOC-201 when the folder is not there or nothing ever matched.
    """
    folder = Place.model_validate(request.source.connector.arguments).folder
    try:
        path = Path(resolve(folder))
    except KeyError as missing:
        raise down(
            f"thư mục {folder}", f"{missing.args[0]} is not set", f"đặt biến môi trường {missing.args[0]}"
        ) from None
    if not path.is_dir():
        raise down(f"thư mục {folder}", "the folder is not there", f"kiểm tra đường dẫn của nguồn {request.source.id}")
    found = sorted(p for p in path.glob(pattern) if p.is_file() and not p.name.startswith(("~$", ".")))
    if not found:
        raise down(
            f"tệp {pattern} trong {folder}", "no file matches", f"kiểm tra tên tệp của bảng {request.table.name}"
        )
    for file in found:
        stat = file.stat()
        if 0 <= request.now.timestamp() - stat.st_mtime < 2:
            continue
        modified = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat()
        name = str(file.relative_to(path))
        before = request.seen.get(name)
        if before and before.size == stat.st_size and before.modified == modified:
            continue
        with file.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        if before and before.sha256 == digest:
            continue
        yield file, SeenFile(name, stat.st_size, modified, digest)


def constant(value: str | int | float | FromName, *, file: str, sheet: str = "") -> str | None:
    """A declared constant as text, or what a name's regular expression finds."""
    if not isinstance(value, FromName):
        return str(value)
    found = re.search(value.from_name, sheet if value.of == "sheet" else file)
    return found[1] if found else None


def text_batch(columns: dict[str, list[str | None]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(v, pa.string()) for v in columns.values()], names=list(columns))
