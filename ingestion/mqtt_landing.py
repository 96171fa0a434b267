"""The landing of an MQTT source: a small service that keeps what stations publish until the next pull.

    python -m ingestion.mqtt_landing SOURCE_ID

A message is acknowledged only when its line is on the disk, so the broker sends it again if we die before; the session stays
open at the broker, so what is published while we are away waits there. Lines go to `<IOC_HOME>/spool/mqtt/<source>/`, into
a `.partial` file that becomes a `.ndjson` file when it is large or old enough; only whole files are read by the connector.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ingestion import registry
from ingestion.connectors import resolve
from ingestion.connectors.mqtt import Connection, spool
from ingestion.model import Source

#: A file is finished at this size or age; a message waits at most `PAUSE_SECONDS` for its line to be synced.
MAX_BYTES, MAX_SECONDS = 16_000_000, 30.0
PAUSE_SECONDS = 0.05
#: Between two tries to reach a broker that is away.
AGAIN_SECONDS = 2.0
#: Messages that the broker may send before the first of them is acknowledged: the most that is held in memory.
IN_FLIGHT = 500


class Landing:
    """One session. The network runs in this thread too, so nothing is received while lines are written."""

    def __init__(self, source: Source) -> None:
        self._declared = Connection.model_validate(source.connector.arguments)
        self._folder = spool(source.id)
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("*.partial"):  # of a killed process; a torn last line is read as a broken row
            left.rename(left.with_suffix(".ndjson"))
        self._waiting: list[mqtt.MQTTMessage] = []
        self._file: Any = None
        self._path, self._began, self._ended = Path(), 0.0, False
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"dongson-{source.id}", clean_session=False, manual_ack=True
        )
        self._client.max_inflight_messages_set(IN_FLIGHT)
        if self._declared.user:
            self._client.username_pw_set(self._declared.user, resolve(self._declared.password) or "")
        if self._declared.tls:
            self._client.tls_set(ca_certs=self._declared.ca_file)
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda client, _, message: self._waiting.append(message)

    def _on_connect(self, client: mqtt.Client, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            print(f"MQTT {self._declared.host}: {reason}", file=sys.stderr, flush=True)
            self._ended = True
            return
        client.subscribe([(topic, 1) for topic in self._declared.topics])
        print("ready", flush=True)

    def run(self) -> int:
        """Until told to stop. Returns 1 when the broker refuses us: asked again and again it would lock the account."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._client.connect_async(resolve(self._declared.host), int(resolve(self._declared.port)), keepalive=30)
        while not self._ended:
            if self._client.loop(PAUSE_SECONDS) not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_AGAIN) and not self._ended:
                try:
                    self._client.reconnect()
                except OSError as error:
                    print(f"MQTT {self._declared.host}: {error}", file=sys.stderr, flush=True)
                    time.sleep(AGAIN_SECONDS)
            self._keep()
            self._rotate()
        refused = not self._client.is_connected()
        self._rotate(at_once=True)
        self._client.disconnect()
        return int(refused)

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._ended = True

    def _keep(self) -> None:
        """Write what came, sync, and only then acknowledge. A full disk raises: nothing is acknowledged, the broker keeps it."""
        if not self._waiting:
            return
        if self._file is None:
            self._path = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.partial"
            self._file, self._began = self._path.open("ab"), time.monotonic()
        for message in self._waiting:
            payload = message.payload.decode("utf-8", errors="backslashreplace")
            line = {"topic": message.topic, "received_at": datetime.now(UTC).isoformat(), "payload": payload}
            self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        for message in self._waiting:
            self._client.ack(message.mid, message.qos)
        self._waiting.clear()

    def _rotate(self, *, at_once: bool = False) -> None:
        if self._file is None:
            return
        if at_once or self._file.tell() > MAX_BYTES or time.monotonic() - self._began > MAX_SECONDS:
            self._file.close()
            self._path.rename(self._path.with_suffix(".ndjson"))
            self._file = None


def main(source_id: str) -> int:
    return Landing(registry.load().get(source_id)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
