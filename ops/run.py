"""`ioc run`: extract, load, build, judge, publish, once, without Airflow; with the functions that the DAGs call."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestion import registry
from ingestion.prune import prune
from ingestion.pull import Outcome, pull
from ops import alert, open_data, settings
from warehouse import connect, publish
from warehouse.connect import bind
from warehouse.errors import Fault
from warehouse.ids import new_id

Progress = Callable[[str], None]


@dataclass
class Report:
    """What a run did. `build_id` is the build it published, None when nothing was new; `held` are its
    indicators whose last good number stands in, with the relation that is broken."""

    run_id: str
    outcomes: list[Outcome] = field(default_factory=list)
    build_id: str | None = None
    verdict: str | None = None
    held: dict[str, str] = field(default_factory=dict)
    exit_code: int = 0

    @property
    def failed(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.status == "failed"]


def run(
    source_ids: Sequence[str] = (),
    *,
    tier: int | None = None,
    full: bool = False,
    progress: Progress,
    holder: str = "ioc run",
) -> Report:
    """Pull the sources (all without a choice), then build, judge and publish what is new.

    Raises `Fault`: IOC-102 unknown source, IOC-075 another run is at work, IOC-301 dbt, IOC-401 the gate.
    """
    settings.apply()
    declared = registry.load()
    chosen = choose(declared, source_ids, tier)
    with one_at_a_time(holder):
        try:
            with recorded(holder) as report:
                report.outcomes = pull(chosen, run_id=report.run_id, holder=holder, full=full, progress=progress)
                refresh(report, progress)
                prune((declared.get(source_id) for source_id in chosen), holder=holder)
                report.exit_code = 4 if report.held else 3 if report.failed else 0
                return report
        finally:  # a refused gate is told as well
            if trouble := alert.after_run():
                progress(f"báo chậm: {trouble}")


def choose(declared: registry.Registry, source_ids: Sequence[str], tier: int | None) -> list[str]:
    """The named sources, or those with a table of the tier or a more important one, or all."""
    if source_ids:
        return [declared.get(source_id).id for source_id in source_ids]
    sources = declared.sources.values()
    return [s.id for s in sources if tier is None or min(table.tier for table in s.tables) <= tier]


def refresh(report: Report, progress: Progress) -> None:
    """Build what is new, judge it, publish it. A build that a killed run left unpublished is taken up again."""
    from quality.judge import judge
    from warehouse import build

    publish.heal()
    if build.is_needed():
        progress("dựng: dbt")
        build_id = build.build(run_id=report.run_id, progress=progress).build_id
    else:
        left = unpublished()
        if left is None:
            progress("không có gì mới: giữ bản đang phục vụ")
            return
        build_id = left
    progress(f"kiểm tra bản dựng {build_id}")
    report.verdict = judge(build_id).verdict
    progress(f"kết quả kiểm tra: {report.verdict}; công bố")
    published = publish.publish(build_id)
    report.build_id, report.held = published.build_id, published.held
    open_data.after_publication(progress)


def unpublished() -> str | None:
    """The newest build when it was neither published nor refused."""
    with connect.intake() as con:
        row = con.execute(
            "SELECT build_id, published_at, verdict FROM ops.build WHERE finished_at IS NOT NULL ORDER BY build_id DESC LIMIT 1"
        ).fetchone()
    if row is None or row[1] is not None or row[2] in ("FAIL", "ERROR"):
        return None
    return str(row[0])


@contextlib.contextmanager
def one_at_a_time(holder: str) -> Iterator[None]:
    """Two runs of the command line never mix. Raises `Fault` IOC-075 (exit 75) naming the one at work."""
    path = connect.home() / "run.lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = json.loads(file.read() or "{}")
            who, since, pid = other.get("holder", "?"), other.get("since", "?"), other.get("pid", "?")
            raise Fault(
                "IOC-075",
                f"Một lượt chạy khác đang làm việc: “{who}” từ {since} (tiến trình {pid}).",
                f"Another run is at work: “{who}” since {since} (process {pid}).",
                fix="./ioc status",
                exit_code=75,
                details=other,
            ) from None
        file.truncate(0)
        json.dump(
            {"holder": holder, "pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}, file
        )
        file.flush()
        yield


@contextlib.contextmanager
def recorded(holder: str) -> Iterator[Report]:
    """One row of `ops.run`, whatever happens; a killed run's row stays without an end."""
    report = Report(new_id())
    with connect.writer(holder, wait_seconds=5) as con:
        con.execute(
            bind(
                "INSERT INTO ops.run (run_id, holder, started_at) VALUES (?, ?, ?)",
                report.run_id,
                holder,
                datetime.now(UTC),
            )
        )
    note = ""
    try:
        yield report
    except Fault as fault:
        report.exit_code, note = fault.exit_code, str(fault)
        raise
    except BaseException as error:
        report.exit_code, note = 1, f"{type(error).__name__}: {error}"
        raise
    finally:
        with connect.writer(holder, wait_seconds=60) as con:
            con.execute(
                bind(
                    "UPDATE ops.run SET finished_at = ?, exit_code = ?, build_id = ?, note = ? WHERE run_id = ?",
                    datetime.now(UTC),
                    report.exit_code,
                    report.build_id,
                    note,
                    report.run_id,
                )
            )
