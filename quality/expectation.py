"""One expectation about one relation, and the extra suites that people write in `quality/suites/*.yml`."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from warehouse.errors import Fault

SUITES = Path(__file__).parent / "suites"
#: A `note` is what was a warning until stewards called it false too often.
Severity = Literal["stop", "warn", "note"]
#: What Great Expectations can push down to DuckDB. Its regular-expression expectations cannot: `unexpected_rows_expectation`
#: with `regexp_full_match` says the same.
Kind = Literal[
    "expect_column_to_exist",
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
    "expect_column_min_to_be_between",
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_unique_value_count_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_table_row_count_to_be_between",
    "expect_table_columns_to_match_set",
    "unexpected_rows_expectation",
]


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Reason(Declared):
    """The promise in words, as the person reads it who has to mend what broke it."""

    vi: str
    en: str


class Loosened(Declared):
    """The dated note of a promise that was made weaker: what it was before, who decided that, and why."""

    date: date
    by: str = Field(min_length=1)
    was: str = Field(alias="from", min_length=1)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_past(self) -> Loosened:
        if self.date > date.today():
            raise ValueError(f"{self.date} is in the future")
        return self


class Fixture(Declared):
    """Rows of the relation that keep the promise, and what breaks it: other values for the first row, or the assignments
    of an UPDATE. Many rows are a query. `beside` are rows of the other relations that the expectation asks."""

    passes: list[dict[str, Any]] | str
    breaks: dict[str, Any] | str
    beside: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)


class Expectation(Declared):
    """`relation` is `schema.name`: `raw` lives in the intake, every other schema in the build. `rule` is its stable name.
    `tier` is the relation's unless given; only `stop` at tier 1 holds what was made from the relation. `note` says where a
    bound comes from. `detail` is a detector's query whose rows say in words what broke it. `suite` is the file that has it.

    A suite may say `never: <condition>`, or `never: FROM {batch} …` for more than a condition, in place of `expectation`.
    """

    relation: str = Field(pattern=r"^(raw|mart|catalog)\.[a-z][a-z0-9_]*$")
    expectation: Kind
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Severity = "stop"
    tier: Literal[1, 2, 3] | None = None
    reason: Reason
    owner: str = ""
    note: str = ""
    rule: str = ""
    column: str = ""
    detail: str = ""
    suite: str = ""
    loosened: Loosened | None = None
    fixture: Fixture | None = None

    @model_validator(mode="before")
    @classmethod
    def _never(cls, entry: Any) -> Any:
        """`never` as what Great Expectations asks. Its query goes through SQLAlchemy's text(), where a colon is escaped."""
        if not isinstance(entry, dict) or "never" not in entry:
            return entry
        rest = {key: value for key, value in entry.items() if key != "never"}
        rows = str(entry["never"]).strip().replace(":", r"\:")
        rows = rows if rows.startswith("FROM ") else f"FROM {{batch}} WHERE {rows}"
        query = {"unexpected_rows_query": f"SELECT 1 AS broken {rows}"}
        return {"expectation": "unexpected_rows_expectation", "kwargs": query} | rest

    @property
    def name(self) -> str:
        return self.rule or self.expectation

    @property
    def about(self) -> str:
        """The column it speaks of (several: joined by a comma), or ''."""
        return self.column or str(self.kwargs.get("column") or ", ".join(self.kwargs.get("column_list", [])))


def suites(folder: Path = SUITES) -> list[Expectation]:
    """All extra expectations. Raises `Fault` IOC-420 with the file, the key and the nearest right name."""
    return [one for path in sorted(folder.glob("*.yml")) for one in _suite(path)]


def _suite(path: Path) -> list[Expectation]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise _fault(path, f"not YAML: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise _fault(path, "a suite is a list of at least one expectation")
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(Expectation.model_validate(entry).model_copy(update={"suite": path.name}))
        except ValidationError as error:
            raise _fault(path, f"entry {number}: {_complaint(error)}") from error
    return found


def _complaint(error: ValidationError) -> str:
    """The first complaint of pydantic, a wrong key of the entry before what is missing, with the nearest right name."""
    first = min(error.errors(), key=lambda one: (one["type"], len(one["loc"])) != ("extra_forbidden", 1))
    where = ".".join(map(str, first["loc"]))
    known = {
        "extra_forbidden": ["never", *Expectation.model_fields],
        "literal_error": [*get_args(Kind), *get_args(Severity)],
    }
    wrong = str(first["loc"][-1]) if first["type"] == "extra_forbidden" else str(first["input"])
    near = difflib.get_close_matches(wrong, known.get(first["type"], []), n=1)
    return f"{where}: {first['msg']}" + (f"; did you mean {near[0]!r}?" if near else "")


def _fault(path: Path, why: str) -> Fault:
    return Fault(
        "IOC-420",
        f"Bộ kiểm tra “{path.name}” viết sai.",
        f"The suite “{path.name}” is wrong.",
        why=why,
        fix=f"edit quality/suites/{path.name}",
    )
