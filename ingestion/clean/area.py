"""Which commune a cell means: an old or new code, or a name as offices write it, with or without its district.

“X. Hoằng Hợp, H. Hoằng Hóa”, “P. Ba Đình - TP Thanh Hóa”, “Xa Hoang Hop”, 14797. Nothing is guessed: a cell that fits two
communes fits none. A cell without any accent is matched without accents, every other one with them (Đông Tiến and Đồng Tiến
are two communes); a kind or a district that is given must be right. The lists of the row's date are asked first, then the
others: codes were reused on 2025-07-01, so only the date tells them apart. An old commune that was split has no
code of 2025; its old code is given instead.
"""

from __future__ import annotations

from ingestion.clean import text

#: The temporary table of all spellings: era, code, code_2025, kind, spelling, key, district, label.
KNOWN = "known_area"
#: Districts that were merged or renamed before the old list was drawn up, as match keys.
_FORMER_DISTRICTS = [("đông sơn", "thanh hoá"), ("tĩnh gia", "nghi sơn")]
_KINDS = "phường|phuong|p|xã|xa|x|thị trấn|thi tran|tt"
_DISTRICTS = "huyện|huyen|h|thị xã|thi xa|tx|thành phố|thanh pho|tp"
_BREAKS = r"\s*[,;(]\s*|\s+[-–—]\s+"
_PROVINCE = r"((tỉnh|tinh|t\.)\s*)?thanh ho[áa]|"


def sql_known(new: str, old: str, crosswalk: str) -> str:
    """The rows of `KNOWN`, from the relations `don_vi_moi`, `don_vi_cu` and `chuyen_doi` of the administrative units."""
    former = ", ".join(f"('{was}', '{now}')" for was, now in _FORMER_DISTRICTS)
    return f"""
    WITH unit AS (
        SELECT 'new' AS era, ma_dvhc AS code, ma_dvhc AS code_2025, ten, ten AS label FROM {new}
        UNION ALL
        SELECT 'old', ma_dvhc, ma_moi, ten, ten || ', ' || ten_huyen
        FROM {old} LEFT JOIN (SELECT ma_cu, any_value(ma_moi) FILTER (NOT bi_tach) AS ma_moi FROM {crosswalk} GROUP BY ALL)
        ON ma_cu = ma_dvhc
    ), of_old AS (
        SELECT ma_dvhc, {_without(text.sql_folded("ten_huyen"), _DISTRICTS)} AS district FROM {old}
    ), of_unit AS (
        SELECT 'old' AS era, ma_dvhc AS code, district FROM of_old
        UNION SELECT 'new', ma_moi, district FROM {crosswalk} JOIN of_old ON ma_cu = ma_dvhc
    ), named AS (
        SELECT u.*, {_without(text.sql_folded("ten"), _KINDS)} AS key, {_kind(text.sql_folded("ten"))} AS kind, d.district
        FROM unit u LEFT JOIN of_unit d USING (era, code)
    ), also AS (
        SELECT * FROM named
        UNION ALL SELECT n.* REPLACE (was AS district) FROM named n JOIN (VALUES {former}) f(was, now) ON district = now
    )
    SELECT era, code, code_2025, '' AS kind, 'code' AS spelling, code AS key, NULL AS district, label FROM unit
    UNION ALL SELECT era, code, code_2025, kind, 'accented', key, district, label FROM also
    UNION ALL SELECT era, code, code_2025, kind, 'plain', {_plain("key")}, {_plain("district")}, label FROM also
    """


def sql_resolved(cells: str, cell: str, district: str, is_old: str) -> str:
    """For each different (`area:cell`, `area:district`, `area:is_old`) of the relation `cells`: `area:communes`, how many
    communes it fits, `area:code` of 2025 where that is one that was not split, `area:old_code` where it is one old
    commune, and up to three `area:labels`.

    `district` and `is_old` (whether the row is of before 2025-07-01) are SQL and may be null.
    """
    return f"""
    WITH folded AS (
        SELECT *, {text.sql_folded("cell")} AS name, {text.sql_folded("district_cell")} AS beside
        FROM (SELECT DISTINCT {cell} AS cell, {district} AS district_cell, {is_old} AS is_old
            FROM {cells} WHERE {cell} IS NOT NULL)
    ), parted AS (
        SELECT *, list_filter(regexp_split_to_array(rtrim(name, ') '), '{_BREAKS}'),
            lambda part: NOT regexp_full_match(part, '{_PROVINCE}')) AS parts
        FROM folded
    ), asked AS (
        SELECT cell, district_cell, is_old,
            CASE WHEN len(parts) <= 2 THEN {_without("parts[1]", _KINDS)} END AS key,
            {_kind("parts[1]")} AS kind,
            {_without("coalesce(parts[2], nullif(beside, ''))", _DISTRICTS)} AS district,
            CASE WHEN regexp_full_match(name, '\\d{{5}}') THEN 'code'
                WHEN regexp_full_match(name || coalesce(beside, ''), '[\\x00-\\x7f]*') THEN 'plain'
                ELSE 'accented' END AS spelling
        FROM parted
    ), fitting AS (
        SELECT a.cell, a.district_cell, a.is_old, k.era, k.code, k.code_2025, k.label
        FROM asked a JOIN {KNOWN} k ON k.spelling = a.spelling AND k.key = a.key
            AND a.kind IN ('', k.kind)
            AND (a.district IS NULL OR a.spelling = 'code' OR a.district = k.district)
        QUALIFY a.is_old IS NULL OR (k.era = 'old') = a.is_old
            OR NOT bool_or((k.era = 'old') = a.is_old) OVER (PARTITION BY a.cell, a.district_cell, a.is_old)
    )
    SELECT cell AS "area:cell", district_cell AS "area:district", is_old AS "area:is_old",
        count(DISTINCT coalesce(code_2025, 'split ' || code)) AS "area:communes",
        CASE WHEN "area:communes" = 1 THEN any_value(code_2025) END AS "area:code",
        CASE WHEN "area:communes" = 1 AND count(DISTINCT code) FILTER (era = 'old') = 1
            THEN any_value(code) FILTER (era = 'old') END AS "area:old_code",
        list_sort(list(DISTINCT label))[:3] AS "area:labels"
    FROM fitting GROUP BY ALL
    """


def sql_nearest(cell: str) -> str:
    """The three known communes with the cell's first letter whose names are most like it, as one text; empty for none.
    (Of all communes it would take fifteen times as long, a second for a thousand different cells.)"""
    name = _plain(_without(f"regexp_split_to_array({text.sql_folded(cell)}, '{_BREAKS}')[1]", _KINDS))
    return f"""coalesce((SELECT array_to_string(max_by(label, jaro_winkler_similarity(key, {name}), 3), '; ')
        FROM (SELECT DISTINCT label, key FROM {KNOWN} WHERE spelling = 'plain') WHERE left(key, 1) = left({name}, 1)), '')"""


def _without(name: str, words: str) -> str:
    """A folded name without the word for its kind."""
    return f"regexp_replace({name}, '^(ubnd )?({words})(\\.\\s*|\\s+)', '')"


def _kind(name: str) -> str:
    """p, x or t for phường, xã, thị trấn; empty where a folded name does not say. The list's own column is not asked: it
    has thị trấn Ngọc Lặc as a xã."""
    return f"left(regexp_extract({name}, '^(ubnd )?({_KINDS})(\\.\\s*|\\s+)', 2), 1)"


def _plain(key: str) -> str:
    return f"replace(strip_accents({key}), 'đ', 'd')"
