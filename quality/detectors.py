"""What a whole table looks like when its source has gone wrong although every row keeps its contract.

These faults pass every rule about a single row: values that silently stay empty, a clock that is hours off, a unit that is off
by a thousand, places that are all one point, yesterday's rows sent again; and a stuck sensor, a few negatives where there are
none, a month that never came. Each detector here is one query over a
raw table, made from its declaration alone; a row that comes out of it is a sentence about a column, with counts and shares
and never a value of a row, so that no result can carry personal data. Detectors warn: they judge shapes, not rows.

A table of more than `SAMPLED` rows is judged by a share of its rows that their hashes choose, the same at every judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.connect import literal, quote

#: Rows that a detector looks at, about.
SAMPLED = 1_000_000
#: Days for which a row that came before it happened is told.
SEEN_FOR = 30
#: Readings on one value before a series counts as stuck.
STUCK = 24
#: A column may be empty in this share of rows, unless its declaration says `empty_max`.
EMPTY = 0.2
#: Texts that people and systems write where there is no value.
PLACEHOLDERS = (
    "n/a", "na", "#n/a", "#ref!", "#value!", "null", "none", "nan", "nil", "-", "--", "---", "?", ".", "…", "...", "unknown",
    "không có", "không rõ", "chưa có", "chưa rõ", "khong co", "khong ro", "trống",
)  # fmt: skip
#: Numbers that loggers write where there is no value.
SENTINELS = (-999, -9999, -99999, -999.9, -99.99, 9999, 99999, 999999)
#: Between which numbers any measured value of a unit lies, for each spelling of the unit; wide physical bounds, no norms: a
#: thousand times the usual lies outside. Negative readings are another fault.
PLAUSIBLE: dict[tuple[str, ...], tuple[float, float]] = {
    ("°C", "oC", "ºC", "độ C"): (-60, 60),
    ("%",): (-1000, 1000),
    ("hPa", "mbar"): (850, 1100),
    ("m/s",): (-90, 90),
    ("W/m²", "W/m2"): (-1600, 1600),
    ("mm",): (-1500, 1500),
    ("µg/m³", "ug/m3", "µg/m3", "μg/m³", "μg/m3"): (-5000, 5000),
    ("mg/m³", "mg/m3"): (-1000, 1000),
    ("mg/L", "mg/l"): (-20000, 20000),
    ("m³/s", "m3/s"): (-30000, 30000),
    ("dB", "dBA", "dB(A)"): (-150, 150),
    ("pH",): (-14, 14),
    ("Mbps",): (-20000, 20000),
    ("NTU",): (-10000, 10000),
}
#: The same for columns that a draft leaves without a unit, by the names that systems give them.
NAMED: dict[tuple[str, ...], tuple[float, float]] = {
    ("temperature", "temp", "nhiet_do", "air_temperature"): (-60, 60),
    ("humidity", "do_am", "rh", "relative_humidity"): (-5, 105),
    ("pressure", "ap_suat", "barometric_pressure"): (850, 1100),
    ("pm25", "pm2_5", "pm_2_5", "pm10", "so2", "no2", "o3"): (-5000, 5000),
    ("aqi", "vn_aqi"): (-1, 1000),
    ("ph",): (-14, 14),
    ("rain", "rainfall", "luong_mua", "mua_mm"): (-1500, 1500),
    ("wind_speed", "toc_do_gio"): (-90, 90),
    ("noise", "tieng_on"): (-150, 150),
}
_BY_NAME = {name: bounds for names, bounds in NAMED.items() for name in names}
_BOUNDS = {spelling: bounds for spellings, bounds in PLAUSIBLE.items() for spelling in spellings}
#: The box around the province, degrees, with a margin of some 20 km.
BOX = {"lat": (19.1, 20.8), "lon": (104.1, 106.3)}
_LAT = {"lat", "latitude", "vi_do", "vido", "y_lat", "gps_lat"}
_LON = {"lon", "lng", "long", "longitude", "kinh_do", "kinhdo", "x_lon", "gps_lon", "gps_lng"}
#: Columns of a point in one text.
_POINT = {
    "location",
    "toa_do",
    "toado",
    "vi_tri",
    "point",
    "coordinates",
    "geometry",
    "geom",
    "wkt",
    "geojson",
    "hinh_geojson",
    "the_geom",
}
#: Columns of the day's warmth, where a draft has no units yet.
_WARM = {
    "temperature",
    "temp",
    "air_temp",
    "air_temperature",
    "nhiet_do",
    "nhiet",
    "nhiet_do_khong_khi",
    "solar",
    "buc_xa",
}
#: The communes and their centres.
UNITS = "vietnamadminunits_dvhc__don_vi_moi"
#: Key columns that say when and not what.
_PERIODS = {
    "nam",
    "thang",
    "quy",
    "ky",
    "ngay",
    "gio",
    "tuan",
    "vu",
    "nam_hoc",
    "ngay_bc",
    "year",
    "month",
    "day",
    "date",
}
_NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL", "INTEGER", "HUGEINT")


@dataclass(frozen=True)
class Detector:
    """`query` gives one sentence (`said`) for each thing found; no row, nothing found."""

    rule: str
    query: str
    vi: str
    en: str


@dataclass(frozen=True)
class Shape:
    """A raw table as detectors see it. `columns` are dictionaries of `ops.source_column`, `types` name → DuckDB type;
    `has_units`: the communes are loaded, so that the province's centre is known."""

    relation: str
    key: Sequence[str]
    event_time: str
    columns: Sequence[Mapping[str, Any]]
    types: Mapping[str, str]
    rows: int
    has_units: bool = False

    @property
    def looked_at(self) -> str:
        """The rows that are looked at, with `is_new`: of the newest extract."""
        share = f"WHERE _row_hash % {self.rows // SAMPLED + 1} = 0" if self.rows > SAMPLED else ""
        newest = f"_extract_id = (SELECT max(_extract_id) FROM {self.relation})"
        return f"(SELECT *, {newest} AS is_new FROM {self.relation} {share})"

    @property
    def believed(self) -> str:
        """Those that the station itself does not mark as bad: code 00 of Circular 10/2021/TT-BTNMT is a reading."""
        marked = any(
            c["code_list"] and "00" in c["code_list"] and c["column_name"] == "trang_thai" for c in self.columns
        )
        return f"(FROM {self.looked_at} WHERE trang_thai = '00')" if marked else self.looked_at

    def is_number(self, name: str) -> bool:
        return self.types[name].startswith(_NUMBERS)

    @property
    def time(self) -> str:
        """The column that says when a row happened: the event time, else the first date of the key, else ''."""
        dated = [k for k in self.key if self.types[k].startswith(("DATE", "TIMESTAMP"))]
        return self.event_time or next(iter(dated), "")

    @property
    def series(self) -> list[str]:
        """The key without what says when: one station, one commune, one parameter of one station."""
        return [k for k in self.key if k != self.time and k not in _PERIODS and not self._is_time(k)]

    def _is_time(self, name: str) -> bool:
        return self.types[name].startswith(("DATE", "TIME"))

    @property
    def places(self) -> tuple[str, ...]:
        """The columns of latitude and longitude, if the table has both; or one of points as text."""
        lat = next((n for n in self.types if n.lower() in _LAT and self.is_number(n)), None)
        lon = next((n for n in self.types if n.lower() in _LON and self.is_number(n)), None)
        points = (n for n in self.types if n.lower() in _POINT and self.types[n] in ("VARCHAR", "JSON"))
        return (lat, lon) if lat and lon else tuple(points)[:1]

    @property
    def coordinates(self) -> tuple[str, str]:
        """Latitude and longitude as SQL: of “20.05, 105.3”, WKT or GeoJSON the two numbers, in whatever order; longitudes here
        are the larger."""
        if len(self.places) == 2:
            return quote(self.places[0]), quote(self.places[1])
        numbers = f"regexp_extract_all(CAST({quote(self.places[0])} AS VARCHAR), '-?[0-9]+[.][0-9]+')"
        pair = (
            f"CASE WHEN len({numbers}) = 2 THEN list_sort(list_transform({numbers}, lambda x: CAST(x AS DOUBLE))) END"
        )
        return f"({pair})[1]", f"({pair})[2]"

    @property
    def measured(self) -> list[Mapping[str, Any]]:
        """Columns of numbers that are no key, code or place."""
        return [
            c
            for c in self.columns
            if self.is_number(c["column_name"])
            and c["column_name"] not in (*self.key, *self.places)
            and c["class"] != "code"
            and c["column_name"] not in _PERIODS
        ]


