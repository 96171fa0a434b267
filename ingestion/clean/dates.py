"""Dates and times as sector systems write them, by declared format.

`dd/MM/yyyy` (one- or two-digit day and month), `HH:mm dd/MM/yyyy`, `dd/MM/yyyy HH:mm`, `dd/MM/yyyy HH:mm:ss`, `MM/dd/yyyy`,
`HH'h'mm ngày dd/MM/yyyy` (7h30 ngày 15/11/2026), `yyyyMMddHHmmss`, `yyyyMMdd`, `dotnet_date` (`/Date(ms)/`), `epoch_ms`,
`epoch_s`, `excel_serial`, `iso` (the default). A value without a zone is in the source's. 24:00 is the end of its day. An
impossible day (31/02) is no date, nor is one whose year has two digits.
"""

from __future__ import annotations

from warehouse.connect import literal

#: Declared format → DuckDB strptime format.
STRPTIME = {
    "dd/MM/yyyy": "%d/%m/%Y",
    "HH:mm dd/MM/yyyy": "%H:%M %d/%m/%Y",
    "dd/MM/yyyy HH:mm": "%d/%m/%Y %H:%M",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyyMMddHHmmss": "%Y%m%d%H%M%S",
    "yyyyMMdd": "%Y%m%d",
    "MM/yyyy": "%m/%Y",
    "MM/dd/yyyy": "%m/%d/%Y",
    "HH'h'mm ngày dd/MM/yyyy": "%Hh%M ngày %d/%m/%Y",
}
#: The texts that a strptime format may be tried on: strptime alone would take a year of two digits or trailing marks.
_SHAPE = {
    "dd/MM/yyyy": r"\d{1,2}/\d{1,2}/\d{4}",
    "HH:mm dd/MM/yyyy": r"\d{1,2}:\d{2} \d{1,2}/\d{1,2}/\d{4}",
    "dd/MM/yyyy HH:mm": r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}",
    "dd/MM/yyyy HH:mm:ss": r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}",
    "yyyyMMddHHmmss": r"\d{14}",
    "yyyyMMdd": r"\d{8}",
    "MM/yyyy": r"\d{1,2}/\d{4}",
    "MM/dd/yyyy": r"\d{1,2}/\d{1,2}/\d{4}",
    "HH'h'mm ngày dd/MM/yyyy": r"\d{1,2}h\d{2} ngày \d{1,2}/\d{1,2}/\d{4}",
}
#: Where a format has the end of a day as 24:00, and the same place as 00:00.
_MIDNIGHT = {
    "HH:mm dd/MM/yyyy": ("^24:00 ", "00:00 "),
    "dd/MM/yyyy HH:mm": (" 24:00$", " 00:00"),
    "dd/MM/yyyy HH:mm:ss": (" 24:00:00$", " 00:00:00"),
    "HH'h'mm ngày dd/MM/yyyy": ("^24h00 ", "00h00 "),
    "yyyyMMddHHmmss": ("240000$", "000000"),
}
_EPOCHS = {"epoch_ms": 1000.0, "epoch_s": 1.0}
FORMATS = {*STRPTIME, *_EPOCHS, "dotnet_date", "excel_serial", "iso"}
_DOTNET = r"^/Date\((-?\d+)([+-]\d{4})?\)/$"
_ZONED = r"^\d{4}-.*([zZ]|[+-]\d{2}(:?\d{2})?)$"


def _local(expression: str, format: str) -> str:
    """A TIMESTAMP in the source's own clock, or NULL."""
    if format == "iso":
        return f"TRY_CAST({expression} AS TIMESTAMP)"
    if format == "excel_serial":
        serial = f"TRY_CAST({expression} AS DOUBLE)"
        # 1899-12-30 hides Excel's wrong leap day of 1900 for every serial after it.
        return f"CASE WHEN {serial} BETWEEN 61 AND 2958465 THEN TIMESTAMP '1899-12-30' + to_seconds(round({serial} * 86400)) END"
    iso = f"TRY_CAST({expression} AS TIMESTAMP)"
    moment = f"try_strptime({expression}, {literal(STRPTIME[format])})"
    if format in _MIDNIGHT:
        at_24, at_0 = _MIDNIGHT[format]
        next_day = f"try_strptime(regexp_replace({expression}, '{at_24}', '{at_0}'), {literal(STRPTIME[format])}) + INTERVAL 1 DAY"
        moment = f"CASE WHEN regexp_matches({expression}, '{at_24}') THEN {next_day} ELSE {moment} END"
    declared = f"CASE WHEN regexp_full_match({expression}, {literal(_SHAPE[format])}) THEN {moment} END"
    # A workbook mixes dates typed as text with real dates, which readers give in ISO form: both are unambiguous.
    return f"coalesce({declared}, CASE WHEN regexp_full_match({expression}, '\\d{{4}}-\\d{{2}}-\\d{{2}}([ T].*)?') THEN {iso} END)"


def _instant(expression: str, format: str, zone: str) -> str:
    if format == "dotnet_date":
        return f"to_timestamp(TRY_CAST(nullif(regexp_extract({expression}, '{_DOTNET}', 1), '') AS BIGINT) / 1000.0)"
    if format in _EPOCHS:
        return f"to_timestamp(TRY_CAST({expression} AS BIGINT) / {_EPOCHS[format]})"
    local = f"{_local(expression, format)} AT TIME ZONE {literal(zone)}"
    return f"CASE WHEN {_has_zone(expression)} THEN TRY_CAST({expression} AS TIMESTAMPTZ) ELSE {local} END"


def _has_zone(expression: str) -> str:
    """True for a text in ISO form with its own zone, which holds whatever is declared: a cast to TIMESTAMP would drop it."""
    return f"(length({expression}) > 16 AND regexp_matches({expression}, '{_ZONED}'))"


def sql_timestamp(expression: str, format: str, zone: str) -> str:
    """A TIMESTAMPTZ expression; NULL where the text is no such time, or not a finite one."""
    value = _instant(expression, format, zone)
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def sql_date(expression: str, format: str, zone: str) -> str:
    """A DATE expression, the day in the source's zone."""
    if format == "dotnet_date" or format in _EPOCHS:
        value = f"CAST({_instant(expression, format, zone)} AT TIME ZONE {literal(zone)} AS DATE)"
    else:
        there = f"TRY_CAST({expression} AS TIMESTAMPTZ) AT TIME ZONE {literal(zone)}"
        value = f"CAST(CASE WHEN {_has_zone(expression)} THEN {there} ELSE {_local(expression, format)} END AS DATE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"
