"""What may be published, and what may not.

A table of `mart` is open when it says so (`meta.open` in its dbt YAML) and when every source that its rows rest on, all the way
down to the raw tables, is declared `share_class: mở`. The observations of an indicator follow the same rule. A table that says
it is open and rests on anything else, or on nothing that is known, is refused: no aggregate of a closed source is published here.
`built_in.yml` adds what is no table of `mart`: the catalogue of indicators, their norms, and the observations of the open ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import yaml
from pydantic import Field, ValidationError

from opendata.small import Counted, hide_small
from warehouse import catalogue
from warehouse.connect import has_table, literal, quote
from warehouse.indicator import Declared, Words

OPEN = "mở"
#: Columns of the pipeline's own: where a row came from and when, not what it says.
OWN = {"extract_id", "extract_ids", "loaded_at"}
#: Licence → its name in both languages, its address. `CC-BY-4.0` is proposed for what the province makes itself.
LICENCES = {
    "MIT": ("Giấy phép MIT", "MIT licence", "https://opensource.org/license/mit"),
    "CC-BY-4.0": ("Ghi công 4.0 (CC BY 4.0; đề xuất, tỉnh chưa ban hành giấy phép dữ liệu mở)",
                  "Attribution 4.0 (CC BY 4.0; proposed, the province has issued no open-data licence yet)",
                  "https://creativecommons.org/licenses/by/4.0/"),
}  # fmt: skip
#: DuckDB type → what a JSON or CSV reader gets. Any other type is written as JSON text.
TYPES = {
    "BOOLEAN": "boolean", "INTEGER": "integer", "BIGINT": "integer", "SMALLINT": "integer", "TINYINT": "integer",
    "DOUBLE": "number", "FLOAT": "number", "DATE": "date", "TIMESTAMP WITH TIME ZONE": "timestamp", "VARCHAR": "string",
}  # fmt: skip
#: Words of a numerator, denominator or unit that counts people or households.
PEOPLE = re.compile(
    r"\b(người|hộ|dân|học sinh|trẻ|công dân|đối tượng|lao động|bệnh nhân|học viên|cán bộ|ca tử vong)\b", re.I
)
MADE_UP_VI, MADE_UP_EN = "SỐ LIỆU MINH HỌA", "MADE-UP FIGURES"


class Open(Declared):
    """`meta.open` of a relation. `counts` are its columns that count people or households, `derived` those that follow from
    them: then `area` and `period` say by which columns, and cells of one to four are hidden (`opendata.small`)."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: Words
    licence: Literal["MIT", "CC-BY-4.0"]
    attribution: str
    theme: Literal["AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "REGI", "SOCI", "TECH", "TRAN"]
    frequency: Literal["DAILY", "MONTHLY", "QUARTERLY", "ANNUAL", "IRREG", "NEVER"]
    year: str | None = None  # the column that holds the year that a row is of
    counts: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    area: str | None = None
    period: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    name: str
    type: str  # string, integer, number, boolean, date, timestamp
    vi: str
    en: str


@dataclass(frozen=True)
class Dataset:
    """What will be written: `sql` gives the rows of `columns`, ordered by `key` and already hidden where they must be."""

    declared: Open
    description: Words
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str
    sources: tuple[dict[str, Any], ...] = ()
    relation: str | None = None
    held_vi: str | None = None
    is_suppressible: bool = False

    @property
    def id(self) -> str:
        return self.declared.id

    @property
    def is_made_up(self) -> bool:
        return any(source["is_made_up"] for source in self.sources)


@dataclass(frozen=True)
class Refused:
    """A relation that says it is open and must not be."""

    relation: str
    why_vi: str
    why_en: str


@dataclass
class Plan:
    datasets: list[Dataset] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def plan(con: duckdb.DuckDBPyConnection) -> Plan:
    """What of a build is open. `con` is a build; one from before this rule opens nothing."""
    found = Plan()
    if not has_table(con, "catalog", "relation", "open_json") or not has_table(con, "catalog", "lineage"):
        return found
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'mart' AND database_name = current_database()").fetchall()}  # fmt: skip
    said = _rows(con, "SELECT * FROM catalog.relation WHERE open_json IS NOT NULL ORDER BY relation")
    for row in said:
        name = row["relation"]
        sources, wrong = rests_on(con, name)
        try:
            declared = Open.model_validate_json(row["open_json"])
        except ValidationError as error:
            wrong = wrong or _both("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
        if row["schema_name"] != "mart" or name not in tables:
            wrong = wrong or ("không phải bảng của mart", "it is no table of mart")
        if not row["key_columns"]:
            wrong = wrong or ("không khai khóa", "it declares no key")
        if not wrong:
            columns, types = _columns(con, name)
            unknown = (
                {*declared.counts, *declared.derived, *declared.period} | {declared.area, declared.year} - {None}
            ) - types.keys()
            if unknown:
                wrong = _both(f"meta.open: {', '.join(sorted(map(str, unknown)))}")
            elif declared.counts and not (declared.area and declared.period):
                wrong = ("đếm người mà không nêu cột địa bàn và kỳ", "it counts people and names no area and period")
        if wrong:
            found.refused.append(Refused(name, *wrong))
            continue
        words = Words(vi=row["description"] or "", en=row["description_en"] or "")
        found.datasets.append(_of_table(con, name, declared, words, tuple(row["key_columns"]), columns, types, sources))
    found.datasets += _built_in(con)
    ids = [d.id for d in found.datasets]
    for one in [d for d in found.datasets if ids.count(d.id) > 1 and d.relation]:
        found.datasets.remove(one)
        found.refused.append(Refused(one.relation or "", f"mã {one.id} đã dùng", f"the id {one.id} is taken"))
    return found


def rests_on(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """The sources of a relation of a build, and why it must stay closed; None when it may be open."""
    sources = catalogue.sources_of(con, relation)
    raw = {name for (name,) in con.execute(
        f"""WITH RECURSIVE up AS (SELECT {literal(relation)} AS name, '' AS layer
                UNION SELECT l.parent, l.parent_layer FROM up INNER JOIN catalog.lineage AS l ON l.relation = up.name)
            SELECT name FROM up WHERE layer = 'raw'""").fetchall()}  # fmt: skip
    known = {name for (name,) in con.execute("SELECT raw_name FROM catalog.source_table").fetchall()}
    if raw - known:
        names = ", ".join(sorted(raw - known))
        return sources, (f"bảng thô không rõ nguồn: {names}", f"raw tables of no known source: {names}")
    if not sources:
        return sources, ("không rõ làm từ nguồn nào", "it is not known what it is made from")
    closed = [s for s in sources if s["share_class"] != OPEN]
    if closed:
        names = ", ".join(f"{s['source_id']} ({s['share_class']})" for s in closed)
        return sources, (f"làm từ nguồn chưa mở: {names}", f"made from sources that are not open: {names}")
    return sources, None


def open_indicators(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]]]:
    """Indicators by code whose observations may be published, and why the others' may not (vi, en). Both what the pair declares
    and what its model really reads must be open."""
    every = {s["source_id"]: s for s in _rows(con, "SELECT * FROM catalog.source")}
    opened: dict[str, dict[str, Any]] = {}
    closed: dict[str, tuple[str, str]] = {}
    for one in _rows(con, "SELECT * FROM catalog.indicator ORDER BY indicator_code"):
        code = one["indicator_code"]
        if one["blocked_vi"]:
            closed[code] = (one["blocked_vi"], one["blocked_en"] or one["blocked_vi"])
            continue
        sources, wrong = rests_on(con, one["model"])
        said = [every[s] for s in one["sources"] or [] if s in every]
        if not wrong and (len(said) != len(one["sources"] or []) or any(s["share_class"] != OPEN for s in said)):
            wrong = ("khai nguồn chưa mở", "it declares a source that is not open")
        if wrong:
            closed[code] = wrong
        else:
            opened[code] = one | {"is_made_up": any(s["is_made_up"] for s in [*sources, *said]), "rests_on": sources}
    return opened, closed


def counts_people(indicator: Mapping[str, Any]) -> bool:
    """Whether one to four of it in a commune may be somebody: its rule for small numbers says so, or its words count people."""
    rule = (indicator["small_number_rule"] or "").strip()
    words = " ".join(indicator[k] or "" for k in ("numerator_vi", "denominator_vi", "unit"))
    return (bool(rule) and not rule.startswith("Không áp dụng")) or PEOPLE.search(words) is not None


# --- rows --------------------------------------------------------------------------------------------------------------


def _of_table(
    con: duckdb.DuckDBPyConnection, name: str, declared: Open, words: Words, key: tuple[str, ...],
    columns: list[Column], types: Mapping[str, str], sources: list[dict[str, Any]],
) -> Dataset:  # fmt: skip
    rows = f"SELECT {', '.join(_as_told(n, types[n]) for n in types)} FROM mart.{quote(name)}"
    if declared.counts and declared.area:
        counted = Counted(area=declared.area, group=declared.period, counts=declared.counts, derived=declared.derived)
        rows = hide_small(rows, counted)
        columns.append(_SUPPRESSED)
    made_up = any(s["is_made_up"] for s in sources)
    columns.append(_MADE_UP)
    return Dataset(
        declared, words, key, tuple(columns), _ordered(f"SELECT *, {str(made_up).lower()} AS is_made_up FROM ({rows})", key),
        tuple(sources), name, _held(con, relation=name), bool(declared.counts),
    )  # fmt: skip


def _built_in(con: duckdb.DuckDBPyConnection) -> list[Dataset]:
    """The catalogue's own datasets; `$opened` in their SQL is the list of open indicators, `$closed` why the others are not."""
    opened, closed = open_indicators(con)
    said: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("built_in.yml").read_text(encoding="utf-8"))
    found = []
    for one in said:
        columns = [Column(name, *told) for name, told in one["columns"].items()]
        sql = one["sql"].replace("$opened", _values(opened)).replace("$closed", _reasons(closed))
        sources: list[dict[str, Any]] = []
        held = None
        if one["id"] == "observations":
            people = [code for code, i in opened.items() if counts_people(i)]
            sql = hide_small(
                sql,
                Counted(area="area_code", group=("indicator_code", "period_kind", "period_key"), counts=("numerator", "denominator"), alone="value",
                        applies=f"indicator_code IN ({', '.join(map(literal, people)) or 'NULL'})"),
            )  # fmt: skip
            sources = list({s["source_id"]: s for i in opened.values() for s in i["rests_on"]}.values())
            held = "; ".join(filter(None, (_held(con, indicator=code) for code in opened))) or None
        declared = Open.model_validate({k: one[k] for k in one.keys() & Open.model_fields.keys()})
        found.append(
            Dataset(
                declared,
                Words(**one["description"]),
                tuple(one["key"]),
                tuple(columns),
                _ordered(f"SELECT {', '.join(quote(c.name) for c in columns)} FROM ({sql})", one["key"]),
                tuple(sources),
                None,
                held,
                one["id"] == "observations",
            )
        )
    return found


