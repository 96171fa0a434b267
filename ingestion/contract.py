"""A table's declaration as SQL: the typed select, and for each rule the condition under which a row breaks it.

Everything here is text: nothing is executed. `load` runs the cheap question first (how many rows are broken?) and asks
for reasons only when some are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion import correction, mask
from ingestion.clean import area, legacy, numbers, text
from ingestion.clean.cast import sql_cast, trimmed
from ingestion.clean.identifiers import CHECKS
from ingestion.model import DUCKDB_TYPE, PLACE, SURPLUS, Column, Source, Table
from warehouse.connect import literal, quote

#: From this day the 166 communes of 2025 hold; every new code reuses an old one, so a code needs its date.
COMMUNES_CHANGED = "2025-07-01"
#: Clocks differ; an event this far ahead of us is an error and not a clock.
FUTURE = timedelta(days=1)
_IN_WORDS = {
    "text": ("văn bản", "text"),
    "integer": ("số nguyên", "a whole number"),
    "decimal": ("số", "a number"),
    "double": ("số", "a number"),
    "boolean": ("đúng/sai", "true or false"),
    "date": ("ngày", "a date"),
    "time": ("giờ", "a time of day"),
    "timestamp": ("thời điểm", "a point in time"),
    "json": ("JSON", "JSON"),
    "period": ("kỳ báo cáo", "a reporting period"),
}
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_NAIVE = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_ZONED = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True)
class Areas:
    """How many communes the temporary table `clean.area.KNOWN` has of before and since 2025-07-01."""

    before: int
    since: int


@dataclass(frozen=True)
class Rule:
    """`name` is `<rule>:<column>`; `broken` is true (never null) for a row that breaks it; `vi`, `en` say why (SQL)."""

    name: str
    broken: str
    vi: str
    en: str


@dataclass(frozen=True)
class Contract:
    """A table compiled against the types that were landed."""

    table: Table
    columns: list[Column]
    fields: list[str]
    rules: list[Rule]
    areas: Areas | None
    has_surplus: bool

    def typed(self, relation: str) -> str:
        """Select from landed rows: every raw column typed, the values as they came as `from:<column>`, `_row_number`,
        `_source_ref`; where the area is resolved, also the columns it gives, and `area:communes`, `area:labels`."""
        rows = f"SELECT {', '.join(self.fields)}, _row_number, _source_ref FROM {relation}"
        wanted = self.table.area
        if wanted is None or not wanted.given:
            return rows
        given, given_old = map(quote, wanted.given)
        if not self.areas:
            return f"SELECT *, NULL::VARCHAR AS {given}, NULL::VARCHAR AS {given_old} FROM ({rows})"
        cell, district, is_old = quote(wanted.column), quote(wanted.district or ""), _is_old(self.table)
        district = district if wanted.district else "NULL::VARCHAR"
        return f"""WITH cells AS ({rows})
            SELECT cells.*, "area:code" AS {given}, "area:old_code" AS {given_old}, "area:communes", "area:labels"
            FROM cells LEFT JOIN ({area.sql_resolved("cells", cell, district, is_old)}) ON "area:cell" = {cell}
                AND "area:district" IS NOT DISTINCT FROM {district} AND "area:is_old" IS NOT DISTINCT FROM {is_old}"""

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns] + self.table.given

    @property
    def uncertain(self) -> dict[str, str]:
        """Source name of a column with an encoding → SQL that counts its texts that are not certain and stay as they came."""
        return {
            c.source_name: f"count(*) FILTER ({legacy.sql_is_uncertain(_original(c.name), c.encoding)})"
            for c in self.columns
            if c.encoding and not _is_hashed(c)
        }

    @property
    def corrections(self) -> list[tuple[str, str, str]]:
        """Id of each correction, and SQL that counts the rows it corrects and those that came mended."""
        originals = {c.name: _original(c.name) for c in self.columns}
        found = []
        for one in self.table.corrections:
            column = self.table.column(one.column)
            value = f"CAST({_readable(column, _original(column.name), 'VARCHAR')} AS VARCHAR)"
            conditions = (
                correction.sql_applies(one, value, originals),
                correction.sql_no_longer(one, value, originals),
            )
            used, no_longer = (f"count(*) FILTER ({condition})" for condition in conditions)
            found.append((one.id, used, no_longer))
        return found

    @property
    def key(self) -> list[str]:
        return [quote(name) for name in self.table.primary_key]

    @property
    def broken(self) -> str:
        """True for a row that breaks any rule."""
        return " OR ".join(f"({r.broken})" for r in self.rules) or "false"

    @property
    def row_hash(self) -> str:
        """One number for the values of a row, lineage left out: equal numbers, equal rows."""
        return f"hash({', '.join(quote(n) for n in self.names)})"

    @property
    def key_text(self) -> str:
        """The key in words, for people and for finding the row again; what could not be typed as it came."""
        parts = [
            f"coalesce(CAST({quote(k)} AS VARCHAR), CAST({_original(k)} AS VARCHAR), '')"
            for k in self.table.primary_key
        ]
        return f"concat_ws(' | ', {', '.join(parts)})"

    @property
    def row_json(self) -> str:
        """The row as it came, under the source's own names; every value as text, because JSON numbers lose digits."""
        kept = [(c.source_name, c.name) for c in self.columns] + [(SURPLUS, SURPLUS)] * self.has_surplus
        pairs = ", ".join(f"{literal(source)}, CAST({_original(name)} AS VARCHAR)" for source, name in kept)
        return f"CAST(json_object({pairs}) AS VARCHAR)"

    def list_of(self, part: str) -> str:
        """An SQL list with `part` (`name`, `vi` or `en`) of every rule that a row breaks."""
        cases = []
        for rule in self.rules:
            value = literal(rule.name) if part == "name" else getattr(rule, part)
            cases.append(f"CASE WHEN {rule.broken} THEN {value} END")
        return f"list_filter([{', '.join(cases)}]::VARCHAR[], lambda x: x IS NOT NULL)"


