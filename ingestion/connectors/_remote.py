"""Places over a network: FTP and FTPS, SFTP, HTTP(S), S3. Each lists files below an address and fetches one.

A password is sent to a server only when it has shown who it is, as far as the protocol can: TLS certificates are verified,
an SFTP server's key must be the declared one. Nothing here retries: `pull` does, and never after refused credentials.
"""

from __future__ import annotations

import contextlib
import ftplib
import io
import posixpath
import re
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from ingestion.connectors import Request, SeenFile, resolve
from ingestion.connectors._duckdb import down, malformed, refused
from ingestion.connectors._places import Place, Remote
from warehouse.errors import Fault


def connect(request: Request, place: Place) -> Remote:
    """The place of an address, logged in. Raises `Fault` IOC-201, 202, 203, or IOC-206 for an unknown scheme."""
    try:
        address = urlsplit(resolve(place.url))
        password = resolve(place.password) if place.password else ""
        key = resolve(place.private_key) if place.private_key else None
    except KeyError as missing:
        raise down(
            f"nguồn {request.source.id}",
            f"{missing.args[0]} is not set",
            f"đặt biến môi trường hoặc tệp bí mật {missing.args[0]}",
        ) from None
    where = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
    again = f"./ioc source pull {request.source.id}"
    if address.scheme in ("ftp", "ftps"):
        return Ftp(
            place,
            where,
            again,
            address.hostname or "",
            address.port or 21,
            unquote(address.path),
            password,
            address.scheme == "ftps",
        )
    if address.scheme == "sftp":
        return Sftp(
            place, where, again, address.hostname or "", address.port or 22, unquote(address.path), password, key
        )
    if address.scheme in ("http", "https"):
        return Http(place, where, again, password)
    if address.scheme == "s3":
        return S3(place, where, again, f"{address.netloc}{unquote(address.path)}".rstrip("/"), password)
    raise malformed(f"Địa chỉ {where}", "chỉ đọc ftp, ftps, sftp, http, https, s3")


def _slow(where: str, seconds: float, again: str) -> Fault:
    return Fault(
        "IOC-203",
        f"{where} không trả lời trong {seconds:.0f} giây.",
        f"{where} does not answer within {seconds:.0f} s.",
        why="the server is overloaded, or a firewall swallows the connection",
        fix=again,
    )


