"""FIWARE's published example payloads: each entity, in whatever form it was written, gives the same flat record."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from made_up_request import request, rows

from ingestion.connectors._ngsi import flat
from ingestion.connectors._records import parse

OPEN_DATA = os.environ.get("IOC_OPEN_DATA", "")
FOLDER = Path(OPEN_DATA) / "ngsi-examples"
pytestmark = pytest.mark.skipif(not OPEN_DATA, reason="IOC_OPEN_DATA names no folder of downloaded open data")


def payloads(ending: str) -> dict[str, Path]:
    """Entity type → file, e.g. `AirQualityObserved`."""
    return {path.name.split("__")[1]: path for path in sorted(FOLDER.glob(f"*__{ending}"))}


def test_payloads__every_file_gives_its_entities(tmp_path: Path) -> None:
    wanted = {}
    for path in FOLDER.glob("*.json*"):
        if path.suffix in (".json", ".jsonld"):
            body = json.loads(path.read_text(encoding="utf-8-sig"))
            wanted[path.name] = len(body) if isinstance(body, list) else 1
    assert len(wanted) == 99
    counts: dict[str, int] = {}
    for suffix in ("*.json", "*.jsonld"):
        _, refs, _ = rows(request(tmp_path, {"kind": "ngsi_files", "folder": str(FOLDER)}, {"file": suffix}, "id;type"))
        for ref in refs:
            counts[ref.rpartition("#")[0]] = counts.get(ref.rpartition("#")[0], 0) + 1
    assert counts == wanted


@pytest.mark.parametrize(
    ("plain", "normalized", "seen"),
    [
        ("example.json", "example-normalized.json", (329, 29)),
        ("example.jsonld", "example-normalized.jsonld", (322, 12)),
    ],
)
def test_payloads__key_values_and_normalized_forms_say_the_same(
    plain: str, normalized: str, seen: tuple[int, int]
) -> None:
    plains, normals = payloads(plain), payloads(normalized)
    both = sorted(plains.keys() & normals.keys())
    compared, different = 0, []
    for kind in both:
        first, second = (parse(p[kind].read_text(encoding="utf-8-sig")) for p in (plains, normals))
        for a, b in zip(
            first if isinstance(first, list) else [first],
            second if isinstance(second, list) else [second],
            strict=False,
        ):
            left, right = flat(a), flat(b)
            for name in left.keys() & right.keys() - {"@context", "id", "type"}:
                compared += 1
                if left[name] != right[name]:
                    different.append(f"{kind}.{name}")
    # The published pairs differ in themselves: FloodMonitoring.alertLevel is 10.0 in one and 11.0 in the other.
    assert (len(both), compared, len(different)) == (23, *seen), different
    assert not {"AirQualityObserved.no2", "AirQualityObserved.location", "WeatherObserved.temperature"} & {*different}


def test_payloads__golden_values_by_hand(tmp_path: Path) -> None:
    for form in ("example-normalized.json", "example-normalized.jsonld", "example.jsonld"):
        file = f"Environment__AirQualityObserved__{form}"
        read, columns = {"file": file}, "id;no2;co;temperature;level=airQualityLevel;location;unit=co.unitCode"
        ((row,), _, _) = rows(request(tmp_path, {"kind": "ngsi_files", "folder": str(FOLDER)}, read, columns))
        assert (row["no2"], row["co"], row["airQualityLevel"]) == ("69", "500", "moderate"), form
        assert row["co.unitCode"] == ("GP" if "normalized" in form else None)
        assert json.loads(row["location"])["coordinates"] == [-3.712247222222222, 40.423852777777775]
