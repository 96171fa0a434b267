"""What a person changed by hand in Superset: its own export against what the bundles say.

Superset adds defaults and its own numbers of charts; whatever a bundle says must come back as it was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

#: What the bundles have no opinion on, or Superset writes anew at each import.
_OWN = {"timestamp", "version", "chartsInScope", "tabsInScope"}


def differences(files: dict[str, str], exported: dict[str, str]) -> list[str]:
    """Lines `path: what differs`, sorted; empty when the boards are those of the bundles. Both: path → YAML text."""
    ours = {path: yaml.safe_load(text) for path, text in files.items() if path != "metadata.yaml"}
    theirs = {body["uuid"]: body for body in map(yaml.safe_load, exported.values()) if "uuid" in body}
    found = [f"{body.get('dashboard_title') or body.get('slice_name') or body.get('table_name') or uid}: not in the bundles" for uid, body in theirs.items() if uid not in {b["uuid"] for b in ours.values()}]  # fmt: skip
    for path, body in ours.items():
        if body["uuid"] not in theirs:
            found.append(f"{path}: missing")
            continue
        found += [f"{path}: {where}" for where in _differ(_plain(body), _plain(theirs[body["uuid"]]))]
    return sorted(found)


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """The asset with each chart's number replaced by its UUID, which is the same on both sides."""
    nodes = [
        node
        for node in body.get("position", {}).values()
        if isinstance(node, dict) and "chartId" in node.get("meta", {})
    ]
    names = {node["meta"]["chartId"]: node["meta"]["uuid"] for node in nodes}
    for node in nodes:
        node["meta"]["chartId"] = node["meta"]["uuid"]
    for one in body.get("metadata", {}).get("native_filter_configuration", []):
        one["scope"]["excluded"] = sorted(names.get(number, str(number)) for number in one["scope"]["excluded"])
    for column in body.pop("columns", []):
        body.setdefault("column", {})[column["column_name"]] = column
    return body


def _differ(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Where what we say is not what they have; keys that only they have are Superset's own."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key not in _OWN:
                yield from _differ(value, theirs.get(key), f"{at}.{key}" if at else str(key))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differ(one, other, f"{at}[{number}]")
    elif ours != theirs and not (ours in (None, "", [], {}) and theirs in (None, "", [], {})):
        yield at
