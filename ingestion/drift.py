"""What changed in a source's columns against its declaration: added, removed, probably renamed, retyped."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field

from ingestion.model import SURPLUS, DriftPolicy, Source, Table
from warehouse.errors import Fault


class Drift(BaseModel):
    """`added` and `removed` are the source's own column names; `renamed` guesses removed → added by likeness;
    `retyped` is column → (type in the last extract, type now)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    added: list[str] = Field(default_factory=list)
    removed: list[str] = Field(default_factory=list)
    renamed: dict[str, str] = Field(default_factory=dict)
    retyped: dict[str, tuple[str, str]] = Field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)

    def in_words(self) -> tuple[str, str]:
        """One line in Vietnamese, one in English; empty texts when nothing changed."""
        vi, en = [], []
        if self.added:
            vi.append(f"thêm cột {', '.join(self.added)}")
            en.append(f"columns added: {', '.join(self.added)}")
        if self.removed:
            vi.append(f"mất cột {', '.join(self.removed)}")
            en.append(f"columns removed: {', '.join(self.removed)}")
        for old, new in self.renamed.items():
            vi.append(f"có thể {old} đã đổi tên thành {new}")
            en.append(f"{old} was perhaps renamed to {new}")
        for name, (was, now) in self.retyped.items():
            vi.append(f"{name} đổi kiểu từ {was} sang {now}")
            en.append(f"{name} changed from {was} to {now}")
        return "; ".join(vi), "; ".join(en)


def match(table: Table, present: Sequence[str]) -> dict[str, str]:
    """Declared source name → the name as the source spells it now. Order does not matter, nor does case where that is
    not ambiguous. Raises `Fault` IOC-206 when a declared column is there twice."""
    folded: dict[str, list[str]] = {}
    for name in present:
        folded.setdefault(_fold(name), []).append(name)
    found = {}
    for column in table.columns:
        wanted = column.source_name
        alike = folded.get(_fold(wanted), [])
        exact = [name for name in alike if name == wanted]
        candidates = exact or alike
        if len(candidates) > 1:
            raise Fault(
                "IOC-206",
                f"Bảng {table.name} có {len(candidates)} cột cùng tên “{wanted}”.",
                f"Table {table.name} has {len(candidates)} columns called “{wanted}”.",
                why="which of them is meant cannot be known, so none was read",
                fix="đặt lại tên cột ở nguồn",
                details={"columns": candidates},
            )
        if candidates:
            found[wanted] = candidates[0]
    return found


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def compare(
    table: Table,
    present: Sequence[str],
    *,
    types_before: Mapping[str, str] | None = None,
    types_now: Mapping[str, str] | None = None,
) -> Drift:
    """Compare the columns that a source has now with `columns + ignored_columns` of its declaration."""
    matched = match(table, present)
    known = {*matched.values(), *(c.name for c in table.ignored_columns), SURPLUS}
    added = [name for name in dict.fromkeys(present) if name not in known]
    removed = [c.source_name for c in table.columns if c.source_name not in matched]
    renamed: dict[str, str] = {}
    for old in removed:
        likely = get_close_matches(old, [n for n in added if n not in renamed.values()], n=1, cutoff=0.6)
        if likely:
            renamed[old] = likely[0]
    before, now = types_before or {}, types_now or {}
    retyped = {name: (before[name], now[name]) for name in now if name in before and before[name] != now[name]}
    return Drift(added=added, removed=removed, renamed=renamed, retyped=retyped)


def remaining(drift: Drift, table: Table) -> Drift:
    """What is left of a change that was seen earlier, under the present declaration of the table."""
    declared = {c.source_name for c in table.columns}
    known = {*declared, *(c.name for c in table.ignored_columns)}
    return Drift(
        added=[name for name in drift.added if name not in known],
        removed=[name for name in drift.removed if name in declared],
        renamed={old: new for old, new in drift.renamed.items() if old in declared and new not in known},
        retyped={name: types for name, types in drift.retyped.items() if name in declared},
    )


def fault(source: Source, table: Table, drift: Drift, policy: DriftPolicy) -> Fault | None:
    """`Fault` IOC-205 when the declaration answers such a change with this policy."""
    policies = source.on_drift
    concerned = (
        (drift.added and policies.added == policy)
        or (drift.removed and policies.removed == policy)
        or (drift.retyped and policies.retyped == policy)
    )
    if not concerned:
        return None
    vi, en = drift.in_words()
    return Fault(
        "IOC-205",
        f"Nguồn {source.id}, bảng {table.name} đã đổi cấu trúc: {vi}.",
        f"Source {source.id}, table {table.name} changed its columns: {en}.",
        why="loading on would put wrong or empty values behind the indicators; yesterday's rows stay in use",
        fix=f"mend columns / ignored_columns of {table.name} in the declaration of {source.id}, "
        f"then ./ioc source check {source.id}",
        details=drift.model_dump(),
    )


def enforce(source: Source, table: Table, drift: Drift) -> None:
    """Raise `Fault` IOC-205 when the declaration says that such a change stops the table."""
    stop = fault(source, table, drift, "stop")
    if stop:
        raise stop
