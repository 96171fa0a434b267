"""The demo province as processes: started once, kept, healed, ended, and its passwords seen nowhere."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from demo import province

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("province") / "var"
    folder.mkdir()
    province.start(folder, days=20, hours=2)
    yield folder
    province.stop(folder)


def processes(home: Path) -> dict[str, int]:
    state = json.loads((home / "demo" / "state.json").read_text(encoding="utf-8"))
    return {name: body["pid"] for name, body in state["processes"].items()}


def secrets(home: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (home / "secrets").iterdir()}


def dossiers(home: Path) -> int:
    with psycopg.connect((home / "demo" / "postgres.dsn").read_text(encoding="utf-8")) as con:
        return con.execute("SELECT count(*) FROM ho_so").fetchone()[0]  # type: ignore[index]


def test_start__twice_keeps_processes_addresses_rows_and_secrets(home: Path) -> None:
    held = processes(home), secrets(home), (home / "state" / "province.env").read_text(encoding="utf-8")
    rows = dossiers(home)
    assert {"postgres", "ftp", "rest", "live"} <= held[0].keys() and rows > 5000
    province.start(home, days=20, hours=2)
    assert (processes(home), secrets(home), (home / "state" / "province.env").read_text(encoding="utf-8")) == held
    # the live writer may have added some, never the whole again
    assert rows <= dossiers(home) < rows + 200


def test_start__heals_a_server_that_was_killed(home: Path) -> None:
    before = processes(home)
    killed = psutil.Process(before["rest"])
    killed.kill()
    killed.wait(10)
    province.start(home, days=20, hours=2)
    after = processes(home)
    assert after.pop("rest") != before.pop("rest")
    assert after == before


def test_secrets__belong_to_their_owner_alone(home: Path) -> None:
    files = [*(home / "secrets").iterdir(), home / "demo" / "postgres.dsn"]
    assert len(files) >= 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700


def test_secrets__are_in_no_argument_environment_address_or_log(home: Path) -> None:
    started = [psutil.Process(pid) for pid in processes(home).values()]
    family = started + [child for process in started for child in process.children(recursive=True)]
    said = [" ".join(p.cmdline()) + str(p.environ()) for p in family if p.is_running()]
    said += [(home / "state" / "province.env").read_text(encoding="utf-8")]
    said += [path.read_text(encoding="utf-8", errors="replace") for path in (home / "logs").iterdir()]
    words = secrets(home)
    assert len(words) >= 4 and len(said) > len(started) >= 4
    assert [name for name, word in words.items() if any(word in text for text in said)] == []


def test_reader__reads_and_cannot_write(home: Path) -> None:
    address = dict(line.split("=", 1) for line in (home / "state" / "province.env").read_text().splitlines())
    login = {"host": address["TTPVHCC_HOST"], "port": address["TTPVHCC_PORT"], "user": "ioc_reader", "dbname": "motcua"}
    with psycopg.connect(**login, password=secrets(home)["TTPVHCC_PASSWORD"]) as con:
        assert con.execute("SELECT count(*) FROM don_vi").fetchone() == (15 + 166,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            con.execute("DELETE FROM ho_so")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(**login, password="wrong")


def test_stop__ends_what_it_started_and_a_second_stop_finds_nothing(home: Path) -> None:
    held = processes(home)
    assert len(held) >= 4
    assert set(province.stop(home)) == set(held)
    assert [name for name, pid in held.items() if psutil.pid_exists(pid)] == []
    assert province.stop(home) == []
    # and it starts again on what it wrote, at the same addresses
    before = (home / "state" / "province.env").read_text(encoding="utf-8")
    province.start(home, days=20, hours=2)
    assert (home / "state" / "province.env").read_text(encoding="utf-8") == before


def test_server__whose_port_is_taken_meanwhile_starts_on_another(tmp_path: Path) -> None:
    """Between the choice of a port and the start, somebody else gets it: an outgoing connection, another program."""
    one = province.Province(tmp_path)
    token = tmp_path / "secrets" / "HAZARD_REST_TOKEN"
    one.secret(token.name)
    tried: list[int] = []

    def command(port: int) -> list[str]:
        tried.append(port)
        if len(tried) == 1:
            thief.bind(("127.0.0.1", port))
            thief.listen()
        return [*province.SERVE, "rest", str(port), str(token), "38"]

    with socket.socket() as thief:
        port = one._serve("rest", command)
    try:
        assert len(tried) == 2 and port == tried[1] != tried[0]
        assert one.is_running("rest") and one.state["ports"]["rest"] == port
    finally:
        one.stop()


def test_ports__are_none_that_the_system_hands_out() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    assert len(province.PORTS) > 1000 and max(province.PORTS) < low
