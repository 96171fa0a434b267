"""The contract of an indicator pair: `dbt/models/indicators/<sector>/ind_<sector>_<what>.{sql,yml}`.

The YAML half is a dbt properties file; this module checks its `config.meta.indicator` block. An unknown key is an error.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Duration = Annotated[str, Field(pattern=r"^\d+\s*(m|h|d)$")]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")]
#: What the SQL half returns, in this order, with these DuckDB types.
OBSERVATION = {
    "period_kind": "VARCHAR",
    "period_key": "VARCHAR",
    "area_code": "VARCHAR",
    "breakdown": "VARCHAR",
    "numerator": "DOUBLE",
    "denominator": "DOUBLE",
    "value": "DOUBLE",
    "as_of": "TIMESTAMP WITH TIME ZONE",
    "extract_ids": "VARCHAR[]",
}


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Words(Declared):
    vi: str
    en: str


class Grain(Declared):
    period: Literal["hour", "day", "month", "quarter", "year"]
    area: Literal["province", "commune", "station", "reservoir"]


class Norm(Declared):
    """A threshold with its legal source. `level` says what it separates: `target` (met or not), `watch` (yellow beyond it),
    `alarm` (red beyond it). For direction band, `value..value_max` is the good range. With a season (MMDD, both days within; it
    may run over the new year) it holds on those days of each year only."""

    value: float
    value_max: float | None = None
    level: Literal["target", "watch", "alarm"]
    source: str
    legal_ref: str = ""
    valid_from: str
    valid_to: str | None = None
    season_from: MonthDay | None = None
    season_to: MonthDay | None = None
    provenance: Literal["S", "D", "M", "P"]

    @model_validator(mode="after")
    def _season_has_both_ends(self) -> Self:
        if (self.season_from is None) != (self.season_to is None):
            raise ValueError("a season needs season_from and season_to")
        return self


class Freshness(Declared):
    promise: str
    stale_after: Duration


class Maturity(Declared):
    """An observation is provisional until this long after its period ended."""

    final_after: Duration


class Action(Declared):
    level: Literal["watch", "alarm"]
    who: str
    procedure: str
    within: str


class Rise(Declared):
    """So much more (m) than the lowest reading of the three hours before opens an alarm of level watch; it closes under half of that.
    Read for river stations."""

    by: float = Field(gt=0)
    source: str


class Alarm(Declared):
    """How alarms open and close beyond what `norm` and `acts_when` say. `per` station or reservoir: each of them has its own, and
    the province's total none. An alarm closes once the reading is back past its threshold by `clear_margin`, in the unit of what
    is measured, so that one that flutters is one alarm. `covered_by` names the indicator whose alarms tell the same."""

    per: Literal["province", "station", "reservoir"] = "province"
    clear_margin: float = Field(default=0, ge=0)
    rise: Rise | None = None
    covered_by: str | None = None


class Evidence(Declared):
    """From a number back to rows; see docs/interfaces.md."""

    model: str
    keys: list[str] = Field(min_length=1)
    where: str
    numerator: str
    denominator: str | None = None


class Blocked(Declared):
    """Why no value can be computed honestly today, and what would free it: which data, of whom. The SQL half is `{{ no_observation() }}`."""

    reason: Words
    missing: Words


class Indicator(Declared):
    code: str = Field(pattern=r"^[A-Z]{2}\d{2}[a-z]?$")
    sector: str
    title: Words
    question: str
    formula: str
    numerator: str
    denominator: str
    unit: str
    direction: Literal["up", "down", "band"]
    grain: Grain
    additive: Literal["yes", "ratio", "no"]
    norm: list[Norm] = Field(default_factory=list)
    freshness: Freshness
    maturity: Maturity
    owner_agency: str
    acts_when: list[Action] = Field(default_factory=list)
    alarm: Alarm = Field(default_factory=Alarm)
    sources: list[str] = Field(default_factory=list)
    not_comparable_with: list[str] = Field(default_factory=list)
    caveats: str = ""
    small_number_rule: str = ""
    decimals: int = Field(ge=0, le=4)
    tier: Literal[1, 2, 3]
    provenance: Literal["S", "D", "M", "P"]
    complete_floor: int = Field(default=50, ge=0, le=100)
    home_order: int | None = Field(default=None, ge=1, le=12)
    evidence: Evidence | None = None
    blocked: Blocked | None = None

    @model_validator(mode="after")
    def _has_rows_or_says_why_not(self) -> Self:
        if self.blocked is None and not (self.sources and self.evidence):
            raise ValueError("sources and evidence are missing (or say in `blocked` why there is no value)")
        if self.blocked and (self.sources or self.evidence or self.home_order):
            raise ValueError("a blocked indicator has no sources, no evidence and no home_order")
        return self