def detectors(shape: Shape) -> Iterator[Detector]:
    """Every detector that the declared columns allow."""
    yield from _empty(shape)
    yield from _clock(shape)
    yield from _unit(shape)
    yield from _place(shape)
    yield from _repeats(shape)
    yield from _stuck(shape)
    yield from _negative(shape)
    yield from _missing_periods(shape)


# --- a third of the rows silently empty --------------------------------------------------------------------------------


def _empty(shape: Shape) -> Iterator[Detector]:
    asked = [c for c in shape.columns if c["column_name"] not in shape.key and float(c["empty_max"] or EMPTY) < 1]
    if not asked:
        return
    counts, found = [], []
    for n, column in enumerate(asked):
        name, limit = column["column_name"], float(column["empty_max"] or EMPTY)
        empty = _is_empty(shape, name)
        counts += [f"count(*) FILTER ({empty}) AS e{n}", f"count(*) FILTER (is_new AND {empty}) AS f{n}"]
        zeros = zeros_new = "0"
        if shape.is_number(name):
            value = f"abs(CAST({quote(name)} AS DOUBLE))"
            counts += [
                f"count(*) FILTER ({quote(name)} = 0) AS z{n}",
                f"count(*) FILTER (is_new AND {quote(name)} = 0) AS y{n}",
                f"approx_quantile({value}, 0.02) FILTER ({quote(name)} <> 0) AS l{n}",
                f"approx_quantile({value}, 0.5) FILTER ({quote(name)} <> 0) AS m{n}",
                f"approx_count_distinct({quote(name)}) AS d{n}",
            ]
            # Zeros that stand far from every other value are empty cells; counts and rain come down to zero by degrees.
            apart = f"l{n} > 0.3 * m{n} AND d{n} > 20"
            zeros, zeros_new = f"CASE WHEN {apart} THEN z{n} ELSE 0 END", f"CASE WHEN {apart} THEN y{n} ELSE 0 END"
        found.append(
            f"{{'name': {literal(name)}, 'most': {limit}, 'n_empty': e{n} + {zeros}, 'n_empty_new': f{n} + {zeros_new}}}"
        )
    share, share_new = "c.n_empty / n", "c.n_empty_new / nullif(n_new, 0)"
    yield Detector(
        "silently_empty",
        f"""SELECT c.name || ': ' || CAST(round(100 * {share}) AS INTEGER) || ' % dòng trống' ||
                CASE WHEN n_new < n THEN ', lần kéo mới nhất ' || coalesce(CAST(round(100 * {share_new}) AS INTEGER), 0) || ' %' ELSE '' END
                || ' (được phép ' || CAST(round(100 * c.most) AS INTEGER) || ' %)' AS said
            FROM (SELECT unnest([{", ".join(found)}]) AS c, n, n_new FROM (
                SELECT count(*) AS n, count(*) FILTER (is_new) AS n_new, {", ".join(counts)} FROM {shape.looked_at}))
            WHERE n >= 10 AND ({share} > c.most OR (n_new >= 20 AND {share_new} > c.most))""",
        f"Không cột nào trống quá {EMPTY * 100:g} % số dòng mà khai báo không nói trước (empty_max)",
        f"No column is empty in more than {EMPTY * 100:g} % of rows unless the declaration says so (empty_max)",
    )


