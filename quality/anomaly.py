"""What is unusual in an indicator's own series: robust, seasonal, and held to a budget of false alarms.

A value is compared with what its own past says: the median of the periods before it, and the median deviation of its place in
the season (hour of the day, day of the week, month, quarter). The scale is the median absolute residual, so that one broken
value moves neither. Everything at a period uses earlier periods only, so the past can be replayed as it was seen.

    spike  far from what was expected, and farther than all but 1 in `BUDGET` of the series' own past
    zero   nothing at all, where there always was something
    shift  the last five all on one side, by more than the usual spread
    stuck  the same value six times, where neighbours hardly ever agree

A series that is too short is not judged, and is counted; a period that may still change is not judged yet. Counts vary by their
square root at least, so that small communes raise no alarm. At most `SHOWN` findings are shown a build, the strongest first. A
detector that stewards called false three times within 90 days for an indicator is demoted and the finding says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from warehouse.connect import has_table, literal

#: Expected false alarms: one a series in so many periods.
BUDGET = 90
#: A share of fewer cases than this jumps by itself and is not judged.
FEW = 20
#: Findings a build shows; the others are kept with `is_shown` false.
SHOWN = 20
#: A score (residuals in robust standard deviations) below this is never unusual.
LEAST = 6.0
#: The newest periods of a series that a build reports on.
RECENT = 2


@dataclass(frozen=True)
class Rhythm:
    """How a kind of period repeats: `slot` of a period key (SQL), periods before that count, and the fewest that suffice."""

    slot: str
    window: int
    least: int


RHYTHMS = {
    "hour": Rhythm("substr(period_key, 9, 2)", 168, 72),
    "day": Rhythm("CAST(isodow(strptime(period_key, '%Y%m%d')) AS VARCHAR)", 56, 28),
    "month": Rhythm("substr(period_key, 5, 2)", 24, 12),
    "quarter": Rhythm("substr(period_key, 5, 1)", 12, 8),
}
#: Earlier values of the same slot that its seasonal deviation is the median of, and the fewest that make a season.
SEASONS, FEWEST = 8, 3
SERIES = "indicator_code, area_code, breakdown"

TABLES = """
CREATE OR REPLACE TABLE quality.anomaly (
    build_id VARCHAR, indicator_code VARCHAR, area_code VARCHAR, breakdown VARCHAR, period_kind VARCHAR, period_key VARCHAR,
    detector VARCHAR, value DOUBLE, expected DOUBLE, scale DOUBLE, score DOUBLE, is_shown BOOLEAN, is_demoted BOOLEAN,
    message_vi VARCHAR, message_en VARCHAR);
