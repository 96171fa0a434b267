"""The declaration of one sector database: one YAML file under `ingestion/sources/<sector>/<source>.yml`.

Every key is checked; an unknown one is an error (`registry.py` turns pydantic's complaint into file, line and nearest
right name). `columns + ignored_columns` of a table is everything that the source has: anything else is drift.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.correction import Correction

ColumnType = Literal["text", "integer", "decimal", "double", "boolean", "date", "time", "timestamp", "json"]
#: What a contract type is in DuckDB. `timestamp` is always an instant: values without a zone are read in the source's.
DUCKDB_TYPE: dict[str, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(28,6)",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMPTZ",
    "json": "JSON",
}
#: The column in which a connector leaves what a row has beyond its columns; a row that has any is quarantined.
SURPLUS = "_more"
#: How Vietnamese text was written before Unicode; the tables are in `clean.legacy`.
Encoding = Literal["tcvn3", "tcvn3_upper", "vni", "viscii", "cp1258"]
_DURATION = re.compile(r"^(\d+)\s*(m|h|d)$")
SourceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
DriftPolicy = Literal["accept", "quarantine", "stop"]
Duration = Annotated[str, Field(pattern=_DURATION.pattern, description="a number and m, h or d: 5m, 12h, 1d")]


def minutes(duration: str) -> int:
    """`5m` → 5, `12h` → 720, `1d` → 1440."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f"not a duration: {duration!r}")
    return int(match[1]) * {"m": 1, "h": 60, "d": 1440}[match[2]]


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Title(Declared):
    vi: str
    en: str


class Owner(Declared):
    agency: str
    unit: str = ""
    contact: str = ""


class Cadence(Declared):
    """How often we come, when the number is late, and the daily deadline if the owner promised one (“chốt 17:00”)."""

    every: Duration
    late_after: Duration
    cutoff: str | None = Field(default=None, pattern=r"^\d{2}:\d{2}$")


