-- The ledger: what was declared, pulled, loaded, refused and built. Written only by the room named beside each table;
-- read by all. No keys or indexes (a warehouse file with indexes is slower to write and harder to heal).
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS quarantine;

-- ingestion.registry: the declarations, as tables, so that dbt and quality never import ingestion --------------------
CREATE TABLE IF NOT EXISTS ops.source (
    source_id VARCHAR, sector VARCHAR, title_vi VARCHAR, title_en VARCHAR,
    owner_agency VARCHAR, owner_unit VARCHAR, owner_contact VARCHAR, share_class VARCHAR, legal_basis VARCHAR,
    connector_kind VARCHAR, cadence VARCHAR, every_minutes INTEGER, late_after_minutes INTEGER, cutoff VARCHAR,
    tier INTEGER, is_made_up BOOLEAN, is_enabled BOOLEAN, skipped_why VARCHAR, declaration_path VARCHAR);
CREATE TABLE IF NOT EXISTS ops.source_table (
    source_id VARCHAR, table_name VARCHAR, raw_name VARCHAR, title_vi VARCHAR, grain VARCHAR,
    primary_key VARCHAR[], cursor_column VARCHAR, lag_minutes INTEGER, event_time VARCHAR, mode VARCHAR,
    volume_min BIGINT, volume_max_change DOUBLE, area_column VARCHAR, area_scheme VARCHAR, slot_minutes INTEGER, tier INTEGER,
    recapture_minutes INTEGER);
CREATE TABLE IF NOT EXISTS ops.source_column (
    source_id VARCHAR, table_name VARCHAR, ordinal INTEGER, column_name VARCHAR, source_name VARCHAR, type VARCHAR,
    unit VARCHAR, class VARCHAR, is_required BOOLEAN, range_min DOUBLE, range_max DOUBLE, code_list VARCHAR[],
    pattern VARCHAR, description_vi VARCHAR, description_en VARCHAR, is_ignored BOOLEAN, ignored_why VARCHAR);

-- ingestion.ledger: one row an extract; rows_in = rows_loaded + rows_quarantined + rows_deduplicated ------------------
CREATE TABLE IF NOT EXISTS ops.extract (
    extract_id VARCHAR, run_id VARCHAR, source_id VARCHAR, table_name VARCHAR, mode VARCHAR,
    cursor_from VARCHAR, cursor_to VARCHAR, extracted_at TIMESTAMPTZ, loaded_at TIMESTAMPTZ,
    rows_in BIGINT, rows_loaded BIGINT, rows_quarantined BIGINT, rows_deduplicated BIGINT, rows_deleted BIGINT,
    bytes_landed BIGINT, files_in INTEGER, landing_path VARCHAR, manifest_sha256 VARCHAR,
    max_event_at TIMESTAMPTZ, drift VARCHAR,
    left_out VARCHAR, -- JSON, reason → count: what the declaration said is no data (totals, footers, hidden sheets)
    pruned_at TIMESTAMPTZ, -- when its files left the landing, as the declared retention says
    texts_uncertain VARCHAR); -- JSON, column → count: texts kept as they came, because their old encoding is not certain
CREATE TABLE IF NOT EXISTS ops.watermark (
    source_id VARCHAR, table_name VARCHAR, cursor_value VARCHAR, extract_id VARCHAR, updated_at TIMESTAMPTZ);
-- files already taken, so that a listing can be compared before anything is downloaded
CREATE TABLE IF NOT EXISTS ops.file_seen (
    source_id VARCHAR, table_name VARCHAR, path VARCHAR, size BIGINT, modified VARCHAR, sha256 VARCHAR, extract_id VARCHAR,
    seen_at TIMESTAMPTZ);
-- one row a pull attempt of a source, good or bad; the newest says whether the source is late and why
CREATE TABLE IF NOT EXISTS ops.pull (
    run_id VARCHAR, source_id VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, status VARCHAR, -- ok|failed|skipped
    code VARCHAR, reason_vi VARCHAR, reason_en VARCHAR, rows_in BIGINT, rows_loaded BIGINT,
    tries INTEGER); -- how often the source was asked: 0 where it was skipped or left alone
CREATE TABLE IF NOT EXISTS quarantine.row (
    quarantine_id VARCHAR, source_id VARCHAR, table_name VARCHAR, extract_id VARCHAR, row_number BIGINT, source_ref VARCHAR,
    key_text VARCHAR, rules VARCHAR[], reasons_vi VARCHAR[], reasons_en VARCHAR[], row_json VARCHAR,
    status VARCHAR, -- open|fixed|accepted|superseded
    created_at TIMESTAMPTZ, resolved_at TIMESTAMPTZ, resolved_by VARCHAR, resolved_why VARCHAR);

-- warehouse: runs and builds -------------------------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS ops.run (
    run_id VARCHAR, holder VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, exit_code INTEGER, build_id VARCHAR, note VARCHAR);
CREATE TABLE IF NOT EXISTS ops.build (
    build_id VARCHAR, run_id VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, models INTEGER,
    verdict VARCHAR, -- PASS|FAIL|ERROR, null until judged
    published_at TIMESTAMPTZ, sha256 VARCHAR, note VARCHAR);

-- quality.judge: what builds were judged to be, kept so that a trend can be seen ---------------------------------------------
-- one row an expectation that did not pass; a build without rows here and with rows in ops.source_score passed whole
CREATE TABLE IF NOT EXISTS ops.finding (
    build_id VARCHAR, checked_at TIMESTAMPTZ, relation VARCHAR, tier INTEGER, source_id VARCHAR, rule VARCHAR, column_name VARCHAR,
    severity VARCHAR, outcome VARCHAR, -- FAIL|ERROR
    unexpected_count BIGINT, message_vi VARCHAR, message_en VARCHAR, owner VARCHAR);
