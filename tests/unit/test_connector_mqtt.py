"""MQTT against a real mosquitto: no message is lost after its acknowledgement, whoever is killed when."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psutil
import pytest
import yaml
from made_up_request import request, rows
from made_up_source import ask, declare

from demo.province import Province
from ingestion import registry
from ingestion.connectors.mqtt import _matches, spool
from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Retention, Source
from ingestion.prune import prune
from ops import services, up

BROKER = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MESSAGES = 2_000
#: The landing of a declaration that a test wrote, in a process that can be killed.
SERVICE = "import sys; from ingestion import mqtt_landing, registry; from pathlib import Path; mqtt_landing.LONGEST_SECONDS = 1.5; sys.exit(mqtt_landing.Landing(registry.load(Path(sys.argv[1])).get('so_mqtt')).run())"
COLUMNS = [
    {"name": "tram", "from": "topic.2", "type": "text"},
    {"name": "so", "type": "integer"},
    {"name": "gia_tri", "from": "do.gia_tri", "type": "decimal"},
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("MQTT_THU", "mat-khau-mqtt-38")
    return tmp_path


@pytest.fixture
def broker(home: Path) -> Iterator[int]:
    """Port of a broker that wants a password and keeps its queues on disk."""
    if BROKER is None:
        pytest.skip("mosquitto is not installed on this machine")
    port = Province(home / "ports").port("rest")
    passwords = home / "passwd"
    subprocess.run([str(Path(BROKER).parent / "mosquitto_passwd") if (Path(BROKER).parent / "mosquitto_passwd").exists() else "mosquitto_passwd",
                    "-c", "-b", str(passwords), "ioc", "mat-khau-mqtt-38"], check=True, capture_output=True)  # fmt: skip
    passwords.chmod(0o644)
    (home / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nmax_queued_messages 0\nuser root\n"
        f"persistence true\npersistence_location {home}/\nautosave_on_changes true\nautosave_interval 1\n"
    )
    start_broker(home)
    yield port
    for one in RESTARTED:
        one.kill()
        one.wait()
    RESTARTED.clear()


#: Brokers that a test started in the place of the first.
RESTARTED: list[subprocess.Popen[bytes]] = []


def start_broker(home: Path) -> subprocess.Popen[bytes]:
    assert BROKER is not None
    process = subprocess.Popen(
        [BROKER, "-c", str(home / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    RESTARTED.append(process)
    time.sleep(0.5)
    return process


def restart_broker(home: Path, how: signal.Signals, *, away: float) -> None:
    RESTARTED[-1].send_signal(how)
    RESTARTED[-1].wait(10)
    time.sleep(away)
    start_broker(home)


def declaration(port: int, password: str = "MQTT_THU", **more: Any) -> Source:
    connector = more | {
        "kind": "mqtt",
        "host": "127.0.0.1",
        "port": port,
        "topics": ["tram/+/so_do"],
        "user": "ioc",
        "password": {"secret": password},
    }
    body = declare(
        "so_mqtt",
        columns=COLUMNS,
        read={"topic": "tram/+/so_do"},
        cursor=None,
        primary_key=["tram", "so"],
        mode="append",
    )
    return Source.model_validate(body.model_dump(by_alias=True) | {"connector": connector})


def service(home: Path, one: Source) -> subprocess.Popen[str]:
    path = home / "so_mqtt.yml"
    path.write_text(
        yaml.safe_dump(one.model_dump(mode="json", by_alias=True, exclude_defaults=True), allow_unicode=True)
    )
    return subprocess.Popen([sys.executable, "-c", SERVICE, str(path)], stdout=subprocess.PIPE, text=True)


def ready(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def publisher(port: int) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set("ioc", "mat-khau-mqtt-38")
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


@pytest.mark.slow
def test_landing__killed_twice_while_stations_publish_loses_no_message(home: Path, broker: int) -> None:
    one = declaration(broker)
    process, sender = ready(service(home, one)), publisher(broker)
    for number in range(MESSAGES):
        payload: Any = json.dumps({"so": number, "do": {"gia_tri": 0.50}}) if number != 7 else "hỏng {"
        sender.publish(f"tram/T{number % 12}/so_do", payload, qos=1).wait_for_publish(10)
        if number in (600, 1400):
            process.send_signal(signal.SIGKILL)
            process.wait()
        if number in (800, 1500):
            process = ready(service(home, one))
    sender.loop_stop()
    deadline = time.monotonic() + 20
    while _spooled() < MESSAGES and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    (result,) = load(extract(one, run_id="r"), holder="t")
    assert (
        result.rows_in >= MESSAGES
        and result.rows_in == result.rows_loaded + result.rows_quarantined + result.rows_deduplicated
    )
    assert (result.rows_loaded, result.rows_quarantined) == (MESSAGES - 1, 1)
    assert ask("SELECT count(DISTINCT so), min(so), max(so), min(gia_tri)::VARCHAR FROM raw.so_mqtt__ho_so") == [
        (MESSAGES - 1, 0, MESSAGES - 1, "0.500000")
    ]
    assert extract(one, run_id="r") == [], "a file is read once"


def spooled(wanted: int, seconds: float = 20) -> int:
    """Different messages on the disk, as soon as there are as many as wanted."""
    deadline = time.monotonic() + seconds
    while _spooled() < wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return _spooled()


def send(sender: mqtt.Client, numbers: range) -> None:
    """Publish, and wait until the broker has acknowledged each."""
    for number in numbers:
        body = json.dumps({"so": number, "do": {"gia_tri": 0.5}})
        deadline = time.monotonic() + 20
        while not sender.is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)
        sender.publish("tram/T1/so_do", body, qos=1).wait_for_publish(20)


@pytest.mark.slow
def test_landing__outlives_its_broker_and_loses_no_message(home: Path, broker: int) -> None:
    process, sender = ready(service(home, declaration(broker))), publisher(broker)
    send(sender, range(100))
    assert spooled(100) == 100
    restart_broker(home, signal.SIGKILL, away=2)
    ready(process)
    send(sender, range(100, 150))
    restart_broker(home, signal.SIGTERM, away=0)
    send(sender, range(150, 200))  # some of them while the landing is still away
    ready(process)
    assert spooled(200) == 200 and process.poll() is None
    sender.loop_stop()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    (result,) = load(extract(declaration(broker), run_id="r"), holder="t")
    assert (result.rows_loaded, result.rows_quarantined) == (200, 0)


@pytest.mark.slow
def test_landing__takes_nothing_while_the_disk_is_full_and_all_when_there_is_room(home: Path, broker: int) -> None:
    process, sender = ready(service(home, declaration(broker))), publisher(broker)
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
    send(sender, range(300))
    time.sleep(1)
    (partial,) = spool("so_mqtt").glob("*.partial")
    assert process.poll() is None and 0 < partial.stat().st_size <= 2_000
    assert all(line.endswith("}") for line in partial.read_text().splitlines()) and _spooled() < 20
    assert psutil.Process(process.pid).memory_info().rss < 200_000_000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert spooled(300) == 300
    sender.loop_stop()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.slow
def test_landing__leaves_messages_to_the_broker_while_the_spool_is_full(home: Path, broker: int) -> None:
    spool("so_mqtt").mkdir(parents=True)
    (unread := spool("so_mqtt") / "20260101T000000000000.ndjson").write_bytes(b"\n" * 2_000_000)
    process, sender = ready(service(home, declaration(broker, max_spool_mb=1))), publisher(broker)
    send(sender, range(20))
    time.sleep(1)
    assert [path.name for path in spool("so_mqtt").iterdir()] == [unread.name] and process.poll() is None
    unread.unlink()
    assert spooled(20) == 20
    sender.loop_stop()
    process.kill()


@pytest.mark.slow
def test_landing__waits_for_a_broker_that_is_not_ready_and_ends_at_one_that_refuses(home: Path) -> None:
    """CONNACK 3 is “server unavailable”, 5 “not authorized”."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = service(home, declaration(server.getsockname()[1]))
        came = []
        for answer in (3, 3, 5):
            with server.accept()[0] as one:
                came.append(time.monotonic())
                one.recv(1000)
                one.sendall(bytes([0x20, 2, 0, answer]))
        assert process.wait(10) == 1
    assert all(0.4 < b - a < 4 for a, b in pairwise(came)) and len(came) == 3