def _values(opened: Mapping[str, Mapping[str, Any]]) -> str:
    rows = ", ".join(f"({literal(code)}, {str(i['is_made_up']).lower()})" for code, i in opened.items())
    return f"(SELECT * FROM (VALUES {rows or '(NULL, NULL)'}) AS o (indicator_code, is_made_up))"


def _reasons(closed: Mapping[str, tuple[str, str]]) -> str:
    rows = ", ".join(f"({literal(code)}, {literal(vi)}, {literal(en)})" for code, (vi, en) in closed.items())
    return f"(SELECT * FROM (VALUES {rows or '(NULL, NULL, NULL)'}) AS c (indicator_code, closed_vi, closed_en))"


_SUPPRESSED = Column("is_suppressed", "boolean", "Số nhỏ được ẩn để không ai bị nhận ra", "Hidden, so that nobody can be recognised in a small number")  # fmt: skip
_MADE_UP = Column("is_made_up", "boolean", "Dòng minh họa, không phải số liệu thật", "A made-up row, no real figure")


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[list[Column], dict[str, str]]:
    """The columns to publish with their words, and their types in DuckDB."""
    rows = _rows(
        con,
        f"""SELECT c.column_name AS name, c.data_type AS type, d.description AS vi, d.description_en AS en FROM duckdb_columns() AS c
            LEFT JOIN catalog.column_doc AS d ON d.relation = c.table_name AND d.column_name = c.column_name
            WHERE c.schema_name = 'mart' AND c.database_name = current_database() AND c.table_name = {literal(relation)} ORDER BY c.column_index""",
    )
    told = [r for r in rows if r["name"] not in OWN]
    return [Column(r["name"], _type(r["type"]), r["vi"] or "", r["en"] or "") for r in told], {r["name"]: r["type"] for r in told}  # fmt: skip