-- one row a source and build: its four grades, 0-100
CREATE TABLE IF NOT EXISTS ops.source_score (
    build_id VARCHAR, checked_at TIMESTAMPTZ, day DATE, source_id VARCHAR, expectations INTEGER, passed INTEGER, failed INTEGER,
    errored INTEGER, grade_valid DOUBLE, grade_complete DOUBLE, grade_clean DOUBLE, grade_live DOUBLE, score DOUBLE);

-- what the newest judged build found broken, with since when it has been so without a break
CREATE VIEW IF NOT EXISTS ops.finding_now AS
WITH build AS (SELECT DISTINCT build_id FROM ops.source_score),
broken AS (FROM ops.finding WHERE build_id = (SELECT max(build_id) FROM build)),
good AS (
    SELECT k.relation, k.rule, k.column_name, max(b.build_id) AS build_id
    FROM (SELECT DISTINCT relation, rule, column_name FROM broken) AS k, build AS b
    WHERE NOT EXISTS (FROM ops.finding AS f WHERE (f.relation, f.rule, f.column_name, f.build_id) = (k.relation, k.rule, k.column_name, b.build_id))
    GROUP BY ALL),
since AS (
    SELECT f.relation, f.rule, f.column_name, min(f.checked_at) AS since_at
    FROM ops.finding AS f LEFT JOIN good AS g USING (relation, rule, column_name)
    WHERE f.build_id > coalesce(g.build_id, '') GROUP BY ALL)
SELECT broken.*, since.since_at FROM broken LEFT JOIN since USING (relation, rule, column_name);

-- ingestion.decision: what a steward decided, for whom, why, and what stood before and after --------------------------------
CREATE TABLE IF NOT EXISTS ops.decision (
    decision_id VARCHAR, decided_at TIMESTAMPTZ, kind VARCHAR, -- accept|correct|map|rule|replay|false_alarm|confirm|withdraw
    source_id VARCHAR, table_name VARCHAR, subject VARCHAR, decided_by VARCHAR, why VARCHAR, before_json VARCHAR, after_json VARCHAR,
    status VARCHAR, -- done|waiting|confirmed|withdrawn
    confirmed_by VARCHAR, confirmed_at TIMESTAMPTZ, now_pass BIGINT, of_rows BIGINT);
-- ingestion.registry, ingestion.load: corrections in force, and how many rows of each extract they put right
CREATE TABLE IF NOT EXISTS ops.correction (
    correction_id VARCHAR, source_id VARCHAR, table_name VARCHAR, column_name VARCHAR, has_key BOOLEAN, decided_by VARCHAR,
    why VARCHAR, decided_on DATE);
CREATE TABLE IF NOT EXISTS ops.correction_use (
    correction_id VARCHAR, source_id VARCHAR, table_name VARCHAR, extract_id VARCHAR, rows_corrected BIGINT,
    rows_no_longer BIGINT); -- rows of its key that came with another value

-- ops.alert: one row each time that a source broke its promise, and one row a message and channel -----------------------------
CREATE TABLE IF NOT EXISTS ops.alert (
    alert_id VARCHAR, source_id VARCHAR, -- `ban_dung` where a stop concerns no single source
    tier INTEGER, opened_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, closed_at TIMESTAMPTZ, kinds VARCHAR[], -- late|cutoff|slots|stop
    reasons VARCHAR); -- JSON, [{kind, since, vi, en}]: words and counts, never a value of a row
CREATE TABLE IF NOT EXISTS ops.alert_message (
    message_id VARCHAR, alert_id VARCHAR, channel VARCHAR, -- email|webhook
    what VARCHAR, -- opened|worse|reminder|closed
    kinds VARCHAR[], tries INTEGER, first_at TIMESTAMPTZ, last_at TIMESTAMPTZ, sent_at TIMESTAMPTZ, error VARCHAR);

-- warehouse.alarm: what people did about alarms from data rules (mart.fct_alarm), and ops.alarm: what was told of them --------
-- `series` and `opened_at` name the alarm also where late rows have since moved its opening and so its id
CREATE TABLE IF NOT EXISTS ops.alarm_step (
    step_id VARCHAR, alarm_id VARCHAR, series VARCHAR, opened_at TIMESTAMPTZ, step VARCHAR, -- acknowledge|note|close|reopen|hand_over
    taken_at TIMESTAMPTZ, taken_by VARCHAR, why VARCHAR);
CREATE TABLE IF NOT EXISTS ops.alarm_message (
    message_id VARCHAR, channel VARCHAR, what VARCHAR, -- opened|closed
    alarm_id VARCHAR, series VARCHAR, opened_at TIMESTAMPTZ, tried_at TIMESTAMPTZ, sent_at TIMESTAMPTZ, error VARCHAR);

-- columns that came after the first release ---------------------------------------------------------------------------
ALTER TABLE ops.pull ADD COLUMN IF NOT EXISTS tries INTEGER;
ALTER TABLE ops.extract ADD COLUMN IF NOT EXISTS pruned_at TIMESTAMPTZ;
ALTER TABLE ops.extract ADD COLUMN IF NOT EXISTS texts_uncertain VARCHAR;
ALTER TABLE ops.source_table ADD COLUMN IF NOT EXISTS recapture_minutes INTEGER;
ALTER TABLE ops.source_column ADD COLUMN IF NOT EXISTS protect VARCHAR; -- what was done to a personal column: drop|hash|year
ALTER TABLE ops.source_column ADD COLUMN IF NOT EXISTS empty_max DOUBLE; -- the share of rows that may be empty
ALTER TABLE ops.extract ADD COLUMN IF NOT EXISTS rows_conflicting BIGINT; -- of the duplicates: same key, other values, nothing says which is newer