class Connector(BaseModel):
    """`kind` and the arguments of that kind; they are checked by the connector's own model. `${NAME}` in a value is
    read from the environment; a secret is named, never written: `password: {secret: NAME}`."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str
    connection_budget: int = Field(
        default=4,
        ge=2,
        description="connections that all sources of this server may hold together; a source being pulled holds up to two",
    )

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


#: `from:` of a column that holds the row's place at the source, which every connector tells.
PLACE = "_source_ref"


class Column(Declared):
    name: Name
    from_: str | None = Field(
        default=None,
        alias="from",
        description="the source's own name, when it differs; `_source_ref`: the row's place there (file:line), the key of rows without one",
    )
    type: ColumnType = Field(description="a decimal keeps six places, rounded; a double what 64 bits hold")
    unit: str | None = None
    unit_in: Name | None = Field(default=None, description="the column that says the unit of each row's value")
    units: dict[str, float] = Field(
        default_factory=dict, description="with unit_in: what one of each unit is in `unit`, {mg/L: 1, µg/L: 0.001}"
    )
    format: str | None = Field(
        default=None,
        description="how text becomes the type: dd/MM/yyyy, yyyyMMddHHmmss, vi_number, dotnet_date, epoch_ms, …",
    )
    encoding: Encoding | Literal["detect"] | None = Field(
        default=None, description="of text from before Unicode; detect: converted where the evidence is certain"
    )
    class_: Literal["pii", "quasi", "code", "free"] = Field(default="free", alias="class")
    protect: Literal["drop", "hash", "year"] | None = Field(
        default=None, description="what a pii column becomes before landing; default drop"
    )
    required: bool = False
    empty_max: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="the share of rows in which the column may be empty before a steward is told; default 0.2, 1 = always",
    )
    range: tuple[float | None, float | None] | None = None
    code_list: list[str] | None = None
    pattern: str | None = None
    check: Literal["mst", "cccd", "bhyt", "h56", "h56_ho_so", "tthc", "phone", "email"] | None = Field(
        default=None, description="an identifier of a known form, see clean.identifiers"
    )
    nulls: list[str] = Field(default_factory=list, description="texts that mean “no value” here, e.g. KPH, -, x")
    nulls_in: Name | None = Field(
        default=None,
        description="one more raw column, with which of `nulls` stood there: below the detection limit is not the same as not measured",
    )
    description: Title | None = None

    @model_validator(mode="after")
    def _nulls_are_told_apart(self) -> Column:
        if self.nulls_in and (not self.nulls or self.class_ == "pii"):
            raise ValueError("nulls_in needs nulls, and a column that is no personal data")
        return self

    @model_validator(mode="after")
    def _units_convert(self) -> Column:
        given = (self.unit_in is not None, bool(self.units))
        if any(given) and not (all(given) and self.unit and self.type in ("decimal", "double")):
            raise ValueError("unit_in needs units and unit, and a column of decimals or doubles")
        return self

    @property
    def source_name(self) -> str:
        return self.from_ or self.name

    @property
    def is_place(self) -> bool:
        return self.source_name == PLACE


class IgnoredColumn(Declared):
    name: str
    why: str = Field(min_length=3)


class Volume(Declared):
    """Healthy number of rows in the raw table, and the largest healthy change of an extract against the median (×)."""

    min: int = 0
    max_change: float = 5.0


class Area(Declared):
    """Where a row belongs. `any` takes old and new codes and names, and gives two more columns in the raw table: `as` with
    the code of 2025, and `<as>_cu` with the old code where the source meant an old commune. An old commune that was
    split has the second only: its rows are shared out by weight later."""

    column: Name
    scheme: Literal["commune_2025", "commune_before_2025", "name_2025", "any"]
    valid_as_of: str | None = Field(default=None, description="a date, or a column that holds one")
    district: Name | None = Field(default=None, description="with any: the column of the district")
    as_: Name | None = Field(default=None, alias="as", description="with any: the column of the code of 2025")

    @model_validator(mode="after")
    def _any_gives_a_code(self) -> Area:
        if (self.scheme == "any") != (self.as_ is not None) or (self.district and self.scheme != "any"):
            raise ValueError("scheme any needs `as`; `as` and `district` need scheme any")
        return self

    @property
    def given(self) -> list[str]:
        """The columns that resolving the area adds to the raw table."""
        return [self.as_, f"{self.as_}_cu"] if self.as_ else []


class Retention(Declared):
    """How long extracts of a table stay in the landing; the newest of a table always stays."""

    keep: Duration
    snapshots: int = Field(default=1, ge=1, description="of whole tables, at least this many of the newest")


class Table(Declared):
    name: Name
    title: Title
    grain: str
    mode: Literal["append", "upsert", "snapshot", "history"] = Field(
        default="upsert",
        description="append: immutable events, key de-duplicates · upsert: newest row a key · snapshot: the whole table each time, deletes found · "
        "history: every version of a key, from when to when (with a cursor: since the cursor's time; without: the whole table each time, since we saw it)",
    )
    primary_key: list[Name] = Field(min_length=1)
    cursor: Name | None = None
    lag: Duration = "0m"
    event_time: Name | None = None
    slot: Duration | None = Field(default=None, description="one row a key is expected every … (stations)")
    recapture: Duration | None = Field(
        default=None,
        description="with slot: how long the source still has old rows; slots that are missing so long are asked for again at every pull. "
        "Default: it keeps none, what was missed is lost",
    )
    read: dict[str, Any] = Field(
        default_factory=dict, description="what this table is called at the source; checked by the connector"
    )
    columns: list[Column] = Field(min_length=1)
    ignored_columns: list[IgnoredColumn] = Field(default_factory=list)
    volume: Volume = Volume()
    retention: Retention | None = Field(default=None, description="default: every extract is kept")
    area: Area | None = None
    tier: Literal[1, 2, 3] = 2
    corrections: list[Correction] = Field(
        default_factory=list, description="written in quality/corrections, never here"
    )

    @model_validator(mode="after")
    def _names_exist(self) -> Table:
        names = [c.name for c in self.columns]
        doubled = sorted({n for n in names if names.count(n) > 1})
        if doubled:
            raise ValueError(f"columns declared twice: {', '.join(doubled)}")
        wanted = [
            *self.primary_key,
            *(c.unit_in for c in self.columns if c.unit_in),
            *filter(
                None, [self.cursor, self.event_time, *([self.area.column, self.area.district] if self.area else [])]
            ),
        ]
        for name in wanted:
            if name not in names:
                raise ValueError(f"column {name!r} is used but not declared")
        for name in self.given:
            if name in names or self.given.count(name) > 1:
                raise ValueError(f"column {name!r} is declared, but the area or nulls_in gives it")
        if any(c.class_ == "pii" and c.protect in (None, "drop") and c.name in wanted for c in self.columns):
            raise ValueError("a key, cursor or event time cannot be a dropped pii column")
        if self.recapture and not (self.slot and self.event_time and self.cursor in (None, self.event_time)):
            raise ValueError("recapture needs slot and event_time, and a cursor, if any, that is the event time")
        if self.mode == "history" and self.cursor:
            since = self.column(self.cursor)
            if since.type not in ("timestamp", "date") or not since.required:
                raise ValueError(f"the cursor {self.cursor!r} of a history must be a required timestamp or date")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether every extract holds the whole table, so that a key it misses is gone at the source."""
        return self.mode == "snapshot" or (self.mode == "history" and self.cursor is None)

    @property
    def given(self) -> list[str]:
        """The raw columns, all text, that the source does not have: the resolved area, and which text meant no value."""
        return [*(self.area.given if self.area else []), *(c.nulls_in for c in self.columns if c.nulls_in)]

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


class OnDrift(Declared):
    """What a change of a table's columns does: accept (load what is known, report), quarantine (land, and load when
    somebody accepts it or the declaration is mended), stop (do not even land; the source is late with that reason)."""

    added: DriftPolicy = "accept"
    removed: DriftPolicy = "stop"
    retyped: DriftPolicy = "accept"


class Source(Declared):
    id: SourceId
    sector: Name
    title: Title
    owner: Owner
    grants_access: str
    legal_basis: str = ""
    share_class: Literal["chuyên ngành", "dùng chung", "mở"]
    connector: Connector
    cadence: Cadence
    time_zone: str = "Asia/Ho_Chi_Minh"
    made_up: bool = Field(default=False, description="rows are invented for the demo; every board says so")
    requires: str | None = Field(
        default=None, description="an environment variable without which the source is skipped, and says so"
    )
    tables: list[Table] = Field(min_length=1)
    on_drift: OnDrift = OnDrift()

    @model_validator(mode="after")
    def _tables_differ(self) -> Source:
        names = [t.name for t in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("two tables have one name")
        return self

    def table(self, name: str) -> Table:
        return next(t for t in self.tables if t.name == name)


def raw_name(source_id: str, table_name: str) -> str:
    """The table's name in schema `raw`: `<source>__<table>`."""
    return f"{source_id}__{table_name}"