def stored_columns(table: Table) -> list[tuple[str, str]]:
    """Name and DuckDB type of the declared columns that reach the raw table: dropped personal data does not."""
    declared = [(c.name, _stored_type(c)) for c in table.columns if not mask.is_dropped(c)]
    return declared + [(name, "VARCHAR") for name in table.given]


def compile_contract(
    source: Source, table: Table, landed: Mapping[str, str], *, now: datetime, areas: Areas | None = None
) -> Contract:
    """`landed` is source name → DuckDB type of the landed columns; a declared column that is not in it is null.

    `now` decides what is in the future; `areas` are needed only by a table that declares `area`.
    """
    columns = [c for c in table.columns if not mask.is_dropped(c)]
    fields = []
    rules: list[Rule] = []
    for column in columns:
        found = landed.get(column.source_name)
        raw = _landed(column, landed)
        fields.append(f"{raw} AS {_original(column.name)}")
        given = _given(table, column, landed)
        if _corrected(table, column):
            fields.append(f"{given} AS {_mended(table, column)}")
        value = _typed(column, given, found or "VARCHAR", source.time_zone)
        if column.unit_in:
            value = _converted(column, value, _given(table, table.column(column.unit_in), landed))
        fields.append(f"{value} AS {quote(column.name)}")
        if column.nulls_in:
            said = trimmed(f"CAST({raw} AS VARCHAR)")
            listed = ", ".join(map(literal, column.nulls))
            fields.append(f"CASE WHEN {said} IN ({listed}) THEN {said} END AS {quote(column.nulls_in)}")
        rules += _column_rules(table, column, found or "VARCHAR")
    if SURPLUS in landed:
        fields.append(f"{quote(SURPLUS)} AS {_original(SURPLUS)}")
        rules.insert(0, _shape_rule())
    if table.event_time:
        rules.append(_future_rule(table.column(table.event_time), now))
    if table.area and areas:
        rules += _area_rules(table, areas)
    return Contract(table, columns, fields, rules, areas, SURPLUS in landed)