def _is_empty(shape: Shape, name: str) -> str:
    value = quote(name)
    if shape.types[name] == "VARCHAR":
        return f"({value} IS NULL OR lower(trim({value})) IN ('', {', '.join(map(literal, PLACEHOLDERS))}))"
    if shape.is_number(name):
        return f"({value} IS NULL OR CAST({value} AS DOUBLE) IN ({', '.join(map(str, SENTINELS))}))"
    return f"{value} IS NULL"


# --- a clock that is hours off -----------------------------------------------------------------------------------------


def _clock(shape: Shape) -> Iterator[Detector]:
    """Rows that happened after they were fetched; events of people that come at night; days whose warmest hour is in the
    dark; two times of one row that are seven hours apart, which is what a lost time zone makes here."""
    stamps = [n for n in shape.types if shape.types[n].startswith("TIMESTAMP") and not n.startswith("_")]
    parts = []
    # A draft names no event time yet: then the first time of a row is when it happened.
    when = shape.time or next(iter(stamps), "")
    if when and shape.types[when].startswith("TIMESTAMP"):
        at = quote(when)
        parts += [_after_fetched(shape, at), _rhythm(shape, at), *_warmest(shape, at)]
        parts += [_apart(shape, at, quote(other), other) for other in stamps if other != when]
    if parts:
        yield Detector(
            "clock",
            " UNION ALL ".join(f"({part})" for part in parts),
            "Đồng hồ của nguồn đúng giờ Việt Nam: không đến trước giờ, nhịp ngày đêm hợp lý",
            "The source's clock tells Vietnamese time: nothing before it happened, days and nights where they belong",
        )


