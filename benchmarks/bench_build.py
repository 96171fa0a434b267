"""What a build costs where history is long: a year of 5-minute readings of 60 stations × 12 parameters, 75 million rows.

    python benchmarks/bench_build.py                 # the whole year: some minutes, 12 GB of disk
    python benchmarks/bench_build.py --days 36       # a tenth

Rows are made in SQL and put into the raw table as the loader would leave them (one extract a day), so that only the build is
measured. Four builds, each in a process of its own: everything up to the last 1 % of days; with the last 1 % added, among
them late and corrected rows of older days; with nothing new; everything once more from nothing (`--full-refresh`). The last two must agree with the second: an
order-independent hash of every mart is compared. Prints Markdown, appends to `benchmarks/history_build.csv`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
HISTORY = HERE / "history_build.csv"
KINDS = ("khong_khi", "nuoc_mat", "nuoc_thai")
PARAMETERS = {
    "khong_khi": ("PM2.5", "PM10", "TSP", "SO2", "NO2", "NO", "CO", "O3", "H2S", "NH3", "RH", "Temp"),
    "nuoc_mat": ("pH", "TSS", "COD", "BOD5", "TOC", "DO", "NH4", "NO3", "NO2-N", "PO4", "Turbidity", "Temp"),
    "nuoc_thai": ("pH", "TSS", "COD", "BOD5", "TN", "TP", "NH4", "Color", "Flow", "Temp", "Cl", "Zn"),
}
STATIONS = 60
LAST_DAY = date(2026, 6, 30)
SOURCE, TABLE = "sonnmt_quan_trac", "sonnmt_quan_trac__so_do"
MEASURED = ("moi_truong",)

#: Day i of the year, all stations; one reading in forty has a status other than 00.
READINGS = """
INSERT INTO raw.{table}
SELECT s.code, p.parameter, t.at, round(p.base * (0.5 + hash(s.code, p.parameter, t.at) % 1000 / 1000.0), 3), 'x',
    ['00', '01', '02'][1 + greatest(0, (hash(t.at, p.parameter, s.code) % 40)::INTEGER - 37)],
    '{extract}', TIMESTAMPTZ '{loaded}', row_number() OVER (), 'bench:' || '{extract}', hash(s.code, p.parameter, t.at)
FROM bench_station AS s JOIN bench_parameter AS p ON p.kind = s.kind,
    (SELECT unnest(generate_series(TIMESTAMPTZ '{day} 00:00:00+07', TIMESTAMPTZ '{day} 23:55:00+07', INTERVAL 5 MINUTE)) AS at) AS t
"""
#: Later words on an older day: a twentieth of one station's readings are corrected.
CORRECTED = """
UPDATE raw.{table} SET gia_tri = gia_tri + 1, _extract_id = '{extract}', _loaded_at = TIMESTAMPTZ '{loaded}'
WHERE ma_tram = 'B07' AND thoi_gian >= TIMESTAMPTZ '{day} 00:00:00+07' AND thoi_gian < TIMESTAMPTZ '{day} 00:00:00+07' + INTERVAL 1 DAY
    AND _row_hash % 20 = 0
"""


def prepare(days: int) -> None:
    """An intake with the declared tables, all empty but the stations'."""
    from ingestion import registry
    from warehouse import build, connect

    with connect.writer("bench") as con:
        registry.sync(con, registry.load())
    build.build(run_id="bench")
    with connect.writer("bench") as con:
        stations = [(f"B{i:02d}", KINDS[i % 3]) for i in range(STATIONS)]
        con.execute("CREATE TABLE bench_station (code VARCHAR, kind VARCHAR)")
        con.executemany("INSERT INTO bench_station VALUES (?, ?)", stations)
        con.execute("CREATE TABLE bench_parameter (kind VARCHAR, parameter VARCHAR, base DOUBLE)")
        wanted = [(kind, name, 7.0 if name == "pH" else 30.0) for kind in KINDS for name in PARAMETERS[kind]]
        con.executemany("INSERT INTO bench_parameter VALUES (?, ?, ?)", wanted)
        con.execute(
            """INSERT INTO raw.sonnmt_danh_muc_tram__tram BY NAME SELECT code AS ma_tram, 'Trạm ' || code AS ten, kind AS loai,
               DATE '2025-01-01' AS ngay_van_hanh, 'bench' AS _extract_id, now() AS _loaded_at FROM bench_station"""
        )
        con.execute(
            """INSERT INTO raw.sonnmt_danh_muc_tram__nguong BY NAME SELECT code AS ma_tram, 'COD' AS thong_so, DATE '2025-01-01' AS tu_ngay,
               40.0 AS gia_tri_max, 'mg/L' AS don_vi, 'bench' AS can_cu, 'bench' AS _extract_id, now() AS _loaded_at
               FROM bench_station WHERE kind = 'nuoc_thai'"""
        )
    fill(days, newest(days), days)


