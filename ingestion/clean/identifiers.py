"""Identifiers that a column may `check`: each as an SQL condition on text, nothing of them is changed or stored otherwise.

`mst` tax code: 10 digits, or 13 with the branch, with or without the dash; as python-stdnum's stdnum.vn.mst.
`cccd` personal number (Decree 137/2015 article 13, Circular 07/2016/TT-BCA annexes 1 and 2): the 63 provinces of before
2025, or any number from 100, the countries, whose list we do not have; then century and sex, 0 to 3; a year not to come.
`bhyt` health-insurance number: 15 characters (two letters of the group, benefit 1-5, two digits of the province, the ten
digits of the social-insurance number), or those ten alone as on cards since 2021; no source read, so the rule is unverified.
`h56`, `h56_ho_so`, `tthc`: agency, dossier and procedure codes of the province (Decision 20/2020/QĐ-TTg).
`phone`: mobile and fixed numbers, the ranges of libphonenumber, after 0 or +84. `email`: an ordinary address.
"""

from __future__ import annotations

from collections.abc import Callable

#: Weights of the tax code's first nine digits.
_MST_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_CCCD_PROVINCES = """001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040
    042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087
    089 091 092 093 094 095 096"""
_MOBILE = r"(?:5(?:2[238]|59)|89[6-9]|99[013-9])\d{6}|(?:3\d|5[1689]|7[06-9]|8[1-8]|9[0-8])\d{7}"
_FIXED = r"2(?:0[3-9]|1[0-689]|2[0-25-9]|[38][2-9]|4[2-8]|5[124-9]|6[0-39]|7[0-7]|9[0-4679])\d{7}"


def _matches(pattern: str) -> Callable[[str], str]:
    return lambda expression: f"regexp_full_match({expression}, '{pattern}')"


def sql_is_mst(expression: str) -> str:
    """True where a text is a tax code whose tenth digit is right."""
    total = " + ".join(f"{w} * CAST(substr({expression}, {i}, 1) AS INTEGER)" for i, w in enumerate(_MST_WEIGHTS, 1))
    digit = f"CAST(substr({expression}, 10, 1) AS INTEGER)"
    shape = f"regexp_full_match({expression}, '\\d{{10}}(-?\\d{{3}})?')"
    empty = (
        f"(substr({expression}, 3, 7) = '0000000' OR (length({expression}) > 10 AND right({expression}, 3) = '000'))"
    )
    return f"CASE WHEN {shape} THEN NOT {empty} AND (10 - ({total}) % 11) = {digit} ELSE false END"


def sql_is_cccd(expression: str) -> str:
    """True where a text is a personal number of a place that there is and of a year that has begun."""
    places = "|".join([*_CCCD_PROVINCES.split(), r"[1-9]\d\d"])
    shape = f"regexp_full_match({expression}, '(?:{places})[0-3]\\d{{8}}')"
    year = f"CAST(substr({expression}, 5, 2) AS INTEGER)"
    is_past = f"(substr({expression}, 4, 1) < '2' OR 2000 + {year} <= year(current_date))"
    return f"CASE WHEN {shape} THEN {is_past} ELSE false END"


def sql_is_dossier(expression: str) -> str:
    """True where a text is a dossier code: agency, a day as yyMMdd, four digits."""
    shape = f"regexp_full_match({expression}, '\\d{{3}}\\.\\d{{2}}\\.\\d{{2}}\\.H56-\\d{{6}}-\\d{{4}}')"
    return f"({shape} AND try_strptime('20' || substr({expression}, 15, 6), '%Y%m%d') IS NOT NULL)"


def sql_is_phone(expression: str) -> str:
    """True where a text is a telephone number; spaces, dots, dashes and brackets between digits do not count."""
    bare = f"regexp_replace({expression}, '[ .()-]', '', 'g')"
    return f"regexp_full_match({bare}, '(?:0|\\+?84)(?:{_MOBILE}|{_FIXED})')"


#: Declared `check` → (expression builder, what the text should be in Vietnamese, in English).
CHECKS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "mst": (sql_is_mst, "mã số thuế đúng số kiểm tra", "a tax code with the right check digit"),
    "cccd": (sql_is_cccd, "số định danh cá nhân", "a personal identification number"),
    "bhyt": (_matches(r"[A-Z]{2}[1-5]\d{12}|\d{10}"), "số thẻ bảo hiểm y tế", "a health-insurance number"),
    "h56": (_matches(r"\d{3}\.\d{2}\.\d{2}\.H56"), "mã đơn vị H56", "an agency code of H56"),
    "h56_ho_so": (sql_is_dossier, "mã hồ sơ H56", "a dossier code of H56"),
    "tthc": (_matches(r"\d\.\d{6}(\.000\.00\.00\.H56)?"), "mã thủ tục hành chính", "a procedure code"),
    "phone": (sql_is_phone, "số điện thoại", "a telephone number"),
    "email": (
        _matches(r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"),
        "địa chỉ thư điện tử",
        "an e-mail address",
    ),
}
