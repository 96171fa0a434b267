"""Where files are, whatever their format: finding what is new at a place, and bringing it here to be read.

A file is taken when it is whole: not changed in the last seconds (or marked as done by its sender), and as large as the
listing said when it has been fetched; otherwise it is left for the next run. The same name with other content is taken
again. The same content under another name is read again too, because a name can carry a year: keys make that a no-op.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

import pyarrow as pa
from pydantic import Field, model_validator

from ingestion.connectors import Arguments, Request, SeenFile, resolve
from ingestion.connectors._duckdb import down, malformed

#: An archive with more members, or that unpacks to more than this many times its size, is refused.
MAX_MEMBERS = 20_000
MAX_RATIO = 200
_BLOCK = 1 << 20


class Ready(Arguments):
    """When a file is whole: nobody wrote to it for `quiet_seconds`, and its marker is there if it has one."""

    quiet_seconds: float = Field(default=2, description="a file changed more recently is left for the next run")
    marker: str | None = Field(
        default=None,
        description="a file that the sender writes last, beside it: `{name}.done`; without it a file waits",
    )


class Place(Arguments):
    """The connection of every connector of files: a folder of this machine, or an address."""

    folder: str | None = Field(default=None, description="a folder on this machine")
    url: str | None = Field(
        default=None,
        description="ftp://, ftps:// (explicit TLS), sftp://, http(s):// (a file, or a page that links to files), s3://bucket/folder; a port may be in it",
    )
    user: str = Field(default="", description="the login; for s3 the access key")
    password: dict[str, str] | None = Field(default=None, description="`{secret: NAME}`; for s3 the secret key")
    private_key: dict[str, str] | None = Field(
        default=None, description="sftp: `{secret: NAME}` of an OpenSSH private key"
    )
    host_key: str | None = Field(
        default=None,
        description="sftp: the server's key as ssh-keyscan prints it (`ssh-ed25519 AAAA…`); another is refused",
    )
    ca_file: str | None = Field(
        default=None, description="ftps, https, s3: the authority that signed the server's certificate"
    )
    endpoint: str | None = Field(default=None, description="s3: address of a store of one's own (`https://minio:9000`)")
    region: str = Field(default="us-east-1", description="s3")
    timeout_seconds: float = Field(default=20, description="of one answer")
    max_mb: int = Field(default=2_000, description="a larger file, also when unpacked, is refused")
    ready: Ready = Ready()

    @model_validator(mode="after")
    def _one_place(self) -> Place:
        if (self.folder is None) == (self.url is None):
            raise ValueError("say either folder or url")
        return self


class Remote(Protocol):
    """A place that is not a folder of this machine. Both raise `Fault` IOC-201, 202 or 203."""

    def listing(self, depth: int | None) -> list[SeenFile]:
        """Files below the place by relative name; `depth` folders down, or all. A size of -1 is not known."""

    def fetch(self, file: SeenFile, target: Path, limit: int) -> bool:
        """Write a file's bytes to `target`, at most `limit` and one more; False when it is gone."""

    def close(self) -> None: ...


class FromName(Arguments):
    """A value taken from the file's or sheet's name by a regular expression's first group."""

    from_name: str = Field(description="a regular expression with one group")
    of: str = Field(default="file", description="file or sheet")


def files(request: Request, pattern: str, inside: str | None = None) -> Iterator[tuple[Path, SeenFile]]:
    """The files of the declared place that match a glob (`**/` for any folders) and were not taken before, by name.

    The path is one on this machine and is good until the next file is asked for. A gzipped file comes unpacked. With
    `inside`, each file is a zip archive and its members that match that glob are yielded, as `archive.zip/member`. Raises
    `Fault` IOC-201 when the place is not there or nothing matches, IOC-206 for an archive that may be hostile.
    """
    place = Place.model_validate(request.source.connector.arguments)
    found = (_local if place.folder is not None else _fetched)(request, place, pattern)
    for path, file in found:
        if inside is not None:
            yield from _members(path, file, inside, request.workdir, place.max_mb * 1_000_000)
        elif path.open("rb").read(2) == b"\x1f\x8b":
            yield _unpacked(path, file, request.workdir, place.max_mb * 1_000_000), file
        else:
            yield path, file