class Ftp:
    """FTP, or FTP with explicit TLS whose certificate is verified and whose data channel is encrypted too."""

    def __init__(
        self, place: Place, where: str, again: str, host: str, port: int, root: str, password: str, tls: bool
    ) -> None:
        self._where, self._again, self._seconds, self._root = where, again, place.timeout_seconds, root.rstrip("/")
        if tls:
            context = ssl.create_default_context(cafile=place.ca_file)
            self._ftp: ftplib.FTP = ftplib.FTP_TLS(timeout=self._seconds, encoding="utf-8", context=context)
        else:
            self._ftp = ftplib.FTP(timeout=self._seconds, encoding="utf-8")
        try:
            self._ftp.connect(host, port)
            self._ftp.login(place.user, password)
            if isinstance(self._ftp, ftplib.FTP_TLS):
                self._ftp.prot_p()
            self._ftp.sendcmd("TYPE I")
        except ftplib.error_perm:
            raise refused(where, place.user) from None
        except (OSError, EOFError, ftplib.Error) as error:
            self._raise(error)

    def _raise(self, error: Exception) -> NoReturn:
        if isinstance(error, TimeoutError):
            raise _slow(self._where, self._seconds, self._again) from None
        raise down(self._where, str(error) or type(error).__name__, self._again) from None

    def listing(self, depth: int | None) -> list[SeenFile]:
        try:
            return list(self._walk("", depth))
        except (OSError, EOFError, ftplib.Error) as error:
            self._raise(error)

    def _walk(self, below: str, depth: int | None) -> Iterator[SeenFile]:
        folders = []
        for name, facts in self._ftp.mlsd(f"{self._root}/{below}", facts=["type", "size", "modify"]):
            path = f"{below}/{name}".lstrip("/")
            if facts["type"] == "dir":
                folders.append(path)
            elif facts["type"] == "file":
                modified = datetime.strptime(facts["modify"][:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
                yield SeenFile(path, int(facts["size"]), modified.isoformat())
        if depth is None or depth > 0:
            for folder in sorted(folders):
                yield from self._walk(folder, None if depth is None else depth - 1)

    def fetch(self, file: SeenFile, target: Path, limit: int) -> bool:
        with target.open("wb") as out:
            try:
                self._ftp.retrbinary(f"RETR {self._root}/{file.path}", _Bounded(out, limit).write)
            except ftplib.error_perm:
                return False  # gone since it was listed
            except _Enough:
                pass
            except (OSError, EOFError, ftplib.Error) as error:
                self._raise(error)
        return True

    def close(self) -> None:
        self._ftp.close()


class _Enough(Exception):
    """More bytes came than may."""


class _Bounded:
    def __init__(self, out: io.BufferedWriter, limit: int) -> None:
        self._out, self._left = out, limit

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._left -= len(data)
        if self._left < 0:
            raise _Enough


class Sftp:
    """SFTP by a password or a key; the server must have the declared key."""

    def __init__(
        self, place: Place, where: str, again: str, host: str, port: int, root: str, password: str, key: str | None
    ) -> None:
        import paramiko

        self._where, self._again, self._root = where, again, root.rstrip("/") or "."
        if not place.host_key:
            raise malformed(
                where,
                "chưa khai host_key của máy chủ",
                f"ssh-keyscan -p {port} {host}, kiểm tra với đầu mối, rồi ghi vào host_key",
            )
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        known = f"[{host}]:{port}" if port != 22 else host
        kind, _, body = place.host_key.partition(" ")
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{known} {kind} {body}")
        if entry is None or entry.key is None:
            raise malformed(where, "host_key không đúng dạng", "ghi như ssh-keyscan in ra: ssh-ed25519 AAAA…")
        self._client.get_host_keys().add(known, kind, entry.key)
        try:
            self._client.connect(
                host, port, place.user, password or None, pkey=_private_key(key) if key else None, timeout=place.timeout_seconds,
                banner_timeout=place.timeout_seconds, auth_timeout=place.timeout_seconds, allow_agent=False, look_for_keys=False,
            )  # fmt: skip
            self._sftp = self._client.open_sftp()
        except paramiko.AuthenticationException:
            raise refused(where, place.user) from None
        except (paramiko.BadHostKeyException, paramiko.SSHException, OSError) as error:
            self._client.close()
            if isinstance(error, TimeoutError):
                raise _slow(where, place.timeout_seconds, again) from None
            why = str(error) or type(error).__name__
            if "not found in known_hosts" in why or isinstance(error, paramiko.BadHostKeyException):
                raise malformed(
                    where, "khóa của máy chủ không phải khóa đã khai (host_key): không gửi mật khẩu"
                ) from None
            raise down(where, why, again) from None

    def listing(self, depth: int | None) -> list[SeenFile]:
        try:
            return list(self._walk("", depth))
        except OSError as error:
            raise down(self._where, str(error), self._again) from None

    def _walk(self, below: str, depth: int | None) -> Iterator[SeenFile]:
        folders = []
        for one in self._sftp.listdir_iter(posixpath.join(self._root, below)):
            path, mode = f"{below}/{one.filename}".lstrip("/"), one.st_mode or 0
            if stat.S_ISDIR(mode):
                folders.append(path)
            elif stat.S_ISREG(mode):
                yield SeenFile(path, one.st_size or 0, datetime.fromtimestamp(one.st_mtime or 0, UTC).isoformat())
        if depth is None or depth > 0:
            for folder in sorted(folders):
                yield from self._walk(folder, None if depth is None else depth - 1)

    def fetch(self, file: SeenFile, target: Path, limit: int) -> bool:
        try:
            with self._sftp.open(posixpath.join(self._root, file.path), "rb") as source, target.open("wb") as out:
                source.prefetch(min(file.size, limit + 1))
                bounded = _Bounded(out, limit)
                with contextlib.suppress(_Enough):
                    while block := source.read(1 << 18):
                        bounded.write(block)
        except FileNotFoundError:
            return False
        except PermissionError:
            raise malformed(f"Tệp {file.path}", "máy chủ không cho đọc", f"xin quyền đọc {file.path}") from None
        except OSError as error:
            raise down(self._where, str(error), self._again) from None
        return True

    def close(self) -> None:
        self._client.close()


def _private_key(text: str) -> Any:
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text + "\n"))
    raise malformed("Khóa riêng (private_key)", "không phải khóa OpenSSH không mật khẩu")


