"""Pull many sources: extract in parallel, load one at a time, and let no source stop another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from ingestion import registry
from ingestion.extract import Progress, extract
from ingestion.landing import Landed
from ingestion.load import Loaded, load, record_pull
from ingestion.model import Source
from warehouse import connect
from warehouse.errors import Fault

#: More threads only make the sources and our two cores fight.
PARALLEL = 3
#: Down, timeout, changed while read: worth a second try. Refused credentials are not: they lock accounts.
TRANSIENT = {"IOC-201", "IOC-203", "IOC-204"}
_TRIES = 2
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

    @property
    def rows_in(self) -> int:
        return sum(one.rows_in for one in self.loaded)

    @property
    def rows_loaded(self) -> int:
        return sum(one.rows_loaded for one in self.loaded)


def pull(
    source_ids: Sequence[str],
    *,
    run_id: str,
    holder: str,
    full: bool = False,
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
    declared: registry.Registry | None = None,
    wait_seconds: float = 600.0,
) -> list[Outcome]:
    """Extract and load sources; one outcome each, in the order asked for, also written to `ops.pull`.

    The administrative units go first, because other sources' area codes are checked against them. Raises `Fault`
    IOC-102 for an unknown id (with the nearest right ones) and IOC-075 when another run holds the warehouse longer than
    `wait_seconds`: what is landed by then is loaded by the next run.
    """
    declared = declared or registry.load()
    sources = [declared.get(source_id) for source_id in source_ids]
    with connect.writer(holder, wait_seconds=wait_seconds) as con:
        registry.sync(con, declared)
    outcomes = {s.id: _skipped(s, why) for s in sources if (why := registry.skipped_why(s))}
    for outcome in outcomes.values():
        _record(outcome, run_id, holder, wait_seconds)
    first = [s for s in sources if s.connector.kind == "admin_units"]
    rest = [s for s in sources if s.id not in outcomes and s not in first]
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="extract") as pool:
        for some in (first, rest):
            started = {
                pool.submit(_extract, s, run_id, full, since, until, progress): (s, datetime.now(UTC)) for s in some
            }
            for future in as_completed(started):
                source, started_at = started[future]
                outcome = _finish(source, started_at, future.result(), holder, wait_seconds)
                _record(outcome, run_id, holder, wait_seconds)
                _tell(progress, outcome)
                outcomes[source.id] = outcome
    return [outcomes[s.id] for s in sources]


def _skipped(source: Source, why: tuple[str, str]) -> Outcome:
    return Outcome(
        source.id,
        "skipped",
        datetime.now(UTC),
        reason_vi=why[0],
        reason_en=why[1],
        fix=f"export {source.requires}=…",
    )


def _extract(
    source: Source, run_id: str, full: bool, since: str | None, until: str | None, progress: Progress | None
) -> list[Landed] | Exception:
    """What was landed, or why nothing was. A transient fault is tried once more after a random pause."""
    tries = Retrying(
        stop=stop_after_attempt(_TRIES),
        wait=wait_random(*PAUSE_SECONDS),
        retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.code in TRANSIENT),
        reraise=True,
    )
    try:
        return tries(extract, source, run_id=run_id, full=full, since=since, until=until, progress=progress)
    except Exception as error:
        return error


def _finish(
    source: Source, started_at: datetime, landed: list[Landed] | Exception, holder: str, wait_seconds: float
) -> Outcome:
    """Load what was landed. A fault of this source is its outcome; a busy warehouse concerns all and is raised."""
    if isinstance(landed, Exception):
        return _failed(source, started_at, landed)
    try:
        loaded = load(landed, holder=holder, wait_seconds=wait_seconds)
    except Fault as fault:
        if fault.code == "IOC-075":
            raise
        return _failed(source, started_at, fault)
    except Exception as error:
        return _failed(source, started_at, error)
    return Outcome(source.id, "ok", started_at, loaded=loaded)


def _failed(source: Source, started_at: datetime, error: Exception) -> Outcome:
    if isinstance(error, Fault):
        status = "skipped" if error.code == "IOC-075" else "failed"
        why_en = f"{error.what_en} {error.why}".strip()
        return Outcome(source.id, status, started_at, error.code, error.what_vi, why_en, error.fix)
    _log.error("source %s", source.id, exc_info=error)
    return Outcome(
        source.id,
        "failed",
        started_at,
        "IOC-200",
        f"Lỗi chưa lường trước khi kéo {source.id}: {type(error).__name__}: {error}",
        f"Unforeseen error while pulling {source.id}: {type(error).__name__}: {error}",
        fix="./ioc logs",
    )


def _record(outcome: Outcome, run_id: str, holder: str, wait_seconds: float) -> None:
    record_pull(
        run_id=run_id,
        source_id=outcome.source_id,
        started_at=outcome.started_at,
        status=outcome.status,
        code=outcome.code,
        reason_vi=outcome.reason_vi,
        reason_en=outcome.reason_en,
        rows_in=outcome.rows_in,
        rows_loaded=outcome.rows_loaded,
        holder=holder,
        wait_seconds=wait_seconds,
    )


def _tell(progress: Progress | None, outcome: Outcome) -> None:
    if progress is None:
        return
    if outcome.status == "ok":
        progress(f"{outcome.source_id}: {outcome.rows_in} dòng vào, {outcome.rows_loaded} dòng nạp")
    else:
        progress(f"{outcome.source_id}: {outcome.reason_vi}")