def test_prune__lets_spooled_messages_go_that_every_table_has_loaded(home: Path) -> None:
    one = declaration(1)
    kept = one.model_copy(update={"tables": [one.tables[0].model_copy(update={"retention": Retention(keep="30d")})]})
    spool("so_mqtt").mkdir(parents=True)
    line = {"topic": "tram/T1/so_do", "received_at": "2026-01-01T00:00:00+00:00", "payload": '{"so": 1}'}
    for name in ("20260101T000000000000", "20260301T000000000000"):
        (spool("so_mqtt") / f"{name}.ndjson").write_text(json.dumps(line) + "\n")
    load(extract(one, run_id="r"), holder="t")
    (spool("so_mqtt") / "20260102T000000000000.ndjson").write_text(json.dumps(line) + "\n")
    for source, left in ((one, 3), (kept, 2)):
        prune([source], holder="t", now=datetime(2026, 3, 15, tzinfo=UTC))
        assert len(list(spool("so_mqtt").iterdir())) == left
    assert {path.name[:8] for path in spool("so_mqtt").iterdir()} == {"20260102", "20260301"}, "unread, young"


def _spooled() -> int:
    """Different messages on the disk so far."""
    lines = [line for path in spool("so_mqtt").glob("*") for line in path.read_text(encoding="utf-8").splitlines()]
    return len({json.loads(line)["topic"] + json.loads(line)["payload"] for line in lines if line.endswith("}")})