def _local(request: Request, place: Place, pattern: str) -> Iterator[tuple[Path, SeenFile]]:
    try:
        root = Path(resolve(place.folder))
    except KeyError as missing:
        raise down(
            f"thư mục {place.folder}", f"{missing.args[0]} is not set", f"đặt biến môi trường {missing.args[0]}"
        ) from None
    if not root.is_dir():
        raise down(
            f"thư mục {place.folder}", "the folder is not there", f"kiểm tra đường dẫn của nguồn {request.source.id}"
        )
    listed = []
    for path in root.glob(pattern):
        if path.is_file():
            about = path.stat()
            modified = datetime.fromtimestamp(about.st_mtime, UTC).isoformat()
            listed.append(SeenFile(str(path.relative_to(root)), about.st_size, modified))
    names = {f.path for f in listed} | (
        {str(p.relative_to(root)) for p in root.rglob("*")} if place.ready.marker else set()
    )
    for file in _wanted(request, place, pattern, listed, names):
        path = root / file.path
        try:
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
        except FileNotFoundError:
            continue  # taken away since it was listed
        except PermissionError:
            raise malformed(f"Tệp {file.path}", "không có quyền đọc", f"cấp quyền đọc tệp {file.path}") from None
        if not _is_same(request, file, digest):
            yield path, SeenFile(file.path, file.size, file.modified, digest)