def _original(name: str) -> str:
    return quote(f"from:{name}")


def _landed(column: Column, landed: Mapping[str, str]) -> str:
    """What came, as the landing has it."""
    if column.is_place:
        return f"coalesce({PLACE}, '#' || _row_number)"
    return quote(column.source_name) if column.source_name in landed else "NULL::VARCHAR"


def _given(table: Table, column: Column, landed: Mapping[str, str]) -> str:
    """What came, read from its old encoding and corrected as stewards decided."""
    kind = landed.get(column.source_name, "VARCHAR")
    value = _readable(column, _landed(column, landed), kind)
    corrections = _corrected(table, column)
    if not corrections:
        return value
    originals = {c.name: _landed(c, landed) for c in table.columns}
    text = f"CAST({value} AS VARCHAR)"
    found = [(one, correction.sql_applies(one, text, originals)) for one in corrections]
    return correction.sql_corrected(found, value, kind)


def _readable(column: Column, raw: str, landed: str) -> str:
    if column.encoding and landed == "VARCHAR" and not _is_hashed(column):
        return legacy.sql_read(raw, column.encoding)
    return raw


def _corrected(table: Table, column: Column) -> list[correction.Correction]:
    return [one for one in table.corrections if one.column == column.name]


def _mended(table: Table, column: Column) -> str:
    """The column of what was given: `_original`, unless corrections put something in its place."""
    return quote(f"given:{column.name}") if _corrected(table, column) else _original(column.name)


def _is_hashed(column: Column) -> bool:
    return column.class_ == "pii" and column.protect == "hash"


def _stored_type(column: Column) -> str:
    return "VARCHAR" if _is_hashed(column) else DUCKDB_TYPE[column.type]


def _typed(column: Column, raw: str, landed: str, time_zone: str) -> str:
    """An expression of the contract's type, NULL where the value has no such meaning.

    Text goes through `clean.cast`. What is native already is taken without a detour through text, but never rounded or
    guessed: 3.7 is not a whole number, 5 is not a boolean, infinity is not a date.
    """
    if _is_hashed(column):
        return raw
    if landed == "VARCHAR":
        return sql_cast(column, raw, time_zone)
    wanted = DUCKDB_TYPE[column.type]
    zone = literal(time_zone)
    if column.type == "text":
        value = f"CAST({raw} AS VARCHAR)"
        return sql_cast(column, value, time_zone) if column.format else value
    if column.type == "integer":
        if landed in _WHOLE:
            return f"TRY_CAST({raw} AS BIGINT)"
        return f"CASE WHEN {raw} = floor({raw}) THEN TRY_CAST({raw} AS BIGINT) END"
    if column.type == "double":
        value = f"TRY_CAST({raw} AS DOUBLE)"
        return (
            value
            if landed in _WHOLE or landed.startswith("DECIMAL")
            else f"CASE WHEN isfinite({value}) THEN {value} END"
        )
    if column.type == "boolean" and landed != "BOOLEAN":
        return f"CASE {raw} WHEN 0 THEN false WHEN 1 THEN true END"
    if column.type == "date":
        if landed == _ZONED:
            return f"CASE WHEN isfinite({raw}) THEN CAST({raw} AT TIME ZONE {zone} AS DATE) END"
        if landed == "DATE" or landed in _NAIVE:
            return f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS DATE) END"
        return sql_cast(column, f"CAST({raw} AS VARCHAR)", time_zone)
    if column.type == "timestamp":
        if landed == _ZONED:
            return f"CASE WHEN isfinite({raw}) THEN {raw} END"
        if landed == "DATE" or landed in _NAIVE:
            return f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS TIMESTAMP) AT TIME ZONE {zone} END"
        return sql_cast(column, f"CAST({raw} AS VARCHAR)", time_zone)
    if column.type == "decimal" and landed in ("DOUBLE", "FLOAT"):
        return numbers.not_vanished(f"TRY_CAST({raw} AS {wanted})", raw)
    if column.type == "json" and landed != "JSON":
        return f"to_json({raw})"
    return f"TRY_CAST({raw} AS {wanted})"