def _after_fetched(shape: Shape, at: str) -> str:
    fetched = "CAST(strptime(left(_extract_id, 15), '%Y%m%dT%H%M%S') AS TIMESTAMP) AT TIME ZONE 'UTC'"
    return f"""SELECT count(*) || ' dòng có thời điểm sau lúc được kéo về, xa nhất ' ||
            round(max(epoch({at} - fetched)) / 3600, 1) || ' giờ' AS said
        FROM (SELECT {at}, {fetched} AS fetched FROM {shape.looked_at} WHERE length(_extract_id) >= 15)
        WHERE {at} > fetched + INTERVAL 1 HOUR AND fetched > now() - INTERVAL {SEEN_FOR} DAY HAVING count(*) > 0"""


def _rhythm(shape: Shape, at: str) -> str:
    angle = f"2 * pi() * (hour({at}) + minute({at}) / 60) / 24"
    return f"""SELECT 'các dòng dồn quanh ' || CAST(round(middle) AS INTEGER) || ' giờ, ngoài giờ sinh hoạt' AS said
        FROM (SELECT count(*) AS n, sqrt(avg(sin({angle})) ** 2 + avg(cos({angle})) ** 2) AS gathered,
                  (atan2(avg(sin({angle})), avg(cos({angle}))) * 12 / pi() + 24) % 24 AS middle,
                  count(DISTINCT hour({at})) AS hours
              FROM {shape.looked_at} WHERE CAST({at} AS TIMESTAMP) <> date_trunc('day', CAST({at} AS TIMESTAMP)))
        WHERE n >= 100 AND hours >= 4 AND gathered > 0.4 AND middle NOT BETWEEN 6 AND 17"""


