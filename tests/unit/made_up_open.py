"""A small published build with open and closed tables: communes, a table that counts people, indicators with small numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_build import change_build, let_pass, make_intake

from opendata import publish as opened
from warehouse import connect, publish
from warehouse.ids import new_id


def meta(id: str, **more: object) -> str:
    body = {
        "id": id, "title": {"vi": f"Bộ {id}", "en": f"Set {id}"}, "licence": "MIT", "attribution": "Sở Thử nghiệm", "theme": "GOVE", "frequency": "DAILY",
    }  # fmt: skip
    return json.dumps(body | more, ensure_ascii=False)


#: Relation → (meta.open, key, raw tables below it). The last two say they are open and must not be.
RELATIONS = {
    "dim_area": (meta("areas"), ["area_code"], ["mo__don_vi"]),
    "fct_recipient_month": (
        meta("recipients", counts=["recipients"], derived=["share_pct"], area="area_code", period=["month_key"]), ["month_key", "area_code"], ["mau__doi_tuong"],
    ),
    "fct_dossier": (None, ["code"], ["kin__ho_so"]),
    "fct_mixed": (meta("mixed"), ["code"], ["mo__don_vi", "kin__ho_so"]),
    "fct_orphan": (meta("orphan"), ["code"], []),
}  # fmt: skip
BUILD = """
CREATE SCHEMA mart; CREATE SCHEMA catalog;
CREATE TABLE catalog.build AS SELECT '{build_id}' AS build_id, true AS is_demo, TIMESTAMPTZ '2026-11-24 08:00:00+07' AS built_at;
CREATE TABLE catalog.source AS SELECT *, 'Nguồn ' || source_id AS title_vi, 'Source ' || source_id AS title_en, 'Sở Thử nghiệm' AS owner_agency, NULL::VARCHAR AS legal_basis
    FROM (VALUES ('mo', 'mở', false), ('mau', 'mở', true), ('kin', 'dùng chung', false)) AS s (source_id, share_class, is_made_up);
CREATE TABLE catalog.source_table AS SELECT * FROM (VALUES ('mo', 'mo__don_vi'), ('mau', 'mau__doi_tuong'), ('kin', 'kin__ho_so')) AS t (source_id, raw_name);
CREATE TABLE catalog.relation (relation VARCHAR, schema_name VARCHAR, description VARCHAR, description_en VARCHAR, key_columns VARCHAR[], open_json VARCHAR);
CREATE TABLE catalog.lineage (relation VARCHAR, layer VARCHAR, parent VARCHAR, parent_layer VARCHAR);
CREATE TABLE catalog.column_doc (relation VARCHAR, column_name VARCHAR, description VARCHAR, description_en VARCHAR);
CREATE TABLE mart.dim_area AS SELECT * FROM (VALUES ('38', '=HYPERLINK("x")', 'province', NULL, true, 1.5::DECIMAL(28, 6), 'inf'::DOUBLE, TIMESTAMPTZ '2026-01-01 00:00:00+07', ['e']),
    ('00001', 'Phường "Hạc, Thành"', 'commune', '38', true, NULL, 2.5, NULL, NULL), ('00002', '-', 'commune', '38', true, 3, NULL, NULL, NULL))
    AS a (area_code, area_name, level, parent_code, is_current, area_km2, rain_mm, seen_at, extract_ids);
CREATE TABLE mart.fct_recipient_month AS SELECT *, 'e1' AS extract_id FROM (VALUES {recipients}) AS r (month_key, area_code, recipients, share_pct);
CREATE TABLE mart.fct_dossier AS SELECT 'HS1' AS code, 'bí mật' AS secret;
CREATE TABLE mart.fct_mixed AS FROM mart.fct_dossier; CREATE TABLE mart.fct_orphan AS FROM mart.fct_dossier;
CREATE TABLE mart.obs_indicator (indicator_code VARCHAR, period_kind VARCHAR, period_key VARCHAR, area_code VARCHAR, breakdown VARCHAR, numerator DOUBLE, denominator DOUBLE,
    value DOUBLE, as_of TIMESTAMPTZ, extract_ids VARCHAR[], is_provisional BOOLEAN, grade_valid DOUBLE, grade_complete DOUBLE, grade_clean DOUBLE, grade_live DOUBLE);