def _shape_rule() -> Rule:
    """A row with more than its columns is shifted by a stray delimiter, or is no record at all."""
    return Rule(
        f"shape:{SURPLUS}",
        f"{_original(SURPLUS)} IS NOT NULL",
        _sentence(literal("dòng thừa hoặc không đúng dạng bản ghi: “"), _shown(SURPLUS), literal("”")),
        _sentence(literal("the row has more than its columns or is no record: “"), _shown(SURPLUS), literal("”")),
    )


def _one_mu(expression: str) -> str:
    """A unit as it is compared: trimmed, with the micro sign for the Greek letter, which looks the same."""
    return f"replace(trim(CAST({expression} AS VARCHAR)), 'μ', 'µ')"


def _converted(column: Column, value: str, unit: str) -> str:
    """The value in the declared unit, NULL where the row's unit is unknown."""
    known = " ".join(f"WHEN {_one_mu(literal(name))} THEN {factor!r}" for name, factor in column.units.items())
    return f"CAST({value} * (CASE {_one_mu(unit)} {known} END) AS {DUCKDB_TYPE[column.type]})"


def _has_unit(table: Table, column: Column) -> str:
    """True where the row says one of the units that are declared for the column."""
    known = ", ".join(_one_mu(literal(unit)) for unit in column.units)
    return f"coalesce({_one_mu(_mended(table, table.column(column.unit_in or '')))} IN ({known}), false)"


def _shown(name: str) -> str:
    """The value as it came, short enough for a sentence, as an SQL text."""
    return f"left(CAST({_original(name)} AS VARCHAR), 80)"


def _sentence(*parts: str) -> str:
    return " || ".join(parts)


def _has_value(table: Table, column: Column, landed: str) -> str:
    """True where the source gave a value: not null, not blank, not one of the declared “no value” texts."""
    raw = _mended(table, column)
    if landed != "VARCHAR":
        return f"{raw} IS NOT NULL"
    empty = ", ".join(literal(t) for t in ["", *column.nulls])
    return f"coalesce({trimmed(raw)} NOT IN ({empty}), false)"


