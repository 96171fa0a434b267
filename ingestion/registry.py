"""The registry: every declaration under `ingestion/sources/`, checked, with complaints that name file, line and remedy.

All problems of all files are reported together. An unknown key, connector or argument comes with the nearest right name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pydantic import BaseModel, ValidationError

from ingestion import connectors, correction, mask
from ingestion.clean import cast
from ingestion.model import Cadence, Column, Source, Table, minutes, raw_name
from warehouse.connect import insert
from warehouse.errors import Fault

SOURCES = Path(__file__).parent / "sources"


@dataclass(frozen=True)
class Registry:
    """The declared sources by id, in the order of sector and name, and the file of each."""

    sources: dict[str, Source]
    paths: dict[str, Path]

    def get(self, source_id: str) -> Source:
        """The source, or `Fault` IOC-102 (exit 2) with the nearest ids."""
        if source_id in self.sources:
            return self.sources[source_id]
        near = get_close_matches(source_id, self.sources, n=3, cutoff=0.4)
        raise Fault(
            "IOC-102",
            f"Không có nguồn “{source_id}”." + (f" Gần giống: {', '.join(near)}." if near else ""),
            f"There is no source “{source_id}”." + (f" Near: {', '.join(near)}." if near else ""),
            fix="./ioc source list",
            exit_code=2,
        )


@dataclass(frozen=True)
class Complaint:
    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}: {self.message}"


def load(path: Path | None = None, *, correct: bool = True) -> Registry:
    """Read and check every declaration below `path` (default the project's), and `correct` them as people decided
    (`ingestion.correction`). Raises `Fault` IOC-101 with all complaints, IOC-103 for a decision that does not fit."""
    folder = path or SOURCES
    files = sorted(folder.rglob("*.yml")) if folder.is_dir() else [folder]
    sources: dict[str, Source] = {}
    paths: dict[str, Path] = {}
    complaints = [] if files else [Complaint(folder, 1, "no declaration is there")]
    for file in files:
        source, wrong = read(file)
        complaints += wrong
        if source is None:
            continue
        if source.id in sources:
            complaints.append(Complaint(file, 1, f"id {source.id!r} is already declared in {paths[source.id].name}"))
            continue
        if file.stem != source.id:
            complaints.append(
                Complaint(
                    file, 1, f"the file is called {file.name} but declares {source.id!r}; rename it {source.id}.yml"
                )
            )
        sources[source.id], paths[source.id] = source, file
    if complaints:
        raise Fault(
            "IOC-101",
            f"{len(complaints)} lỗi trong khai báo nguồn.",
            f"{len(complaints)} problem(s) in source declarations.",
            why="\n".join(map(str, complaints)),
            fix="sửa đúng dòng nêu trên, rồi ./ioc source check",
            exit_code=2,
            details={"complaints": [str(c) for c in complaints]},
        )
    if correct:
        sources = {name: correction.applied(source) for name, source in sources.items()}
    return Registry(sources, paths)


def read(file: Path) -> tuple[Source | None, list[Complaint]]:
    """One file: the source when its shape is right, and every complaint about it."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        body = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        return None, [
            Complaint(file, mark.line + 1 if mark else 1, f"not readable as YAML: {getattr(error, 'problem', error)}")
        ]
    if not isinstance(body, dict):
        return None, [Complaint(file, 1, "a declaration is a mapping of keys")]
    try:
        source = Source.model_validate(body)
    except ValidationError as error:
        return None, [_complaint(file, node, Source, problem) for problem in error.errors()]
    return source, _arguments(file, node, source) + _formats(file, node, source) + _no_corrections(file, node, source)


def _no_corrections(file: Path, node: Any, source: Source) -> list[Complaint]:
    """One place for each thing: what corrects rows stands in quality/corrections."""
    return [
        Complaint(
            file, _line(node, ("tables", i, "corrections")), f"corrections stand in quality/corrections/{source.id}.yml"
        )
        for i, table in enumerate(source.tables)
        if table.corrections
    ]


def _line(node: Any, location: tuple[Any, ...], *, of_key: bool = False) -> int:
    """The line (from 1) of a location in the composed YAML; of its nearest parent when it is absent."""
    line = node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(step)]
            if not found:
                return int(line)
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return int(line)