def newest(days: int) -> int:
    """How many days are the last 1 %."""
    return max(1, round(days / 100))


def fill(first: int, last: int, days: int) -> None:
    """Readings of the days from `first` to before `last`, counted back from the last day, each its own extract."""
    from warehouse import connect

    with connect.writer("bench") as con:
        for back in range(first, last, -1):
            day = LAST_DAY - timedelta(days=back - 1)
            words = {
                "table": TABLE,
                "extract": f"{day:%Y%m%d}T000000000000-0000",
                "loaded": str(datetime.now(UTC)),
                "day": day,
            }
            con.execute(READINGS.format(**words))
            con.execute(
                "INSERT INTO ops.extract (extract_id, source_id, table_name, rows_in, rows_loaded, loaded_at) VALUES (?, ?, 'so_do', 207360, 207360, ?)",
                [words["extract"], SOURCE, words["loaded"]],
            )
        if last == 0:
            old = LAST_DAY - timedelta(days=days // 2)
            words = {
                "table": TABLE,
                "extract": "20260701T010000000000-0000",
                "loaded": str(datetime.now(UTC)),
                "day": old,
            }
            con.execute(CORRECTED.format(**words))


def hashes() -> dict[str, str]:
    """An order-independent hash of each mart and indicator of the environment, without what tells the time of building."""
    from warehouse import connect, declare

    names = sorted(
        p.stem
        for p in declare.project_dir().rglob("models/*/moi_truong/*.sql")
        if p.parts[-3] in ("marts", "indicators")
    )
    with connect.build_writer() as con:
        return {
            n: str(
                con.execute(f"SELECT count(*) || ':' || coalesce(bit_xor(hash(t)), 0) FROM mart.{n} AS t").fetchone()[0]
            )
            for n in names
        }  # type: ignore[index]


def one(step: str, days: int) -> dict[str, Any]:
    """One step in this process: seconds, peak MB, and after a build the hashes and the costliest models."""
    from warehouse import build, connect

    started = time.perf_counter()
    found: dict[str, Any] = {}
    if step == "prepare":
        prepare(days)
    elif step == "add":
        fill(newest(days), 0, days)
    else:
        build.build(run_id="bench", full_refresh=step == "full")
    found |= {"seconds": time.perf_counter() - started, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    if step not in ("prepare", "add"):
        results = json.loads((connect.home() / "dbt-target" / "run_results.json").read_text())["results"]
        slow = sorted(results, key=lambda r: -r["execution_time"])[:8]
        found |= {
            "slowest": [(r["unique_id"].split(".")[-1], round(r["execution_time"], 1)) for r in slow],
            "hashes": hashes(),
        }
    return found


def run(home: Path, step: str, days: int) -> dict[str, Any]:
    environment = os.environ | {"IOC_HOME": str(home), "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, __file__, "--step", step, "--days", str(days)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--step", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help="where the warehouse of the run is made (and removed)")
    asked = options.parse_args()
    if asked.step:
        print(json.dumps(one(asked.step, asked.days)))
        return
    rows = STATIONS * 12 * 288 * asked.days
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = {}
        for name, step in (
            ("prepare", "prepare"),
            ("first", "full"),
            ("add", "add"),
            ("1 % new", "build"),
            ("nothing new", "build"),
            ("full", "full"),
        ):
            found[name] = run(Path(folder), step, asked.days)
            print(
                f"{name}: {found[name]['seconds']:.1f} s, {found[name]['mb']:.0f} MB {found[name].get('slowest', '')}",
                file=sys.stderr,
            )
    same = found["1 % new"]["hashes"] == found["nothing new"]["hashes"] == found["full"]["hashes"]
    full = found["full"]["seconds"]
    print(
        f"\n{rows:,} readings; equal hashes: {'yes' if same else 'NO'}\n\n| build | seconds | of full | peak MB |\n|---|---|---|---|"
    )
    for name in ("full", "1 % new", "nothing new"):
        print(
            f"| {name} | {found[name]['seconds']:.1f} | {found[name]['seconds'] / full:.2f} | {found[name]['mb']:.0f} |"
        )
    if not same:
        for name, value in found["full"]["hashes"].items():
            if found["1 % new"]["hashes"][name] != value:
                print(f"differs: {name}")
    is_new = not HISTORY.exists()
    with HISTORY.open("a", newline="") as file:
        out = csv.writer(file)
        if is_new:
            out.writerow(["at", "rows", "build", "seconds", "peak_mb", "is_same"])
        for name in ("full", "1 % new", "nothing new"):
            out.writerow(
                [
                    f"{datetime.now(UTC):%Y-%m-%dT%H:%M}",
                    rows,
                    name,
                    round(found[name]["seconds"], 1),
                    round(found[name]["mb"]),
                    same,
                ]
            )
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