def _warmest(shape: Shape, at: str) -> list[str]:
    """Temperature and sunshine have their own clock."""
    warm = [
        c["column_name"]
        for c in shape.measured
        if c["unit"] in ("°C", "oC", "độ C", "W/m²", "W/m2")
        or (c["unit"] is None and c["column_name"].lower() in _WARM)
    ]
    return [
        f"""SELECT {literal(name)} || ': cao nhất lúc ' || hot || ' giờ, không thể là giờ địa phương' AS said
        FROM (SELECT arg_max(h, mean) AS hot, max(mean) - min(mean) AS swing, count(*) AS hours, sum(n) AS n FROM (
            SELECT hour({at}) AS h, avg({quote(name)}) AS mean, count(*) AS n FROM {shape.looked_at} GROUP BY 1))
        WHERE hours >= 20 AND n >= 72 AND swing > 1 AND hot NOT BETWEEN 9 AND 17"""
        for name in warm
    ]


def _apart(shape: Shape, at: str, other: str, name: str) -> str:
    return f"""SELECT {literal(name)} || ' lệch ' || round(q[2], 1) || ' giờ so với thời điểm của dòng' AS said
        FROM (SELECT count(*) AS n, approx_quantile(epoch({other} - {at}) / 3600, [0.1, 0.5, 0.9]) AS q
              FROM {shape.looked_at} WHERE {other} IS NOT NULL AND {at} IS NOT NULL)
        WHERE n >= 20 AND abs(abs(q[2]) - 7) < 0.25 AND q[3] - q[1] < 1"""


# --- a unit that is off by a thousand ----------------------------------------------------------------------------------


def _unit(shape: Shape) -> Iterator[Detector]:
    names = [c["column_name"] for c in shape.measured]
    if not names:
        return
    parts = [_jumps(shape, names), *_strangers(shape, names), *_impossible(shape)]
    yield Detector(
        "unit",
        " UNION ALL ".join(f"({part})" for part in parts),
        "Không giá trị nào lớn hay nhỏ hơn thường lệ của chính nó cỡ 1.000 lần (nhầm đơn vị)",
        "No value is about 1,000 times what is usual for its own series (a wrong unit)",
    )


def _long(shape: Shape, names: Sequence[str], keep: Sequence[str] = ()) -> str:
    """One row a number above zero: `n` its column, `a` its size, `s` its series, and the columns of `keep`."""
    kept = "".join(f", CAST({quote(k)} AS VARCHAR) AS {quote(f'key:{k}')}" for k in keep)
    series = f"hash({', '.join(map(quote, shape.series))})" if shape.series else "0"
    cells = ", ".join(f"abs(CAST({quote(n)} AS DOUBLE)) AS {quote(n)}" for n in names)
    return f"""(SELECT * FROM (UNPIVOT (SELECT {series} AS s{kept}, {cells} FROM {shape.looked_at})
        ON {", ".join(map(quote, names))} INTO NAME n VALUE a) WHERE a > 0)"""


def _jumps(shape: Shape, names: Sequence[str]) -> str:
    """Within a series a cluster a thousand times off, with nothing between it and the rest."""
    off = "log10(a / m)"
    return f"""SELECT n || ': ' || far || ' giá trị lệch cỡ 1.000 lần so với chuỗi của nó' AS said FROM (
            SELECT n, count(*) AS total, count(*) FILTER (abs(abs({off}) - 3) < 0.4) AS far,
                   count(*) FILTER (abs({off}) > 1 AND abs(abs({off}) - 3) >= 0.4) AS others
            FROM (SELECT n, a, median(a) OVER (PARTITION BY s, n) AS m, count(*) OVER (PARTITION BY s, n) AS k
                  FROM {_long(shape, names)}) WHERE k >= 5 GROUP BY n)
        WHERE far >= 3 AND far >= 0.002 * total AND others < far / 4"""


