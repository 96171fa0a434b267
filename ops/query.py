"""`ioc sql`: questions to a published build, read-only and sandboxed."""

from __future__ import annotations

import csv
import difflib
import io
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse import catalogue, connect, publish
from warehouse.errors import Fault

#: A cell that begins so would be run by a spreadsheet as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Answer:
    build_id: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def served(build_id: str | None = None) -> publish.Served:
    """The named build, or the one boards show. Raises `Fault` IOC-404 when there is none."""
    if build_id:
        found = next((one for one in publish.builds() if one.build_id == build_id), None)
        known = ", ".join(one.build_id for one in publish.builds()[:5]) or "–"
        what = build_id
    else:
        found, known, what = publish.current(), "–", "hiện hành"
    if found is None:
        raise Fault(
            "IOC-404",
            f"Không có bản công bố {what}.",
            f"There is no published build {build_id or 'yet'}.",
            why=f"published: {known}",
            fix="./ioc build list" if build_id else "./ioc run",
            exit_code=2 if build_id else 1,
        )
    return found


def ask(sql: str, *, build_id: str | None = None, seconds: float = 60.0, limit: int = 100_000) -> Answer:
    """At most `limit` rows. Raises `Fault` IOC-410 for what DuckDB does not understand or does not allow here (its own
    words, with candidates), IOC-411 when it takes longer than `seconds`."""
    one = served(build_id)
    with connect.served(one.path) as con:
        con.execute("USE mart")
        alarm = threading.Timer(seconds, con.interrupt)
        alarm.start()
        try:
            cursor = con.execute(sql)
            rows = cursor.fetchmany(limit + 1)
            columns = [column[0] for column in cursor.description or []]
        except duckdb.InterruptException:
            raise Fault(
                "IOC-411",
                f"Câu hỏi chạy quá {seconds:.0f} giây nên bị dừng.",
                f"The query took longer than {seconds:.0f} s and was stopped.",
                fix="thêm điều kiện, hoặc --timeout 300",
            ) from None
        except duckdb.Error as error:
            raise Fault(
                "IOC-410",
                "Câu SQL không chạy được.",
                "The SQL statement does not run.",
                why=str(error),
                fix='./ioc sql "SHOW ALL TABLES"',
                exit_code=2,
            ) from None
        finally:
            alarm.cancel()
    return Answer(one.build_id, columns, rows[:limit], len(rows) > limit)


def as_csv(answer: Answer) -> str:
    """CSV that a spreadsheet reads as values and never runs: text that begins like a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_harmless(name) for name in answer.columns])
    writer.writerows([[_harmless(cell) for cell in row] for row in answer.rows])
    return out.getvalue()


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def read(path: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a served file as dictionaries; no rows where the relation is not there (an older build)."""
    with connect.served(path) as con:
        try:
            cursor = con.execute(sql)
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def export(relation: str, fmt: str, out: Path, *, build_id: str | None = None) -> dict[str, Any]:
    """Write `mart.<relation>` of a published build as Parquet or CSV, streamed, and beside it `<out>.metadata.json` with what
    it is: build, key, columns in both languages, the sources that it rests on, the strictest of their share classes and whether
    any is made up. `{path, metadata, rows}`. Rows come in the order of the key. An earlier export is replaced, any other file never.

    Raises `Fault` IOC-413 for an unknown relation or format (nearest names given), IOC-404 without that build, IOC-016."""
    one = served(build_id)
    name = relation.removeprefix("mart.")
    with connect.served(one.path) as con:
        names = [str(n) for (n,) in con.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart' ORDER BY 1").fetchall()]  # fmt: skip
        if name not in names or fmt not in ("parquet", "csv"):
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
            raise Fault(
                "IOC-413",
                f"Không tải được “{relation}” dạng {fmt}.",
                f"Cannot export “{relation}” as {fmt}.",
                why="parquet, csv" if name in names else f"gần giống · near: {', '.join(near) or '–'}",
                fix=f"./ioc export {name if name in names else near[0] if near else 'obs_indicator'} --format parquet",
                exit_code=2,
            )
        described = out.with_name(out.name + ".metadata.json")
        if out.exists() and not described.exists():
            raise Fault("IOC-016", f"Tệp {out.name} đã có và không phải do lệnh này ghi.", f"{out.name} exists and is no export.",
                        fix=f"./ioc export {name} --format {fmt} --out TÊN_KHÁC.{fmt}", exit_code=2)  # fmt: skip
        body = _described(con, name) | {"build_id": one.build_id, "built_at": one.created_at.isoformat(), "format": fmt}
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh, words = out.with_name(f".{out.name}.new"), out.with_name(f".{described.name}.new")
        order = ", ".join(map(connect.quote, body["key"])) or "ALL"
        try:
            rows = _write(con.execute(f"SELECT * FROM mart.{connect.quote(name)} ORDER BY {order}"), fresh, fmt)
            words.write_text(json.dumps(body | {"rows": rows}, ensure_ascii=False, indent=1), encoding="utf-8")
            words.replace(described)  # the words first: rows never stand without them
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)
            words.unlink(missing_ok=True)
    return {"path": str(out), "metadata": str(described), "rows": rows}


def _write(cursor: duckdb.DuckDBPyConnection, path: Path, fmt: str) -> int:
    """A hundred thousand rows at a time, whatever the table's size."""
    import pyarrow.parquet as pq

    batches = cursor.to_arrow_reader(100_000)
    rows = 0
    if fmt == "parquet":
        with pq.ParquetWriter(path, batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(batches.schema.names)
        for batch in batches:
            out.writerows([_harmless(cell) for cell in row] for row in zip(*batch.to_pydict().values(), strict=True))
            rows += batch.num_rows
    return rows


def _described(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """What the catalogue says of a table, and which sources its rows rest on."""
    words = con.execute(
        "SELECT description, description_en, key_columns FROM catalog.relation WHERE relation = ?", [name]
    ).fetchone()
    columns = con.execute("SELECT column_name, data_type, description, description_en FROM catalog.column_doc WHERE relation = ?", [name]).fetchall()  # fmt: skip
    vi, en, key = words or ("", "", [])
    sources = catalogue.sources_of(con, name)
    told = ("source_id", "owner_agency", "share_class", "legal_basis", "is_made_up")
    return {
        "relation": f"mart.{name}", "description_vi": vi, "description_en": en, "key": key, "share_class": catalogue.strictest(s["share_class"] for s in sources),
        "has_made_up_sources": any(s["is_made_up"] for s in sources), "sources": [{word: s[word] for word in told} for s in sources],
        "columns": [dict(zip(("name", "type", "vi", "en"), column, strict=True)) for column in columns],
    }  # fmt: skip
