"""From declarations to dbt files. A build works on its own copy of the project, `<IOC_HOME>/dbt-project`, with
`models/generated/` written into it: two homes never disturb each other, and the checkout may be read-only.

Sources come from the tables `ops.source_table` and `ops.source_column`; the catalogue, the norms and the union of
indicators from the pairs under `dbt/models/indicators/`. A raw table that was never loaded is created empty with its
declared types, so that a source that is off, or not there yet, never breaks a build.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pydantic import BaseModel, ValidationError

from warehouse import indicator as contract
from warehouse.connect import ROOT, home, literal, quote
from warehouse.errors import Fault
from warehouse.indicator import Indicator

#: Contract type → DuckDB type of raw tables (the same as `ingestion.model.DUCKDB_TYPE`; a test compares them).
RAW_TYPES = {
    "text": "VARCHAR", "integer": "BIGINT", "decimal": "DECIMAL(28,6)", "double": "DOUBLE", "boolean": "BOOLEAN",
    "date": "DATE", "time": "TIME", "timestamp": "TIMESTAMPTZ", "json": "JSON",
}  # fmt: skip
VERSION = "_valid_from TIMESTAMPTZ, _valid_to TIMESTAMPTZ, "
LINEAGE = "_extract_id VARCHAR, _loaded_at TIMESTAMPTZ, _row_number BIGINT, _source_ref VARCHAR, _row_hash UBIGINT"


@dataclass(frozen=True)
class Pair:
    """One indicator: the model's name, its checked declaration, its files."""

    model: str
    indicator: Indicator
    sql: Path
    yml: Path


def project_dir() -> Path:
    """The dbt project, `dbt/` of the checkout unless `IOC_DBT_DIR` says otherwise."""
    return Path(os.environ.get("IOC_DBT_DIR") or ROOT / "dbt").resolve()


def pairs(project: Path | None = None) -> list[Pair]:
    """Every indicator pair, by code. Raises `Fault` IOC-111 with all complaints: file, line, nearest right name."""
    folder = (project or project_dir()) / "models" / "indicators"
    found: list[Pair] = []
    complaints: list[str] = []
    for yml in sorted(folder.rglob("*.yml")):
        sql = yml.with_suffix(".sql")
        if not sql.exists():
            complaints.append(f"{yml.name}:1: its half {sql.name} is missing")
            continue
        pair, wrong = _read(yml, sql)
        complaints += wrong
        if pair:
            found.append(pair)
    for sql in sorted(folder.rglob("*.sql")):
        if not sql.with_suffix(".yml").exists():
            complaints.append(f"{sql.name}:1: its half {sql.stem}.yml is missing")
    codes = [p.indicator.code for p in found]
    complaints += [
        f"{p.yml.name}:1: code {p.indicator.code} is used twice" for p in found if codes.count(p.indicator.code) > 1
    ]
    homes = [p.indicator.home_order for p in found if p.indicator.home_order]
    complaints += [
        f"{p.yml.name}:1: home_order {p.indicator.home_order} is used twice"
        for p in found
        if p.indicator.home_order and homes.count(p.indicator.home_order) > 1
    ]
    if complaints:
        raise Fault(
            "IOC-111",
            f"{len(complaints)} lỗi trong khai báo chỉ tiêu.",
            f"{len(complaints)} problem(s) in indicator pairs.",
            why="\n".join(complaints),
            fix="sửa đúng dòng nêu trên, rồi ./ioc indicator check",
            exit_code=2,
            details={"complaints": complaints},
        )
    return sorted(found, key=lambda p: p.indicator.code)


#: The parser in C, seven times as fast; a PyYAML without it has the other.
_Yaml: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(yml: Path, sql: Path) -> tuple[Pair | None, list[str]]:
    text = yml.read_text(encoding="utf-8")
    try:
        node, body = yaml.compose(text, Loader=_Yaml), yaml.load(text, Loader=_Yaml)
        model = body["models"][0]
        meta = model["config"]["meta"]["indicator"]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return None, [f"{yml.name}:{mark.line + 1 if mark else 1}: not readable as YAML"]
    except (KeyError, TypeError, IndexError):
        return None, [f"{yml.name}:1: models[0].config.meta.indicator is missing"]
    if model.get("name") != sql.stem:
        return None, [f"{yml.name}:1: the model is called {model.get('name')!r}, its file {sql.stem!r}"]
    try:
        return Pair(sql.stem, Indicator.model_validate(meta), sql, yml), []
    except ValidationError as error:
        prefix = ("models", 0, "config", "meta", "indicator")
        return None, [_complaint(yml, node, prefix, problem) for problem in error.errors()]


