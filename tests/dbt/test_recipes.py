"""The three recipes of CONTRIBUTING, done as written: a source is one YAML and one staging model, an indicator one pair."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml
from hand_made import ask

from ingestion import registry
from ingestion.pull import pull
from warehouse import build, declare
from warehouse.errors import Fault

ROOT = Path(__file__).parents[2]
SOURCE = """
id: soyte_giuong_benh
sector: y_te
title: {vi: Giường bệnh, en: Hospital beds}
owner: {agency: Sở Y tế}
grants_access: Sở Y tế
share_class: dùng chung
made_up: true
connector: {kind: sqlite, path: "${BEDS_FILE}"}
cadence: {every: 1d, late_after: 2d}
tables:
  - name: benh_vien
    title: {vi: Bệnh viện, en: Hospitals}
    grain: một dòng một bệnh viện
    mode: snapshot
    primary_key: [ma]
    read: {table: benh_vien}
    columns:
      - {name: ma, type: text, class: code}
      - {name: giuong, type: integer, unit: giường, required: true, range: [1, 5000]}
      - {name: dang_nam, type: integer, unit: người, required: true}
"""
STAGING = """with raw as (
    select * from {{ source('raw', 'soyte_giuong_benh__benh_vien') }}
)

select
    ma as hospital_code,
    giuong as beds,
    dang_nam as occupied,
    {{ lineage() }}
from raw
"""
INDICATOR = """select
    'day' as period_kind,
    strftime(current_date, '%Y%m%d') as period_key,
    '38' as area_code,
    '' as breakdown,
    cast(sum(occupied) as double) as numerator,
    cast(sum(beds) as double) as denominator,
    100.0 * sum(occupied) / sum(beds) as value,
    max(loaded_at) as as_of,
    list_sort(list(distinct extract_id)) as extract_ids
from {{ ref('stg_soyte_giuong_benh__benh_vien') }}
"""


def pair_yaml(**changes: object) -> str:
    """The YAML half of a neighbour with this indicator's words."""
    body = yaml.safe_load((ROOT / "dbt/models/indicators/nq57/ind_nq57_done.yml").read_text(encoding="utf-8"))
    body["models"][0]["name"] = "ind_y_te_bed_use"
    meta = body["models"][0]["config"]["meta"]["indicator"]
    meta.pop("home_order")
    meta |= {"code": "YT05", "sector": "y_te", "sources": ["soyte_giuong_benh"], "norm": []} | changes
    return yaml.safe_dump(body, allow_unicode=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a copy of the dbt project and of the registry, and a real SQLite file with four rows, one of them bad."""
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BEDS_FILE", str(tmp_path / "beds.sqlite"))
    monkeypatch.setenv("IOC_DBT_DIR", str(tmp_path / "dbt"))
    shutil.copytree(ROOT / "dbt", tmp_path / "dbt")
    shutil.copytree(ROOT / "ingestion" / "sources", tmp_path / "sources")
    with sqlite3.connect(tmp_path / "beds.sqlite") as con:
        con.execute("CREATE TABLE benh_vien (ma TEXT, giuong INTEGER, dang_nam INTEGER)")
        con.executemany(
            "INSERT INTO benh_vien VALUES (?, ?, ?)",
            [("BV1", 100, 80), ("BV2", 300, 220), ("BV3", 100, 100), ("BV4", "nhiều", 3)],
        )
    return tmp_path


def write_pair(project: Path, **changes: object) -> None:
    folder = project / "dbt" / "models" / "indicators" / "y_te"
    folder.mkdir(exist_ok=True)
    (folder / "ind_y_te_bed_use.sql").write_text(INDICATOR, encoding="utf-8")
    (folder / "ind_y_te_bed_use.yml").write_text(pair_yaml(**changes), encoding="utf-8")


@pytest.mark.slow
def test_recipes__one_yaml_one_staging_model_and_one_pair_reach_the_card(project: Path) -> None:
    (project / "sources" / "y_te" / "soyte_giuong_benh.yml").write_text(SOURCE, encoding="utf-8")
    staging = project / "dbt" / "models" / "staging" / "soyte_giuong_benh"
    staging.mkdir()
    (staging / "stg_soyte_giuong_benh__benh_vien.sql").write_text(STAGING, encoding="utf-8")
    write_pair(project)

    declared = registry.load(project / "sources")
    (outcome,) = pull(["soyte_giuong_benh"], run_id="r", holder="test", declared=declared)
    assert (outcome.status, outcome.rows_in, outcome.rows_loaded) == ("ok", 4, 3)
    build.build(run_id="r")

    # 80 + 220 + 100 in 100 + 300 + 100 beds
    assert ask("SELECT numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = 'YT05'") == [
        (400, 500, 80.0)
    ]
    assert ask("SELECT value_vi, is_made_up FROM mart.card_now WHERE indicator_code = 'YT05'") == [("80,0", True)]
    assert ask(
        "SELECT state, rows_in, rows_quarantined FROM mart.source_now WHERE source_id = 'soyte_giuong_benh'"
    ) == [("dung_hen", 4, 1)]
    assert ask("SELECT count(*) FROM catalog.indicator WHERE indicator_code = 'YT05'") == [(1,)]


def test_pair__with_an_unknown_key_is_refused_with_line_and_nearest_name(project: Path) -> None:
    write_pair(project, formla="nhầm")
    with pytest.raises(Fault) as caught:
        declare.pairs()
    assert caught.value.code == "IOC-111"
    assert "ind_y_te_bed_use.yml:" in caught.value.why and "did you mean 'formula'?" in caught.value.why


def test_pair__without_its_other_half_or_with_a_used_code_is_refused(project: Path) -> None:
    write_pair(project, code="GV01")
    folder = project / "dbt" / "models" / "indicators" / "y_te"
    (folder / "ind_y_te_alone.sql").write_text(INDICATOR, encoding="utf-8")
    with pytest.raises(Fault) as caught:
        declare.pairs()
    assert "ind_y_te_alone.yml is missing" in caught.value.why and "code GV01 is used twice" in caught.value.why


def test_pair__is_blocked_with_a_reason_or_has_sources_and_evidence(project: Path) -> None:
    words = {"vi": "Chưa có dữ liệu.", "en": "There is no data."}
    write_pair(project, blocked={"reason": words, "missing": words})
    with pytest.raises(Fault) as caught:
        declare.pairs()
    assert "a blocked indicator has no sources, no evidence and no home_order" in caught.value.why
    write_pair(project, sources=[])
    with pytest.raises(Fault) as caught:
        declare.pairs()
    assert "sources and evidence are missing" in caught.value.why
    write_pair(project, blocked={"reason": words, "missing": words}, sources=[], evidence=None)
    blocked = [pair.indicator.code for pair in declare.pairs() if pair.indicator.blocked]
    assert "YT05" in blocked
