"""`ioc run` on the demo's real servers: published the first time, nothing to do the second."""

import json
from pathlib import Path

import polars
import pytest

from ingestion import registry
from ops import query, run, status
from warehouse import build, catalogue, connect, docs, publish
from warehouse.errors import Fault

#: Every value but those of the data themselves, which look at the ledger and the clock.
VALUES = """SELECT i.sector, o.indicator_code, o.period_key, o.area_code, o.breakdown, o.numerator, o.denominator, o.value
    FROM mart.obs_indicator AS o JOIN catalog.indicator AS i USING (indicator_code) WHERE i.sector <> 'chat_luong'"""

pytestmark = [pytest.mark.slow]


def test_run__publishes_once_and_then_finds_nothing_new(demo: Path) -> None:
    first = run.run(progress=print)
    assert [(o.source_id, o.reason_vi) for o in first.failed] == []
    assert (first.verdict, first.exit_code) == ("PASS", 0)
    current = publish.current(verify=True)
    assert current is not None and current.build_id == first.build_id
    # The seed's published fact: 38 of 91 tasks of Resolution 57 were done on 2025-07-25.
    sql = "SELECT numerator, denominator FROM obs_indicator WHERE indicator_code = 'GV01' AND period_key = '20250725' AND area_code = '38'"
    assert query.ask(sql).rows == [(38.0, 91.0)]
    free = status.gather()
    with connect.writer("somebody else"):
        busy = status.gather()
    assert (free["from"], busy["from"]) == ("ledger", current.build_id) and len(free["sources"]) == len(
        registry.load().sources
    )
    for known, told in zip(free["sources"], busy["sources"], strict=True):
        counts = ["source_id", "status", *(k for k in known if k.startswith("total_"))]
        assert len(counts) == 6 and {k: known[k] or 0 for k in counts} == {k: told[k] for k in counts}
    second = run.run(progress=print)
    assert (second.build_id, second.exit_code) == (None, 0)
    every_additive_indicator_sums_up()
    the_catalogue_has_every_indicator_table_and_source(current)
    example_queries_return_rows()
    a_table_taken_along_is_whole_and_described(demo)
    shuffled_and_split_rows_give_the_same_values()


def the_catalogue_has_every_indicator_table_and_source(current: publish.Served) -> None:
    page = current.path.with_name("catalogue.html").read_text(encoding="utf-8")
    assert (
        len(page.encode()) < 2_000_000
        and "http://" not in page.replace("http://www.w3.org", "")
        and "https://" not in page
    )
    for sql, mark in (
        ("SELECT indicator_code FROM catalog.indicator", "i"), ("SELECT relation FROM catalog.relation WHERE schema_name = 'mart'", "t"),
        ("SELECT source_id FROM catalog.source", "s"),
    ):  # fmt: skip
        names = [name for (name,) in query.ask(sql).rows]
        assert len(names) > 40 and not [name for name in names if page.count(f'id="{mark}-{name}"') != 1]
    personal = dict(
        query.ask("SELECT protect, count(*) FROM catalog.source_column WHERE protect IS NOT NULL GROUP BY 1").rows
    )
    assert personal == {"drop": 12, "hash": 4}
    assert page.count("dữ liệu cá nhân, bỏ trước khi nạp") == 12 and page.count("dữ liệu cá nhân, băm có khóa") == 4
    words = [
        (c["vi"], c["en"])
        for r in catalogue.gather(current.path)["relations"]
        for c in r["columns"]
        if not r["name"].startswith("ind_")
    ]
    assert len(words) > 800 and all(vi and en for vi, en in words)


def example_queries_return_rows() -> None:
    asked = catalogue.queries()
    assert len(asked) >= 15 and all(one["vi"] and one["en"] for one in asked)
    assert [one["name"] for one in asked if not query.ask(one["sql"]).rows] == []
    systems = query.ask(next(one["sql"] for one in asked if one["name"].startswith("17_"))).rows
    assert [row[0] for row in systems] == list(range(1, 23)) and [row for row in systems if not row[3]] == []


def a_table_taken_along_is_whole_and_described(home: Path) -> None:
    (rows,) = query.ask("SELECT count(*) FROM mart.dim_directory").rows[0]
    for fmt in ("parquet", "csv"):
        body = query.export("dim_directory", fmt, home / f"directory.{fmt}")
        words = json.loads(Path(body["metadata"]).read_text(encoding="utf-8"))
        assert (
            body["rows"] == rows > 1000
            and words["key"] == ["entity_kind", "entity_code"]
            and words["has_made_up_sources"]
            and words["share_class"] == "chuyên ngành"
            and len(words["sources"]) >= 5
        )
        assert [c["name"] for c in words["columns"]][:2] == ["entity_kind", "entity_code"] and all(
            c["vi"] and c["en"] for c in words["columns"]
        )
    assert (
        polars.read_parquet(home / "directory.parquet").height
        == rows
        == polars.read_csv(home / "directory.csv", infer_schema=False).height
    )
    with pytest.raises(Fault) as refused:
        query.export("dim_directori", "parquet", home / "x.parquet")
    assert (
        refused.value.code == "IOC-413" and "dim_directory" in refused.value.fix and not (home / "x.parquet").exists()
    )
    docs.write(home / "dbt.html")
    assert "fct_dossier" in (home / "dbt.html").read_text(encoding="utf-8")