CREATE OR REPLACE TABLE quality.anomaly_series (build_id VARCHAR, period_kind VARCHAR, series BIGINT, judged BIGINT, too_short BIGINT);
"""


def scored(relation: str, kind: str) -> str:
    """SQL: every period of every series of `relation` (`SERIES`, period_key, value) with what was expected of it, and
    the detector that it trips (`detector`, null for none); `n_before` periods were known."""
    rhythm = RHYTHMS[kind]
    before = f"ROWS BETWEEN {rhythm.window} PRECEDING AND 1 PRECEDING"
    series = f"PARTITION BY {SERIES} ORDER BY period_key"
    return f"""
    WITH leveled AS (
        SELECT {SERIES}, period_key, value, {rhythm.slot} AS slot,
               median(value) OVER ({series} {before}) AS level, count(*) OVER ({series} {before}) AS n_before,
               count(*) FILTER (value = 0) OVER ({series} {before}) AS zeros, max(abs(value)) OVER ({series} {before}) AS largest,
               bool_and(value = round(value)) OVER ({series} {before}) AS is_count,
               lag(value) OVER ({series}) AS previous
        FROM {relation} WHERE value IS NOT NULL),
    seasoned AS (
        SELECT *, CASE WHEN count(level) OVER season >= {FEWEST} THEN median(value - level) OVER season ELSE 0 END AS deviation
        FROM leveled WINDOW season AS (PARTITION BY {SERIES}, slot ORDER BY period_key ROWS BETWEEN {SEASONS} PRECEDING AND 1 PRECEDING)),
    expecting AS (SELECT *, level + deviation AS expected, value - (level + deviation) AS residual FROM seasoned),
    scaled AS (
        SELECT *, greatest(1.4826 * median(abs(residual)) OVER ({series} {before}), 0.01 * abs(level), 0.01 * largest,
                           CASE WHEN is_count THEN greatest(1, sqrt(abs(level))) ELSE 1e-9 END) AS scale,
               median(residual) OVER ({series} ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) AS recent,
               min(sign(residual)) OVER ({series} ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) AS lowest,
               max(sign(residual)) OVER ({series} ROWS BETWEEN 4 PRECEDING AND CURRENT ROW) AS highest,
               min(value) OVER ({series} ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) = max(value) OVER ({series} ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS is_flat,
               count(*) FILTER (value = previous) OVER ({series} ROWS BETWEEN {rhythm.window} PRECEDING AND 6 PRECEDING) AS repeats
        FROM expecting),
    scores AS (SELECT *, abs(residual) / scale AS score, abs(recent) / scale AS shifted FROM scaled),
    bounded AS (
        SELECT *, greatest({LEAST}, 1.25 * quantile_cont(score, {1 - 1 / BUDGET}) OVER ({series} {before})) AS bound,
               greatest({LEAST} / 2, 1.25 * quantile_cont(shifted, {1 - 1 / BUDGET}) OVER ({series} ROWS BETWEEN {rhythm.window} PRECEDING AND 5 PRECEDING)) AS shift_bound
        FROM scores)
    SELECT {SERIES}, period_key, value, expected, scale, score, n_before, CASE
            WHEN n_before < {rhythm.least} OR 2 * zeros > n_before THEN NULL
            WHEN value = 0 AND zeros = 0 AND level <> 0 AND score > {LEAST / 2} THEN 'zero'
            WHEN score > coalesce(bound, {LEAST}) THEN 'spike'
            WHEN is_flat AND repeats <= 0.05 * n_before AND value <> 0 THEN 'stuck'
            WHEN lowest = highest AND shifted > coalesce(shift_bound, {LEAST}) THEN 'shift'
        END AS detector
    FROM bounded"""


def write(con: duckdb.DuckDBPyConnection, build_id: str, demoted: set[str]) -> None:
    """Judge the newest periods of every series of `mart.obs_indicator` into `quality.anomaly`; nothing without that table.
    `demoted` holds `anomaly:<indicator>:<detector>`."""
    con.execute(TABLES)
    if not has_table(con, "mart", "obs_indicator", "grade_valid"):
        return
    quiet = ", ".join(map(literal, sorted(demoted))) or "''"
    for kind in RHYTHMS:
        mine = f"""(SELECT {SERIES}, period_key, value FROM mart.obs_indicator
            WHERE period_kind = {literal(kind)} AND NOT is_provisional AND coalesce(denominator, {FEW}) >= {FEW})"""
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE judged_series AS
            SELECT *, row_number() OVER (PARTITION BY {SERIES} ORDER BY period_key DESC) AS r FROM ({scored(mine, kind)})"""
        )
        con.execute(
            f"""INSERT INTO quality.anomaly_series SELECT {literal(build_id)}, {literal(kind)}, count(*),
                count(*) FILTER (n_before >= {RHYTHMS[kind].least}), count(*) FILTER (n_before < {RHYTHMS[kind].least})
            FROM judged_series WHERE r = 1"""
        )
        con.execute(
            f"""INSERT INTO quality.anomaly SELECT {literal(build_id)}, {SERIES}, {literal(kind)}, period_key, detector, value, expected, scale,
                score, false, 'anomaly:' || indicator_code || ':' || detector IN ({quiet}),
                {_words(("bỗng khác thường", "bỗng bằng 0", "chuyển hẳn sang mức khác", "đứng yên sáu kỳ liền"), ("thường khoảng", "; lệch", "lần độ dao động"), point=",")},
                {_words(("suddenly unusual", "suddenly nothing", "settled on another level", "the same six times"), ("usually about", ", off by", "times its spread"), point=".")}
            FROM judged_series WHERE r <= {RECENT} AND detector IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY {SERIES}, detector ORDER BY r) = 1"""
        )
    con.execute("DROP TABLE IF EXISTS judged_series")
    con.execute(
        f"""UPDATE quality.anomaly AS a SET is_shown = true FROM (
            SELECT rowid AS place FROM quality.anomaly WHERE NOT is_demoted
            QUALIFY row_number() OVER (ORDER BY area_code <> '38', score DESC) <= {SHOWN}) AS s WHERE a.rowid = s.place"""
    )


def _words(detectors: tuple[str, str, str, str], rest: tuple[str, str, str], *, point: str) -> str:
    """SQL: what is said of one finding; `point` is the decimal mark of the language."""
    spike, zero, shift, stuck = detectors
    about, off, times = rest
    value, expected, score = (
        f"replace(CAST(round({one}) AS VARCHAR), '.', '{point}')" for one in ("value, 2", "expected, 2", "score, 1")
    )
    return f"""CASE detector WHEN 'spike' THEN {literal(spike)} WHEN 'zero' THEN {literal(zero)} WHEN 'shift' THEN {literal(shift)} ELSE {literal(stuck)} END
        || ': ' || {value} || CASE WHEN detector = 'stuck' THEN '' ELSE ' ({about} ' || {expected} || '{off} ' || {score} || ' {times})' END"""
