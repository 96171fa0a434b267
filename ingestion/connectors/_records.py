"""JSON records as rows: values by dotted names, numbers with the digits that they were printed with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ingestion.connectors._places import text_batch


class Number(str):
    """A number as it was printed: 20.880 is not 20.88, and nineteen digits stay nineteen."""

    __slots__ = ()


def parse(text: str | bytes) -> Any:
    """The document, its numbers as `Number`. Raises ValueError, also for a key with two values, of which nobody knows the
    right one, and RecursionError for a document nested too deeply."""
    return json.loads(
        text, parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_each_key_once
    )


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if value != found[key]:
                raise ValueError(f"key {key!r} has two values")
    return found


def dig(body: Any, path: str) -> Any:
    """The value at a dotted path, or None; a key that has dots of its own is found too, a number is a place in a list."""
    if isinstance(body, dict) and path in body:
        return body[path]
    for step in path.split("."):
        if isinstance(body, list):
            body = body[int(step)] if re.fullmatch("[0-9]{1,9}", step) and int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, dict) else None
    return body


def as_text(value: Any) -> str | None:
    """A value as the landing keeps it: text as it is, true and false, nested values as JSON."""
    return value if value is None or isinstance(value, str) else dumps(value)


def dumps(value: Any) -> str:
    """JSON text with the numbers as they were printed."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def batch(records: Sequence[Any], names: Sequence[str]) -> pa.RecordBatch:
    """One row a record, the named values as text."""
    return text_batch({name: [as_text(dig(record, name)) for record in records] for name in names})
