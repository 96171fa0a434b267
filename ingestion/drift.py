"""What changed in a source's columns against its declaration: added, removed, probably renamed, retyped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, Field

from ingestion.model import SURPLUS, Source, Table
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


def compare(
    table: Table,
    present: Collection[str],
    *,
    types_before: Mapping[str, str] | None = None,
    types_now: Mapping[str, str] | None = None,
) -> Drift:
    """Compare the columns that a source has now with `columns + ignored_columns` of its declaration."""
    wanted = [c.source_name for c in table.columns]
    known = {*wanted, *(c.name for c in table.ignored_columns), SURPLUS}
    added = [name for name in present if name not in known]
    removed = [name for name in wanted if name not in present]
    renamed: dict[str, str] = {}
    for old in removed:
        likely = get_close_matches(old, [n for n in added if n not in renamed.values()], n=1, cutoff=0.6)
        if likely:
            renamed[old] = likely[0]
    before, now = types_before or {}, types_now or {}
    retyped = {name: (before[name], now[name]) for name in now if name in before and before[name] != now[name]}
    return Drift(added=added, removed=removed, renamed=renamed, retyped=retyped)


def enforce(source: Source, table: Table, drift: Drift) -> None:
    """Raise `Fault` IOC-205 when the declaration says that such a change stops the source."""
    stops = (drift.added and source.on_drift.added == "stop") or (drift.removed and source.on_drift.removed == "stop")
    if not stops:
        return
    vi, en = drift.in_words()
    raise Fault(
        "IOC-205",
        f"Nguồn {source.id}, bảng {table.name} đã đổi cấu trúc: {vi}.",
        f"Source {source.id}, table {table.name} changed its columns: {en}.",
        why="loading on would put wrong or empty values behind the indicators; yesterday's rows stay in use",
        fix=f"mend columns / ignored_columns of {table.name} in the declaration of {source.id}, "
        f"then ./ioc source check {source.id}",
        details=drift.model_dump(),
    )