def _fetched(request: Request, place: Place, pattern: str) -> Iterator[tuple[Path, SeenFile]]:
    from ingestion.connectors._remote import connect

    with closing(connect(request, place)) as remote:
        listed = remote.listing(None if "**" in pattern else pattern.count("/"))
        matched = [f for f in listed if glob_matches(pattern, f.path)]
        limit = place.max_mb * 1_000_000
        for file in _wanted(request, place, pattern, matched, {f.path for f in listed}):
            target = request.workdir / "fetched" / PurePosixPath(file.path).name
            target.parent.mkdir(exist_ok=True)
            if remote.fetch(file, target, limit):
                size = target.stat().st_size
                if size > limit:
                    raise malformed(
                        f"Tệp {file.path}", f"lớn hơn {place.max_mb} MB", "nâng max_mb của nguồn nếu đúng là vậy"
                    )
                with target.open("rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
                # Another size than listed: it is being written. Left for the next run.
                if file.size in (-1, size) and not _is_same(request, file, digest):
                    yield target, SeenFile(file.path, size, file.modified, digest)
            target.unlink(missing_ok=True)


def _wanted(
    request: Request, place: Place, pattern: str, listed: list[SeenFile], names: set[str]
) -> Iterator[SeenFile]:
    """What is whole and was not taken before with the same size and time, by name."""
    kept = [f for f in listed if not PurePosixPath(f.path).name.startswith(("~$", "."))]
    if not kept:
        raise down(
            f"tệp {pattern} ở {place.folder or place.url}",
            "no file matches",
            f"kiểm tra tên tệp của bảng {request.table.name}",
        )
    for file in sorted(kept, key=lambda f: f.path):
        if place.ready.marker and place.ready.marker.replace("{name}", file.path) not in names:
            continue
        if 0 <= request.now.timestamp() - _time(file.modified) < place.ready.quiet_seconds:
            continue
        before = _taken(request, file.path)
        if before is None or file.size not in (-1, before.size) or before.modified != file.modified:
            yield file


def _time(modified: str) -> float:
    """A modification time as seconds; the distant past where the place only has a fingerprint."""
    try:
        return datetime.fromisoformat(modified).timestamp()
    except ValueError:
        return 0.0


def _taken(request: Request, name: str) -> SeenFile | None:
    """The file as it was taken before; of an archive, any of its members."""
    known = request.seen.get(name)
    return known or next((f for path, f in request.seen.items() if path.startswith(f"{name}/")), None)


def _is_same(request: Request, file: SeenFile, digest: str) -> bool:
    before = _taken(request, file.path)
    return before is not None and before.sha256 == digest


def glob_matches(pattern: str, name: str) -> bool:
    """Whether a relative name matches a glob in which `*` stays within a folder and `**/` is any folders."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", pattern)
    marks = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    regex = "".join(marks.get(p, p if p.startswith("[") and p.endswith("]") else re.escape(p)) for p in parts)
    return re.fullmatch(regex.replace("[!", "[^"), name) is not None


def _unpacked(path: Path, file: SeenFile, workdir: Path, limit: int) -> Path:
    target = workdir / "unpacked" / PurePosixPath(file.path).name.removesuffix(".gz")
    target.parent.mkdir(exist_ok=True)
    try:
        with gzip.open(path) as packed, target.open("wb") as out:
            _copy(packed, out, file.path, limit)
    except (OSError, EOFError, ValueError) as error:
        raise malformed(f"Tệp {file.path}", f"gzip hỏng hoặc dở dang ({error})") from None
    return target


def _copy(source: object, out: object, name: str, limit: int) -> None:
    """Copy in blocks. Raises `Fault` IOC-206 past the limit: what a header promises may be a lie."""
    done = 0
    while block := source.read(_BLOCK):  # type: ignore[attr-defined]
        done += len(block)
        if done > limit:
            raise malformed(
                f"Tệp {name}", f"giải nén ra hơn {limit // 1_000_000} MB", "nâng max_mb của nguồn nếu đúng là vậy"
            )
        out.write(block)  # type: ignore[attr-defined]


def _members(path: Path, file: SeenFile, inside: str, workdir: Path, limit: int) -> Iterator[tuple[Path, SeenFile]]:
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_hostile(archive, file, limit)
            chosen = [m for m in archive.infolist() if not m.is_dir() and glob_matches(inside, m.filename)]
            if not chosen:
                raise malformed(f"Tệp {file.path}", f"không có tệp nào bên trong khớp “{inside}”")
            for member in sorted(chosen, key=lambda m: m.filename):
                target = workdir / "unpacked" / PurePosixPath(member.filename).name
                target.parent.mkdir(exist_ok=True)
                with archive.open(member) as packed, target.open("wb") as out:
                    _copy(packed, out, f"{file.path}/{member.filename}", limit)
                yield target, SeenFile(f"{file.path}/{member.filename}", file.size, file.modified, file.sha256)
                target.unlink()
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise malformed(f"Tệp {file.path}", f"tệp nén hỏng, dở dang hoặc kiểu nén lạ ({error})") from None


def _refuse_hostile(archive: zipfile.ZipFile, file: SeenFile, limit: int) -> None:
    members = archive.infolist()
    unpacked = sum(m.file_size for m in members)
    if len(members) > MAX_MEMBERS:
        raise malformed(f"Tệp {file.path}", f"có {len(members):,} tệp bên trong, quá {MAX_MEMBERS:,}")
    if unpacked > limit or unpacked > MAX_RATIO * max(file.size, 100_000):
        raise malformed(f"Tệp {file.path}", f"giải nén ra {unpacked:,} byte, vượt giới hạn")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or re.match(r"[A-Za-z]:", member.filename):
            raise malformed(f"Tệp {file.path}", f"tên bên trong chỉ ra ngoài thư mục: {member.filename!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise malformed(f"Tệp {file.path}", f"có liên kết bên trong: {member.filename!r}")
        if member.flag_bits & 1:
            raise malformed(f"Tệp {file.path}", "tệp nén có mật khẩu", "xin bản không mật khẩu")


def constant(value: str | int | float | FromName, *, file: str, sheet: str = "") -> str | None:
    """A declared constant as text, or what a name's regular expression finds."""
    if not isinstance(value, FromName):
        return str(value)
    found = re.search(value.from_name, sheet if value.of == "sheet" else file)
    return found[1] if found else None


def text_batch(columns: dict[str, list[str | None]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(v, pa.string()) for v in columns.values()], names=list(columns))