def _strangers(shape: Shape, names: Sequence[str]) -> list[str]:
    """Whole series a thousand times off among series that are otherwise alike."""
    found = []
    for group in [*shape.series, ""] if len(shape.series) > 1 else [""] * bool(shape.series):
        by = f", {quote(f'key:{group}')}" if group else ""
        off = "log10(m / middle)"
        found.append(
            f"""SELECT n || ': ' || sum(far) || ' chuỗi lệch cỡ 1.000 lần so với các chuỗi cùng loại' AS said FROM (
                SELECT n, count(*) FILTER (abs(abs({off}) - 3) < 0.4) AS far,
                       count(*) FILTER (abs({off}) >= 0.8 AND abs(abs({off}) - 3) >= 0.4) AS others, count(*) AS k
                FROM (SELECT n{by}, m, median(m) OVER (PARTITION BY n{by}) AS middle FROM (
                    SELECT n{by}, s, median(a) AS m FROM {_long(shape, names, [group] if group else [])} GROUP BY ALL))
                GROUP BY n{by}) WHERE far > 0 AND k >= 4 AND others = 0 GROUP BY n"""
        )
    return found


def _impossible(shape: Shape) -> list[str]:
    """Numbers that no measurement of the declared unit, or of the unit beside the value, can give."""
    found = []
    beside = next((n for n in ("don_vi", "don_vi_tinh", "unit") if shape.types.get(n) == "VARCHAR"), None)
    for column in shape.measured:
        name, value = column["column_name"], f"CAST({quote(column['column_name'])} AS DOUBLE)"
        bounds = _BOUNDS.get(column["unit"]) if column["unit"] else _BY_NAME.get(name.lower())
        if bounds:
            low, high = bounds
            outside = f"{value} NOT BETWEEN {low} AND {high}"
        elif beside and not column["unit"]:
            outside = " OR ".join(
                f"({quote(beside)} = {literal(unit)} AND {value} NOT BETWEEN {low} AND {high})"
                for unit, (low, high) in _BOUNDS.items()
            )
        else:
            continue
        sentinels = ", ".join(map(str, SENTINELS))
        found.append(
            f"""SELECT {literal(name)} || ': ' || count(*) || ' giá trị không thể có ở đơn vị này' AS said
            FROM {shape.looked_at} WHERE ({outside}) AND {value} NOT IN ({sentinels}) HAVING count(*) > 0"""
        )
    return found


# --- places that are all one point -------------------------------------------------------------------------------------


def _place(shape: Shape) -> Iterator[Detector]:
    if not shape.places:
        return
    lat, lon = shape.coordinates
    what = ", ".join(map(quote, shape.series)) if shape.series else "_row_number"
    points = f"(SELECT DISTINCT hash({what}) AS s, CAST({lat} AS DOUBLE) AS y, CAST({lon} AS DOUBLE) AS x FROM {shape.looked_at} WHERE {lat} IS NOT NULL AND {lon} IS NOT NULL)"
    (south, north), (west, east) = BOX["lat"], BOX["lon"]
    middle = ""
    if shape.has_units and UNITS not in shape.relation:
        middle = f"""UNION ALL (SELECT count(*) || ' trong ' || any_value(total) || ' vị trí nằm ở tâm của tỉnh' AS said
            FROM (SELECT *, count(*) OVER () AS total FROM {points}), (SELECT avg(vi_do) AS cy, avg(kinh_do) AS cx FROM raw.{UNITS})
            WHERE abs(y - cy) < 0.02 AND abs(x - cx) < 0.02 HAVING count(*) >= 3 AND count(*) > 0.3 * any_value(total))"""
    yield Detector(
        "places",
        f"""(SELECT max(k) || ' trong ' || sum(k) || ' vị trí là cùng một điểm' AS said
                FROM (SELECT y, x, count(*) AS k FROM {points} GROUP BY ALL) HAVING max(k) >= 3 AND max(k) > 0.3 * sum(k))
            UNION ALL (SELECT count(*) FILTER (y NOT BETWEEN {south} AND {north} OR x NOT BETWEEN {west} AND {east})
                    || ' trong ' || count(*) || ' vị trí nằm ngoài tỉnh' AS said FROM {points}
                HAVING count(*) FILTER (y NOT BETWEEN {south} AND {north} OR x NOT BETWEEN {west} AND {east}) > 0.01 * count(*))
            {middle}""",
        "Tọa độ nằm trong tỉnh, không dồn về một điểm hay tâm của tỉnh",
        "Coordinates lie in the province and are not all one point or its centre",
    )


