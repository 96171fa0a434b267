"""What a build was judged to be: answers, relations, and the word that lets it out or holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from quality.baseline import Relation
from quality.expectation import Expectation

Outcome = Literal["PASS", "FAIL", "ERROR"]


@dataclass(frozen=True)
class Result:
    """One answered expectation. `observed` is a count or a summary, never a value of a row."""

    expectation: Expectation
    outcome: Outcome
    observed: str = ""
    unexpected_count: int | None = None


@dataclass(frozen=True)
class Judged:
    """One relation and its answers. `trouble` says why nothing could be asked."""

    relation: Relation
    results: tuple[Result, ...]
    trouble: str = ""

    @property
    def verdict(self) -> Outcome:
        """ERROR when anything could not be asked, FAIL when a `stop` is broken, else PASS (warnings may be open)."""
        asked = len(self.relation.expectations)
        if self.trouble or not asked or len(self.results) < asked or any(r.outcome == "ERROR" for r in self.results):
            return "ERROR"
        return "FAIL" if self._stopped("FAIL") else "PASS"

    @property
    def holds(self) -> Outcome:
        """What this relation says to the publication: only `stop` of tier 1 holds it."""
        if 1 not in {self.relation.tier, *(e.tier for e in self.relation.expectations)}:
            return "PASS"
        asked = len(self.relation.expectations)
        if self.trouble or not asked or len(self.results) < asked or self._stopped("ERROR", tier=1):
            return "ERROR"
        return "FAIL" if self._stopped("FAIL", tier=1) else "PASS"

    def _stopped(self, outcome: Outcome, tier: int | None = None) -> bool:
        return any(
            r.outcome == outcome
            and r.expectation.severity == "stop"
            and tier in (None, r.expectation.tier or self.relation.tier)
            for r in self.results
        )

    def count(self, outcome: Outcome) -> int:
        return sum(r.outcome == outcome for r in self.results)


@dataclass(frozen=True)
class Verdict:
    """The answer for one build. `verdict` is the worst of what its relations say to the publication."""

    build_id: str
    checked_at: datetime
    judged: tuple[Judged, ...]
    report_path: Path | None = None

    @property
    def verdict(self) -> Outcome:
        if not self.judged:
            return "ERROR"
        said = {j.holds for j in self.judged}
        return "ERROR" if "ERROR" in said else "FAIL" if "FAIL" in said else "PASS"

    @property
    def holding(self) -> list[Judged]:
        return [j for j in self.judged if j.holds != "PASS"]
