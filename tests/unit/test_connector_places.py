"""Places over real protocols on loopback: FTP, FTPS, SFTP, HTTP, S3; archives; what is half there or hostile."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import http.server
import os
import secrets
import ssl
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_request import request, rows

from demo.province import PORTS
from ingestion.connectors import Request, SeenFile
from ingestion.connectors._places import files, glob_matches
from warehouse.errors import Fault

PASSWORD = "mật-khẩu-38"
OLD = 1_700_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three files in two folders, one of them hidden."""
    folder = tmp_path / "goc"
    for name, text in {"a.csv": "ma,so\nA,1\n", "2026/11/b.csv": "ma,so\nB,2\n", ".an.csv": "ma\nx\n"}.items():
        put(folder / name, text.encode())
    return folder


def put(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (OLD, OLD))
    return path


def asked(tmp_path: Path, connector: dict[str, Any], file: str = "**/*.csv", **read: Any) -> Request:
    return request(tmp_path, {"kind": "csv", **connector}, {"file": file, **read}, "ma;so")


def free_port() -> int:
    import socket

    while True:
        with socket.socket() as probe:
            port = secrets.choice(PORTS)
            if probe.connect_ex(("127.0.0.1", port)):
                return port


# --- servers --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1 in one file, signed by itself."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def ftp(root: Path, certificate: Path | None = None) -> Iterator[int]:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer

    handler = type("Handler", (TLS_FTPHandler if certificate else FTPHandler,), {"authorizer": DummyAuthorizer()})
    handler.auth_failed_timeout = 0.1
    handler.authorizer.add_user("ioc", PASSWORD, str(root))
    if certificate:
        handler.certfile, handler.tls_control_required, handler.tls_data_required = str(certificate), True, True
    port = free_port()
    server = FTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.1}, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.close_all()


@contextmanager
def sftp(root: Path) -> Iterator[tuple[int, str]]:
    """Port and public host key."""
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    port, loop = free_port(), asyncio.new_event_loop()

    class Login(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("ioc", PASSWORD)

    async def serve() -> None:
        factory = partial(asyncssh.SFTPServer, chroot=str(root))
        await asyncssh.listen(
            "127.0.0.1", port, server_factory=Login, server_host_keys=[key], sftp_factory=lambda c: factory(c)
        )

    loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port, key.export_public_key().decode().strip()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


@contextmanager
def web(root: Path, certificate: Path | None = None) -> Iterator[int]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), partial(Handler, directory=str(root)))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def s3(root: Path) -> Iterator[str]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server._server.server_port}"  # type: ignore[union-attr]
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="ioc", aws_secret_access_key=PASSWORD, region_name="us-east-1"
    )
    client.create_bucket(Bucket="so-lieu")
    for path in root.rglob("*"):
        if path.is_file():
            client.upload_file(str(path), "so-lieu", f"goc/{path.relative_to(root)}")
    try:
        yield endpoint
    finally:
        server.stop()


@contextmanager
def place(kind: str, root: Path, certificate: Path) -> Iterator[dict[str, Any]]:
    """The connector's arguments for a served folder."""
    login = {"user": "ioc", "password": {"secret": "MAT_KHAU_THU"}}
    if kind == "folder":
        yield {"folder": str(root)}
    elif kind in ("ftp", "ftps"):
        with ftp(root, certificate if kind == "ftps" else None) as port:
            yield {
                "url": f"{kind}://127.0.0.1:{port}/",
                **login,
                **({"ca_file": str(certificate)} if kind == "ftps" else {}),
            }
    elif kind == "sftp":
        with sftp(root) as (port, key):
            yield {"url": f"sftp://127.0.0.1:{port}/", "host_key": key, **login}
    elif kind in ("http", "https"):
        with web(root, certificate if kind == "https" else None) as port:
            yield {"url": f"{kind}://127.0.0.1:{port}/", **({"ca_file": str(certificate)} if kind == "https" else {})}
    else:
        with s3(root) as endpoint:
            yield {"url": "s3://so-lieu/goc", "endpoint": endpoint, **login}