def _column_rules(table: Table, column: Column, landed: str) -> list[Rule]:
    name, value, has_value = column.name, quote(column.name), _has_value(table, column, landed)
    head_vi, head_en = literal(f"cột {name}: "), literal(f"column {name}: ")
    shown = _shown(name)
    rules = []
    vi, en = _IN_WORDS["period" if column.format == "period" else column.type]
    if not _is_hashed(column) and not (column.type == "text" and landed == "VARCHAR" and column.format is None):
        said_vi = _sentence(head_vi, "'“'", shown, literal(f"” không phải là {vi}"))
        said_en = _sentence(head_en, "'“'", shown, literal(f"” is not {en}"))
        broken = f"{value} IS NULL AND {has_value}" + (f" AND {_has_unit(table, column)}" if column.unit_in else "")
        rules.append(Rule(f"type:{name}", broken, said_vi, said_en))
    if landed == "VARCHAR" and not _is_hashed(column):
        words_vi, words_en = (
            "có ký tự NUL: tệp hỏng hoặc không phải văn bản",
            "holds a NUL character: a corrupt file, or no text",
        )
        rules.append(
            Rule(
                f"nul:{name}",
                f"coalesce(contains({_original(name)}, chr(0)), false)",
                _sentence(head_vi, literal(words_vi)),
                _sentence(head_en, literal(words_en)),
            )
        )
    is_key = name in table.primary_key
    if is_key or column.required:
        rule = "key" if is_key else "required"
        what_vi, what_en = (
            ("khóa trống", "the key is empty") if rule == "key" else ("bắt buộc nhưng trống", "required but empty")
        )
        empty = f"{value} IS NULL AND NOT {has_value}"
        rules.append(
            Rule(f"{rule}:{name}", empty, _sentence(head_vi, literal(what_vi)), _sentence(head_en, literal(what_en)))
        )
    if _is_hashed(column):
        return rules
    if column.encoding and (is_key or column.class_ == "code"):
        said_vi = _sentence(head_vi, "'“'", shown, literal("” còn ở bảng mã cũ chưa xác định chắc chắn"))
        said_en = _sentence(head_en, "'“'", shown, literal("” is in an old encoding that is not certain"))
        rules.append(Rule(f"encoding:{name}", f"coalesce(NOT {legacy.sql_is_sound(value)}, false)", said_vi, said_en))
    if column.unit_in:
        said, words = f"coalesce(CAST({_original(column.unit_in)} AS VARCHAR), '')", ", ".join(column.units)
        said_vi = _sentence(literal(f"cột {name}: đơn vị “"), said, literal(f"” không có trong ({words})"))
        said_en = _sentence(literal(f"column {name}: unit “"), said, literal(f"” is not among ({words})"))
        rules.append(Rule(f"unit:{name}", f"{has_value} AND NOT {_has_unit(table, column)}", said_vi, said_en))
    if column.range:
        rules.append(_range_rule(column, head_vi, head_en, shown))
    if column.code_list is not None:
        codes = ", ".join(literal(c) for c in column.code_list)
        words = ", ".join(column.code_list[:8]) + (", …" if len(column.code_list) > 8 else "")
        said_vi = _sentence(head_vi, "'mã “'", shown, literal(f"” không có trong danh mục ({words})"))
        said_en = _sentence(head_en, "'code “'", shown, literal(f"” is not in the code list ({words})"))
        broken = f"coalesce(CAST({value} AS VARCHAR) NOT IN ({codes}), false)"
        rules.append(Rule(f"code_list:{name}", broken, said_vi, said_en))
    if column.check:
        is_right, what_vi, what_en = CHECKS[column.check]
        said_vi = _sentence(head_vi, "'“'", shown, literal(f"” không phải là {what_vi}"))
        said_en = _sentence(head_en, "'“'", shown, literal(f"” is not {what_en}"))
        rules.append(Rule(f"check:{name}", f"coalesce(NOT ({is_right(value)}), false)", said_vi, said_en))
    if column.pattern:
        broken = f"coalesce(NOT regexp_full_match(CAST({value} AS VARCHAR), {literal(column.pattern)}), false)"
        said_vi = _sentence(head_vi, "'“'", shown, literal(f"” không đúng dạng {column.pattern}"))
        said_en = _sentence(head_en, "'“'", shown, literal(f"” does not have the form {column.pattern}"))
        rules.append(Rule(f"pattern:{name}", broken, said_vi, said_en))
    return rules


def _range_rule(column: Column, head_vi: str, head_en: str, shown: str) -> Rule:
    low, high = column.range or (None, None)
    value = quote(column.name)
    tests = [f"{value} < {low!r}" if low is not None else "", f"{value} > {high!r}" if high is not None else ""]
    broken = f"coalesce({' OR '.join(filter(None, tests)) or 'false'}, false)"
    unit = f" {column.unit}" if column.unit else ""
    bounds = f"[{'−∞' if low is None else f'{low:g}'}; {'+∞' if high is None else f'{high:g}'}]{unit}"
    return Rule(
        f"range:{column.name}",
        broken,
        _sentence(head_vi, shown, literal(f" nằm ngoài khoảng {bounds}")),
        _sentence(head_en, shown, literal(f" is outside {bounds}")),
    )


