"""Reporting periods as offices write them, brought to the house's keys by `format: period` on a text column.

| written | key |
|---|---|
| Quý II/2026 · Quý 2 năm 2026 · Q2/2026 · 2026-Q2 · 20262 | `20262` |
| Tháng 3/2026 · tháng Ba năm 2026 · T3/2026 · 3/2026 · 2026-03 · 202603 | `202603` |
| Năm 2026 · 2026 | `2026` |
| 6 tháng đầu năm 2026 · 6T/2026 · 2026-6T | `2026-6T` (cumulative: never to be added to a quarter or a month) |

Anything else is no period: a year of two digits, a span (“Quý I-II/2026”), the second half of a year, a period without its year.
"""

from __future__ import annotations

from ingestion.clean import text

_YEAR = r"((?:19|20)\d{2})"
_OF = r"(?:\s*[/.-]\s*|\s+(?:năm|nam)\s+|\s+)"
_WORDS = ["một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười một", "mười hai"]
_QUARTER = rf"(?:quý|quy|q)\.?\s*(iv|i{{1,3}}|[1-4]){_OF}{_YEAR}"
_MONTH = rf"(?:(?:tháng|thang|t)\.?\s*)?(1[0-2]|0?[1-9]){_OF}{_YEAR}"
_MONTH_WORD = rf"tháng ({'|'.join(reversed(_WORDS))}){_OF}{_YEAR}"
_SINCE_JANUARY = rf"(1[01]|0?[2-9])\s*(?:tháng|thang)\s+(?:đầu|dau)\s+(?:năm|nam)(?:\s+(?:năm|nam))?\s+{_YEAR}"
_SINCE_JANUARY_SHORT = rf"(1[01]|0?[2-9])t{_OF}{_YEAR}"


def sql_key(expression: str) -> str:
    """The period's key, NULL where a text is no period, as DuckDB SQL."""
    name = text.sql_folded(expression)

    def part(pattern: str, group: int) -> str:
        return f"regexp_extract({name}, '^(?:{pattern})$', {group})"

    roman = f"CASE {part(_QUARTER, 1)} WHEN 'i' THEN '1' WHEN 'ii' THEN '2' WHEN 'iii' THEN '3' WHEN 'iv' THEN '4' ELSE {part(_QUARTER, 1)} END"
    words = " ".join(f"WHEN '{word}' THEN '{number:02}'" for number, word in enumerate(_WORDS, 1))
    keys = {
        rf"(?:năm |nam )?{_YEAR}": part(rf"(?:năm |nam )?{_YEAR}", 1),
        rf"{_YEAR}(?:[1-4]|0[1-9]|1[0-2])": name,
        rf"{_YEAR}-(?:0[1-9]|1[0-2])": f"replace({name}, '-', '')",
        rf"{_YEAR}-?q[1-4]": f"left({name}, 4) || right({name}, 1)",
        rf"{_YEAR}-([2-9]|1[01])t": f"upper({name})",
        _QUARTER: f"{part(_QUARTER, 2)} || {roman}",
        _MONTH: f"{part(_MONTH, 2)} || lpad({part(_MONTH, 1)}, 2, '0')",
        _MONTH_WORD: f"{part(_MONTH_WORD, 2)} || CASE {part(_MONTH_WORD, 1)} {words} END",
    }
    for since in (_SINCE_JANUARY, _SINCE_JANUARY_SHORT):
        keys[since] = f"{part(since, 2)} || '-' || ltrim({part(since, 1)}, '0') || 'T'"
    cases = [f"WHEN regexp_full_match({name}, '{pattern}') THEN {key}" for pattern, key in keys.items()]
    return f"CASE {' '.join(cases)} END"