@pytest.mark.slow
def test_landing__with_a_wrong_password_ends_and_does_not_try_again(
    home: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAI", "sai")
    assert service(home, declaration(broker, "SAI")).wait(20) == 1


def test_spool__of_a_killed_landing_has_at_most_one_torn_line_which_is_no_row(home: Path) -> None:
    one = declaration(1)
    spool("so_mqtt").mkdir(parents=True)
    good = {"topic": "tram/T1/so_do", "received_at": "2026-11-01T00:00:00+00:00", "payload": '{"so": 1}'}
    other = good | {"topic": "khac/T1"}
    (spool("so_mqtt") / "1.ndjson").write_text("\n".join(map(json.dumps, (good, other))) + '\n{"topic": "tram/T1')
    (spool("so_mqtt") / "2.partial").write_text(json.dumps(good))
    asked = request(home, {"kind": "mqtt", "host": "x", "topics": ["#"]}, {"topic": "tram/+/so_do"}, "tram=topic.2;so")
    moved = asked.source.model_copy(update={"id": "so_mqtt"})
    found, refs, files = rows(type(asked)(**{**vars(asked), "source": moved}))
    assert (
        found == [{"topic.2": "T1", "so": "1"}] and refs == ["1.ndjson:1"] and [f.path for f in files] == ["1.ndjson"]
    )
    assert one.connector.kind == "mqtt"


@pytest.mark.slow
def test_up__starts_a_landing_for_each_mqtt_source_and_down_ends_it(home: Path, broker: int) -> None:
    one = declaration(broker)
    needy = one.model_copy(update={"id": "so_khac", "requires": "KHONG_CO"})
    declared = registry.Registry({s.id: s for s in (one, needy)}, {})
    assert up.land_messages(declared, services.base_environment()) == ["mqtt-so_mqtt"]
    assert services.process("mqtt-so_mqtt") is not None
    assert services.stop() == ["mqtt-so_mqtt"] and services.process("mqtt-so_mqtt") is None


@pytest.mark.parametrize(
    ("pattern", "topic", "matches"),
    [("#", "a/b", True), ("a/#", "a/b/c", True), ("a/+", "a/b", True), ("a/+", "a/b/c", False), ("a/+/c", "a/b/c", True), ("a", "b", False), ("#", "", False)],
)  # fmt: skip
def test_topic__matches_as_in_mqtt(pattern: str, topic: str, matches: bool) -> None:
    assert _matches(pattern, topic) is matches