KINDS = ["folder", "ftp", "ftps", "sftp", "http", "https", "s3"]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAT_KHAU_THU", PASSWORD)


# --- what every place promises -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_place__gives_each_new_file_once_and_changed_ones_again(
    kind: str, tmp_path: Path, root: Path, certificate: Path
) -> None:
    with place(kind, root, certificate) as connector:
        one = asked(tmp_path, connector)
        found, refs, taken = rows(one)
        assert found == [{"ma": "B", "so": "2"}, {"ma": "A", "so": "1"}]
        assert refs == ["2026/11/b.csv:2", "a.csv:2"] and [f.path for f in taken] == ["2026/11/b.csv", "a.csv"]
        assert not list(one.workdir.rglob("*.csv")), "fetched copies are taken away again"
        again = replace(one, seen={f.path: f for f in taken})
        assert rows(again) == ([], [], [])
        top = asked(tmp_path, connector, "*.csv")
        assert rows(top)[1] == ["a.csv:2"], "a star stays within its folder"
        if kind != "s3":  # the bucket is a copy
            put(root / "a.csv", b"ma,so\nA,1\nC,3\n")
            os.utime(root / "a.csv", (OLD + 60, OLD + 60))
            assert rows(again)[1] == ["a.csv:2", "a.csv:3"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
def test_place__that_refuses_us_is_asked_once_and_no_password_is_shown(
    kind: str, tmp_path: Path, root: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAT_KHAU_THU", "sai-bét-tám-bảy")
    with place(kind, root, certificate) as connector, pytest.raises(Fault) as refusal:
        rows(asked(tmp_path, connector))
    assert refusal.value.code == "IOC-202" and "sai-bét" not in repr(refusal.value)


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp", "http"])
def test_place__where_nobody_answers_is_down(kind: str, tmp_path: Path) -> None:
    connector = {"url": f"{kind}://127.0.0.1:{free_port()}/x", "user": "ioc", "password": {"secret": "MAT_KHAU_THU"}}
    if kind == "sftp":
        connector["host_key"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG6Vy0FWiOqxyEYOAGDJG2uQBQOjRmDsU6qnO6K3T7wM"
    with pytest.raises(Fault) as fault:
        rows(asked(tmp_path, connector))
    assert fault.value.code == "IOC-201"


@pytest.mark.slow
def test_sftp__server_with_another_key_gets_no_password(tmp_path: Path, root: Path, certificate: Path) -> None:
    with sftp(root) as (_, other), place("sftp", root, certificate) as connector:
        with pytest.raises(Fault, match="khóa của máy chủ"):
            rows(asked(tmp_path, connector | {"host_key": other}))
        with pytest.raises(Fault, match="chưa khai host_key"):
            rows(asked(tmp_path, connector | {"host_key": None}))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ftps", "https"])
def test_tls__certificate_that_nobody_we_know_signed_is_refused(
    kind: str, tmp_path: Path, root: Path, certificate: Path
) -> None:
    with place(kind, root, certificate) as connector, pytest.raises(Fault, match=r"(?i)certificate verify failed"):
        rows(asked(tmp_path, {k: v for k, v in connector.items() if k != "ca_file"}))


@pytest.mark.slow
def test_ftp__that_never_answers_is_given_up(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", free_port())) as silent:
        connector = {"url": f"ftp://127.0.0.1:{silent.getsockname()[1]}/", "user": "x", "timeout_seconds": 0.5}
        started = time.monotonic()
        with pytest.raises(Fault) as fault:
            rows(asked(tmp_path, connector))
    assert fault.value.code == "IOC-203" and time.monotonic() - started < 5


# --- what is not whole ----------------------------------------------------------------------------------------------------


def test_file__without_its_marker_waits(tmp_path: Path, root: Path) -> None:
    one = asked(tmp_path, {"folder": str(root), "ready": {"marker": "{name}.done"}}, "*.csv")
    assert rows(one)[0] == []
    put(root / "a.csv.done", b"")
    assert rows(one)[0] == [{"ma": "A", "so": "1"}]


def test_file__written_a_moment_ago_waits_as_long_as_declared(tmp_path: Path, root: Path) -> None:
    (root / "a.csv").touch()
    one = asked(tmp_path, {"folder": str(root), "ready": {"quiet_seconds": 60}}, "*.csv")
    assert rows(one)[0] == []
    assert rows(replace(one, now=one.now + dt.timedelta(minutes=2)))[0] == [{"ma": "A", "so": "1"}]


def test_file__touched_without_a_change_is_not_read_again(tmp_path: Path, root: Path) -> None:
    one = asked(tmp_path, {"folder": str(root)}, "*.csv")
    taken = rows(one)[2]
    os.utime(root / "a.csv", (OLD + 99, OLD + 99))
    assert rows(replace(one, seen={f.path: f for f in taken})) == ([], [], [])


@pytest.mark.slow
def test_file__that_is_larger_than_its_listing_said_is_left(
    tmp_path: Path, root: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.connectors import _remote

    def grown(self: _remote.Ftp, depth: int | None) -> list[SeenFile]:
        listed = listing(self, depth)
        put(root / "a.csv", b"ma,so\nA,1\nC,3\n")
        return listed

    listing = _remote.Ftp.listing
    monkeypatch.setattr(_remote.Ftp, "listing", grown)
    with place("ftp", root, certificate) as connector:
        assert rows(asked(tmp_path, connector, "*.csv")) == ([], [], [])
        assert len(rows(asked(tmp_path, connector, "*.csv"))[0]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ftp", "sftp", "http", "s3"])
def test_file__over_the_limit_is_refused_before_it_fills_the_disk(
    kind: str, tmp_path: Path, root: Path, certificate: Path
) -> None:
    put(root / "a.csv", b"0" * 5_000_000)
    with place(kind, root, certificate) as connector:
        one = asked(tmp_path, connector | {"max_mb": 1}, "*.csv")
        with pytest.raises(Fault, match="lớn hơn 1 MB"):
            rows(one)
    assert sum(p.stat().st_size for p in one.workdir.rglob("*") if p.is_file()) < 3_000_000


def test_place__says_either_folder_or_url() -> None:
    from ingestion.connectors._places import Place

    for wrong in ({}, {"folder": "a", "url": "ftp://b"}):
        with pytest.raises(ValueError, match="either folder or url"):
            Place.model_validate(wrong)


# --- archives -------------------------------------------------------------------------------------------------------------


def archive(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in members.items():
            target.writestr(name, body)
    os.utime(path, (OLD, OLD))
    return path


def test_archive__members_are_read_with_their_names_and_taken_once(tmp_path: Path) -> None:
    stops = b"stop_id,so\nS1,25:10:00\n"
    archive(
        tmp_path / "g" / "gtfs.zip", {"stops.txt": b"\xef\xbb\xbf" + stops, "sub/stops.txt": b"", "agency.txt": b"x"}
    )
    one = request(
        tmp_path,
        {"kind": "csv", "folder": str(tmp_path / "g")},
        {"file": "*.zip", "inside": "stops.txt"},
        "ma=stop_id;so",
    )
    found, refs, taken = rows(one)
    assert (found, refs) == ([{"stop_id": "S1", "so": "25:10:00"}], ["gtfs.zip/stops.txt:2"])
    assert rows(replace(one, seen={f.path: f for f in taken})) == ([], [], [])


def test_gtfs__feed_is_one_table_a_member_and_times_past_midnight_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from made_up_source import ask, declare

    from ingestion.extract import extract
    from ingestion.load import load
    from ingestion.model import Source

    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    times = b"trip_id,stop_sequence,arrival_time\nC1,1,23:50:00\nC1,2,25:10:00\n"
    archive(tmp_path / "g" / "gtfs.zip", {"stop_times.txt": b"\xef\xbb\xbf" + times, "stops.txt": b"stop_id\nS1\n"})
    columns = [
        {"name": n, "type": t} for n, t in (("trip_id", "text"), ("stop_sequence", "integer"), ("arrival_time", "text"))
    ]
    read = {"file": "*.zip", "inside": "stop_times.txt"}
    body = declare(columns=columns, read=read, cursor=None, primary_key=["trip_id", "stop_sequence"], mode="snapshot")
    connector = {"kind": "csv", "folder": str(tmp_path / "g")}
    load(
        extract(Source.model_validate(body.model_dump(by_alias=True) | {"connector": connector}), run_id="r"),
        holder="t",
    )
    assert ask(
        "SELECT * EXCLUDE (_extract_id, _loaded_at, _row_number, _row_hash) FROM raw.so_thu_nghiem__ho_so ORDER BY 2"
    ) == [
        ("C1", 1, "23:50:00", "gtfs.zip/stop_times.txt:2"),
        ("C1", 2, "25:10:00", "gtfs.zip/stop_times.txt:3"),
    ]


def _link() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("link.csv")
    member.external_attr = 0o120777 << 16
    return member


@pytest.mark.parametrize(
    ("member", "body", "said"),
    [
        ("../../etc/x.csv", b"a", "ra ngoài"),
        ("/etc/x.csv", b"a", "ra ngoài"),
        ("C:\\x.csv", b"a", "ra ngoài"),
        (_link(), b"/etc/passwd", "liên kết"),
        ("x.csv", b"0" * 80_000_000, "vượt giới hạn"),
        ("other.txt", b"a", "không có tệp nào bên trong"),
    ],
)
def test_archive__that_may_be_hostile_is_refused_before_unpacking(
    tmp_path: Path, member: Any, body: bytes, said: str
) -> None:
    archive(tmp_path / "g" / "a.zip", {member: body})
    one = asked(tmp_path, {"folder": str(tmp_path / "g")}, "*.zip", inside="*.csv" if member != "C:\\x.csv" else "*")
    with pytest.raises(Fault, match=said):
        rows(one)
    assert not list(one.workdir.rglob("*.csv"))


def test_archive__half_uploaded_is_refused_and_names_itself(tmp_path: Path) -> None:
    path = archive(tmp_path / "g" / "a.zip", {"x.csv": secrets.token_bytes(10_000)})
    put(path, path.read_bytes()[:5000])
    with pytest.raises(Fault, match=r"a\.zip.*(hỏng|dở dang)"):
        rows(asked(tmp_path, {"folder": str(tmp_path / "g")}, "*.zip", inside="*.csv"))


def test_gzip__comes_unpacked_and_a_bomb_or_a_stump_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    put(folder / "a.csv.gz", gzip.compress(b"ma,so\nA,1\n"))
    one = asked(tmp_path, {"folder": str(folder), "max_mb": 1}, "*.gz")
    assert rows(one)[:2] == ([{"ma": "A", "so": "1"}], ["a.csv.gz:2"])
    put(folder / "a.csv.gz", gzip.compress(b"0" * 3_000_000))
    with pytest.raises(Fault, match="hơn 1 MB"):
        rows(one)
    put(folder / "a.csv.gz", gzip.compress(secrets.token_bytes(9_000))[:-50])
    with pytest.raises(Fault, match="dở dang"):
        rows(one)


def test_listing__of_ten_thousand_files_reads_only_what_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    folder.mkdir()
    for i in range(10_000):
        (folder / f"{i:05}.csv").write_bytes(b"")
        os.utime(folder / f"{i:05}.csv", (OLD, OLD))
    one = asked(tmp_path, {"folder": str(folder)}, "*.csv")
    stamp = dt.datetime.fromtimestamp(OLD, dt.UTC).isoformat()
    seen = {f"{i:05}.csv": SeenFile(f"{i:05}.csv", 0, stamp, "x") for i in range(9_999)}
    assert [f.path for _, f in files(replace(one, seen=seen), "*.csv")] == ["09999.csv"]


PARTS = st.lists(st.text(alphabet="abĐ1.-", min_size=1, max_size=4), min_size=1, max_size=4)


@given(PARTS)
def test_glob__double_star_finds_at_any_depth_and_star_only_in_its_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    assert glob_matches("**/*", name) and glob_matches(name, name)
    assert glob_matches("*", name) == (len(parts) == 1)
    assert glob_matches("/".join("*" for _ in parts), name)
