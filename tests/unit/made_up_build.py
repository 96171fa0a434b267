"""A small intake and a small build with the tables of docs/interfaces.md: two sources, a spine, two indicators."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse import connect
from warehouse.ids import new_id

RAW = "so_thu_nghiem__ho_so"
DEMO_SOURCE = """
INSERT INTO ops.source BY NAME SELECT 'so_thu_nghiem' AS source_id, 'Sở Thử nghiệm' AS owner_agency, true AS is_enabled,
    60 AS late_after_minutes, 1 AS tier;
INSERT INTO ops.source_table BY NAME SELECT 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name,
    'so_thu_nghiem__ho_so' AS raw_name, ['ma'] AS primary_key, 'luc' AS event_time, 'snapshot' AS mode, 3 AS volume_min,
    2.0 AS volume_max_change, 1 AS tier;
INSERT INTO ops.source_column BY NAME
SELECT 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name, column_name AS source_name, * FROM (VALUES
    (1, 'ma', 'text', 'code', true, NULL::DOUBLE, NULL::DOUBLE, NULL::VARCHAR[], '[A-Z]{1}[0-9]+'),
    (2, 'so', 'double', 'free', true, 0, 100, NULL, NULL),
    (3, 'loai', 'text', 'code', false, NULL, NULL, ['a:x', 'b''y'], NULL),
    (4, 'luc', 'timestamp', 'free', false, NULL, NULL, NULL, NULL),
    (5, 'cccd', 'text', 'pii', false, NULL, NULL, NULL, NULL))
    AS c(ordinal, column_name, type, class, is_required, range_min, range_max, code_list, pattern);
CREATE TABLE raw.so_thu_nghiem__ho_so (ma VARCHAR, so DOUBLE, loai VARCHAR, luc TIMESTAMPTZ,
    _extract_id VARCHAR, _loaded_at TIMESTAMPTZ, _row_number BIGINT, _source_ref VARCHAR, _row_hash UBIGINT);
INSERT INTO raw.so_thu_nghiem__ho_so SELECT 'A' || i, i, 'a:x', now() - INTERVAL 1 DAY, 'e4', now(), i, 'ho_so', i
    FROM range(1, 5) AS r(i);
INSERT INTO ops.extract BY NAME SELECT 'e' || i AS extract_id, 'so_thu_nghiem' AS source_id, 'ho_so' AS table_name,
    5 AS rows_in, 4 AS rows_loaded, 1 AS rows_quarantined, 0 AS rows_deduplicated FROM range(1, 5) AS r(i);
INSERT INTO ops.pull BY NAME SELECT 'so_thu_nghiem' AS source_id, 'ok' AS status, now() AS finished_at;
"""
BUILD = """
CREATE SCHEMA mart; CREATE SCHEMA catalog;
CREATE TABLE catalog.build AS SELECT '{build_id}' AS build_id, now() AS built_at;
CREATE TABLE catalog.indicator AS SELECT * FROM (VALUES
    ('GV01', 'ind_gv_done', '%', 'up', 'ratio', 2, 1, 'Văn phòng', '{"model": "fct_task", "keys": ["task_code", "done_date"],
      "where": "given_date <= strptime($period_key, ''%Y%m%d'') AND ($area_code = ''38'' OR area_code = $area_code)",
      "numerator": "done_date <= strptime($period_key, ''%Y%m%d'')", "denominator": "true"}', 'Nhiệm vụ hoàn thành', 1),
    ('MT01', 'ind_mt_index', 'điểm', 'up', 'no', 0, 2, 'Sở NNMT', '{"model": "stg_x", "keys": ["a"], "where": "true",
      "numerator": "a", "denominator": null}', 'Chỉ số', NULL))
    AS i(indicator_code, model, unit, direction, additive, decimals, tier, owner_agency, evidence_json, title_vi, home_order);
CREATE TABLE mart.dim_area AS
    SELECT lpad(i::VARCHAR, 5, '0') AS area_code, CASE i WHEN 1 THEN 'Phường Hạc Thành' ELSE 'Xã ' || i END AS area_name,
           CASE WHEN i <= 19 THEN 'phường' ELSE 'xã' END AS area_type, 11114.8 / 166 AS area_km2, true AS is_current
    FROM range(1, 167) AS r(i)
    UNION ALL SELECT '38', 'Thanh Hóa', 'tỉnh', NULL, true;
CREATE TABLE mart.ind_gv_done (period_kind VARCHAR, period_key VARCHAR, area_code VARCHAR, breakdown VARCHAR,
    numerator DOUBLE, denominator DOUBLE, value DOUBLE, as_of TIMESTAMPTZ, extract_ids VARCHAR[]);
CREATE TABLE mart.ind_mt_index AS FROM mart.ind_gv_done;
INSERT INTO mart.ind_gv_done VALUES
    ('day', '20250725', '38', '', 38, 91, 41.76, '2025-07-25 17:00:00+07', ['e4']),
    ('day', '20250725', '00001', '', 18, 40, 45, '2025-07-25 17:00:00+07', ['e4']),
    ('day', '20250725', '00002', '', 20, 51, 39.22, '2025-07-25 17:00:00+07', ['e4']);
INSERT INTO mart.ind_mt_index VALUES ('hour', '2025072517', '00001', 'tram=A', NULL, NULL, 55, '2025-07-25 17:00:00+07', ['e4']);
CREATE TABLE mart.fct_task AS SELECT 'NV' || lpad(i::VARCHAR, 2, '0') AS task_code, '00001' AS area_code,
    DATE '2025-06-01' AS given_date, CASE WHEN i <= 38 THEN DATE '2025-07-01' END AS done_date, 'e4' AS extract_id
    FROM range(1, 92) AS r(i);
CREATE TABLE catalog.extract AS SELECT 'e4' AS extract_id, 'vptu_nq57' AS source_id, 'nhiem_vu' AS table_name,
    'landing/vptu_nq57/nhiem_vu/e4' AS landing_path, 91 AS rows_in, now() AS extracted_at, now() AS loaded_at;
CREATE TABLE catalog.source_table AS SELECT 'vptu_nq57' AS source_id, 'nhiem_vu' AS table_name, ['ma_nv'] AS primary_key;
CREATE TABLE catalog.relation AS SELECT 'fct_task' AS relation, ['task_code'] AS key_columns;
CREATE TABLE catalog.column_doc AS SELECT 'fct_task' AS relation,
    unnest(['task_code', 'area_code', 'given_date', 'done_date', 'extract_id']) AS column_name;
CREATE VIEW mart.obs_indicator AS SELECT 'GV01' AS indicator_code, * FROM mart.ind_gv_done
    UNION ALL SELECT 'MT01', * FROM mart.ind_mt_index;
"""


def make_intake() -> None:
    with connect.writer("test") as con:
        con.execute(DEMO_SOURCE)


def make_build(build_id: str | None = None, more: str = "") -> str:
    """A fresh build file. Returns its build_id."""
    build_id = build_id or new_id()
    connect.build_path().unlink(missing_ok=True)
    change_build(BUILD.replace("{build_id}", build_id) + more)
    return build_id


def change_intake(sql: str) -> None:
    with connect.writer("test") as con:
        con.execute(sql)


def change_build(sql: str) -> None:
    with connect.build_writer() as con:
        con.execute(sql)


def let_pass(build_id: str, verdict: str = "PASS") -> None:
    """The stored verdict, without asking Great Expectations."""
    change_intake(f"INSERT INTO ops.build (build_id, verdict) VALUES ('{build_id}', '{verdict}')")


def make_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("IOC_HOME", str(tmp_path / "home"))
    make_intake()
    return make_build()
