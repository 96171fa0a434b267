"""The landing of an MQTT source: a small service that keeps what stations publish until the next pull.

    python -m ingestion.mqtt_landing SOURCE_ID

A message is acknowledged only when its line is on the disk, so the broker sends it again if we die before; the session stays
open at the broker, so what is published while we are away waits there. Lines go to `<IOC_HOME>/spool/mqtt/<source>/`, into
a `.partial` file that becomes a `.ndjson` file when it is large or old enough; only whole files are read by the connector.

A broker that is away is asked again, less and less often. While the disk or the spool is full nothing is taken: what came and
could not be written is forgotten here unacknowledged, and the broker, which we leave, keeps it until there is room.
"""

from __future__ import annotations

import errno
import json
import os
import random
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
#: Between two tries to reach a broker: doubled from the first to the longest, less up to a half at random.
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0
#: Answers to a login that another try does not change, and that may lock an account: 134 bad user or password, 135 not authorized.
REFUSED = (134, 135)


class Landing:
    """One session. The network runs in this thread too, so nothing is received while lines are written, and what is held in
    memory is what one look at the socket brought."""

    def __init__(self, source: Source) -> None:
        self._declared = Connection.model_validate(source.connector.arguments)
        self._folder = spool(source.id)
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("*.partial"):  # of a killed process; a torn last line is read as a broken row
            left.rename(left.with_suffix(".ndjson"))
        self._waiting: list[mqtt.MQTTMessage] = []
        self._file: Any = None
        self._path, self._began, self._ended, self._refused = Path(), 0.0, False, False
        self._synced = 0
        self._pause, self._next_try = FIRST_SECONDS, 0.0
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"dongson-{source.id}", clean_session=False, manual_ack=True
        )
        if self._declared.user:
            self._client.username_pw_set(self._declared.user, resolve(self._declared.password) or "")
        if self._declared.tls:
            self._client.tls_set(ca_certs=self._declared.ca_file)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = lambda client, _, message: self._waiting.append(message)

    def _on_connect(self, client: mqtt.Client, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            self._say(reason)
            self._refused = self._ended = reason.value in REFUSED
            return
        self._pause = FIRST_SECONDS
        client.subscribe([(topic, 1) for topic in self._declared.topics])

    def _on_subscribe(self, _: mqtt.Client, __: object, ___: int, reasons: list[Any], ____: object) -> None:
        """Only now does the broker keep for us what stations send."""
        refused = next((reason for reason in reasons if reason.is_failure), None)
        if refused:
            self._say(refused)
            self._refused = self._ended = True
        else:
            print("ready", flush=True)

    def run(self) -> int:
        """Until told to stop. Returns 1 when the broker refuses us: asked again and again it would lock the account."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._client.connect_async(resolve(self._declared.host), int(resolve(self._declared.port)), keepalive=30)
        while not self._ended:
            lost = self._client.loop(PAUSE_SECONDS) not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_AGAIN)
            # Before a new session: its message numbers are others, and an acknowledgement would hit the wrong message.
            self._keep()
            if lost and not self._ended:
                self._come_back()
            self._rotate()
        self._rotate(at_once=True)
        self._client.disconnect()
        return int(self._refused)

    def _come_back(self) -> None:
        """Try the broker again if it is time; otherwise rest a moment."""
        if time.monotonic() < self._next_try:
            time.sleep(PAUSE_SECONDS)
            return
        self._wait_before_next_try(self._pause)
        self._pause = min(2 * self._pause, LONGEST_SECONDS)
        try:
            self._client.reconnect()
        except OSError as error:
            self._say(error)

    def _wait_before_next_try(self, seconds: float) -> None:
        self._next_try = time.monotonic() + random.uniform(seconds / 2, seconds)

    def _say(self, what: object) -> None:
        print(f"MQTT {self._declared.host}: {what}", file=sys.stderr, flush=True)

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._ended = True

    def _keep(self) -> None:
        """Write what came, sync, and only then acknowledge. What could not be written is left to the broker."""
        if not self._waiting:
            return
        lines = b"".join(map(_line, self._waiting))
        try:
            self._write(lines)
        except OSError as error:
            self._say(f"{error}: nothing is taken until there is room")
            if self._file is not None:
                self._file.truncate(self._synced)  # no torn line
            self._client.disconnect()
            self._wait_before_next_try(LONGEST_SECONDS)
        else:
            for message in self._waiting:
                self._client.ack(message.mid, message.qos)
        self._waiting.clear()

    def _write(self, lines: bytes) -> None:
        """Append and sync. Raises OSError, also when only a part was written."""
        if self._file is None:
            if sum(path.stat().st_size for path in self._folder.iterdir()) > self._declared.max_spool_mb * 1_000_000:
                raise OSError(errno.EDQUOT, f"the spool has more than {self._declared.max_spool_mb} MB")
            self._path = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.partial"
            self._file, self._began, self._synced = self._path.open("ab", buffering=0), time.monotonic(), 0
        if self._file.write(lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())
        self._synced += len(lines)

    def _rotate(self, *, at_once: bool = False) -> None:
        if self._file is None:
            return
        if at_once or self._synced > MAX_BYTES or time.monotonic() - self._began > MAX_SECONDS:
            self._file.close()
            self._path.rename(self._path.with_suffix(".ndjson"))
            self._file = None


def _line(message: mqtt.MQTTMessage) -> bytes:
    payload = message.payload.decode("utf-8", errors="backslashreplace")
    line = {"topic": message.topic, "received_at": datetime.now(UTC).isoformat(), "payload": payload}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def main(source_id: str) -> int:
    return Landing(registry.load().get(source_id)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
