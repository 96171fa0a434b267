"""Canaries: made-up persons go through the whole engine, good, broken, shifted and in an error; none comes out anywhere."""

from __future__ import annotations

import logging
import os
import zipfile
from pathlib import Path
from typing import Any

import made_up_source as made_up
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up_source import COLUMNS, ask, declare, row

from ingestion import pull as pulling
from ingestion import quarantine
from ingestion.connectors import Chunk
from ingestion.model import SURPLUS, Source
from ingestion.pull import Outcome, pull
from ingestion.registry import Registry
from ops import cli

#: A name, a number of 12 digits and a birthday, each of which occurs nowhere else.
PERSON = {"ho_ten": "Lê Thị Hoàng Yến", "cccd": "038185731946", "ngay_sinh": "17/03/1985"}
CANARIES = [*PERSON.values(), "1985-03-17", "Hoàng Yến"]
SOURCE = declare(
    columns=[
        *COLUMNS,
        {"name": "ho_ten", "type": "text", "class": "pii"},
        {"name": "cccd", "type": "text", "class": "pii", "protect": "hash", "check": "cccd", "required": True},
        {"name": "ngay_sinh", "type": "text", "class": "pii", "protect": "year"},
    ]
)


def run(*offered: Any) -> Outcome:
    made_up.offered.clear()
    made_up.offered["ho_so"] = offered
    (outcome,) = pull([SOURCE.id], run_id="r", holder="t", declared=Registry({SOURCE.id: SOURCE}, {SOURCE.id: Path("x.yml")}))  # fmt: skip
    return outcome


def everything(home: Path) -> dict[str, str]:
    """All that is written: files of the home as bytes, and every table of the warehouse as text (its file is packed)."""
    texts = {str(p.relative_to(home)): p.read_bytes().decode(errors="replace") for p in home.rglob("*") if p.is_file()}
    for schema, table in ask("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"):
        texts[f"{schema}.{table}"] = repr(ask(f'SELECT * FROM "{schema}"."{table}"'))
    for part in (home / "landing").rglob("*.parquet"):
        texts[f"{part.name} read"] = repr(pq.read_table(part).to_pylist())
    return texts


def test_canaries__are_in_no_file_table_quarantine_log_error_or_bundle(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "var"
    monkeypatch.setenv("IOC_HOME", str(home))
    monkeypatch.setattr(pulling, "PAUSE_SECONDS", (0.0, 0.01))
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    good, broken = row("A", "1") | PERSON, row("B", "x") | PERSON | {"ngay_sinh": "17031985"}
    shifted = pa.RecordBatch.from_pylist([row(PERSON["ho_ten"], PERSON["cccd"]) | PERSON | {SURPLUS: PERSON["ho_ten"]}])
    first = run([good, broken], Chunk(shifted, ["a.csv:3"]))
    assert (first.rows_in, first.rows_loaded) == (3, 1)
    assert ask("SELECT length(cccd), ngay_sinh FROM raw.so_thu_nghiem__ho_so") == [(32, "1985")]
    assert quarantine.replay(SOURCE, by="an") == (0, 2)
    failed = run(ValueError(f"could not convert {PERSON}"))
    assert (failed.status, failed.code) == ("failed", "IOC-200") and "ValueError (" in failed.reason_vi
    assert cli.main(["quarantine", "list", "--rows"]) == cli.main(["support-bundle", "b.zip", "--json"]) == 0
    with zipfile.ZipFile("b.zip") as archive:
        bundle = {name: archive.read(name).decode() for name in archive.namelist()}
    told = {"log": caplog.text, "said": capsys.readouterr().out, "outcome": repr(failed)}
    written = everything(home) | bundle | told
    assert len(written) > 30 and "IOC-200" in written["ops.pull"] and "type:so" in written["quarantine.row"]
    assert [(name, canary) for name, text in written.items() for canary in CANARIES if canary in text] == []


FILES = {
    "a quote left open": ("csv", {}, 'ma,ho_ten\nA,"Lê Thị Hoàng Yến\nB,y\n'.encode()),
    "another encoding": ("csv", {}, "ma,ho_ten\nA,Lê Thị Hoàng Yến\nB,\xe9\n".encode()[:-3] + b"\xff\n"),
    "no JSON": ("json", {}, '[{"ma": "A", "ho_ten": "Lê Thị Hoàng Yến"}, {"ma": "B", "ho_ten": Lê Thị Hoàng Yến}]'.encode()),
    "no list": ("json", {}, '{"ma": "A", "ho_ten": "Lê Thị Hoàng Yến"} Lê Thị Hoàng Yến'.encode()),
    "a broken line": ("json", {"lines": True}, '{"ma": "A", "ho_ten": "x"}\n{"ma": "B" "ho_ten": "Lê Thị Hoàng Yến"}\n'.encode()),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "read", "body"), FILES.values(), ids=FILES)
def test_canary__in_a_broken_file_is_in_no_error(
    kind: str, read: dict[str, Any], body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    home = tmp_path / "var"
    monkeypatch.setenv("IOC_HOME", str(home))
    caplog.set_level(logging.DEBUG)
    (tmp_path / f"a.{kind}").write_bytes(body)
    os.utime(tmp_path / f"a.{kind}", (1_700_000_000, 1_700_000_000))
    columns = [{"name": "ma", "type": "text"}, {"name": "ho_ten", "type": "text", "class": "pii"}]
    declared = declare(columns=columns, cursor=None, read={"file": f"a.{kind}"} | read).model_dump(by_alias=True)
    one = Source.model_validate(declared | {"connector": {"kind": kind, "folder": str(tmp_path)}})
    (outcome,) = pull([one.id], run_id="r", holder="t", declared=Registry({one.id: one}, {one.id: Path("x.yml")}))
    assert outcome.code == "IOC-206" or (outcome.status, outcome.rows_in, outcome.rows_loaded) == ("ok", 2, 1)
    written = everything(home) | {"log": caplog.text, "outcome": repr(outcome)}
    assert len(written) > 10
    assert [(name, canary) for name, text in written.items() for canary in ("Hoàng", "Yến") if canary in text] == []
