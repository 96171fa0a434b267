"""The catalogue of a build as one page: every relation, indicator and source in words, in both languages.

Everything comes from the build file itself and from `docs/queries`, so the page that lies beside a build always fits it. It holds
words and counts, never values of rows, and opens offline: style and script stand in it, and its own policy allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from warehouse import connect
from warehouse.connect import ROOT, literal, quote

FILE = "catalogue.html"
PARTS = Path(__file__).with_name("catalogue_page")
QUERIES = ROOT / "docs" / "queries"
#: The words of the folders under dbt/models and ingestion/sources, in the order of the page.
SECTORS = {
    "chung": ("Dùng chung", "Shared spine"),
    "khung": ("Khung dùng chung", "Shared frame"),
    "hanh_chinh_cong": ("Hành chính công", "Public services"),
    "nq57": ("Nghị quyết 57", "Resolution 57"),
    "khcn": ("Khoa học và công nghệ", "Science and technology"),
    "cds": ("Chuyển đổi số", "Digital transformation"),
    "vien_thong": ("Viễn thông", "Telecoms"),
    "moi_truong": ("Môi trường", "Environment"),
    "tai_nguyen": ("Tài nguyên", "Natural resources"),
    "thien_tai": ("Thiên tai", "Disasters"),
    "nong_nghiep": ("Nông nghiệp", "Agriculture"),
    "nang_luong": ("Năng lượng", "Energy"),
    "kinh_te": ("Kinh tế", "Economy"),
    "tai_chinh": ("Tài chính", "Finance"),
    "do_thi": ("Đô thị", "City"),
    "giao_duc": ("Giáo dục", "Education"),
    "y_te": ("Y tế", "Health"),
    "an_sinh": ("An sinh", "Welfare"),
    "mo": ("Dữ liệu mở", "Open data"),
    "chat_luong": ("Chất lượng dữ liệu", "Data quality"),
    "serving": ("Bảng điều hành đọc", "What boards read"),
    "indicators": ("Kết quả của từng chỉ tiêu", "Results of each indicator"),
}
#: What one value is of.
GRAINS = {
    "hour": ("giờ", "hour"), "day": ("ngày", "day"), "month": ("tháng", "month"), "quarter": ("quý", "quarter"), "year": ("năm", "year"),
    "province": ("tỉnh", "province"), "commune": ("xã", "commune"), "station": ("trạm", "station"), "reservoir": ("hồ chứa", "reservoir"),
}  # fmt: skip
#: From open to closed.
SHARE = ("mở", "dùng chung", "chuyên ngành")
#: A threshold or definition so marked has no document that confirms it yet.
UNVERIFIED = ("M", "P")
GRADES = ("grade_valid", "grade_complete", "grade_clean", "grade_live")

Row = dict[str, Any]


def queries() -> list[Row]:
    """The example queries of `docs/queries`: `{name, vi, en, sql, relations}`; their first two lines say in both languages what
    they answer."""
    found = []
    for file in sorted(QUERIES.glob("*.sql")):
        vi, en, *lines = file.read_text(encoding="utf-8").splitlines()
        sql = "\n".join(lines).strip()
        found.append({"name": file.stem, "vi": vi.removeprefix("-- "), "en": en.removeprefix("-- "), "sql": sql, "relations": sorted(set(re.findall(r"\bmart\.(\w+)", sql)))})  # fmt: skip
    return found


def write(build_file: Path) -> Path | None:
    """Write the page beside its build file, whole or not at all; None for a build that does not tell where its tables come from."""
    with connect.served(build_file) as con:
        there = _rows(con, "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'catalog' AND table_name = 'lineage'")
    if not there:
        return None
    path = build_file.with_name(FILE)
    fresh = path.with_suffix(".new")
    fresh.write_text(page(build_file), encoding="utf-8")
    return fresh.rename(path)


def page(build_file: Path) -> str:
    """The page as HTML; everything that comes from data is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    script = (PARTS / "page.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(PARTS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"vi": _vietnamese, "en": "{:,}".format, "local": _local}
    return environment.get_template("page.html").render(
        gather(build_file),
        sectors=SECTORS,
        grains=GRAINS,
        style=(PARTS / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _vietnamese(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _local(moment: Any) -> str:
    return moment.astimezone(ZoneInfo(connect.TIME_ZONE)).strftime("%d/%m/%Y %H:%M") if moment else "–"


def sources_of(con: duckdb.DuckDBPyConnection, relation: str) -> list[Row]:
    """The declared sources that the rows of a relation rest on, all the way down. `con` is a build."""
    return _rows(
        con,
        f"""WITH RECURSIVE up AS (
            SELECT {literal(relation)} AS name UNION SELECT l.parent FROM up INNER JOIN catalog.lineage AS l ON l.relation = up.name)
        SELECT s.* FROM catalog.source AS s
        SEMI JOIN (FROM catalog.source_table AS t INNER JOIN up ON up.name = t.raw_name) AS used USING (source_id) ORDER BY s.source_id""",
    )


def strictest(share_classes: Iterable[str]) -> str | None:
    """What rests on several sources is shared as the strictest of them."""
    return max(share_classes, key=SHARE.index, default=None)


# --- what the page shows ---------------------------------------------------------------------------------------------------


def gather(build_file: Path) -> dict[str, Any]:
    """`{build, relations, indicators, sources, queries}` of a build file, each item with its links to the others."""
    with connect.served(build_file) as con:
        build = _rows(con, "SELECT * FROM catalog.build")
        sources = _sources(con)
        relations = _relations(con, {s["source_id"]: s for s in sources})
        indicators = _indicators(con, {s["source_id"]: s for s in sources})
    links = {r["name"]: r for r in relations}
    for one in indicators:
        for name in {one["model"], (one["evidence"] or {}).get("model")} & links.keys():
            links[name]["indicators"].append(one["indicator_code"])
    for source in sources:
        source["indicators"] = [i["indicator_code"] for i in indicators if source["source_id"] in i["sources"]]
        source["relations"] = [r["name"] for r in relations if source["source_id"] in r["sources"]]
    asked = queries()
    for relation in relations:
        relation["queries"] = [q for q in asked if relation["name"] in q["relations"]]
    for item in (*relations, *indicators, *sources):
        item["place"] = _order(item["sector"])
    return {
        "build": build[0],
        "relations": relations,
        "indicators": indicators,
        "sources": sources,
        "queries": asked,
        "relation_names": links.keys(),
    }


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _by(rows: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row[keys[0]] if len(keys) == 1 else tuple(row[k] for k in keys)].append(row)
    return found


def _order(sector: str) -> tuple[int, str]:
    known = list(SECTORS)
    return (known.index(sector) if sector in SECTORS else len(known), sector)


def _sources(con: duckdb.DuckDBPyConnection) -> list[Row]:
    grades = _by(_rows(con, "SELECT * FROM catalog.source_grade"), "source_id")
    tables = _by(_rows(con, "SELECT * FROM catalog.source_table ORDER BY source_id, table_name"), "source_id")
    columns = _by(_rows(con, "SELECT * FROM catalog.source_column ORDER BY ordinal"), "source_id", "table_name")
    found = _rows(con, "SELECT * FROM catalog.source ORDER BY source_id")
    for source in found:
        source |= {"grades": _worst(grades[source["source_id"]]), "tables": tables[source["source_id"]]}
        for table in source["tables"]:
            table["columns"] = columns[source["source_id"], table["table_name"]]
        source["personal"] = sum(c["protect"] is not None for t in source["tables"] for c in t["columns"])
    return sorted(found, key=lambda s: (_order(s["sector"]), s["source_id"]))


def _worst(rows: list[Row]) -> list[float] | None:
    """The lowest of each grade over the rows that have one."""
    known = [row for row in rows if all(row[g] is not None for g in GRADES)]
    return [min(row[g] for row in known) for g in GRADES] if known else None


def _relations(con: duckdb.DuckDBPyConnection, sources: dict[str, Row]) -> list[Row]:
    """Every table and view of schema mart, whether dbt describes it or not."""
    there = _rows(
        con,
        """SELECT table_name AS name, 'table' AS kind FROM duckdb_tables() WHERE schema_name = 'mart' AND database_name = current_database()
        UNION ALL SELECT view_name, 'view' FROM duckdb_views() WHERE schema_name = 'mart' AND database_name = current_database() ORDER BY 1""",
    )
    columns = _columns(con)
    words = {r["relation"]: r for r in _rows(con, "SELECT * FROM catalog.relation")}
    verdicts = {
        v["relation"].split(".")[-1]: v for v in _rows(con, "SELECT * FROM quality.verdict ORDER BY checked_at")
    }
    lineage = _rows(con, "SELECT * FROM catalog.lineage ORDER BY parent")
    grades = _by(_rows(con, "SELECT * FROM catalog.source_grade"), "source_id")
    source_of = {t["raw_name"]: s for s, one in sources.items() for t in one["tables"]}
    up, down = _by(lineage, "relation"), _by(lineage, "parent")
    for one in there:
        name, said = one["name"], words.get(one["name"], {})
        above = _above(name, up)
        mine = sorted({source_of[raw] for raw in above["raw"] if raw in source_of})
        one |= {
            "sector": _folder(said.get("sql_path") or "", name),
            "vi": said.get("description") or "", "en": said.get("description_en") or "",
            "grain_vi": _grain(r"[Mm]ột dòng[^.;]*", said.get("description")), "grain_en": _grain(r"[Oo]ne row[^.;]*", said.get("description_en")),
            "key": said.get("key_columns") or [], "columns": columns[name],
            "rows": _rows(con, f"SELECT count(*) AS n FROM mart.{quote(name)}")[0]["n"],
            "verdict": verdicts.get(name), "sources": mine, "staging": sorted(above["staging"]),
            "parents": sorted(p["parent"] for p in up[name] if p["parent_layer"] == "mart"),
            "children": sorted(c["relation"] for c in down[name] if c["layer"] == "mart"),
            "owners": sorted({sources[s]["owner_agency"] for s in mine}),
            "share": strictest(sources[s]["share_class"] for s in mine),
            "is_made_up": any(sources[s]["is_made_up"] for s in mine),
            "grades": _worst([g for s in mine for g in grades[s]]), "indicators": [],
        }  # fmt: skip
    return sorted(there, key=lambda r: (_order(r["sector"]), r["name"]))


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """The columns that are really there, with their words."""
    said = {(d["relation"], d["column_name"]): d for d in _rows(con, "SELECT * FROM catalog.column_doc")}
    found = _by(
        _rows(
            con,
            """SELECT table_name AS relation, column_name AS name, lower(data_type) AS type FROM duckdb_columns()
            WHERE schema_name = 'mart' AND database_name = current_database() ORDER BY table_name, column_index""",
        ),
        "relation",
    )
    for relation, columns in found.items():
        for column in columns:
            words = said.get((relation, column["name"]), {})
            column |= {"vi": words.get("description") or "", "en": words.get("description_en") or ""}
            column["type"] = column["type"].replace("timestamp with time zone", "timestamptz")
    return found


def _above(name: str, up: dict[str, list[Row]]) -> dict[str, set[str]]:
    """What a relation rests on, all the way up, by layer."""
    found: dict[str, set[str]] = defaultdict(set)
    seen, todo = {name}, [name]
    while todo:
        for row in up.get(todo.pop(), ()):
            found[row["parent_layer"]].add(row["parent"])
            if row["parent"] not in seen:
                seen.add(row["parent"])
                todo.append(row["parent"])
    return found


def _folder(sql_path: str, name: str) -> str:
    """`models/marts/y_te/fct_x.sql` → y_te; indicators and what boards read are sectors of their own here."""
    if name.startswith("ind_"):
        return "indicators"
    parts = Path(sql_path).parts
    if "marts" in parts:
        return parts[parts.index("marts") + 1]
    return "serving" if "serving" in parts else "chung"


def _grain(pattern: str, text: str | None) -> str:
    found = re.search(pattern, text or "")
    return found[0].strip() if found else ""


def _indicators(con: duckdb.DuckDBPyConnection, sources: dict[str, Row]) -> list[Row]:
    norms = _by(_rows(con, "SELECT * FROM catalog.norm"), "indicator_code")
    seen = {r["indicator_code"]: r for r in _rows(
        con, """SELECT indicator_code, count(*) AS observations, min(period_key) AS oldest, max(period_key) AS newest,
            [min(grade_valid), min(grade_complete), min(grade_clean), min(grade_live)] AS grades
        FROM mart.obs_indicator GROUP BY 1""")}  # fmt: skip
    found = _rows(con, "SELECT * FROM catalog.indicator ORDER BY indicator_code")
    for one in found:
        code = one["indicator_code"]
        one |= {
            "norms": sorted(norms[code], key=lambda n: (n["valid_from"], n["level"])),
            "acts": json.loads(one["acts_json"] or "[]"),
            "evidence": json.loads(one["evidence_json"] or "null"),
            "sources": one["sources"] or [],
            "seen": seen.get(code),
            "is_made_up": any(sources[s]["is_made_up"] for s in one["sources"] or [] if s in sources),
            "is_unverified": one["provenance"] in UNVERIFIED or any(n["provenance"] in UNVERIFIED for n in norms[code]),
        }
    return sorted(found, key=lambda i: (_order(i["sector"]), i["indicator_code"]))
