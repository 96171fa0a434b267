"""The registry refuses what is wrong by file, line and the nearest right name, and writes the rest to tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_source import declare as made_up

from ingestion import registry
from ingestion.model import DUCKDB_TYPE
from warehouse import connect, declare
from warehouse.errors import Fault

BROKEN = sorted((Path(__file__).parents[1] / "fixtures" / "broken").glob("*.yml"))
DECLARED = len(list(registry.SOURCES.rglob("*.yml")))


def test_registry__loads_every_declaration_of_the_project() -> None:
    declared = registry.load()
    assert len(declared.sources) == DECLARED > 35
    assert sum(not s.made_up for s in declared.sources.values()) == 6
    assert {s.requires for s in declared.sources.values() if not s.made_up} == {None, "IOC_OPEN_DATA"}
    assert all(t.primary_key for s in declared.sources.values() for t in s.tables)


def test_declarations__are_short() -> None:
    lines = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in registry.SOURCES.rglob("*.yml")}
    assert len(lines) == DECLARED and max(lines.values()) < 80, lines


@pytest.mark.parametrize("file", BROKEN, ids=lambda p: p.stem)
def test_registry__says_file_line_and_remedy(file: Path) -> None:
    wanted = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# complaint: ")
    with pytest.raises(Fault) as caught:
        registry.load(file)
    fault = caught.value
    assert (fault.code, fault.exit_code) == ("IOC-101", 2)
    assert wanted in fault.why
    name, line, _ = fault.why.splitlines()[0].split(":", 2)
    assert name == file.name and int(line) >= 1


def test_broken_fixtures__are_many() -> None:
    assert len(BROKEN) >= 12


def test_registry__names_the_line_of_an_unknown_key() -> None:
    file = next(p for p in BROKEN if p.stem == "unknown_key")
    line = next(
        i for i, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text.startswith("cadense")
    )
    with pytest.raises(Fault) as caught:
        registry.load(file)
    assert f"unknown_key.yml:{line}:" in caught.value.why


def test_get__suggests_near_ids() -> None:
    with pytest.raises(Fault) as caught:
        registry.load().get("vptu_nq75")
    assert caught.value.code == "IOC-102" and "vptu_nq57" in caught.value.what_vi


def test_sync__writes_declarations_and_why_a_source_is_off(ioc_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IOC_OPEN_DATA", raising=False)
    with connect.writer("test") as con:
        registry.sync(con, registry.load())
        registry.sync(con, registry.load())  # again: replaced, not doubled
        assert con.execute("SELECT count(*) FROM ops.source").fetchone() == (DECLARED,)
        off = dict(con.execute("SELECT source_id, skipped_why FROM ops.source WHERE NOT is_enabled").fetchall())
        pii = con.execute("SELECT count(*) FROM ops.source_column WHERE class = 'pii'").fetchone()
        hashed = con.execute(
            "SELECT count(*) FROM ops.source_column WHERE column_name = 'so_dinh_danh' AND class = 'quasi'"
        ).fetchone()
    assert "cecodes_papi" in off and "IOC_OPEN_DATA" in off["cecodes_papi"]
    assert pii == (12,) and hashed == (4,)  # dropped; a keyed hash is stored and no longer personal by itself


def test_sync__lists_the_columns_that_resolving_an_area_gives(ioc_home: Path) -> None:
    table = {"area": {"column": "ma", "scheme": "any", "as": "xa"}}
    with connect.writer("test") as con:
        registry.sync(con, registry.Registry({"so_thu_nghiem": made_up(**table)}, {"so_thu_nghiem": Path("a/b.yml")}))
        found = con.execute("SELECT column_name, type, class FROM ops.source_column ORDER BY ordinal").fetchall()
    assert found[-2:] == [("xa", "text", "code"), ("xa_cu", "text", "code")] and len(found) > 2


def test_raw_types__are_one_list_in_two_rooms() -> None:
    assert declare.RAW_TYPES == DUCKDB_TYPE
