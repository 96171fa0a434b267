"""The guide lists every connector and argument that exists, and none that does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ops import kinds

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "connectors.md"
#: In a process of its own: other tests make up connectors in this one.
ASK = "from ops import kinds; print(kinds.markdown(), end='')"


def test_page__is_what_the_connectors_say_of_themselves() -> None:
    wanted = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert wanted.count("\n## `") >= 9
    assert PAGE.read_text(encoding="utf-8") == wanted, "./ioc source kinds --markdown > docs/connectors.md"


def test_every_argument__is_explained_where_its_name_does_not_say_it() -> None:
    named = {"host", "port", "database", "user", "password", "table", "path", "schema", "query", "file"}
    arguments = [(one["kind"], a) for one in kinds.describe() for a in (*one["connection"], *one["read"])]
    assert len(arguments) > 150
    unexplained = [f"{kind}.{a['name']}" for kind, a in arguments if not a["about"]]
    assert [name for name in unexplained if name.split(".")[-1] not in named] == []
