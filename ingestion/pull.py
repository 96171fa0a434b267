"""Pull many sources: extract in parallel, load one at a time, and let no source stop another."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from ingestion import breaker, mask, registry
from ingestion.extract import Known, Progress, extract, look
from ingestion.load import Loaded, load_source, record_pull
from ingestion.model import Source
from warehouse import connect
from warehouse.errors import Fault

#: More threads only make the sources and our two cores fight.
PARALLEL = 3
#: Down, timeout, changed while read: worth a second try. Refused credentials are not: they lock accounts.
TRANSIENT = {"IOC-201", "IOC-203", "IOC-204"}
_TRIES = 2
#: The intake stays open for a source that lands so soon after another: opening and closing it takes 50 ms.
LINGER_SECONDS = 0.1
#: Between two tries, at random within these bounds, so that many sources of one server do not come back at once.
PAUSE_SECONDS = (0.5, 2.0)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How the pull of one source ended: `ok`, `failed` or `skipped`, with code and reason unless ok."""

    source_id: str
    status: str
    started_at: datetime
    code: str | None = None
    reason_vi: str = ""
    reason_en: str = ""
    fix: str = ""
    loaded: list[Loaded] = field(default_factory=list)
    tries: int = 0

    @property
    def rows_in(self) -> int:
        return sum(one.rows_in for one in self.loaded)

    @property
    def rows_loaded(self) -> int:
        return sum(one.rows_loaded for one in self.loaded)


@dataclass(frozen=True)
class _How:
    """What a pull was asked for, the same for all its sources."""

    run_id: str
    full: bool
    since: str | None
    until: str | None
    accept_held: bool
    wait_seconds: float
    progress: Progress | None


def pull(
    source_ids: Sequence[str],
    *,
    run_id: str,
    holder: str,
    full: bool = False,
    since: str | None = None,
    until: str | None = None,
    accept_held: bool = False,
    by_hand: bool = False,
    progress: Progress | None = None,
    declared: registry.Registry | None = None,
    wait_seconds: float = 600.0,
) -> list[Outcome]:
    """Extract and load sources; one outcome each, in the order asked for, also written to `ops.pull`.

    The administrative units go first, because other sources' area codes are checked against them. A source whose
    breaker is open (`ingestion.breaker`) fails with the code that opened it and is not asked, unless `by_hand`.
    `accept_held` also loads what was held for drift or for too few rows. Raises `Fault` IOC-102 for an unknown id (with
    the nearest right ones) and IOC-075 when another run holds the warehouse longer than `wait_seconds`: what is landed
    by then is loaded by the next run.
    """
    declared = declared or registry.load()
    sources = [declared.get(source_id) for source_id in source_ids]
    how = _How(run_id, full, since, until, accept_held, wait_seconds, progress)
    outcomes: dict[str, Outcome] = {}
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        registry.sync(con, declared)
        for source in sources:
            if outcome := _not_asked(con, source, declared.paths[source.id], by_hand):
                outcomes[source.id] = outcome
                _record(con, outcome, how)
        rest = [s for s in sources if s.id not in outcomes]
        known = look(con, rest)
    first = [s for s in rest if s.connector.kind == "admin_units"]
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="extract") as pool:
        for some in (first, [s for s in rest if s not in first]):
            running = {pool.submit(_extract, s, how, known): (s, datetime.now(UTC)) for s in some}
            while running:
                wait(running, return_when=FIRST_COMPLETED)
                with connect.writer(holder, wait_seconds=wait_seconds) as con:
                    while ready := wait(running, LINGER_SECONDS, return_when=FIRST_COMPLETED).done:
                        for future in ready:
                            source, started_at = running.pop(future)
                            outcome = _finish(con, source, started_at, *future.result(), how)
                            _tell(progress, outcome)
                            outcomes[source.id] = outcome
    return [outcomes[s.id] for s in sources]


def _not_asked(con: duckdb.DuckDBPyConnection, source: Source, path: Path, by_hand: bool) -> Outcome | None:
    """The outcome of a source that is not asked at all this time; None for the others."""
    why = registry.skipped_why(source)
    if why:
        return _skipped(source, why)
    now = datetime.now(UTC)
    shut = None if by_hand else breaker.opened(con, source, path, now)
    if shut is None:
        return None
    again = shut.until.astimezone(ZoneInfo(connect.TIME_ZONE))
    return Outcome(
        source.id,
        "failed",
        now,
        shut.code,
        f"{shut.reason_vi} Không hỏi lại trước {again:%H:%M %d/%m}.",
        f"{shut.reason_en} Not asked again before {again:%H:%M on %Y-%m-%d}.",
        fix=f"./ioc source pull {source.id}",
    )


