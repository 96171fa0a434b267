"""Numbers as offices type them. Which marks mean what is declared per column, never guessed.

`vi_number`: dot groups thousands, comma is the decimal mark (1.234,56 · 45.000 · 27,0%); `en_number`: the reverse.
`vi_accounting`: a Vietnamese number that is negative in brackets, (1.234). `scientific`: 1.2E+11, which a spreadsheet
writes when it has already lost digits, so it must be declared; only a double has an exponent without. Without a format a
number is plain (1234.56). A text that breaks its format is no number: 1.23 is not Vietnamese for 1,23, nor is 1,2 tỷ.
"""

from __future__ import annotations

import re
from decimal import Decimal

_VI = r"(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
FORMATS = {
    "vi_number": (rf"[+-]?{_VI}%?", ".", ","),
    "vi_accounting": (rf"[+-]?{_VI}|\({_VI}\)", ".", ","),
    "en_number": (r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?%?", ",", "."),
    "scientific": (r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", "_", "."),
}


def parse(text: str, format: str) -> Decimal | None:
    """The number that a text means under a declared format, or None."""
    pattern, group, mark = FORMATS[format]
    text = re.sub(r"[\s\u00a0]", "", text)
    if not re.fullmatch(pattern, text):
        return None
    return Decimal(text.replace("(", "-").rstrip("%)").replace(group, "").replace(mark, "."))


def try_cast(text: str, duckdb_type: str) -> str:
    """Plain number text to a DuckDB type. A wide decimal is tried narrow first: DuckDB 1.5.5 reads text into 128-bit
    decimals 150 times slower than into 64-bit ones (7 µs a value, measured), and few numbers need them. NULL for a number
    too small for the decimal's places."""
    if not duckdb_type.startswith("DECIMAL"):
        return f"TRY_CAST({text} AS {duckdb_type})"
    value = f"coalesce(CAST(TRY_CAST({text} AS DECIMAL(18,6)) AS {duckdb_type}), TRY_CAST({text} AS {duckdb_type}))"
    return not_vanished(value, text)


def not_vanished(decimal: str, original: str) -> str:
    """A decimal, or NULL where rounding to its places made a nothing of something (1e-12)."""
    return f"CASE WHEN {decimal} <> 0 THEN {decimal} WHEN TRY_CAST({original} AS DOUBLE) = 0 THEN {decimal} END"


def sql(expression: str, format: str, duckdb_type: str) -> str:
    """`parse` as a DuckDB expression of the wanted type; NULL where the text is no such number."""
    pattern, group, mark = FORMATS[format]
    bare = f"regexp_replace({expression}, '[\\s\u00a0]', '', 'g')"
    plain = f"replace(replace(rtrim(replace({bare}, '(', '-'), '%)'), '{group}', ''), '{mark}', '.')"
    return f"CASE WHEN regexp_full_match({bare}, '{pattern}') THEN {try_cast(plain, duckdb_type)} END"
