"""What the board “Dữ liệu có tin được không?” draws: small tables of the judged build, counts and words, no value of a row.

Written after the judgement, because dbt is done before it; in schema `quality`, beside what they summarise. 90 days of grades
come from the ledger, for a build knows only itself.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import pyarrow as pa

from warehouse.connect import bind, has_table

DAYS = 90
KINDS = {
    "accept": "chấp nhận ở ngoài", "report": "báo nguồn sửa", "map": "hiệu chỉnh giá trị", "correct": "sửa một dòng", "rule": "đổi quy tắc",
    "replay": "xét lại", "false_alarm": "báo nhầm", "withdraw": "bỏ hiệu chỉnh",
}  # fmt: skip
_SEVERITY = "CASE WHEN r.outcome = 'ERROR' THEN '▲ không kiểm được' WHEN r.severity = 'stop' THEN '■ chặn' WHEN r.severity = 'warn' THEN '▲ nhắc' ELSE '○ ghi nhận' END"


def write(con: duckdb.DuckDBPyConnection, ledger: duckdb.DuckDBPyConnection, checked_at: datetime) -> None:
    """The tables of one build; `con` is its file, `ledger` the intake, both writable and with this judgement in them."""
    if not has_table(con, "catalog", "source") or not has_table(con, "catalog", "lineage"):
        return
    _bring(con, "score_day", ledger, bind(
        f"""SELECT day, source_id, max_by(score, build_id) AS score FROM ops.source_score
        WHERE day > CAST(? AS DATE) - {DAYS} GROUP BY ALL""", checked_at))  # fmt: skip
    _bring(con, "open_now", ledger, """SELECT source_id, rules[1] AS rule, count(*) AS n_rows,
        min(created_at) AS oldest_at FROM quarantine.row WHERE status = 'open' GROUP BY source_id, rules[1]""")  # fmt: skip
    kinds = " ".join(f"WHEN '{kind}' THEN '{words}'" for kind, words in KINDS.items())
    _bring(con, "decided", ledger, f"""SELECT CAST(decided_at AS DATE) AS day, CASE kind {kinds} ELSE kind END AS kind_vi, count(*) AS n,
        sum(now_pass)::BIGINT AS now_pass FROM ops.decision WHERE decided_at > now() - INTERVAL {DAYS} DAY GROUP BY ALL""")  # fmt: skip
    _bring(con, "since", ledger, "SELECT relation, rule, column_name, min(since_at) AS since_at, max(owner) AS owner FROM ops.finding_now GROUP BY ALL")  # fmt: skip
    con.execute(_TABLES)


def _bring(con: duckdb.DuckDBPyConnection, name: str, ledger: duckdb.DuckDBPyConnection, query: str) -> None:
    """A query on the ledger as a temporary table of the build's connection."""
    found: pa.Table = ledger.execute(query).fetch_arrow_table()
    con.register("brought", found)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM brought")
    con.unregister("brought")


