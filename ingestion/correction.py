"""What people have decided about a source beyond its declaration: known errors corrected, rules changed by two persons.

    quality/corrections/<source>.yml        what ships and is reviewed with the code
    <IOC_HOME>/corrections/<source>.yml     what stewards decided on this server

Both have the same form (`Mending`), hold for every later load, replay and rebuild, and never touch the landing: the value
as it came stays there and in quarantine. A correction is counted at each load, so that the day the source is mended the
baseline rule `correction_needed` says that it may go.
"""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from warehouse import connect
from warehouse.connect import literal
from warehouse.errors import Fault

if TYPE_CHECKING:
    from ingestion.model import Source

SHIPPED = connect.ROOT / "quality" / "corrections"
#: What a confirmed change may set on a column.
CHANGEABLE = ("range", "code_list", "pattern", "required", "nulls", "empty_max")


class Decided(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True)
    why: str = Field(min_length=3)
    by: str = Field(min_length=1)
    decided_on: date


class Correction(Decided):
    """In `table`, where `column` came as the text `from` (and the row is the one of `key`, if given), it means `to`.

    An alias of a commune, station or unit is a correction without a key; a known wrong value of one row is one with it.
    `from` is compared with the trimmed text as the source has it, '' with no value; `to: null` takes the value away.
    """

    table: str
    column: str
    from_: str = Field(alias="from")
    to: str | None
    key: dict[str, str] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Stable, for the ledger: the same correction written twice is one."""
        text = repr((self.table, self.column, self.from_, sorted(self.key.items())))
        return hashlib.sha256(text.encode()).hexdigest()[:10]


class RuleChange(Decided):
    """One key of a column's declaration that two persons agreed to change; `value` as the declaration would have it."""

    table: str
    column: str
    rule: str
    value: Any
    confirmed_by: str

    @model_validator(mode="after")
    def _two_persons(self) -> RuleChange:
        if self.confirmed_by == self.by:
            raise ValueError("a rule is changed by two persons: confirmed_by must differ from by")
        if self.rule not in CHANGEABLE:
            raise ValueError(f"{self.rule!r} cannot be changed this way; one of {', '.join(CHANGEABLE)}")
        return self


class Mending(BaseModel):
    """One file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corrections: list[Correction] = []
    rules: list[RuleChange] = []


def local() -> Path:
    return connect.home() / "corrections"


def read(path: Path) -> Mending:
    """One file; an absent one decides nothing. Raises `Fault` IOC-103 with what is wrong where."""
    if not path.exists():
        return Mending()
    try:
        return Mending.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise _fault(path, why) from error


def applied(source: Source) -> Source:
    """The declaration with everything that was decided about it. Raises `Fault` IOC-103 where a decision names a table or
    column that is not declared, or makes a declaration that is none."""
    for path in (SHIPPED / f"{source.id}.yml", local() / f"{source.id}.yml"):
        if path.exists():
            source = with_mending(source, read(path), path)
    return source


def with_mending(source: Source, mending: Mending, path: Path) -> Source:
    """The declaration under the decisions of one file. Raises `Fault` IOC-103, naming the file, where they do not fit it."""
    body = source.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    tables = {table["name"]: table for table in body["tables"]}

    def column(one: Correction | RuleChange) -> dict[str, Any]:
        found = [c for c in tables.get(one.table, {}).get("columns", []) if c["name"] == one.column]
        if not found:
            raise _fault(path, f"{one.table}.{one.column} is not declared in {source.id}")
        about: dict[str, Any] = found[0]
        return about

    for fix in mending.corrections:
        about, table = column(fix), tables[fix.table]
        if about.get("class") == "pii" or not set(fix.key) <= {c["name"] for c in table["columns"]}:
            raise _fault(
                path, f"correction of {fix.table}.{fix.column}: a personal column, or a key that is not declared"
            )
        kept = [c for c in table.get("corrections", []) if Correction.model_validate(c).id != fix.id]
        table["corrections"] = [*kept, fix.model_dump(by_alias=True, mode="json")]
    for change in mending.rules:
        column(change)[change.rule] = change.value
    try:
        return type(source).model_validate(body)
    except ValidationError as error:
        raise _fault(path, str(error.errors()[0]["msg"])) from error


def write(source_id: str, mending: Mending) -> Path:
    """The decisions of this server about a source, whole or not at all. The caller has checked that they apply."""
    folder = local()
    folder.mkdir(exist_ok=True)
    path = folder / f"{source_id}.yml"
    fresh = path.with_suffix(".new")
    body = mending.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    with fresh.open("w", encoding="utf-8") as file:
        yaml.safe_dump(body, file, allow_unicode=True, sort_keys=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path


# --- as SQL ------------------------------------------------------------------------------------------------------------


def sql_applies(one: Correction, value: str, original: dict[str, str]) -> str:
    """True for the rows it corrects: `value` is the text as it came, `original` column → SQL of what came."""
    same = f"coalesce(trim({value}), '') = {literal(one.from_)}"
    return " AND ".join([same, *_of_key(one, original)])


def sql_no_longer(one: Correction, value: str, original: dict[str, str]) -> str:
    """True for the rows of its key that came with another value: the source has been mended. Without a key: never."""
    if not one.key:
        return "false"
    other = f"coalesce(trim({value}), '') <> {literal(one.from_)}"
    return " AND ".join([other, *_of_key(one, original)])


def _of_key(one: Correction, original: dict[str, str]) -> list[str]:
    return [
        f"coalesce(trim(CAST({original[name]} AS VARCHAR)) = {literal(text)}, false)" for name, text in one.key.items()
    ]


def sql_corrected(found: list[tuple[Correction, str]], raw: str, landed: str) -> str:
    """The value of type `landed` with corrections (each with its condition) put in its place."""
    cases = " ".join(
        f"WHEN {condition} THEN {'NULL' if one.to is None else f'TRY_CAST({literal(one.to)} AS {landed})'}"
        for one, condition in found
    )
    return f"(CASE {cases} ELSE {raw} END)"


def _fault(path: Path, why: str) -> Fault:
    return Fault(
        "IOC-103",
        f"Tệp hiệu chỉnh “{path.name}” viết sai.",
        f"The corrections in “{path.name}” are wrong.",
        why=why,
        fix=f"sửa {path.parent.name}/{path.name}, rồi ./ioc source check",
        exit_code=2,
    )
