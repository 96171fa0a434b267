"""From a number on a board back to the rows it was counted from: formula, evidence, extracts, landing, boards.

Works on a published build alone; where the landing folder is on this machine the very landed rows are shown too.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import connect, publish
from warehouse.connect import bind, literal, quote
from warehouse.errors import Fault

#: How much is shown; counts are always exact.
SAMPLE_ROWS = 20
SHOWN_EXTRACTS = 20
LANDED_ROWS = 5
BUNDLES = connect.ROOT / "boards" / "bundles"


def trace(
    code: str,
    *,
    area: str | None = None,
    period: str | None = None,
    breakdown: str | None = None,
    build: str | None = None,
) -> dict[str, Any]:
    """One observation of indicator `code`, by default the newest of the province in the current build.

    `area` is a code or a name. Returns `{build_id, indicator, observation, evidence, extracts, landed, boards}`, values ready
    for JSON. `evidence` has `counted` (`rows_total`, `numerator`, `denominator` counted again now, and whether they
    equal the observation's) and a sample of `rows`, or a `problem` in words. Raises `Fault` IOC-404/405 (build), IOC-430 (indicator), IOC-431 (area), IOC-432 (no
    such observation, or a blocked indicator), each with what there is.
    """
    served = _served(build)
    with connect.served(served.path) as con:
        indicator = _indicator(con, code)
        if indicator.get("blocked_vi"):
            raise _no_value(indicator)
        area_code = _area_code(con, area) if area else None
        observation = _observation(con, code, area_code, period, breakdown)
        evidence = _evidence(con, json.loads(indicator["evidence_json"]), observation)
        extracts = _extracts(con, observation["extract_ids"] or [])
    found = {
        "build_id": served.build_id,
        "indicator": indicator,
        "observation": observation,
        "evidence": evidence,
        "extracts": extracts,
        "landed": _landed(extracts, evidence.get("rows", [])),
        "boards": boards(code, indicator["home_order"]),
    }
    return {key: _plain(part) for key, part in found.items()}


def boards(code: str, home_order: int | None, folder: Path = BUNDLES) -> list[str]:
    """Names of the bundles whose YAML names the code, or shows every card that has a place on the home board."""
    wanted = rf"\b{re.escape(code)}\b" + (r"|\bhome_order\b" if home_order else "")
    return sorted(
        bundle.name
        for bundle in folder.glob("*")
        if any(re.search(wanted, p.read_text(encoding="utf-8")) for p in sorted(bundle.rglob("*.y*ml")))
    )


def _served(build: str | None) -> publish.Served:
    if build:
        found = [b for b in publish.builds() if b.build_id == build]
        if found:
            return found[0]
        raise Fault(
            "IOC-404",
            f"Không có bản công bố {build}.",
            f"There is no published build {build}.",
            fix="./ioc build list",
            exit_code=2,
        )
    current = publish.current()
    if current is None:
        raise Fault("IOC-405", "Chưa có bản công bố nào.", "Nothing is published yet.", fix="./ioc run")
    return current


def _indicator(con: duckdb.DuckDBPyConnection, code: str) -> dict[str, Any]:
    found = _dicts(con, bind("SELECT * FROM catalog.indicator WHERE indicator_code = ?", code))
    if found:
        return found[0]
    known = con.execute("SELECT indicator_code, title_vi FROM catalog.indicator ORDER BY 1").fetchall()
    near = difflib.get_close_matches(code.upper(), [c for c, _ in known], n=3, cutoff=0.5)
    raise Fault(
        "IOC-430",
        f"Không có chỉ tiêu {code}.",
        f"There is no indicator {code}.",
        why="; ".join(f"{c} · {title}" for c, title in known if c in near) or "no code is near it",
        fix=f"./ioc trace {near[0]}" if near else "./ioc indicator list",
        exit_code=2,
    )


def _no_value(indicator: dict[str, Any]) -> Fault:
    code = indicator["indicator_code"]
    return Fault(
        "IOC-432",
        f"{code} chưa có số liệu: {indicator['blocked_vi']} Cần: {indicator['missing_vi']}",
        f"{code} has no value: {indicator['blocked_en']} Needed: {indicator['missing_en']}",
        fix=f"./ioc indicator show {code}",
        exit_code=2,
    )


def _area_code(con: duckdb.DuckDBPyConnection, area: str) -> str:
    """A code as it is; a name without regard to case, with or without its kind, and without accents when only one fits."""
    rows = con.execute("SELECT area_code, area_name FROM mart.dim_area WHERE is_current ORDER BY 1").fetchall()
    if area in {code for code, _ in rows}:
        return area
    for key in (_name_key, lambda name: _without_accents(_name_key(name))):
        fits = sorted({code for code, name in rows if key(name) == key(area)})
        if len(fits) == 1:
            return str(fits[0])
    keys = {_without_accents(_name_key(name)): name for _, name in rows}
    near = [keys[k] for k in difflib.get_close_matches(_without_accents(_name_key(area)), keys, n=3, cutoff=0.5)]
    raise Fault(
        "IOC-431",
        f"Không có địa bàn “{area}”.",
        f"There is no area “{area}”.",
        why=f"gần nhất / nearest: {', '.join(near)}" if near else "no name is near it",
        fix=f"--area “{near[0]}”" if near else './ioc sql "SELECT area_code, area_name FROM mart.dim_area"',
        exit_code=2,
    )


def _name_key(name: str) -> str:
    words = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    return re.sub(r"^(phường|xã|tỉnh|phuong|xa|tinh|p\.|x\.) ?", "", words)


def _without_accents(text: str) -> str:
    split = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(c for c in split if not unicodedata.combining(c))


def _observation(
    con: duckdb.DuckDBPyConnection, code: str, area: str | None, period: str | None, breakdown: str | None
) -> dict[str, Any]:
    wanted = {"indicator_code": code, "area_code": area, "period_key": period, "breakdown": breakdown}
    where = " AND ".join(bind(f"{column} = ?", value) for column, value in wanted.items() if value is not None)
    found = _dicts(
        con,
        f"""SELECT * FROM mart.obs_indicator WHERE {where}
            ORDER BY period_key DESC, area_code = '38' DESC, breakdown, area_code LIMIT 1""",
    )
    if found:
        return found[0]
    there = con.execute(
        bind(
            "SELECT count(*), min(period_key), max(period_key), count(DISTINCT area_code) FROM mart.obs_indicator "
            "WHERE indicator_code = ?",
            code,
        )
    ).fetchall()[0]
    asked = ", ".join(f"{k}={v}" for k, v in wanted.items() if v is not None)
    raise Fault(
        "IOC-432",
        f"Không có số liệu cho {asked}.",
        f"There is no observation for {asked}.",
        why=f"{code} has {there[0]} observations, {there[1]}–{there[2]}, {there[3]} areas",
        fix=f"./ioc trace {code}",
        exit_code=2,
    )


def _evidence(con: duckdb.DuckDBPyConnection, declared: dict[str, Any], observation: dict[str, Any]) -> dict[str, Any]:
    """Count again from the pair's evidence block. What cannot be counted here says why, the rest of the trace stands."""
    evidence = {k: declared[k] for k in ("model", "where", "numerator", "denominator")}
    columns = {row[0] for row in con.execute(bind(_COLUMNS, declared["model"])).fetchall()}
    if not columns:
        return evidence | {"problem": f"{declared['model']} is not part of a published build"}
    table = f"mart.{quote(declared['model'])}"
    keys = [*declared["keys"], *({"extract_id"} & columns - set(declared["keys"]))]
    try:
        found: dict[str, Any] = {"rows_total": _number(con, table, declared["where"], "true", observation)}
        for part in ("numerator", "denominator"):
            if declared[part] is None:
                continue
            found[part] = _number(con, table, declared["where"], declared[part], observation)
            found[f"{part}_matches"] = _same(found[part], observation[part])
        sample = f"SELECT {', '.join(map(quote, keys))} FROM {table} WHERE {declared['where']} LIMIT {SAMPLE_ROWS}"
        found["rows"] = _dicts(con, sample, _parameters(sample, observation))
    except duckdb.Error as error:
        return evidence | {"problem": str(error).splitlines()[0]}
    return evidence | {"rows": found.pop("rows"), "counted": found}


