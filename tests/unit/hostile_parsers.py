"""Parsers that misbehave, for the limits of the child process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors import _child

Parsed = Iterator[tuple[pa.RecordBatch, list[str]]]


def two_shapes(path: Path, arguments: dict[str, Any]) -> Parsed:
    for start in (0, 3):
        numbers = range(start, start + 3)
        yield pa.RecordBatch.from_pydict({"so": [str(n) for n in numbers]}), [f"{path.name}:{n}" for n in numbers]
    yield pa.RecordBatch.from_pydict({arguments["other"]: ["x"]}), ["last"]


def refuses(path: Path, arguments: dict[str, Any]) -> Parsed:
    yield from two_shapes(path, {"other": "y"})
    raise _child.Refused("tệp có macro")


def eats_memory(path: Path, arguments: dict[str, Any]) -> Parsed:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))
    yield


def loops(path: Path, arguments: dict[str, Any]) -> Parsed:
    while True:
        pass
    yield


def crashes(path: Path, arguments: dict[str, Any]) -> Parsed:
    os.abort()
    yield


def writes(path: Path, arguments: dict[str, Any]) -> Parsed:
    path.write_bytes(b"0" * 10_000_000)
    yield
