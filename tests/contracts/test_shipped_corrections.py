"""What ships in quality/corrections applies to its declaration, and says who, when and why."""

from __future__ import annotations

from pathlib import Path

from ingestion import correction, registry


def test_corrections__that_ship_fit_their_declarations(ioc_home: Path) -> None:
    files = sorted(correction.SHIPPED.glob("*.yml"))
    assert files
    plain, corrected = registry.load(correct=False), registry.load()
    for file in files:
        found = correction.read(file)
        assert found.corrections or found.rules
        assert file.stem in plain.sources and not any(t.corrections for t in plain.get(file.stem).tables)
        assert {c.id for c in found.corrections} == {
            c.id for t in corrected.get(file.stem).tables for c in t.corrections
        }


def test_sunshine_of_may_2006__is_taken_away_and_the_row_kept(ioc_home: Path) -> None:
    source = registry.load().get("imhen_khi_hau")
    (one,) = source.tables[0].corrections
    assert (one.from_, one.to, one.key["nam"]) == ("594.0", None, "2006") and one.why and one.by
