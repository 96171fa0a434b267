"""Identifiers with a check digit."""

from __future__ import annotations

#: Weights of the tax code's first nine digits (as in python-stdnum's stdnum.vn.mst).
_MST_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def sql_is_mst(expression: str) -> str:
    """True where a text is a tax code (10 digits, or 13 as NNNNNNNNNN-NNN) whose tenth digit is right, as DuckDB SQL."""
    total = " + ".join(f"{w} * CAST(substr({expression}, {i}, 1) AS INTEGER)" for i, w in enumerate(_MST_WEIGHTS, 1))
    digit = f"CAST(substr({expression}, 10, 1) AS INTEGER)"
    shape = f"regexp_full_match({expression}, '\\d{{10}}(-\\d{{3}})?')"
    return f"CASE WHEN {shape} THEN (10 - ({total}) % 11) = {digit} ELSE false END"


#: Declared `check` → (expression builder, name in Vietnamese, name in English).
CHECKS = {"mst": (sql_is_mst, "mã số thuế", "tax code")}
