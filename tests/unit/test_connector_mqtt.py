"""MQTT against a real mosquitto: no message is lost after its acknowledgement, whoever is killed when."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
import yaml
from made_up_request import request, rows
from made_up_source import ask, declare

from demo.province import Province
from ingestion import registry
from ingestion.connectors.mqtt import _matches, spool
from ingestion.extract import extract
from ingestion.load import load
from ingestion.model import Source
from ops import services, up

BROKER = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MESSAGES = 2_000
#: The landing of a declaration that a test wrote, in a process that can be killed.
SERVICE = "import sys; from ingestion import mqtt_landing, registry; from pathlib import Path; sys.exit(mqtt_landing.Landing(registry.load(Path(sys.argv[1])).get('so_mqtt')).run())"
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
    config = home / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nmax_queued_messages 0\nuser root\n"
    )
    process = subprocess.Popen([BROKER, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    yield port
    process.kill()
    process.wait()


def declaration(port: int, password: str = "MQTT_THU") -> Source:
    connector = {
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