_TABLES = f"""
CREATE OR REPLACE TABLE quality.trust_score_day AS
    SELECT d.day, coalesce(s.title_vi, d.source_id) AS source_vi, d.score, w.place <= 15 AS is_worst
    FROM score_day AS d LEFT JOIN catalog.source AS s USING (source_id)
    LEFT JOIN (SELECT source_id, row_number() OVER (ORDER BY avg(score), source_id) AS place FROM score_day GROUP BY 1) AS w USING (source_id);
CREATE OR REPLACE TABLE quality.trust_source AS
    SELECT s.title_vi AS source_vi, s.owner_agency AS owner_vi, g.score, g.grade_valid, g.grade_complete, g.grade_clean, g.grade_live,
           g.failed + g.errored AS n_broken, coalesce(o.n_rows, 0)::BIGINT AS n_open, g.source_id
    FROM quality.source_day AS g JOIN catalog.source AS s USING (source_id)
    LEFT JOIN (SELECT source_id, sum(n_rows) AS n_rows FROM open_now GROUP BY 1) AS o USING (source_id);
CREATE OR REPLACE TABLE quality.trust_open AS
    SELECT coalesce(s.title_vi, o.source_id) AS source_vi, o.rule, o.n_rows, o.oldest_at
    FROM open_now AS o LEFT JOIN catalog.source AS s USING (source_id);
CREATE OR REPLACE TABLE quality.trust_decision AS FROM decided;
CREATE OR REPLACE TABLE quality.trust_rule AS
    WITH RECURSIVE broken AS (SELECT DISTINCT relation FROM quality.result WHERE outcome <> 'PASS'),
    down(root, name) AS (
        SELECT relation, split_part(relation, '.', 2) FROM broken
        UNION SELECT d.root, l.relation FROM down AS d JOIN catalog.lineage AS l ON l.parent = d.name
            WHERE d.name NOT IN ('obs_indicator', 'mart_indicator_card')),
    cost AS (
        SELECT d.root, count(*) AS n, string_agg(i.indicator_code, ', ' ORDER BY i.indicator_code) AS codes,
               count(*) FILTER (i.home_order IS NOT NULL) AS n_home
        FROM down AS d JOIN catalog.indicator AS i ON i.model = d.name GROUP BY 1)
    SELECT {_SEVERITY} AS severity_vi, r.message_vi, r.relation, r.column_name, CASE WHEN r.outcome = 'ERROR' THEN 0 WHEN r.severity = 'stop' THEN 1
           WHEN r.severity = 'warn' THEN 2 ELSE 3 END AS severity_order, n.since_at, strftime(n.since_at AT TIME ZONE 'Asia/Ho_Chi_Minh', '%d/%m/%Y %H:%M') AS since_vi, r.unexpected_count AS n_cases, coalesce(f.owner, n.owner, '') AS owner_vi,
           CASE WHEN c.n IS NULL THEN 'không chỉ tiêu nào' ELSE c.n || ' chỉ tiêu: ' || left(c.codes, 60) || CASE WHEN length(c.codes) > 60 THEN '…' ELSE '' END
               || CASE WHEN c.n_home > 0 THEN ' · ' || c.n_home || ' thẻ trên bảng Hôm nay' ELSE '' END END AS cost_vi
    FROM quality.result AS r LEFT JOIN cost AS c ON c.root = r.relation
    LEFT JOIN since AS n ON (n.relation, n.rule, n.column_name) = (r.relation, r.expectation, r.column_name)
    LEFT JOIN (SELECT DISTINCT s.source_id, s.owner_agency AS owner, 'raw.' || t.raw_name AS relation
               FROM catalog.source AS s JOIN catalog.source_table AS t USING (source_id)) AS f ON f.relation = r.relation
    WHERE r.outcome <> 'PASS';
CREATE OR REPLACE TABLE quality.trust_state AS
    SELECT '<div class="st st-' || CASE WHEN stops > 0 THEN 'khong_dat' WHEN warns > 0 THEN 'chu_y' ELSE 'dat' END || '"><div class="st-word">'
        || CASE WHEN stops > 0 THEN '■ CÓ SỐ KHÔNG TIN ĐƯỢC' WHEN warns > 0 THEN '▲ TIN ĐƯỢC, CÓ ĐIỀU CẦN XEM' ELSE '● TIN ĐƯỢC' END
        || '</div><div class="st-say"><div class="st-sentence">' || n_sources || ' nguồn, điểm trung vị ' || CAST(round(middle) AS INTEGER) || ', thấp nhất '
        || CAST(round(lowest) AS INTEGER) || '. ' || stops || ' quy tắc chặn và ' || warns || ' quy tắc nhắc không đạt; ' || n_open || ' dòng chờ xử lý.</div></div></div>' AS state_html
    FROM (SELECT count(*) AS n_sources, median(score) AS middle, min(score) AS lowest, sum(n_open) AS n_open FROM quality.trust_source),
         (SELECT count(*) FILTER (severity_order <= 1) AS stops, count(*) FILTER (severity_order = 2) AS warns FROM quality.trust_rule);
DROP TABLE score_day; DROP TABLE open_now; DROP TABLE decided; DROP TABLE since;
"""