_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'mart' AND table_name = ?"


def _number(
    con: duckdb.DuckDBPyConnection, table: str, where: str, part: str, observation: dict[str, Any]
) -> float | None:
    """Rows for which `part` is true, or its sum when it is a number."""
    query = f"SELECT {part} AS part FROM {table} WHERE {where}"
    values = _parameters(query, observation)
    kind = con.execute(f"SELECT any_value(typeof(part)) FROM ({query})", values).fetchall()[0][0]
    total = "count(*) FILTER (part)" if kind in ("BOOLEAN", None) else "sum(part)"
    found = con.execute(f"SELECT {total} FROM ({query})", values).fetchall()[0][0]
    return None if found is None else float(found)


def _parameters(query: str, observation: dict[str, Any]) -> dict[str, Any]:
    """The parameters that the query names; DuckDB refuses one that it does not."""
    names = ("area_code", "period_key", "breakdown")
    return {name: observation[name] for name in names if re.search(rf"\${name}\b", query)}


def _same(counted: float | None, stated: float | None) -> bool:
    if counted is None or stated is None:
        return counted is stated
    return abs(counted - stated) <= 1e-6 * max(1.0, abs(stated))


def _extracts(con: duckdb.DuckDBPyConnection, extract_ids: list[str]) -> list[dict[str, Any]]:
    """The newest extracts behind the number; `primary_key` says which columns name a row at the source."""
    if not extract_ids:
        return []
    return _dicts(
        con,
        bind(
            f"""SELECT x.extract_id, x.source_id, x.table_name, x.extracted_at, x.loaded_at, x.rows_in, x.landing_path,
                       t.primary_key
                FROM catalog.extract x LEFT JOIN catalog.source_table t USING (source_id, table_name)
                WHERE list_contains(?, x.extract_id) ORDER BY x.extract_id DESC LIMIT {SHOWN_EXTRACTS}""",
            sorted(extract_ids),
        ),
    )