INSERT INTO mart.obs_indicator BY NAME SELECT *, TIMESTAMPTZ '2026-11-01 00:00:00+07' AS as_of, false AS is_provisional, 100 AS grade_valid FROM (VALUES {observations})
    AS o (indicator_code, period_kind, period_key, area_code, breakdown, numerator, denominator, value);
CREATE TABLE catalog.indicator AS SELECT *, 'x' AS sector, code || ' tên' AS title_vi, code || ' title' AS title_en, '?' AS question, 'f' AS formula, 'Số lần' AS denominator_vi,
    'up' AS direction, 'month' AS period_kind, 'commune' AS area_grain, 'Sở Thử nghiệm' AS owner_agency, '' AS caveats, 'S' AS provenance, NULL::VARCHAR AS blocked_en, code AS indicator_code
    FROM (VALUES ('MO01', 'ind_mo', ['mo'], 'Số người', '%', 'Xã dưới 5 người thì ẩn', NULL::VARCHAR), ('MO02', 'ind_dem', ['mo'], 'Số lần', 'lần', 'Không áp dụng: không chứa dữ liệu cá nhân.', NULL),
        ('KI01', 'ind_kin', ['kin'], 'Số hồ sơ', '%', 'Không áp dụng.', NULL), ('KI02', 'ind_dem', ['kin'], 'Số hồ sơ', '%', 'Không áp dụng.', NULL), ('CH01', 'ind_cho', [], '', '%', '', 'chưa có nguồn'))
    AS i (code, model, sources, numerator_vi, unit, small_number_rule, blocked_vi);
CREATE TABLE catalog.norm AS SELECT 'MO01' AS indicator_code, 'target' AS level, 90.0::DOUBLE AS value, NULL::DOUBLE AS value_max, 'QĐ thử' AS source, '' AS legal_ref,
    DATE '2025-01-01' AS valid_from, NULL::DATE AS valid_to, NULL::VARCHAR AS season_from, NULL::VARCHAR AS season_to, 'M' AS provenance;
"""
#: Month, commune, people, percent: in 202601 one commune is small; in 202602 none.
RECIPIENTS = """('202601', '38', 60, 1.0), ('202601', '00001', 3, 0.1), ('202601', '00002', 20, 0.4), ('202601', '00003', 37, 0.5),
    ('202602', '38', 30, 1.0), ('202602', '00001', 10, 0.2), ('202602', '00002', 20, 0.8)"""
OBSERVATIONS = """('MO01', 'month', '202601', '38', '', 50, 100, 50), ('MO01', 'month', '202601', '00001', '', 2, 30, 6.7), ('MO01', 'month', '202601', '00002', '', 18, 30, 60),
    ('MO01', 'month', '202601', '00003', '', 30, 40, 75), ('MO02', 'month', '202601', '00001', '', 2, NULL, 2), ('KI01', 'month', '202601', '38', '', 9, 10, 90), ('KI02', 'month', '202601', '38', '', 9, 10, 90)"""


def make_open_build(more: str = "", *, recipients: str = RECIPIENTS, observations: str = OBSERVATIONS) -> str:
    """A judged and published build; its id."""
    build_id = new_id()
    connect.build_path().unlink(missing_ok=True)
    sql = (
        BUILD.replace("{build_id}", build_id)
        .replace("{recipients}", recipients)
        .replace("{observations}", observations)
    )
    for name, (said, key, raw) in RELATIONS.items():
        sql += f"INSERT INTO catalog.relation VALUES ('{name}', 'mart', 'Mô tả {name}', 'About {name}', {key}, {connect.literal(said) if said else 'NULL'});"
        sql += f"INSERT INTO catalog.lineage VALUES ('{name}', 'mart', 'stg_{name}', 'staging');"
        for table in raw:
            sql += f"INSERT INTO catalog.lineage VALUES ('stg_{name}', 'staging', '{table}', 'raw');"
    for model, table in (("ind_mo", "mo__don_vi"), ("ind_dem", "mo__don_vi"), ("ind_kin", "kin__ho_so")):
        sql += f"INSERT INTO catalog.lineage VALUES ('{model}', 'mart', '{table}', 'raw');"
    change_build(sql + more)
    let_pass(build_id)
    publish.publish(build_id)
    return build_id


def make_open_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A home whose open files are published; the build's id."""
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "home"))
    make_intake()
    build_id = make_open_build()
    opened.publish()
    return build_id