# --- yesterday's rows again --------------------------------------------------------------------------------------------


def _repeats(shape: Shape) -> Iterator[Detector]:
    """Two days running with the very same values, although the values do change from row to row."""
    names = [c["column_name"] for c in shape.measured]
    parts = []
    if shape.time and names:
        at = f"CAST({quote(shape.time)} AS TIMESTAMP)"
        series = f"hash({', '.join(map(quote, shape.series))})" if shape.series else "0"
        values = f"hash({', '.join(f'CAST({quote(n)} AS DOUBLE)' for n in names)})"
        some = " OR ".join(f"{quote(n)} IS NOT NULL" for n in names)
        newest = f"(SELECT max({at}) FROM {shape.relation})"
        parts.append(
            f"""WITH cell AS (
                SELECT {series} AS s, CAST({at} AS DATE) AS day, CAST({at} AS TIME) AS clock, {values} AS v
                FROM {shape.relation} WHERE {at} > {newest} - INTERVAL 8 DAY AND ({some})),
            pair AS (
                SELECT a.day, count(*) AS n, count(*) FILTER (a.v = b.v) AS same, count(DISTINCT a.v) AS various
                FROM cell a JOIN cell b ON a.s = b.s AND a.clock = b.clock AND a.day = b.day + 1 GROUP BY a.day)
            SELECT 'ngày ' || strftime(day, '%d/%m/%Y') || ': ' || same || ' trong ' || n || ' số đo y hệt ngày trước' AS said
            FROM pair WHERE n >= 8 AND same >= 0.9 * n AND various >= greatest(4, n / 4)"""
        )
    source, table = shape.relation.split(".", 1)[1].strip('"').split("__", 1)
    mine = f"source_id = {literal(source)} AND table_name = {literal(table)}"
    parts.append(
        f"""SELECT count(*) || ' tệp có nội dung y hệt một tệp khác' AS said FROM (
            SELECT sha256, max_by(path, seen_at) AS path, max(seen_at) AS seen_at FROM ops.file_seen
            WHERE {mine} AND sha256 IS NOT NULL AND size > 0 GROUP BY sha256 HAVING count(DISTINCT path) > 1)
        WHERE seen_at > now() - INTERVAL 7 DAY HAVING count(*) > 0"""
    )
    parts.append(
        f"""SELECT 'lần kéo mới nhất: cả ' || rows_in || ' dòng của tệp mới đều đã có từ trước' AS said
        FROM (SELECT rows_in, rows_deduplicated, files_in FROM ops.extract WHERE {mine} ORDER BY extract_id DESC LIMIT 1)
        WHERE files_in > 0 AND rows_in >= 5 AND rows_deduplicated = rows_in"""
    )
    yield Detector(
        "repeats",
        " UNION ALL ".join(f"({part})" for part in parts),
        "Nguồn không gửi lại số liệu của hôm trước",
        "The source does not send the day before again",
    )


# --- and three more of the same kind -----------------------------------------------------------------------------------


def _stuck(shape: Shape) -> Iterator[Detector]:
    """A series whose newest `STUCK` values are one value, although it, or the others, do change."""
    names = [c["column_name"] for c in shape.measured]
    if not (shape.time and names and shape.series):
        return
    at, series = quote(shape.time), f"hash({', '.join(map(quote, shape.series))})"
    cells = ", ".join(f"CAST({quote(n)} AS DOUBLE) AS {quote(n)}" for n in names)
    yield Detector(
        "stuck",
        f"""SELECT n || ': ' || count(*) FILTER (is_stuck) || ' trong ' || count(*) || ' chuỗi đứng yên ở một giá trị' AS said FROM (
                SELECT n, s, count(*) FILTER (r <= {STUCK}) >= {STUCK} AND min(v) FILTER (r <= {STUCK}) = max(v) FILTER (r <= {STUCK})
                    AND any_value(v) FILTER (r = 1) <> 0 AS is_stuck, count(DISTINCT v) AS various, count(*) AS k
                FROM (SELECT *, row_number() OVER (PARTITION BY s, n ORDER BY moment DESC) AS r FROM (
                    UNPIVOT (SELECT {series} AS s, {at} AS moment, {cells} FROM {shape.believed})
                    ON {", ".join(map(quote, names))} INTO NAME n VALUE v))
                GROUP BY ALL HAVING k >= {STUCK})
            GROUP BY n HAVING count(*) FILTER (is_stuck) > 0 AND median(various / k) > 0.2""",
        f"Không chuỗi nào đứng yên {STUCK} lần đo liền khi các chuỗi cùng loại thay đổi (cảm biến kẹt)",
        f"No series stays on one value for {STUCK} readings while its like change (a stuck sensor)",
    )


