"""There is no table without a baseline: the declarations that ship, and whatever a build holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ingestion import registry
from quality import baseline, expectation
from quality.expectation import Expectation
from warehouse import connect

SPINE_RULES = {"communes_ward", "communes_commune", "province_area"}


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[baseline.Relation]:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    with connect.writer("test") as con:
        registry.sync(con, registry.load())
        return baseline.raw_relations(con)


def test_baseline__covers_every_declared_table(declared: list[baseline.Relation]) -> None:
    with connect.intake() as con:
        tables = {f"raw.{name}" for (name,) in con.execute("SELECT raw_name FROM ops.source_table").fetchall()}
    assert len(tables) > 15
    assert {r.name for r in declared} == tables
    for relation in declared:
        rules = {e.rule for e in relation.expectations}
        assert {"column_present", "volume_min", "ledger_balances"} <= rules, relation.name
        assert all(e.reason.vi and e.reason.en for e in relation.expectations)


def test_baseline__covers_every_table_and_view_of_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    with connect.build_writer() as con:
        con.execute(
            "CREATE SCHEMA mart; CREATE TABLE mart.fct_x (a INTEGER); CREATE VIEW mart.x_now AS FROM mart.fct_x"
        )
        relations = {r.name: r for r in baseline.build_relations(con)}
    # The spine and the union are asked for although this build has lost them.
    assert set(relations) == {"mart.fct_x", "mart.x_now", "mart.dim_area", "mart.obs_indicator"}
    assert all(r.expectations for r in relations.values())
    assert {e.rule for e in relations["mart.dim_area"].expectations} >= SPINE_RULES
    assert relations["mart.dim_area"].tier == 1


def test_suites__speak_of_relations_that_have_a_contract() -> None:
    shipped: list[Expectation] = expectation.suites()
    models = connect.ROOT / "dbt" / "models"
    files = [*(models / "marts").rglob("*.yml"), *(models / "serving").glob("*.yml")]
    promised = {m["name"] for f in files for m in yaml.safe_load(f.read_text(encoding="utf-8"))["models"]}
    assert len(shipped) > 30 and {e.relation.removeprefix("mart.") for e in shipped} <= promised
