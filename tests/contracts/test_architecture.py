"""Who may import whom, and what no tracked file may hold. One screen of ast keeps the rooms apart."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"ingestion", "warehouse", "quality", "boards", "steward", "opendata", "ops", "demo", "dags"}
MAY_IMPORT = {
    "warehouse": set(),
    "ingestion": {"warehouse"},
    "quality": {"warehouse"},
    "boards": {"warehouse"},
    "steward": {"ingestion", "warehouse"},
    "opendata": {"warehouse"},
    "demo": {"warehouse"},
    "dags": {"ingestion", "quality", "warehouse", "boards", "ops"},
    "ops": ROOMS - {"dags", "ops"},
}
DRIVERS = {"connectorx", "fastexcel", "ftplib"}
ONLY = {"airflow": "dags", "great_expectations": "quality", **dict.fromkeys(DRIVERS, "ingestion/connectors")}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_rooms__import_only_what_they_may(room: str) -> None:
    files = python_files(room)
    assert files
    for path in files:
        other = {name.split(".")[0] for name in imports(path)} & ROOMS - {room}
        assert other <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {other - MAY_IMPORT[room]}"


@pytest.mark.parametrize(("library", "place"), sorted(ONLY.items()))
def test_libraries__are_imported_in_one_place_only(library: str, place: str) -> None:
    files = python_files("ingestion", "warehouse", "quality", "ops", "dags")
    assert len(files) > 40
    users = [str(f.relative_to(ROOT)) for f in files if library in {name.split(".")[0] for name in imports(f)}]
    assert users, f"nothing imports {library}: the rule is out of date"
    assert all(user.startswith(place + "/") for user in users), users


def test_duckdb_files__are_opened_by_connect_only() -> None:
    files = python_files(*sorted(ROOMS))
    assert len(files) > 50
    opening = [
        str(f.relative_to(ROOT)) for f in files if re.search(r"duckdb\.connect\(", f.read_text(encoding="utf-8"))
    ]
    assert opening == ["warehouse/connect.py"]


def test_names__that_break_or_say_nothing_are_absent() -> None:
    assert not (ROOT / "dbt" / "__init__.py").exists(), "it shadows the dbt package"
    assert not [p for p in python_files(*sorted(ROOMS)) if p.name == "utils.py"]
    assert not [name for name in ("superset", "airflow") if (ROOT / name).exists()]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_tracked_files__hold_no_registry_address_and_no_machine_path() -> None:
    files = [p for p in tracked() if p.is_file()]
    if not files:
        pytest.skip("not a git checkout")
    assert len(files) > 100
    # Written in halves, so that this file does not hold what it looks for.
    banned = re.compile(
        "|".join(["files.python" + "hosted", r"pypi\.org/" + "simple", "/work" + "/main", "/ro" + r"ot/\."])
    )
    for path in files:
        if path.suffix not in {".png", ".mo", ".xlsx", ".parquet"}:
            found = banned.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{path.relative_to(ROOT)} holds {found[0] if found else ''}"