def _negative(shape: Shape) -> Iterator[Detector]:
    """A few values below zero in a column that never is."""
    names = [c["column_name"] for c in shape.measured if c["range_min"] is None]
    if not names:
        return
    counts = ", ".join(
        f"count({quote(n)}) AS n{i}, count(*) FILTER ({quote(n)} < 0) AS b{i}" for i, n in enumerate(names)
    )
    found = ", ".join(f"{{'name': {literal(n)}, 'all': n{i}, 'below': b{i}}}" for i, n in enumerate(names))
    yield Detector(
        "negative",
        f"""SELECT c.name || ': ' || c.below || ' giá trị âm' AS said
            FROM (SELECT unnest([{found}]) AS c FROM (SELECT {counts} FROM {shape.believed}))
            WHERE c.below > 0 AND c.below <= greatest(1, 0.05 * c.all)""",
        "Không có vài giá trị âm lẻ loi trong cột luôn không âm",
        "No few negative values in a column that is never negative",
    )


def _missing_periods(shape: Shape) -> Iterator[Detector]:
    """A month or year of which nothing came, between others of which much did."""
    month = _month(shape)
    if not month:
        return
    yield Detector(
        "missing_periods",
        f"""SELECT 'không có dòng nào của ' || string_agg(words, ', ' ORDER BY p) || CASE WHEN any_value(missing) > 6 THEN ', …' ELSE '' END AS said FROM (
                SELECT p, missing, row_number() OVER (ORDER BY p) AS place,
                    CASE WHEN step = 12 THEN 'năm ' || p // 12 ELSE 'tháng ' || (p % 12 + 1) || '/' || p // 12 END AS words FROM (
                    SELECT unnest(range(first, last + 1, step)) AS p, step, came, (last - first) // step + 1 - len(came) AS missing FROM (
                        SELECT list(DISTINCT p) AS came, min(p) AS first, max(p) AS last, CASE WHEN count(DISTINCT p % 12) = 1 THEN 12 ELSE 1 END AS step,
                               count(*) AS n FROM (SELECT {month} AS p FROM {shape.looked_at}) WHERE p IS NOT NULL)
                    WHERE len(came) >= 5 AND n >= 5 * len(came) AND (last - first) // step + 1 <= 1.5 * len(came))
                WHERE missing > 0 AND NOT list_contains(came, p))
            WHERE place <= 6 HAVING count(*) > 0""",
        "Không thiếu trọn một tháng hay một năm giữa các kỳ có số liệu",
        "No whole month or year is missing between others",
    )


def _month(shape: Shape) -> str:
    """SQL: the months since the year 0 of a row, or ''."""
    if shape.time:
        return f"CAST(year({quote(shape.time)}) * 12 + month({quote(shape.time)}) - 1 AS BIGINT)"
    if "nam" in shape.key and shape.is_number("nam"):
        month = f" + CAST({quote('thang')} AS BIGINT) - 1" if "thang" in shape.key and shape.is_number("thang") else ""
        return f"CAST({quote('nam')} AS BIGINT) * 12{month}"
    return ""
