"""Every rule of quality/suites passes its good rows and fails on its bad one: a rule without a row that breaks it is no rule."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from quality import expectation, judge
from quality.baseline import Relation
from quality.expectation import Expectation, Fixture

MODELS = Path(__file__).parents[2] / "dbt" / "models"
SHIPPED = expectation.suites()
Contracts = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    files = [*(MODELS / "marts").rglob("*.yml"), *(MODELS / "serving").glob("*.yml")]
    models = [m for f in files for m in yaml.safe_load(f.read_text(encoding="utf-8"))["models"] if "columns" in m]
    return {f"mart.{m['name']}": {c["name"]: c["data_type"] for c in m["columns"]} for m in models}


def outcome(path: Path, rule: Expectation, contracts: Contracts, *, broken: bool) -> str:
    """What Great Expectations says of `rule` on a file whose relations have the promised columns and the fixture's rows."""
    made = rule.fixture
    assert made is not None
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA mart; SET TimeZone = 'Asia/Ho_Chi_Minh'")
        for relation, rows in [(rule.relation, made.passes), *made.beside.items()]:
            con.execute(f"CREATE TABLE {relation} ({', '.join(f'{n} {t}' for n, t in contracts[relation].items())})")
            if isinstance(rows, str):
                con.execute(f"INSERT INTO {relation} BY NAME {rows}")
                continue
            for row in rows:
                con.execute(f"INSERT INTO {relation} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))  # fmt: skip
        if broken:
            spoil(con, rule.relation, made)
    (judged,) = judge.ask(path, [Relation(rule.relation, 1, "", (rule,))])
    return judged.results[0].outcome


def spoil(con: duckdb.DuckDBPyConnection, relation: str, made: Fixture) -> None:
    if isinstance(made.breaks, str):
        con.execute(f"UPDATE {relation} SET {made.breaks}")
    else:
        sets = ", ".join(f"{name} = ?" for name in made.breaks)
        con.execute(f"UPDATE {relation} SET {sets} WHERE rowid = 0", list(made.breaks.values()))


def test_rules__have_a_name_an_owner_and_rows_that_break_them() -> None:
    assert len(SHIPPED) >= 60
    lacking = [f"{one.relation}:{one.rule}" for one in SHIPPED if not (one.rule and one.owner and one.fixture and one.fixture.breaks)]  # fmt: skip
    assert lacking == []
    names = [f"{one.relation}:{one.rule}" for one in SHIPPED]
    assert len(set(names)) == len(names)


def test_rules__reach_every_sector() -> None:
    folder = {path.stem: path.parent.name for path in (MODELS / "marts").rglob("*.sql")}
    reached = {folder[one.relation.removeprefix("mart.")] for one in SHIPPED if one.relation.removeprefix("mart.") in folder}  # fmt: skip
    # `mo` are files of others, which no suite of ours bounds.
    assert reached == {*folder.values()} - {"mo"} and len(reached) == 19


def test_guide__shows_a_rule_that_ships() -> None:
    guide = (MODELS.parents[1] / "docs" / "quality-rules.md").read_text(encoding="utf-8")
    (shown,) = yaml.safe_load(guide.split("```yaml\n")[1].split("```")[0])
    (shipped,) = (one for one in SHIPPED if (one.relation, one.rule) == (shown["relation"], shown["rule"]))
    assert Expectation.model_validate(shown).kwargs == shipped.kwargs


@pytest.mark.slow
@pytest.mark.parametrize("rule", SHIPPED, ids=lambda one: f"{one.relation.removeprefix('mart.')}-{one.rule}")
def test_rule__passes_good_rows_and_fails_on_a_bad_one(rule: Expectation, contracts: Contracts, tmp_path: Path) -> None:
    assert outcome(tmp_path / "good.duckdb", rule, contracts, broken=False) == "PASS"
    assert outcome(tmp_path / "bad.duckdb", rule, contracts, broken=True) == "FAIL"