def every_additive_indicator_sums_up() -> None:
    """Communes make the province, for every indicator that says so."""
    sums = query.ask(
        """SELECT o.indicator_code, o.period_key, sum(o.numerator) FILTER (o.area_code <> '38'), max(o.numerator) FILTER (o.area_code = '38'),
            sum(o.denominator) FILTER (o.area_code <> '38'), max(o.denominator) FILTER (o.area_code = '38'), any_value(i.additive)
        FROM mart.obs_indicator AS o JOIN catalog.indicator AS i USING (indicator_code)
        WHERE i.area_grain = 'commune' AND i.additive <> 'no' AND o.breakdown = '' GROUP BY ALL HAVING count(*) FILTER (o.area_code <> '38') > 0"""
    ).rows
    meant = query.ask("SELECT indicator_code FROM catalog.indicator WHERE area_grain = 'commune' AND additive <> 'no' AND blocked_vi IS NULL").rows  # fmt: skip
    assert {row[0] for row in sums} == {code for (code,) in meant} and len(meant) > 35 and len(sums) > 250
    for code, period, communes, province, below, whole, additive in sums:
        # Communes with one to four poor households, recipients or people paid are hidden: these three alone may fall short.
        slack = 0.03 if code in ("AS01", "AS02", "AS03") else 1e-9
        assert communes <= province * (1 + 1e-9) and province - communes <= slack * abs(province), (code, period)
        if additive == "ratio":
            assert below <= whole * (1 + 1e-9) and whole - below <= slack * abs(whole), (code, period)


def shuffled_and_split_rows_give_the_same_values() -> None:
    """Each raw table put in another order, and every second row said to come of another extract."""
    with connect.served(connect.build_path()) as con:
        before = con.execute(f"SELECT count(*), bit_xor(hash(v)) FROM ({VALUES}) AS v").fetchone()
    with connect.writer("test") as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()]  # fmt: skip
        for name in tables:
            other = "if(hash(_row_number) % 2 = 0, _extract_id, _extract_id || 'b')"
            con.execute(f"CREATE OR REPLACE TABLE raw.{name} AS SELECT * REPLACE ({other} AS _extract_id) FROM raw.{name} ORDER BY hash(_row_number, 38)")  # fmt: skip
        con.execute("INSERT INTO ops.extract SELECT * REPLACE (extract_id || 'b' AS extract_id) FROM ops.extract")
    build.build(run_id="shuffled", full_refresh=True)
    with connect.served(connect.build_path()) as con:
        after = con.execute(f"SELECT count(*), bit_xor(hash(v)) FROM ({VALUES}) AS v").fetchone()
    assert before is not None and before[0] > 10_000 and len(tables) > 60
    assert after == before


def the_stewards_board_says_what_the_ledger_says() -> None:
    """What the judge wrote for the board: every source, every broken promise with its cost, every open row, no value of one."""
    with connect.intake() as con:
        (open_rows,) = con.execute("SELECT count(*) FROM quarantine.row WHERE status = 'open'").fetchone()
        (findings,) = con.execute(
            "SELECT count(*) FROM ops.finding WHERE build_id = (SELECT max(build_id) FROM ops.source_score)"
        ).fetchone()
    sources = query.ask("SELECT count(*), min(score), max(score), sum(n_open) FROM quality.trust_source").rows[0]
    assert (
        sources[0] == len([s for s in registry.load().sources.values() if registry.skipped_why(s) is None])
        and 0 <= sources[1] <= sources[2] == 100
    )
    assert sources[3] == query.ask("SELECT sum(n_rows) FROM quality.trust_open").rows[0][0] == open_rows > 100
    rules = query.ask(
        "SELECT count(*), count(since_vi), count(*) FILTER (cost_vi LIKE '% chỉ tiêu: %') FROM quality.trust_rule"
    ).rows[0]
    assert rules[0] == rules[1] == findings > 5 and rules[2] > 3
    assert query.ask("SELECT count(DISTINCT source_vi) FILTER (is_worst) FROM quality.trust_score_day").rows[0][0] == 15
    same = """SELECT count(*), count(*) FILTER (g.grade_valid = o.grade_valid AND g.grade_clean = o.grade_clean)
        FROM quality.indicator_grade g JOIN mart.obs_indicator o USING (indicator_code)"""
    carried = query.ask(same).rows[0]
    assert carried[0] == carried[1] > 10_000, "every observation carries the judged grades of its indicator"
    series = query.ask("SELECT sum(series), sum(judged) + sum(too_short) FROM quality.anomaly_series").rows[0]
    assert series[0] == series[1] > 1000, "a series is judged or counted as too short"
