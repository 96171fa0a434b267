"""A source that goes wrong, from its server or folder to the page that a steward reads in the morning."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion import correction, ledger, pull, registry
from ingestion.model import Source
from ingestion.pull import Outcome
from quality import judge
from steward import accounts, app, questions
from warehouse import connect
from warehouse.ids import new_id

ID, PASSWORD = "so_loi", "mat-khau-cua-lan"
TEXT = {"type": "text"}


@dataclass
class World:
    """One declared source `so_loi` with a table `bang(★ma, so, luc)`, read from CSV files of `folder` unless said otherwise."""

    folder: Path
    patch: pytest.MonkeyPatch
    connector: dict[str, Any] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Source] = field(default_factory=dict)

    def source(self) -> Source:
        files = {"kind": "csv", "folder": str(self.folder), "ready": {"quiet_seconds": 1}}
        body = {
            "id": ID,
            "sector": "thu",
            "title": {"vi": "Nguồn có lỗi", "en": "A source that goes wrong"},
            "owner": {"agency": "Sở Thử nghiệm"},
            "grants_access": "Sở Thử nghiệm",
            "share_class": "mở",
            "connector": self.connector if "base_url" in self.connector else files | self.connector,
            "cadence": {"every": "5m", "late_after": "1h"},
            "made_up": True,
            "tables": [
                {
                    "name": "bang",
                    "title": {"vi": "Bảng", "en": "Table"},
                    "grain": "một dòng một mã",
                    "primary_key": ["ma"],
                    "read": {"file": "*.csv"},
                    "columns": [
                        {"name": "ma", **TEXT},
                        {"name": "so", "type": "double", "format": "vi_number", "range": [0, 1_000_000]},
                        {"name": "luc", "type": "timestamp", "format": "dd/MM/yyyy HH:mm"},
                    ],
                    **self.table,
                }
            ],
        }
        return Source.model_validate(body)

    def load(self, path: Path | None = None, *, correct: bool = True) -> registry.Registry:
        one = self.source()
        sources = {**self.others, ID: correction.applied(one) if correct else one}
        return registry.Registry(sources, {name: Path(f"thu/{name}.yml") for name in sources})

    def put(self, name: str, content: str | bytes, *, age: float = 60) -> None:
        """A file that was last written `age` seconds ago."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        then = time.time() - age
        os.utime(path, (then, then))

    def rows(self, lines: str, name: str = "a.csv") -> None:
        self.put(name, "ma,so,luc\n" + lines)

    def pull(self) -> Outcome:
        (done,) = pull.pull([ID], run_id=new_id(), holder="test", declared=self.load())
        return done

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        with connect.intake() as con:
            return con.execute(sql).fetchall()

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Rows in, loaded, quarantined, duplicates, over all extracts; they balance."""
        assert ledger.unbalanced() == []
        (found,) = self.asked(
            "SELECT coalesce(sum(rows_in), 0)::INT, coalesce(sum(rows_loaded), 0)::INT, coalesce(sum(rows_quarantined), 0)::INT,"
            f" coalesce(sum(rows_deduplicated), 0)::INT FROM ops.extract WHERE source_id = '{ID}'"
        )
        return found  # type: ignore[return-value]

    @property
    def rules(self) -> set[str]:
        """The rules under which rows wait."""
        return {
            rule for (rules,) in self.asked("SELECT rules FROM quarantine.row WHERE status = 'open'") for rule in rules
        }

    def judged(self) -> set[str]:
        """Judge what is loaded; the rules that the tables of this source break."""
        build_id = new_id()
        with connect.lock("test"), connect.build_writer() as con:
            con.execute("CREATE SCHEMA IF NOT EXISTS catalog")
            con.execute(f"CREATE OR REPLACE TABLE catalog.build AS SELECT '{build_id}' AS build_id")
        judge.judge(build_id)
        found = self.asked(f"SELECT rule FROM ops.finding WHERE source_id = '{ID}' AND build_id = '{build_id}'")
        return {rule for (rule,) in found}

    def page(self, path: str = "") -> str:
        """The words on the steward's page of the source (its overview for `/`)."""
        client = TestClient(app.make("k" * 40), base_url="http://127.0.0.1", follow_redirects=True)
        form = re.search(r'name="token" value="([^"]+)"', client.get("/dang-nhap").text)
        assert form
        client.post("/dang-nhap", data={"token": form[1], "name": "lan", "password": PASSWORD})
        answer = client.get(path or f"/nguon/{ID}")
        assert answer.status_code == 200
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def make(tmp_path: Path, patch: pytest.MonkeyPatch) -> World:
    folder = tmp_path / "vao"
    folder.mkdir()
    world = World(folder, patch)
    patch.setattr(registry, "load", world.load)
    patch.setattr(questions, "declared", world.load)
    patch.setattr(app, "door", accounts.Doorkeeper())
    patch.setattr(judge, "suites", list)
    accounts.add("lan", title="Lan", sources=[ID], password=PASSWORD)
    with connect.writer("test") as con:
        registry.sync(con, world.load())
    return world