def _known_keys(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """The keys that are right where an unknown one was found, by walking the models along the location."""
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == step), None)
        nested = list(_models_in(field.annotation)) if field else []
        if not nested:
            return []
        model = nested[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_in(arg)]


def _nearest(wrong: str, right: list[str]) -> str:
    near = get_close_matches(wrong, right, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(right))}" if right else ""


def _complaint(file: Path, node: Any, model: type[BaseModel], problem: Any, prefix: tuple[Any, ...] = ()) -> Complaint:
    location = tuple(problem["loc"])
    where = prefix + location
    name = ".".join(str(step) for step in where) or "the declaration"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(model, location)
        return Complaint(
            file,
            _line(node, where),
            f"unknown key {str(location[-1])!r} in {'.'.join(map(str, where[:-1])) or 'the declaration'}{_nearest(str(location[-1]), known)}",
        )
    if problem["type"] == "missing":
        return Complaint(file, _line(node, where[:-1]), f"{name} is missing")
    return Complaint(
        file, _line(node, where), f"{name}: {problem['msg'].removeprefix('Value error, ')}{_column_hint(problem)}"
    )


def _column_hint(problem: Any) -> str:
    """“used but not declared” gets the nearest declared column."""
    message, given = problem["msg"], problem.get("input")
    if "used but not declared" not in message or not isinstance(given, dict):
        return ""
    wrong = message.split("'")[1]
    return _nearest(wrong, [c.get("name", "") for c in given.get("columns", []) if isinstance(c, dict)])


def _arguments(file: Path, node: Any, source: Source) -> list[Complaint]:
    """The connector's kind and arguments, and each table's `read` block, against the connector's own models."""
    kind = source.connector.kind
    if kind not in connectors.KINDS:
        return [
            Complaint(
                file,
                _line(node, ("connector", "kind")),
                f"unknown connector {kind!r}{_nearest(kind, list(connectors.KINDS))}",
            )
        ]
    module = connectors.module(kind)
    complaints = _against(file, node, module.Connection, source.connector.arguments, ("connector",))
    for number, table in enumerate(source.tables):
        complaints += _against(file, node, module.Read, table.read, ("tables", number, "read"))
    return complaints


def _against(
    file: Path, node: Any, model: type[BaseModel], given: dict[str, Any], prefix: tuple[Any, ...]
) -> list[Complaint]:
    try:
        model.model_validate(given)
    except ValidationError as error:
        return [_complaint(file, node, model, problem, prefix) for problem in error.errors()]
    return []


def _formats(file: Path, node: Any, source: Source) -> list[Complaint]:
    return [
        Complaint(
            file,
            _line(node, ("tables", i, "columns", j)),
            f"column {column.name}: unknown format {column.format!r}"
            + _nearest(column.format, sorted(cast.FORMATS.get(column.type, []))),
        )
        for i, table in enumerate(source.tables)
        for j, column in enumerate(table.columns)
        if column.format and column.format not in cast.FORMATS.get(column.type, [])
    ]


def skipped_why(source: Source) -> tuple[str, str] | None:
    """Why a source is not pulled here (vi, en), or None when it is."""
    name = source.requires
    if name is None or os.environ.get(name):
        return None
    return f"bỏ qua: chưa đặt biến môi trường {name}", f"skipped: the environment variable {name} is not set"