def _skipped(source: Source, why: tuple[str, str]) -> Outcome:
    return Outcome(
        source.id,
        "skipped",
        datetime.now(UTC),
        reason_vi=why[0],
        reason_en=why[1],
        fix=f"export {source.requires}=…",
    )


def _extract(source: Source, how: _How, known: dict[str, Known]) -> tuple[Exception | None, int]:
    """Land what is new. Returns why that failed, if it did, and how often the source was asked: a transient fault is
    tried once more after a random pause, with a new look at the ledger, for the first try may have landed something."""
    tries = Retrying(
        stop=stop_after_attempt(_TRIES),
        wait=wait_random(*PAUSE_SECONDS),
        retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.code in TRANSIENT),
        reraise=True,
    )
    try:
        with breaker.within_budget(source, wait_seconds=how.wait_seconds):
            tries(
                lambda: extract(
                    source,
                    run_id=how.run_id,
                    full=how.full,
                    since=how.since,
                    until=how.until,
                    accept_held=how.accept_held,
                    progress=how.progress,
                    known=known.pop(source.id, None),
                )
            )
    except Exception as error:
        return error, int(tries.statistics.get("attempt_number", 0))
    return None, int(tries.statistics["attempt_number"])


def _finish(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    started_at: datetime,
    error: Exception | None,
    tries: int,
    how: _How,
) -> Outcome:
    """Load what was landed, also when one table of the source failed or an earlier run was killed. The outcome is recorded
    in the transaction of the load, and alone where that fails."""
    ended: list[Outcome] = []

    def end(loaded: list[Loaded], error: Exception | None) -> None:
        outcome = Outcome(source.id, "ok", started_at) if error is None else _failed(source, started_at, error)
        ended.append(replace(outcome, loaded=loaded, tries=tries))
        _record(con, ended[-1], how)

    try:
        load_source(con, source, accept_held=how.accept_held, record=lambda loaded: end(loaded, error))
    except Exception as fault:
        end([], error or fault)
    return ended[-1]


def _failed(source: Source, started_at: datetime, error: Exception) -> Outcome:
    if isinstance(error, Fault):
        status = "skipped" if error.code == "IOC-075" else "failed"
        vi, en = error.what_vi, f"{error.what_en} {error.why}".strip()
        if error.code == "IOC-206":
            vi, en = mask.discreet(source, vi), mask.discreet(source, en)
        return Outcome(source.id, status, started_at, error.code, vi, en, error.fix)
    said = f"{type(error).__name__}: {error}"
    if mask.is_personal(source):
        # What a library says of a value holds the value: only where it happened may be told.
        said = f"{type(error).__name__} ({_place(error)})"
        _log.error("source %s: %s", source.id, said)
    else:
        _log.error("source %s", source.id, exc_info=error)
    return Outcome(
        source.id,
        "failed",
        started_at,
        "IOC-200",
        f"Lỗi chưa lường trước khi kéo {source.id}: {said}",
        f"Unforeseen error while pulling {source.id}: {said}",
        fix="./ioc logs",
    )


def _place(error: Exception) -> str:
    """Where an error was raised, innermost last: `extract.py:260, csv.py:71`."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _record(con: duckdb.DuckDBPyConnection, outcome: Outcome, how: _How) -> None:
    record_pull(
        con,
        run_id=how.run_id,
        source_id=outcome.source_id,
        started_at=outcome.started_at,
        status=outcome.status,
        code=outcome.code,
        reason_vi=outcome.reason_vi,
        reason_en=outcome.reason_en,
        rows_in=outcome.rows_in,
        rows_loaded=outcome.rows_loaded,
        tries=outcome.tries,
    )


def _tell(progress: Progress | None, outcome: Outcome) -> None:
    if progress is None:
        return
    if outcome.status == "ok":
        progress(f"{outcome.source_id}: {outcome.rows_in} dòng vào, {outcome.rows_loaded} dòng nạp")
    else:
        progress(f"{outcome.source_id}: {outcome.reason_vi}")
