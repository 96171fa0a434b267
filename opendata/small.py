"""Small numbers: one to four people of a commune are nobody's business, and must not follow from what stands beside them.

A row is hidden (its counts and what follows from them empty, `is_suppressed` true) where a count is one to four, or where all but
one to four of a whole are counted. The rows of an area are hidden for all breakdowns of a period together. Because the province
less the communes that are shown tells the sum of those that are not, the smallest commune of five or more is hidden with them,
always: then the sum holds an unknown that is no small number. Where there is no such commune, the province's row is hidden too.
"""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.connect import literal, quote

SMALLEST_SHOWN = 5
PROVINCE = "38"


@dataclass(frozen=True)
class Counted:
    """Which columns count people: `counts` by `area` within `group` (a series and a period). Two counts are a part and its whole.
    `alone` is what is a count itself where they are empty. `derived` columns follow from the counts and are emptied with them;
    `applies` is the SQL of the rows concerned."""

    area: str
    group: tuple[str, ...]
    counts: tuple[str, ...]
    alone: str | None = None
    derived: tuple[str, ...] = ()
    applies: str = "true"


def hide_small(rows: str, counted: Counted) -> str:
    """The SQL of `rows` with small numbers hidden and a column `is_suppressed`."""
    area, group = quote(counted.area), ", ".join(map(quote, counted.group))
    parts = list(map(quote, counted.counts))
    amounts = list(parts)
    if len(parts) == 2:
        amounts.append(f"{parts[1]} - {parts[0]}")
    if counted.alone:
        amounts.append(f"CASE WHEN coalesce({', '.join(parts)}) IS NULL THEN {quote(counted.alone)} END")
    small = " OR ".join(f"coalesce({a} > 0 AND {a} < {SMALLEST_SHOWN}, false)" for a in amounts)
    size = f"least({', '.join(f'nullif({a}, 0)' for a in [*parts, amounts[-1]])})"
    emptied = ", ".join(f"CASE WHEN NOT is_hidden THEN {c} END AS {c}" for c in [*parts, *map(quote, counted.derived), *([quote(counted.alone)] if counted.alone else [])])  # fmt: skip
    return f"""WITH small_rows AS ({rows}),
        small_area AS (
            SELECT {group}, {area}, bool_or({small}) AS is_small, min({size}) AS size FROM small_rows
            WHERE {counted.applies} AND {area} <> {literal(PROVINCE)} GROUP BY ALL),
        small_place AS (
            SELECT *, bool_or(is_small) OVER (PARTITION BY {group}) AS has_small,
                row_number() OVER (PARTITION BY {group} ORDER BY CASE WHEN NOT is_small AND size >= {SMALLEST_SHOWN} THEN size END NULLS LAST, {area}) AS place,
                bool_or(NOT is_small AND size >= {SMALLEST_SHOWN}) OVER (PARTITION BY {group}) AS has_cover
            FROM small_area),
        small_hidden AS (
            SELECT {group}, {area} FROM small_place WHERE is_small OR (has_small AND has_cover AND place = 1)
            UNION SELECT {group}, {literal(PROVINCE)} FROM small_place WHERE has_small AND NOT has_cover)
        SELECT * EXCLUDE (is_hidden) REPLACE ({emptied}), is_hidden AS is_suppressed
        FROM (SELECT r.*, ({counted.applies}) AND h.{area} IS NOT NULL AS is_hidden
              FROM small_rows AS r LEFT JOIN small_hidden AS h USING ({group}, {area}))"""
