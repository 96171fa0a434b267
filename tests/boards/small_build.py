"""A served build without the pipeline: the relations that the boards name, a few rows each."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-boards" / "bin" / "python"
FIRST, SECOND = "20260301T000000000000-aaaa", "20260302T000000000000-bbbb"
#: Relation → its rows, with the columns of the real one that the boards use.
ROWS = {
    "mart.board_card": """SELECT *, card_html AS card_en_html FROM (SELECT code AS indicator_code, '38' AS area_code, 'Tỉnh Thanh Hóa' AS area_name, n AS home_order, 'dat' AS status, 4 AS status_order, false AS is_held,
        true AS is_made_up, '$build' AS build_id, '01/03/2026 07:00' AS built_vi, '5 phút' AS build_age_vi, '5 min' AS build_age_en, 'Thẻ thử' AS headline_vi, 'Card' AS headline_en, format('<div class="card card-dat"><div class="card-top"><span class="card-status">● Đạt</span><span class="card-code">{}</span></div><div class="card-title">Thẻ thử</div><div class="card-number"><span class="card-value">{}</span></div></div>', code, $first + n) AS card_html FROM (SELECT n, format('TT{:02d}', n) AS code FROM range(1, 13) t(n)))""",
    "mart.board_source": """SELECT 'nguon_thu' AS source_id, 1 AS state_order, '<div class="src">Nguồn thử</div>' AS source_html, '<div class="src">A source</div>' AS source_en_html""",
    "mart.board_action": """SELECT 1 AS action_no, '<div class="act">Việc thử</div>' AS action_html, '<div class="act">A thing to do</div>' AS action_en_html""",
    "mart.board_alarm": """SELECT 'a' AS alarm_id, 1 AS alarm_order, '<div class="src al">Báo động thử</div>' AS alarm_html, '<div class="src al">An alarm</div>' AS alarm_en_html""",
    "mart.commune_map": "SELECT '14758' AS area_code, 'Hạc Thành' AS area_name, '[[105.7,19.8],[105.8,19.8],[105.8,19.9],[105.7,19.8]]' AS polygon, 98.5 AS on_time_pct, 'Hạc Thành: 98,5 %' AS tooltip_vi",
    "mart.board_dossier_week": "SELECT DATE '2026-03-02' AS week_start_date, 10::HUGEINT AS n_received, 9::HUGEINT AS n_resolved",
    "mart.board_commune_on_time": "SELECT 'Hạc Thành' AS area_name, 98.5::DOUBLE AS on_time_pct, 200 AS n_resolved",
    "mart.board_river": "SELECT TIMESTAMPTZ '2026-03-02 07:00:00+07' AS hour_at, 'Giàng' AS station_name, -1.5::DOUBLE AS above_bd1_m",
    "mart.board_aqi": "SELECT TIMESTAMPTZ '2026-03-02 07:00:00+07' AS hour_at, 'Hạc Thành' AS station_name, 61 AS aqi",
    "mart.board_task_day": "SELECT DATE '2026-03-02' AS date_day, 'Đã xong' AS status_vi, 38 AS n_tasks",
    "mart.board_papi": "SELECT DATE '2024-01-01' AS year_start_date, 'Công khai' AS dimension_vi, 5.5::DOUBLE AS score",
    "mart.board_budget": "SELECT DATE '2020-01-01' AS year_start_date, 'Chi' AS kind_vi, 35.3::DOUBLE AS trillion_vnd",
    "mart.board_climate": "SELECT 9 AS obs_month, 'Tháng 9' AS month_vi, 390.0::DOUBLE AS rain_mm, 27.0::DOUBLE AS temp_mean_c",
    "mart.board_series": "SELECT 'DX02' AS indicator_code, 'Đúng hạn' AS title_vi, 'On time' AS title_en, '%' AS unit, '38' AS area_code, 'Tỉnh Thanh Hóa' AS area_name, 'month' AS period_kind, TIMESTAMP '2026-02-01' AS period_start, 98.1::DOUBLE AS value, 98.0 AS target",
    "mart.board_commune": "SELECT 'DX02' AS indicator_code, '14758' AS area_code, 'Hạc Thành' AS commune_vi, 98.5 AS value, 1 AS polygon_no, '[[105.7,19.8],[105.8,19.8],[105.8,19.9],[105.7,19.8]]' AS polygon, 'Hạc Thành: 98,5 %' AS tooltip_vi",
    "mart.board_hazard_map": "SELECT 1 AS layer_no, '14758' AS place_code, '[[105.7,19.8],[105.8,19.8],[105.8,19.9],[105.7,19.8]]' AS polygon, 0 AS level_no, 'Hạc Thành: thấp' AS tooltip_vi",
    "mart.board_river_now": "SELECT 'Giàng' AS station_name, 'Mã' AS river, '07:00' AS hour_vi, 1.0 AS level_m, 4.0 AS bd1_m, 5.5 AS bd2_m, 6.5 AS bd3_m, '● dưới báo động 1' AS state_vi, 1 AS place_no",
    "mart.board_reservoir_now": "SELECT 'Cửa Đạt' AS reservoir_name, 'Chu' AS basin, '07:00' AS hour_vi, 100.0 AS level_m, 110.0 AS limit_m, 80.0 AS storage_pct, 10.0 AS inflow_m3s, 10.0 AS release_m3s, '● trong giới hạn' AS state_vi, 1 AS place_no",
    "mart.board_task_late": "SELECT 'NV-1' AS task_code, 'Nhiệm vụ thử' AS task_name, 'Sở Thử' AS lead_agency, DATE '2026-02-01' AS due_date, 29 AS n_days, 40.0 AS progress_pct",
    "mart.board_problem": "SELECT 'BT-1' AS problem_code, 'Bài toán thử' AS problem_name, 'y tế' AS field, 'Sở Thử' AS ordering_agency, DATE '2026-12-01' AS due_date, 0 AS n_firms, '▲ chưa có đơn vị nhận' AS state_vi",
    "mart.board_project_late": "SELECT 'DA-1' AS project_code, 'Dự án thử' AS project_name, 'B' AS project_group, 'Ban Thử' AS investor, 'Hạc Thành' AS commune_vi, DATE '2026-02-01' AS due_date, 29 AS n_days",
    "quality.trust_state": """SELECT '<div class="st st-dat"><div class="st-word">● TIN ĐƯỢC</div></div>' AS state_html""",
    "quality.trust_source": "SELECT 'Nguồn thử' AS source_vi, 'Sở Thử' AS owner_vi, 88.0 AS score, 90.0 AS grade_valid, 100.0 AS grade_complete, 88.0 AS grade_clean, 100.0 AS grade_live, 1 AS n_broken, 3::BIGINT AS n_open, 'nguon_thu' AS source_id",
    "quality.trust_rule": "SELECT '▲ nhắc' AS severity_vi, 'Số dòng không đổi quá 5 lần' AS message_vi, 'raw.x' AS relation, '' AS column_name, 2 AS severity_order, TIMESTAMPTZ '2026-03-02 07:00:00+07' AS since_at, '02/03/2026 07:00' AS since_vi, 1::BIGINT AS n_cases, 'Sở Thử' AS owner_vi, '1 chỉ tiêu: TT01' AS cost_vi",
    "quality.trust_score_day": "SELECT DATE '2026-03-02' AS day, 'Nguồn thử' AS source_vi, 88.0 AS score, true AS is_worst",
    "quality.trust_open": "SELECT 'Nguồn thử' AS source_vi, 'type:so' AS rule, 3::BIGINT AS n_rows, TIMESTAMPTZ '2026-03-02 07:00:00+07' AS oldest_at",
    "quality.trust_decision": "SELECT DATE '2026-03-02' AS day, 'hiệu chỉnh giá trị' AS kind_vi, 1::BIGINT AS n, 37::BIGINT AS now_pass",
    "quality.anomaly": "SELECT 'TT01' AS indicator_code, '38' AS area_code, '20260302' AS period_key, 'bỗng khác thường' AS message_vi, 9.5 AS score, true AS is_shown",
}
#: The relations that the pages of ours name, with as many indicators as the province has.
PAGE_ROWS = {
    "mart.card_now": """SELECT format('TT{:02d}', n) AS indicator_code, 'thien_tai' AS sector, CASE n WHEN 2 THEN '<script>alert(1)</script>' ELSE format('Chỉ tiêu thử có tên dài như ngoài đời {}', n) END AS title_vi, CASE n WHEN 2 THEN '' ELSE format('Indicator {}', n) END AS title_en, '%' AS unit, area_code,
        CASE area_code WHEN '38' THEN format('{}', $first + n) ELSE format('{}', 9000 + n) END AS value_vi, 'tháng 3/2026' AS period_vi, '≥ 95' AS target_vi, '▲ 1,0' AS delta_vi, CASE WHEN n <= 19 THEN 'khong_dat' ELSE 'dat' END AS status, CASE WHEN n <= 19 THEN 'Không đạt' ELSE 'Đạt' END AS status_vi,
        CASE WHEN n <= 19 THEN 'Off target' ELSE 'On target' END AS status_en, CASE WHEN n <= 19 THEN '■' ELSE '●' END AS status_icon, CASE WHEN n <= 19 THEN 1 ELSE 4 END AS status_order, 'Chưa đạt mục tiêu 95' AS reason_vi, 'tháng 2/2026' AS since_vi, 'Sở Thử' AS acts_who_vi, 'Kiểm tra' AS acts_procedure_vi, '3 ngày' AS acts_within_vi, 'Sở Thử' AS owner_vi,
        '4 giờ' AS age_vi, false AS is_stale, false AS is_held, '' AS held_vi, true AS is_made_up, n = 1 AS is_unverified, n AS home_order, 1 AS tier FROM range(1, 99) t(n), (VALUES ('38'), ('14758'), ('14797')) a(area_code)""",
    "mart.province_status": "SELECT 'khong_dat' AS status, 'KHÔNG ĐẠT' AS status_vi, '■' AS status_icon, 'Bản thử: 19 chỉ tiêu không đạt.' AS sentence_vi, 'b' || $first AS build_id, '02/03/2026 07:00' AS built_vi, 'SỐ LIỆU MINH HỌA' AS made_up_vi",
    "mart.source_now": "SELECT 'Nguồn thử' AS title_vi, 'Sở Thử' AS owner_vi, 'cham' AS state, 'chậm' AS state_vi, '▲' AS state_icon, '3 giờ' AS age_vi, '' AS reason_vi, 1 AS state_order",
    "mart.dim_area": "SELECT area_code, area_name, level, true AS is_current FROM (VALUES ('38', 'Tỉnh Thanh Hóa', 'province'), ('14758', 'Phường Hạc Thành', 'commune'), ('14797', 'Phường Hàm Rồng', 'commune')) t(area_code, area_name, level)",
}


@dataclass(frozen=True)
class Boards:
    """A running Superset and the `IOC_HOME` that it serves."""

    home: Path
    url: str

    def password(self, user: str) -> str:
        return (self.home / "secrets" / f"SUPERSET_{user.upper()}_PASSWORD").read_text(encoding="utf-8").strip()

    def marts(self) -> Path:
        return (self.home / "serving" / "current" / "marts.duckdb").resolve()

    def show(self, build_id: str) -> None:
        """Switch `current` as a publication does: a new link renamed over the old one."""
        fresh = self.home / "serving" / "next"
        fresh.symlink_to(build_id)
        fresh.replace(self.home / "serving" / "current")


def write_build(home: Path, build_id: str, first: int) -> None:
    """One served build; the cards show `first` + 1 to `first` + 12."""
    folder = home / "serving" / build_id
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "marts.duckdb")) as con:
        con.execute("CREATE SCHEMA mart; CREATE SCHEMA quality")
        for relation, rows in (ROWS | PAGE_ROWS).items():
            con.execute(f"CREATE TABLE {relation} AS {rows.replace('$first', str(first)).replace('$build', build_id)}")


def set_up(home: Path, code: str = "from boards import setup; setup.main()") -> str:
    """`python -m boards.setup` (or a variant of it) on that home; gives what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SUPERSET_")}
    env |= {"IOC_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([str(PYTHON), "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stderr
