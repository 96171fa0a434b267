"""What is open: a table that says so, and rests on open sources only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from made_up_open import make_open_build, make_open_home, meta

from ingestion import registry
from opendata import policy
from opendata.policy import Plan
from warehouse import connect, declare, publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return make_open_home(tmp_path, monkeypatch)


def plan() -> Plan:
    served = publish.current()
    assert served
    with connect.served(served.path) as con:
        return policy.plan(con)


def test_plan__opens_what_says_so_and_rests_on_open_sources(home: str) -> None:
    assert [d.id for d in plan().datasets] == ["areas", "recipients", "indicators", "norms", "observations"]


def test_plan__refuses_what_rests_on_a_closed_source_or_on_nothing(home: str) -> None:
    refused = {one.relation: one.why_en for one in plan().refused}
    assert refused.keys() == {"fct_mixed", "fct_orphan"}
    assert "kin (dùng chung)" in refused["fct_mixed"] and "not known" in refused["fct_orphan"]


@pytest.mark.parametrize(
    ("relation", "change", "why"),
    [
        ("dim_area", "UPDATE catalog.source SET share_class = 'dùng chung' WHERE source_id = 'mo'", "not open"),
        ("dim_area", "INSERT INTO catalog.lineage VALUES ('stg_dim_area', 'staging', 'la__khong_khai', 'raw')", "no known source"),
        ("dim_area", "UPDATE catalog.relation SET key_columns = [] WHERE relation = 'dim_area'", "no key"),
        ("dim_area", "ALTER TABLE mart.dim_area RENAME TO t; CREATE VIEW mart.dim_area AS FROM mart.t", "no table"),
        ("dim_area", f"UPDATE catalog.relation SET open_json = '{meta('areas', licence='WTFPL')}' WHERE relation = 'dim_area'", "licence"),
        ("dim_area", f"UPDATE catalog.relation SET open_json = '{meta('areas', lisence='MIT')}' WHERE relation = 'dim_area'", "lisence"),
        ("dim_area", f"UPDATE catalog.relation SET open_json = '{meta('norms')}' WHERE relation = 'dim_area'", "taken"),
        ("fct_recipient_month", f"UPDATE catalog.relation SET open_json = '{meta('recipients', counts=['recipients'])}' WHERE relation = 'fct_recipient_month'", "area"),
        ("fct_recipient_month", f"UPDATE catalog.relation SET open_json = '{meta('recipients', counts=['people'])}' WHERE relation = 'fct_recipient_month'", "people"),
    ],
)  # fmt: skip
def test_plan__refuses_a_wrong_declaration_in_words(home: str, relation: str, change: str, why: str) -> None:
    make_open_build(change + ";")
    found = plan()
    assert why in {one.relation: one.why_en for one in found.refused}[relation]
    assert relation not in {d.relation for d in found.datasets}


def test_open_indicators__need_both_what_they_declare_and_what_they_read_to_be_open(home: str) -> None:
    served = publish.current()
    assert served
    with connect.served(served.path) as con:
        opened, closed = policy.open_indicators(con)
    assert opened.keys() == {"MO01", "MO02"} and closed.keys() == {"KI01", "KI02", "CH01"}
    assert policy.counts_people(opened["MO01"]) and not policy.counts_people(opened["MO02"])


def test_made_up_sources__are_told_in_the_dataset(home: str) -> None:
    found = {d.id: d for d in plan().datasets}
    assert (found["recipients"].is_made_up, found["areas"].is_made_up) == (True, False)


def test_project__opens_relations_of_open_sources_only() -> None:
    """Every `meta.open` of our models is valid and rests on raw tables of sources that are declared open."""
    project = declare.project_dir() / "models"
    share = {f"{s.id}__{t.name}": s.share_class for s in registry.load().sources.values() for t in s.tables}  # fmt: skip
    text = {f.stem: f.read_text(encoding="utf-8") for f in project.rglob("*.sql")}

    def raw_of(model: str, seen: frozenset[str] = frozenset()) -> set[str]:
        sql = text.get(model, "")
        raw = set(re.findall(r"source\('raw',\s*'(\w+)'\)", sql))
        return raw.union(*(raw_of(one, seen | {model}) for one in re.findall(r"ref\('(\w+)'\)", sql) if one not in seen))  # fmt: skip

    said = {}
    for file in project.rglob("*.yml"):
        for model in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("models", []):
            body = model.get("config", {}).get("meta", {}).get("open")
            if body:
                said[model["name"]] = policy.Open.model_validate(body)
    assert len(said) >= 7
    for name in said:
        raw = raw_of(name)
        assert raw, name
        assert {share[one] for one in raw} == {policy.OPEN}, name