def sync(con: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Write the declarations to `ops.source`, `ops.source_table`, `ops.source_column` and `ops.correction`, in one transaction.

    Rooms that may not import this one (dbt's generation, quality) read them there.
    """
    sources = list(registry.sources.values())
    tables = [(source, table) for source in sources for table in source.tables]
    con.execute("BEGIN")
    try:
        _rewrite(con, "ops.source", [_source_row(source, registry.paths[source.id]) for source in sources])
        _rewrite(con, "ops.source_table", [_table_row(source, table) for source, table in tables])
        _rewrite(con, "ops.correction", [row for source, table in tables for row in _correction_rows(source, table)])
        _rewrite(con, "ops.source_column", [row for source, table in tables for row in _column_rows(source, table)])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _rewrite(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """The whole table anew by one statement: row by row, 200 tables would fill the memory that loading may use."""
    con.execute(f"DELETE FROM {table}")
    if rows:
        con.execute(insert(table, rows))


def _cadence_vi(cadence: Cadence) -> str:
    number, unit = minutes(cadence.every), "phút"
    for size, word in ((1440, "ngày"), (60, "giờ")):
        if number % size == 0:
            number, unit = number // size, word
            break
    return f"mỗi {number} {unit}" + (f", chốt {cadence.cutoff}" if cadence.cutoff else "")


def _source_row(source: Source, path: Path) -> dict[str, Any]:
    why = skipped_why(source)
    return {
        "source_id": source.id, "sector": source.sector, "title_vi": source.title.vi, "title_en": source.title.en,
        "owner_agency": source.owner.agency, "owner_unit": source.owner.unit, "owner_contact": source.owner.contact,
        "share_class": source.share_class, "legal_basis": source.legal_basis, "connector_kind": source.connector.kind,
        "cadence": _cadence_vi(source.cadence), "every_minutes": minutes(source.cadence.every),
        "late_after_minutes": minutes(source.cadence.late_after), "cutoff": source.cadence.cutoff,
        "tier": min(table.tier for table in source.tables), "is_made_up": source.made_up, "is_enabled": why is None,
        "skipped_why": why[0] if why else None, "declaration_path": f"{path.parent.name}/{path.name}",
    }  # fmt: skip


def _table_row(source: Source, table: Table) -> dict[str, Any]:
    return {
        "source_id": source.id, "table_name": table.name, "raw_name": raw_name(source.id, table.name), "title_vi": table.title.vi,
        "grain": table.grain, "primary_key": table.primary_key, "cursor_column": table.cursor, "lag_minutes": minutes(table.lag),
        "event_time": table.event_time, "mode": table.mode, "volume_min": table.volume.min, "volume_max_change": table.volume.max_change,
        "area_column": table.area.column if table.area else None, "area_scheme": table.area.scheme if table.area else None,
        "slot_minutes": minutes(table.slot) if table.slot else None, "tier": table.tier,
        "recapture_minutes": minutes(table.recapture) if table.recapture else None,
    }  # fmt: skip


def _correction_rows(source: Source, table: Table) -> list[dict[str, Any]]:
    return [
        {
            "correction_id": one.id, "source_id": source.id, "table_name": table.name, "column_name": one.column, "has_key": bool(one.key),
            "decided_by": one.by, "why": one.why, "decided_on": one.decided_on.isoformat(),
        }
        for one in table.corrections
    ]  # fmt: skip


def _column_rows(source: Source, table: Table) -> list[dict[str, Any]]:
    declared = [_column_row(source, table, ordinal, column) for ordinal, column in enumerate(table.columns, 1)]
    ignored = [
        dict.fromkeys(declared[0])
        | {
            "source_id": source.id,
            "table_name": table.name,
            "source_name": one.name,
            "is_ignored": True,
            "ignored_why": one.why,
        }
        for one in table.ignored_columns
    ]
    given = [
        dict.fromkeys(declared[0])
        | {
            "source_id": source.id,
            "table_name": table.name,
            "ordinal": ordinal,
            "column_name": name,
            "type": "text",
            "class": "code" if table.area and name in table.area.given else "free",
            "is_required": False,
            "description_vi": "suy ra khi nạp",
            "description_en": "derived while loading",
            "is_ignored": False,
        }
        for ordinal, name in enumerate(table.given, len(declared) + 1)
    ]
    return declared + given + ignored


def _column_row(source: Source, table: Table, ordinal: int, column: Column) -> dict[str, Any]:
    low, high = column.range or (None, None)
    # what is hashed or cut to a year before landing is stored like any column, and no longer personal by itself
    is_stored = column.class_ == "pii" and not mask.is_dropped(column)
    return {
        "source_id": source.id, "table_name": table.name, "ordinal": ordinal, "column_name": column.name, "source_name": column.source_name,
        "type": column.type, "unit": column.unit, "class": "quasi" if is_stored else column.class_, "is_required": column.required, "range_min": low, "range_max": high,
        "code_list": column.code_list, "pattern": column.pattern, "description_vi": column.description.vi if column.description else None,
        "description_en": column.description.en if column.description else None, "is_ignored": False, "ignored_why": None,
        "empty_max": column.empty_max,
        "protect": (column.protect or "drop") if column.class_ == "pii" else None,
    }  # fmt: skip