def _future_rule(column: Column, now: datetime) -> Rule:
    limit = f"TIMESTAMPTZ {literal((now + FUTURE).isoformat())}"
    value, shown = quote(column.name), _shown(column.name)
    return Rule(
        f"future:{column.name}",
        f"coalesce(CAST({value} AS TIMESTAMPTZ) > {limit}, false)",
        _sentence(literal(f"cột {column.name}: "), shown, literal(" ở tương lai quá 1 ngày")),
        _sentence(literal(f"column {column.name}: "), shown, literal(" is more than 1 day in the future")),
    )


def _is_old(table: Table) -> str:
    """SQL: whether a row is of before 2025-07-01; null where the declaration or the row has no date."""
    day = table.area.valid_as_of if table.area else None
    if day is None:
        return "NULL::BOOLEAN"
    value = quote(day) if day in {c.name for c in table.columns} else f"DATE {literal(day)}"
    return f"(CAST({value} AS DATE) < DATE '{COMMUNES_CHANGED}')"


def _area_rules(table: Table, areas: Areas) -> list[Rule]:
    """The area must exist at the row's date. Where the row has no date, the declared scheme says which list holds."""
    wanted = table.area
    assert wanted is not None
    if wanted.scheme == "any":
        return [_unresolved(wanted.column)]
    value = quote(wanted.column)
    new = ("xã, phường từ 01/7/2025", "communes since 2025-07-01")
    if wanted.scheme == "name_2025":
        # The key of a name is what follows the word for its kind, as in `text.match_key`.
        value = text.sql_match_key(value)
        return [_unknown(wanted.column, "true", value, ("accented", "new"), areas.since, ("tên", "name"), new)]
    old = ("xã, phường trước 01/7/2025", "communes before 2025-07-01")
    default = "true" if wanted.scheme == "commune_before_2025" else "false"
    is_old = f"coalesce({_is_old(table)}, {default})"
    words = ("mã", "code")
    return [
        _unknown(wanted.column, f"NOT {is_old}", value, ("code", "new"), areas.since, words, new),
        _unknown(wanted.column, is_old, value, ("code", "old"), areas.before, words, old),
    ]


def _unknown(
    name: str,
    applies: str,
    value: str,
    listed: tuple[str, str],
    count: int,
    kind: tuple[str, str],
    of: tuple[str, str],
) -> Rule:
    """A rule that a value is in a list: `listed` is its spelling and era, `count` its length."""
    shown = _shown(name)
    known = f"SELECT key FROM {area.KNOWN} WHERE spelling = '{listed[0]}' AND era = '{listed[1]}'"
    return Rule(
        f"area:{name}",
        f"{applies} AND coalesce({value} NOT IN ({known}), false)",
        _sentence(literal(f"cột {name}: {kind[0]} "), shown, literal(f" không có trong {count} {of[0]}")),
        _sentence(literal(f"column {name}: {kind[1]} "), shown, literal(f" is not among the {count} {of[1]}")),
    )


def _unresolved(name: str) -> Rule:
    """A cell that fits no commune is shown the nearest names; one that fits several is shown those."""
    value, shown, units = quote(name), _shown(name), 'coalesce("area:communes", 0)'
    near, fitting = area.sql_nearest(value), "array_to_string(\"area:labels\", '; ')"

    def said(head: str, unknown: str, several: tuple[str, str]) -> str:
        none = _sentence(literal(unknown), near)
        many = _sentence(literal(several[0]), units, literal(several[1]), fitting)
        return _sentence(literal(head), shown, f"CASE {units} WHEN 0 THEN {none} ELSE {many} END")

    return Rule(
        f"area:{name}",
        f"{value} IS NOT NULL AND {units} <> 1",
        said(f"cột {name}: “", "” không phải là xã, phường nào; gần nhất: ", ("” có thể là ", " đơn vị: ")),
        said(f"column {name}: “", "” is no commune; nearest: ", ("” fits ", " communes: ")),
    )