class Http:
    """One file, or a page whose links are files (an index page); links that lead elsewhere are not followed."""

    def __init__(self, place: Place, where: str, again: str, password: str) -> None:
        self._where, self._again, self._seconds, self._user = where, again, place.timeout_seconds, place.user
        verify: Any = ssl.create_default_context(cafile=place.ca_file)
        login = httpx.BasicAuth(place.user, password) if place.user else None
        self._client = httpx.Client(auth=login, verify=verify, timeout=place.timeout_seconds, follow_redirects=False)

    def listing(self, depth: int | None) -> list[SeenFile]:
        about = self._ask("HEAD", self._where)
        if "html" not in about.headers.get("content-type", "") and not self._where.endswith("/"):
            return [self._file(PurePosixPath(urlsplit(self._where).path).name, about)]
        return list(self._walk(self._where.rstrip("/") + "/", "", depth))

    def _walk(self, page: str, below: str, depth: int | None) -> Iterator[SeenFile]:
        import lxml.html

        body = self._ask("GET", page).content
        links = [str(a) for a in lxml.html.fromstring(body).xpath("//a/@href")] if body.strip() else []
        for link in dict.fromkeys(links):
            target = urljoin(page, link).split("#")[0].split("?")[0]
            name = unquote(target.removeprefix(page))
            if not target.startswith(page) or not name or "/" in name.rstrip("/"):
                continue
            if name.endswith("/"):
                if depth is None or depth > 0:
                    yield from self._walk(target, f"{below}{name}", None if depth is None else depth - 1)
            else:
                yield self._file(below + name, self._ask("HEAD", target))

    def _file(self, name: str, about: httpx.Response) -> SeenFile:
        length = about.headers.get("content-length")
        changed = about.headers.get("last-modified")
        modified = parsedate_to_datetime(changed).isoformat() if changed else about.headers.get("etag", "")
        return SeenFile(name, int(length) if length else -1, modified)

    def _url(self, file: SeenFile) -> str:
        one = PurePosixPath(urlsplit(self._where).path).name
        return self._where if file.path == one else urljoin(self._where.rstrip("/") + "/", file.path)

    def _ask(self, method: str, url: str) -> httpx.Response:
        try:
            answer = self._client.request(method, url)
        except httpx.TimeoutException:
            raise _slow(self._where, self._seconds, self._again) from None
        except httpx.TransportError as error:
            raise down(self._where, str(error) or type(error).__name__, self._again) from None
        self._check(answer, url)
        return answer

    def _check(self, answer: httpx.Response, url: str) -> None:
        if answer.status_code in (401, 403):
            raise refused(self._where, self._user or "(không tài khoản)")
        if answer.status_code >= 300:
            raise down(url, f"HTTP {answer.status_code}", self._again)

    def fetch(self, file: SeenFile, target: Path, limit: int) -> bool:
        try:
            with self._client.stream("GET", self._url(file)) as answer, target.open("wb") as out:
                if answer.status_code == 404:
                    return False
                self._check(answer, self._url(file))
                bounded = _Bounded(out, limit)
                with contextlib.suppress(_Enough):
                    for block in answer.iter_bytes(1 << 18):
                        bounded.write(block)
        except httpx.TimeoutException:
            raise _slow(self._where, self._seconds, self._again) from None
        except httpx.TransportError as error:
            raise down(self._where, str(error) or type(error).__name__, self._again) from None
        return True

    def close(self) -> None:
        self._client.close()


class S3:
    """Objects below a prefix of a bucket, by Arrow's own client."""

    def __init__(self, place: Place, where: str, again: str, root: str, password: str) -> None:
        from pyarrow import fs

        self._where, self._again, self._root, self._user = where, again, root, place.user
        own = urlsplit(resolve(place.endpoint)) if place.endpoint else None
        self._fs = fs.S3FileSystem(
            access_key=place.user or None, secret_key=password or None, anonymous=not place.user, region=place.region,
            endpoint_override=own.netloc if own else None, scheme=own.scheme if own else "https", tls_ca_file_path=place.ca_file,
            connect_timeout=place.timeout_seconds, request_timeout=place.timeout_seconds,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
        )  # fmt: skip

    def listing(self, depth: int | None) -> list[SeenFile]:
        from pyarrow import fs

        try:
            infos = self._fs.get_file_info(fs.FileSelector(self._root, recursive=depth is None or depth > 0))
        except OSError as error:
            self._raise(error)
        return [
            SeenFile(info.path.removeprefix(self._root + "/"), info.size, info.mtime.isoformat())
            for info in infos
            if info.type == fs.FileType.File
        ]

    def fetch(self, file: SeenFile, target: Path, limit: int) -> bool:
        try:
            with (
                self._fs.open_input_stream(f"{self._root}/{file.path}", compression=None) as source,
                target.open("wb") as out,
            ):
                bounded = _Bounded(out, limit)
                with contextlib.suppress(_Enough):
                    while block := source.read(1 << 20):
                        bounded.write(block)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._raise(error)
        return True

    def _raise(self, error: OSError) -> NoReturn:
        why = str(error)
        if re.search(
            r"ACCESS_DENIED|AccessDenied|InvalidAccessKey|SignatureDoesNotMatch|HTTP response code 403|No response body.*403",
            why,
            re.I,
        ):
            raise refused(self._where, self._user or "(không tài khoản)") from None
        raise down(self._where, why.splitlines()[0][:200], self._again) from None

    def close(self) -> None:
        pass
