"""The judge's pages open offline, link to each other, hold no value of a row; the history says what each build was judged to be."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_up_build import change_build, change_intake, make_build, make_home

from ops import cli, say
from quality import judge, report
from quality.baseline import Relation
from quality.expectation import Expectation, Reason
from quality.history import history
from quality.verdict import Judged, Result, Verdict
from warehouse import connect, publish
from warehouse.errors import Fault

#: A citizen's name and number, in columns of class quasi and pii that break their expectations.
CANARY = "Lê Thị Hoàng Yến 038199012345"
RULE = Expectation(
    relation="mart.dim_area",
    expectation="expect_column_values_to_not_be_null",
    kwargs={"column": "area_name"},
    reason=Reason(vi="Địa bàn <nào> cũng có tên", en="Every area has a name"),
)


@pytest.fixture(autouse=True)
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(judge, "suites", list)
    monkeypatch.setattr(say, "manner", say.Manner())
    return make_home(tmp_path, monkeypatch)


def verdict(build_id: str, *outcomes: str, cases: int = 3) -> Verdict:
    rules = [RULE.model_copy(update={"rule": f"rule_{n}"}) for n in range(len(outcomes))]
    relation = Relation("mart.dim_area", 1, "Văn phòng", tuple(rules))
    answers = [Result(e, o, "", 0 if o == "PASS" else cases) for e, o in zip(rules, outcomes, strict=True)]  # type: ignore[arg-type]
    return Verdict(build_id, datetime(2026, 11, 23, 1, tzinfo=UTC), (Judged(relation, tuple(answers)),))


def pages() -> list[Path]:
    return sorted(report.folder().rglob("*.html"))


def test_pages__of_the_last_runs_link_to_each_other_and_to_nothing_outside() -> None:
    for number, outcomes in enumerate((("PASS", "FAIL"), ("ERROR", "PASS"), ("PASS", "PASS")), 1):
        report.write(verdict(f"2026112{number}T000000000000-0000", *outcomes))
    assert len(pages()) == 1 + 3 * 2
    linked = 0
    for path in pages():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|src=|url\(|@import|<script|<link", text) and "<nào>" not in text
        for target in re.findall(r"href=[\"']([^\"']+)", text):
            assert (path.parent / target).resolve().is_file(), f"{path}: {target}"
            linked += 1
    assert linked > 15
    newest = report.of("20261123T000000000000-0000", "mart.dim_area").read_text(encoding="utf-8")
    assert "../20261122T000000000000-0000/mart.dim_area.html" in newest and "../20261121T000000000000-0000/" in newest
    assert "▲ không kiểm được</span> (3)" in newest, "what the rule was in the run before"
    assert "Địa bàn &lt;nào&gt; cũng có tên" in newest and "23/11/2026 08:00:00" in newest
    assert "Từ 1 (cũ nhất) đến 0 (mới nhất), cao nhất 1" in report.index().read_text(encoding="utf-8")


def test_write__keeps_the_newest_runs_and_nothing_of_one_that_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_KEEP_REPORTS", "2")
    (report.folder() / ".20261120T000000000000-0000.partial").mkdir()
    (report.folder() / "20261119T000000000000-0000.html").write_text("a page of the first release", encoding="utf-8")
    for number in (1, 2, 3, 3):  # the last is judged twice
        report.write(verdict(f"2026112{number}T000000000000-0000", "PASS"))
    assert [run["build_id"][:8] for run in report.runs()] == ["20261123", "20261122"]
    assert sorted(p.name[:8] for p in report.folder().iterdir()) == ["20261122", "20261123", "index.ht"]


@pytest.mark.slow
def test_judge__no_value_of_a_row_is_in_pages_results_findings_or_logs(
    first: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    change_intake(
        f"""UPDATE ops.source_column SET class = 'quasi' WHERE column_name IN ('ma', 'loai');
        INSERT INTO ops.source_column BY NAME SELECT 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name, 6 AS ordinal, 'ho_ten' AS
            column_name, 'pii' AS class, 'text' AS type, true AS is_required, ['x'] AS code_list, '[0-9]+' AS pattern;
        INSERT INTO ops.source_column BY NAME SELECT 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name, 7 AS ordinal, 'tuoi' AS
            column_name, 'quasi' AS class, 'double' AS type, true AS is_required, 0 AS range_min, 9 AS range_max;
        ALTER TABLE raw.so_thu_nghiem__ho_so ADD COLUMN ho_ten VARCHAR; ALTER TABLE raw.so_thu_nghiem__ho_so ADD COLUMN tuoi VARCHAR;
        UPDATE raw.so_thu_nghiem__ho_so SET ma = '{CANARY}', loai = '{CANARY}', ho_ten = '{CANARY}', tuoi = '{CANARY}'"""
    )
    change_build(f"UPDATE mart.fct_task SET task_code = '{CANARY}', area_code = '{CANARY}'")
    with caplog.at_level(logging.DEBUG):
        found = judge.judge(first)
    broken = [r.expectation.name for j in found.judged for r in j.results if r.outcome != "PASS"]
    assert {"key_unique", "code_list", "pattern", "range", "grain_unique", "area_known"} <= set(broken), broken
    with connect.intake() as con, connect.served(connect.build_path()) as build:
        tables = [str(con.execute("FROM ops.finding").fetchall())]
        tables += [
            str(build.execute(f"FROM quality.{name}").fetchall()) for name in ("result", "verdict", "source_day")
        ]
    files = [p.read_text(encoding="utf-8") for p in report.folder().rglob("*") if p.is_file()]
    assert len(files) > 5 and len(tables[0]) > 100
    said = "".join([*tables, *files, caplog.text, *capfd.readouterr()])
    assert not [word for word in CANARY.split() if word in said]


@pytest.mark.slow
def test_history__comes_from_published_builds_and_for_others_from_the_ledger(first: str) -> None:
    judge.judge(first)
    publish.publish(first)
    bad = make_build(more="UPDATE mart.dim_area SET is_current = false WHERE area_code = '00003';")
    judge.judge(bad)  # held and never published
    newest, oldest = history("dim_area")
    assert (newest.build_id, newest.outcome, newest.asked) == (bad, "FAIL", None)
    assert newest.broken == ("mart.dim_area:communes_ward", "mart.dim_area:province_area") and newest.cases == 2
    assert (oldest.build_id, oldest.outcome, oldest.failed) == (first, "PASS", 0) and oldest.asked == oldest.passed != 0
    assert oldest.checked_at is not None and newest.checked_at is not None
    assert [one.outcome for one in history("mart.dim_area:communes_ward")] == ["FAIL", "PASS"]
    assert [one.outcome for one in history("communes_commune")] == [None, "PASS"], (
        "the ledger does not know what passed"
    )
    assert len(history("dim_area", last=1)) == 1
    with pytest.raises(Fault) as refused:
        history("comunes_ward")
    assert (refused.value.code, refused.value.exit_code) == ("IOC-015", 2) and "communes_ward" in refused.value.what_en


def test_command__names_the_page_and_status_too(capsys: pytest.CaptureFixture[str], first: str) -> None:
    assert cli.main(["quality", "docs"]) == 2
    report.write(verdict(first, "PASS"))
    capsys.readouterr()
    assert cli.main(["quality", "docs", "mart.dim_area", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert Path(body["path"]) == report.of(first, "mart.dim_area") and body["runs"][0]["verdict"] == "PASS"
    assert cli.main(["quality", "docs", "mart.gone"]) == 2
    capsys.readouterr()
    assert cli.main(["status", "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["checks"]) == report.index()
    trouble = replace(verdict(first).judged[0], trouble="không có bảng này")
    report.write(replace(verdict(first), judged=(trouble,)))
    assert "không có bảng này" in report.of(first, "mart.dim_area").read_text(encoding="utf-8")
