"""The open files of a published build, whole or not at all.

    open/<build_id>/files/<dataset>.csv · .parquet · .csv-metadata.json
    open/<build_id>/datasets.json · catalog.jsonld · index.html · en.html       open/current → <build_id>

Nothing but what is open is in these folders, and the service opens nothing else. A file that did not change is a hard link to
the last build's. Whoever is killed leaves `current` on the old folder or on the new one; the next call heals the rest.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from opendata import describe, policy
from opendata.policy import Column, Dataset, Refused
from warehouse import connect
from warehouse import publish as builds
from warehouse.connect import quote
from warehouse.errors import Fault
from warehouse.fault import point

#: Text that a spreadsheet would run begins so; it gets an apostrophe in CSV (Parquet and the API hold it as it is).
FORMULA = "=+-@\t\r＝＋－＠"
#: Excel reads UTF-8 only with this mark; whoever opens a CSV by hand has Excel, programs have Parquet and the API.
BOM = b"\xef\xbb\xbf"
BATCH = 100_000


@dataclass(frozen=True)
class Published:
    build_id: str
    path: Path
    datasets: list[dict[str, Any]]
    refused: list[Refused] = field(default_factory=list)
    linked: int = 0  # files taken over from the last build
    is_new: bool = True


def folder() -> Path:
    path = connect.home() / "open"
    path.mkdir(exist_ok=True)
    return path


def current() -> str | None:
    """The build whose open files are shown, or None."""
    try:
        name = (folder() / "current").readlink().name
    except OSError:
        return None
    return name if (folder() / name / "datasets.json").exists() else None


def kept() -> list[str]:
    """Builds whose open files are there, newest first."""
    return sorted((p.parent.name for p in folder().glob("[0-9]*/datasets.json")), reverse=True)


def read(build_id: str) -> dict[str, Any]:
    """`datasets.json` of a kept build. Raises FileNotFoundError when it is not (or no longer) kept."""
    body: dict[str, Any] = json.loads((folder() / build_id / "datasets.json").read_text(encoding="utf-8"))
    return body


def publish(build_id: str | None = None) -> Published:
    """Write the open files of the build that boards show (or that one) and point at them. Again: nothing changes.

    Refused relations are left out and told. Raises `Fault` IOC-404 without that build, IOC-530 when another publication of open
    data is at work."""
    served = (
        builds.current() if build_id is None else next((b for b in builds.builds() if b.build_id == build_id), None)
    )
    if served is None:
        raise Fault("IOC-404", f"Không có bản công bố {build_id or 'hiện hành'}.", f"There is no published build {build_id or 'yet'}.",
                    fix="./ioc build list", exit_code=2 if build_id else 1)  # fmt: skip
    with _alone():
        _heal()
        is_new = not (folder() / served.build_id).exists()
        found = _write(served) if is_new else Published(served.build_id, folder() / served.build_id, read(served.build_id)["datasets"], is_new=False)  # fmt: skip
        point("open.written")
        _switch(served.build_id)
        _retain({d["id"] for d in found.datasets})
    return found


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (folder() / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault("IOC-530", "Một lượt công bố dữ liệu mở khác đang chạy.", "Another publication of open data is at work.",
                        fix="./ioc open list", exit_code=75) from None  # fmt: skip
        yield


def _write(served: builds.Served) -> Published:
    last_id = current()
    last = {d["id"]: d for d in read(last_id)["datasets"]} if last_id else {}
    partial = folder() / f".{served.build_id}.partial"
    (partial / "files").mkdir(parents=True)
    with connect.served(served.path) as con:
        plan = policy.plan(con)
        built_at, is_demo = con.execute("SELECT built_at, is_demo FROM catalog.build").fetchall()[0]
        _, closed = policy.open_indicators(con) if plan.datasets else ({}, {})
        done, linked = [], 0
        for dataset in plan.datasets:
            before = last.get(dataset.id)
            one, n = _dataset(con, dataset, served, partial, before, folder() / last_id if last_id else None)
            done.append(one)
            linked += n
            point("open.dataset")
    body = {
        "build_id": served.build_id,
        "built_at": built_at.isoformat(),
        "published_at": served.created_at.isoformat(),
        "is_demo": is_demo,
        "datasets": done,
        "closed_indicators": {code: {"vi": vi, "en": en} for code, (vi, en) in closed.items()},
    }
    _put(partial / "datasets.json", json.dumps(body, ensure_ascii=False, indent=1))
    _put(partial / "catalog.jsonld", json.dumps(describe.catalog(body), ensure_ascii=False, indent=1))
    _put(partial / "index.html", describe.page(body, "vi"))
    _put(partial / "en.html", describe.page(body, "en"))
    _fsync(partial / "files")
    _fsync(partial)
    point("open.complete")
    partial.rename(folder() / served.build_id)
    _fsync(folder())
    return Published(served.build_id, folder() / served.build_id, done, plan.refused, linked)


def _dataset(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, served: builds.Served, target: Path, before: dict[str, Any] | None, last: Path | None
) -> tuple[dict[str, Any], int]:  # fmt: skip
    """Write or link the files of one dataset; gives what `datasets.json` says of it, and how many files are links."""
    names = {
        "csv": f"{dataset.id}.csv",
        "parquet": f"{dataset.id}.parquet",
        "schema": f"{dataset.id}.csv-metadata.json",
    }
    mark = _fingerprint(dataset, served)
    if before and last and mark and before["fingerprint"] == mark:
        for name in names.values():
            os.link(last / "files" / name, target / "files" / name)
        return before | {"held_vi": dataset.held_vi}, len(names)
    rows, suppressed = _parquet(con, dataset, target / "files" / names["parquet"])
    _csv(con, dataset, target / "files" / names["csv"])
    _put(target / "files" / names["schema"], json.dumps(describe.csvw(dataset), ensure_ascii=False, indent=1))
    linked = 0
    files = {}
    for kind, name in names.items():
        path = target / "files" / name
        files[kind] = {
            "name": name,
            "bytes": path.stat().st_size,
            "sha256": _sha256(path),
            "media_type": describe.MEDIA[kind],
        }
        if before and last and before["files"][kind]["sha256"] == files[kind]["sha256"]:
            path.unlink()
            os.link(last / "files" / name, path)
            linked += 1
        else:
            _fsync(path)
    return {
        "id": dataset.id,
        "title_vi": (f"{policy.MADE_UP_VI} · " if dataset.is_made_up else "") + dataset.declared.title.vi,
        "title_en": (f"{policy.MADE_UP_EN} · " if dataset.is_made_up else "") + dataset.declared.title.en,
        "description_vi": dataset.description.vi, "description_en": dataset.description.en,
        "licence": dict(zip(("vi", "en", "url"), policy.LICENCES[dataset.declared.licence], strict=True)) | {"id": dataset.declared.licence},
        "attribution": dataset.declared.attribution, "theme": dataset.declared.theme, "frequency": dataset.declared.frequency,
        "sources": [{k: s[k] for k in ("source_id", "title_vi", "title_en", "owner_agency", "legal_basis", "is_made_up")} for s in dataset.sources],
        "years": _years(con, dataset), "key": list(dataset.key), "columns": [asdict(c) for c in dataset.columns], "rows": rows,
        "is_made_up": dataset.is_made_up, "is_suppressible": dataset.is_suppressible, "suppressed_rows": suppressed, "held_vi": dataset.held_vi,
        "files": files, "fingerprint": mark,
        "modified": before["modified"] if before and linked == len(names) else served.created_at.isoformat(),
    }, linked  # fmt: skip


def _fingerprint(dataset: Dataset, served: builds.Served) -> str | None:
    """Of the rows that a table has in this build and of all that is said of it; None for what rests on more than one table."""
    total = served.manifest["totals"].get(f"mart.{dataset.relation}")
    if total is None:
        return None
    rows = served.manifest["rows"][f"mart.{dataset.relation}"]
    words = json.dumps(
        [dataset.description.model_dump(), [sorted(s.items(), key=str) for s in dataset.sources]], default=str
    )
    return hashlib.sha256("\n".join([total, str(rows), policy.told(dataset), words]).encode()).hexdigest()


def _years(con: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[int] | None:
    if dataset.id == "observations":
        year = "left(period_key, 4)::INTEGER"
    elif dataset.declared.year:
        year = quote(dataset.declared.year)
    else:
        return None
    first, last = con.execute(f"SELECT min({year}), max({year}) FROM ({dataset.sql})").fetchall()[0]
    return None if first is None else [int(first), int(last)]


def _parquet(con: duckdb.DuckDBPyConnection, dataset: Dataset, path: Path) -> tuple[int, int]:
    """Rows, and how many of them are hidden."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows = suppressed = 0
    batches = con.execute(dataset.sql).to_arrow_reader(BATCH)
    with pq.ParquetWriter(path, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
            if dataset.is_suppressible:
                suppressed += pc.sum(batch.column("is_suppressed")).as_py() or 0
    return rows, suppressed


def _csv(con: duckdb.DuckDBPyConnection, dataset: Dataset, path: Path) -> None:
    from pyarrow import csv

    told = ", ".join(map(_in_csv, dataset.columns))
    order = ", ".join(f"o.{quote(k)}" for k in dataset.key)
    batches = con.execute(f"SELECT {told} FROM ({dataset.sql}) AS o ORDER BY {order}").to_arrow_reader(BATCH)
    with path.open("wb") as file:
        file.write(BOM)
        with csv.CSVWriter(file, batches.schema, write_options=csv.WriteOptions(quoting_style="needed")) as writer:
            for batch in batches:
                writer.write_batch(batch)


def _in_csv(column: Column) -> str:
    name = quote(column.name)
    if column.type == "timestamp":
        return f"strftime(o.{name}, '%Y-%m-%dT%H:%M:%S') || '+07:00' AS {name}"
    if column.type == "string":
        return f"CASE WHEN left(o.{name}, 1) IN ({', '.join(map(_character, FORMULA))}) THEN '''' || o.{name} ELSE o.{name} END AS {name}"
    return f"o.{name}"


def _character(c: str) -> str:
    return f"chr({ord(c)})"


# --- folders -----------------------------------------------------------------------------------------------------------


def _heal() -> None:
    for leftover in folder().glob(".*.partial"):
        shutil.rmtree(leftover)
    (folder() / ".current.new").unlink(missing_ok=True)


def _switch(build_id: str) -> None:
    if current() == build_id:
        return
    fresh = folder() / ".current.new"
    fresh.symlink_to(build_id)
    fresh.replace(folder() / "current")
    _fsync(folder())


def _retain(opened: set[str]) -> None:
    """Open files go with their build, and at once where they hold a dataset that is open no more."""
    there = {served.build_id for served in builds.builds()}
    for build_id in kept():
        if build_id != current() and (build_id not in there or {d["id"] for d in read(build_id)["datasets"]} - opened):
            doomed = folder() / f".{build_id}.partial"
            (folder() / build_id).rename(doomed)
            shutil.rmtree(doomed)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _fsync(path)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