def _complaint(yml: Path, node: Any, prefix: tuple[Any, ...], problem: Any) -> str:
    location = tuple(problem["loc"])
    name = ".".join(map(str, location))
    if problem["type"] == "extra_forbidden":
        known = _keys(Indicator, location)
        near = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
        return f"{yml.name}:{_line(node, prefix + location)}: unknown key {str(location[-1])!r}{hint}"
    if problem["type"] == "missing":
        return f"{yml.name}:{_line(node, prefix + location[:-1])}: {name} is missing"
    return f"{yml.name}:{_line(node, prefix + location)}: {name}: {problem['msg']}"


def _keys(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    for step in location[:-1]:
        if isinstance(step, str):
            name = model.model_fields[step].annotation
            parts = [name, *getattr(name, "__args__", ())]
            nested = [p for p in parts if isinstance(p, type) and issubclass(p, contract.Declared)]
            if not nested:
                return []
            model = nested[0]
    return list(model.model_fields)


def _line(node: Any, location: tuple[Any, ...]) -> int:
    line = node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(step)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return int(line)


def working_copy() -> Path:
    """Copy the project into the home, times kept (dbt parses again only what changed); returns the copy's folder."""
    target = home() / "dbt-project"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(project_dir(), target, ignore=shutil.ignore_patterns("generated", "target", "logs"))
    return target


def generate(con: duckdb.DuckDBPyConnection, project: Path) -> list[Pair]:
    """Write `models/generated/` of `project` and create missing raw tables; returns the pairs. `con` is the intake,
    writable. The files follow from the declarations alone: dbt parses again only what changed."""
    found = pairs()
    folder = project / "models" / "generated"
    (folder / "catalog").mkdir(parents=True)
    raw = _raw_tables(con)
    sources = {"sources": [{"name": "raw", "schema": "raw", "tables": [{"name": name} for name in raw]}]}
    (folder / "sources.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    (folder / "obs_indicator.sql").write_text(_union(found), encoding="utf-8")
    every = [row[0] for row in con.execute("SELECT source_id FROM ops.source WHERE is_enabled ORDER BY 1").fetchall()]
    (folder / "catalog" / "indicator.sql").write_text(_values(_indicator_rows(found, every)), encoding="utf-8")
    norms = _norm_rows(found)
    (folder / "catalog" / "norm.sql").write_text(_values(norms) if norms else _NO_NORMS, encoding="utf-8")
    (folder / "dim_norm.sql").write_text("select * from {{ ref('norm') }}\n", encoding="utf-8")
    (folder / "catalog" / "build.sql").write_text(_BUILD, encoding="utf-8")
    return found


def _raw_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    there = {
        name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    }
    tables = con.execute(
        """SELECT t.raw_name, any_value(t.mode), list({'name': c.column_name, 'type': c.type} ORDER BY c.ordinal)
            FILTER (NOT c.is_ignored AND (c.class <> 'pii' OR c.class IS NULL))
        FROM ops.source_table AS t LEFT JOIN ops.source_column AS c USING (source_id, table_name) GROUP BY t.raw_name ORDER BY 1"""
    ).fetchall()
    for raw_name, mode, columns in tables:
        if raw_name not in there:
            declared = ", ".join(f"{quote(c['name'])} {RAW_TYPES[c['type']]}" for c in columns)
            con.execute(
                f"CREATE TABLE raw.{quote(raw_name)} ({declared}, {VERSION if mode == 'history' else ''}{LINEAGE})"
            )
    return [raw_name for raw_name, _, _ in tables]


def _union(found: Sequence[Pair]) -> str:
    """All observations, with what is provisional and the four grades of the worst of the indicator's sources."""
    parts = [
        f"select '{p.indicator.code}' as indicator_code, {', '.join(contract.OBSERVATION)} from {{{{ ref('{p.model}') }}}}"
        for p in found
    ]
    return f"""with observation as (
    {" union all ".join(f"{part}{chr(10)}   " for part in parts)}),

grade as (
    select
        i.indicator_code,
        min(g.grade_valid) as grade_valid,
        min(g.grade_complete) as grade_complete,
        min(g.grade_clean) as grade_clean,
        min(g.grade_live) as grade_live
    from (select indicator_code, unnest(sources) as source_id from {{{{ ref('indicator') }}}}) as i
    inner join {{{{ ref('int_source__graded') }}}} as g using (source_id)
    group by i.indicator_code
)

select
    o.*,
    current_timestamp < {{{{ period_end('o.period_kind', 'o.period_key') }}}} + to_minutes(i.final_after_minutes) as is_provisional,
    grade.grade_valid,
    grade.grade_complete,
    grade.grade_clean,
    grade.grade_live
from observation as o
inner join {{{{ ref('indicator') }}}} as i using (indicator_code)
left join grade using (indicator_code)
"""


def minutes(duration: str) -> int:
    """`2d` → 2880."""
    return int(duration[:-1]) * {"m": 1, "h": 60, "d": 1440}[duration[-1]]


def _indicator_rows(found: Sequence[Pair], every: list[str]) -> list[dict[str, Any]]:
    """One row a pair; `sources: ["*"]` are all that are enabled."""
    return [
        {
            "indicator_code": i.code, "model": p.model, "sector": i.sector, "title_vi": i.title.vi, "title_en": i.title.en,
            "question": i.question, "formula": i.formula, "numerator_vi": i.numerator, "denominator_vi": i.denominator,
            "unit": i.unit, "direction": i.direction, "period_kind": i.grain.period, "area_grain": i.grain.area, "additive": i.additive,
            "promise": i.freshness.promise, "stale_after_minutes": minutes(i.freshness.stale_after),
            "final_after_minutes": minutes(i.maturity.final_after), "owner_agency": i.owner_agency,
            "acts_json": json.dumps([a.model_dump() for a in i.acts_when], ensure_ascii=False), "alarm_json": i.alarm.model_dump_json(),
            "sources": every if i.sources == ["*"] else i.sources,
            "not_comparable_with": i.not_comparable_with, "caveats": i.caveats, "small_number_rule": i.small_number_rule,
            "decimals": i.decimals, "tier": i.tier, "provenance": i.provenance, "home_order": i.home_order, "complete_floor": i.complete_floor,
            "evidence_json": i.evidence.model_dump_json() if i.evidence else None,
            "blocked_vi": i.blocked.reason.vi if i.blocked else None, "blocked_en": i.blocked.reason.en if i.blocked else None,
            "missing_vi": i.blocked.missing.vi if i.blocked else None, "missing_en": i.blocked.missing.en if i.blocked else None,
        }
        for p in found
        for i in [p.indicator]
    ]  # fmt: skip


def _norm_rows(found: Sequence[Pair]) -> list[dict[str, Any]]:
    return [{"indicator_code": p.indicator.code, **n.model_dump()} for p in found for n in p.indicator.norm]


_BUILD = """{{ config(tags=['always']) }}
select
    max(build_id) as build_id,
    coalesce((select bool_or(is_made_up and is_enabled) from ops.source), false) as is_demo,
    current_timestamp as built_at
from ops.build
"""
_NO_NORMS = "select null::varchar as indicator_code where false\n"
_TYPES = {
    "valid_from": "date",
    "valid_to": "date",
    "value": "double",
    "value_max": "double",
    "sources": "varchar[]",
    "not_comparable_with": "varchar[]",
    "home_order": "integer",
    "season_from": "varchar",
    "season_to": "varchar",
    **dict.fromkeys(("evidence_json", "blocked_vi", "blocked_en", "missing_vi", "missing_en"), "varchar"),
}


def _values(rows: Sequence[dict[str, Any]]) -> str:
    """A model of literal rows. Braces of Jinja in texts are neutralised: a declaration is data, not a template."""
    columns = list(rows[0])
    lines = ",\n    ".join("(" + ", ".join(_literal(row[c]) for c in columns) + ")" for row in rows)
    casts = ",\n    ".join(f"cast({c} as {_TYPES[c]}) as {c}" if c in _TYPES else c for c in columns)
    return f"{{% raw %}}select\n    {casts}\nfrom (values\n    {lines}\n) as v ({', '.join(columns)}){{% endraw %}}\n"


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return literal(str(value).replace("{%", "{ %"))
