"""The guide lists every connector and argument that exists, and none that does not."""

from __future__ import annotations

from pathlib import Path

from ingestion import connectors
from ops import kinds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "connectors.md"


def test_page__is_what_the_connectors_say_of_themselves() -> None:
    wanted = kinds.markdown()
    assert len(connectors.KINDS) >= 9 and all(f"## `{kind}`\n" in wanted for kind in connectors.KINDS)
    assert PAGE.read_text(encoding="utf-8") == wanted, "./ioc source kinds --markdown > docs/connectors.md"