def _landed(extracts: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The landed rows of the first evidence rows, found by the evidence's first key."""
    keys = [str(next(iter(row.values()))) for row in rows if row][:LANDED_ROWS]
    found: list[dict[str, Any]] = []
    if not keys:
        return found
    with connect.scratch() as con:
        for extract in extracts:
            files = connect.home() / str(extract["landing_path"]) / "*.parquet"
            if not extract["primary_key"] or not any(files.parent.glob(files.name)):
                continue
            landing = f"read_parquet({literal(str(files))})"
            # A workbook lands under its own headings: then every column may hold the key.
            names = [row[0] for row in con.execute(f"DESCRIBE FROM {landing}").fetchall()]
            held = [n for n in extract["primary_key"] if n in names] or names
            wanted = " OR ".join(
                f"CAST({quote(name)} AS VARCHAR) IN ({', '.join(map(literal, keys))})" for name in held
            )
            landed = _dicts(con, f"SELECT * FROM {landing} WHERE {wanted} LIMIT {LANDED_ROWS - len(found)}")
            found += [{"extract_id": extract["extract_id"], "row": row} for row in landed]
            if len(found) >= LANDED_ROWS:
                break
    return found


def _dicts(con: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    done = con.execute(query, values) if values else con.execute(query)
    names = [d[0] for d in done.description or []]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def _plain(value: Any) -> Any:
    """Times as ISO text, everything else as JSON knows it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