def _type(duck: str) -> str:
    return "number" if duck.startswith("DECIMAL") else "integer" if duck in ("HUGEINT", "UBIGINT") else TYPES.get(duck, "string")  # fmt: skip


def _as_told(name: str, duck: str) -> str:
    """A column as readers get it: no infinities, exact decimals as numbers, nested values as JSON text."""
    column = quote(name)
    if duck.startswith(("DECIMAL", "DOUBLE", "FLOAT")):
        return f"CASE WHEN isfinite({column}::DOUBLE) THEN {column}::DOUBLE END AS {column}"
    if duck in ("HUGEINT", "UBIGINT"):
        return f"{column}::BIGINT AS {column}"
    return column if duck in TYPES else f"to_json({column})::VARCHAR AS {column}"


def _ordered(sql: str, key: Iterable[str]) -> str:
    return f"SELECT * FROM ({sql}) ORDER BY {', '.join(map(quote, key))}"


def _held(con: duckdb.DuckDBPyConnection, *, relation: str | None = None, indicator: str | None = None) -> str | None:
    """In words, when the last good numbers stand in for a broken relation."""
    column, value = ("relation", relation) if relation else ("indicator_code", indicator)
    if not has_table(con, "catalog", "held"):
        return None
    found = con.execute(f"SELECT any_value(reason_vi) FROM catalog.held WHERE {column} = {literal(value or '')}").fetchone()  # fmt: skip
    return found[0] if found else None


def _both(words: str) -> tuple[str, str]:
    return words, words


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def told(dataset: Dataset) -> str:
    """What the files of a dataset follow from, apart from the rows: another text, another file."""
    return json.dumps(
        [dataset.sql, [c.__dict__ for c in dataset.columns], dataset.declared.model_dump(), dataset.key], sort_keys=True
    )
