"""The catalogue of a published build: one page that opens offline, with every indicator, table, source and example query.

Everything on it is read from the published file itself (`catalog.*`, `quality.verdict`, the newest card) and from `docs/queries`,
so the page always fits its build. It holds words and counts, never values of rows.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from warehouse import connect

if TYPE_CHECKING:
    from warehouse.publish import Served

FILE = "catalogue.html"
QUERIES = connect.ROOT / "docs" / "queries"
#: How a person may read the mark of where a formula or norm comes from.
PROVENANCE = {
    "S": ("nguồn nói rõ", "a source says so"), "D": ("suy ra từ nguồn", "derived from a source"),
    "M": ("chưa kiểm chứng", "not verified"), "P": ("dự án đề xuất", "proposed by the project"),
}  # fmt: skip
#: Words of the declarations as a person reads them.
WORDS = {
    "an_sinh": ("An sinh xã hội", "Social security"), "cds": ("Chuyển đổi số", "Digital transformation"), "chat_luong": ("Chất lượng dữ liệu", "Data quality"),
    "do_thi": ("Đô thị", "City"), "giao_duc": ("Giáo dục", "Education"), "hanh_chinh_cong": ("Hành chính công", "Public administration"),
    "khcn": ("Khoa học và công nghệ", "Science and technology"), "kinh_te": ("Kinh tế", "Economy"), "moi_truong": ("Môi trường", "Environment"),
    "nang_luong": ("Năng lượng", "Energy"), "nong_nghiep": ("Nông nghiệp", "Agriculture"), "nq57": ("Nghị quyết 57", "Resolution 57"), "tai_chinh": ("Tài chính", "Finance"),
    "tai_nguyen": ("Tài nguyên", "Resources"), "thien_tai": ("Thiên tai", "Disasters"), "vien_thong": ("Viễn thông", "Telecom"), "y_te": ("Y tế", "Health"),
    "hour": ("giờ", "hour"), "day": ("ngày", "day"), "month": ("tháng", "month"), "quarter": ("quý", "quarter"), "year": ("năm", "year"),
    "province": ("tỉnh", "province"), "commune": ("xã", "commune"), "station": ("trạm", "station"), "reservoir": ("hồ", "reservoir"),
    "yes": ("cộng được", "adds up"), "ratio": ("gộp từ tử số và mẫu số", "re-aggregated from numerators and denominators"), "no": ("không cộng được", "never added up"),
    "target": ("mục tiêu", "target"), "watch": ("chú ý", "watch"), "alarm": ("báo động", "alarm"), "limit": ("giới hạn", "limit"), "baseline": ("mốc", "baseline"),
    "PASS": ("đạt", "passed"), "FAIL": ("không đạt", "failed"), "ERROR": ("không kiểm được", "could not be asked"),
}  # fmt: skip


def write(served: Served) -> Path | None:
    """`serving/<build_id>/catalogue.html`, whole or not at all; None for a build whose sources are not described in it."""
    with connect.served(served.path) as con:
        if not con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'catalog' AND table_name = 'source_column'"
        ).fetchone():
            return None
    path = served.path.with_name(FILE)
    fresh = path.with_suffix(".new")
    fresh.write_text(page(served), encoding="utf-8")
    fresh.rename(path)
    return path


def page(served: Served) -> str:
    """The page as HTML; what comes from declarations and data is escaped."""
    with connect.served(served.path) as con:
        indicators, relations, sources = _indicators(con), _relations(con, served.manifest["rows"]), _sources(con)
    asked = queries()
    for relation in relations:
        relation["queries"] = [q for q in asked if f"mart.{relation['relation']}" in q["sql"]]
    built = served.created_at.astimezone(ZoneInfo(connect.TIME_ZONE))
    return _environment().get_template("catalogue.html.j2").render(
        build_id=served.build_id, built=built, indicators=indicators, relations=relations, sources=sources, queries=asked,
        sectors=sorted({i["sector"] for i in indicators}), provenance=PROVENANCE, words=lambda word: WORDS.get(word, (word, word)),
        codes={i["model"]: i["indicator_code"] for i in indicators},
    )  # fmt: skip


def queries() -> list[dict[str, str]]:
    """The example queries of `docs/queries`: `{name, vi, en, sql}`; their first two lines say in both languages what they answer."""
    found = []
    for file in sorted(QUERIES.glob("*.sql")):
        vi, en, *lines = file.read_text(encoding="utf-8").splitlines()
        found.append({"name": file.stem, "vi": vi.removeprefix("-- "), "en": en.removeprefix("-- "), "sql": "\n".join(lines).strip()})  # fmt: skip
    return found


def fold(*words: object) -> str:
    """What the search compares: lower case, without accents, đ as d."""
    text = " ".join(str(word) for word in words if word).casefold().replace("đ", "d")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    environment.filters["number"] = lambda n: f"{n:,}".replace(",", ".") if isinstance(n, int) else "–"
    environment.filters["plain"] = lambda x: f"{x:,.10g}".translate(str.maketrans(",.", ".,"))
    environment.filters["day"] = lambda d: f"{d:%d/%m/%Y}" if d else ""
    return environment


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _grouped(rows: list[dict[str, Any]], *keys: str) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)].append(row)
    return found


def _indicators(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    norms = _grouped(_rows(con, "SELECT * FROM catalog.norm ORDER BY indicator_code, valid_from"), "indicator_code")
    newest = _rows(con, """SELECT indicator_code, count(*) AS n, max(period_key) AS period_key, max(as_of) AS as_of, min(grade_valid) AS valid, min(grade_complete) AS complete,
        min(grade_clean) AS clean, min(grade_live) AS live FROM mart.obs_indicator GROUP BY 1""")  # fmt: skip
    known = {row["indicator_code"]: row for row in newest}
    found = _rows(con, "SELECT * FROM catalog.indicator ORDER BY sector, indicator_code")
    for one in found:
        one["norms"] = norms.get(one["indicator_code"], [])
        one["acts"] = json.loads(one["acts_json"] or "[]")
        one["known"] = known.get(one["indicator_code"])
        one["find"] = fold(one["indicator_code"], one["title_vi"], one["title_en"], one["question"], one["owner_agency"], one["sector"])  # fmt: skip
    return found


def _relations(con: duckdb.DuckDBPyConnection, rows: dict[str, int]) -> list[dict[str, Any]]:
    found = _rows(con, "SELECT * FROM catalog.relation WHERE schema_name = 'mart' ORDER BY relation")
    columns = _grouped(_rows(con, "SELECT * FROM catalog.column_doc"), "relation")
    judged = {row["relation"].removeprefix("mart."): row for row in _rows(con, "SELECT * FROM quality.verdict")}
    children: dict[str, list[str]] = defaultdict(list)
    for one in found:
        for parent in one["depends_on"]:
            children[parent].append(one["relation"])
    names = {one["relation"] for one in found}
    for one in found:
        one["columns"] = columns.get(one["relation"], [])
        one["rows"] = rows.get(f"mart.{one['relation']}")
        one["verdict"] = judged.get(one["relation"])
        one["parents"] = [(name, f"#t-{name}" if name in names else f"#s-{name.removeprefix('stg_').split('__')[0]}" if name.startswith("stg_") else "") for name in one["depends_on"]]  # fmt: skip
        one["children"] = sorted(set(children[one["relation"]]))
        one["find"] = fold(one["relation"], one["description"], one["description_en"], *(w for c in one["columns"] for w in (c["column_name"], c["description"])))  # fmt: skip
    # An indicator's own table has the nine columns of every observation and is explained with the indicator.
    return [one for one in found if not one["relation"].startswith("ind_")]


def _sources(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    tables = _grouped(_rows(con, "SELECT * FROM catalog.source_table ORDER BY ALL"), "source_id")
    columns = _grouped(_rows(con, "SELECT * FROM catalog.source_column ORDER BY source_id, table_name, ordinal"), "source_id", "table_name")  # fmt: skip
    state = {row["source_id"]: row for row in _rows(con, "SELECT source_id, rows_in, rows_loaded, rows_quarantined, rows_deduplicated FROM mart.source_now")}  # fmt: skip
    found = _rows(con, "SELECT * FROM catalog.source ORDER BY sector, source_id")
    for one in found:
        one["tables"] = [t | {"columns": columns.get((one["source_id"], t["table_name"]), [])} for t in tables.get(one["source_id"], [])]  # fmt: skip
        one["state"] = state.get(one["source_id"])
        one["find"] = fold(one["source_id"], one["title_vi"], one["title_en"], one["owner_agency"], *(c["column_name"] for t in one["tables"] for c in t["columns"]))  # fmt: skip
    return found
