"""Published builds: immutable copies of the build file, hashed, signed and pointed at atomically.

    serving/<build_id>/marts.duckdb, manifest.json, catalogue.html      serving/current → <build_id>

Whoever is killed at whatever moment leaves `current` on the old build or on the new one. The next call heals the rest.
Boards resolve `current` when they connect and then read a file that never changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from warehouse import catalogue, connect, hold
from warehouse.connect import bind, quote
from warehouse.errors import Fault
from warehouse.fault import point
from warehouse.hold import Hold

FILE = "marts.duckdb"
WAIT_SECONDS = 60.0
#: A reader that has just resolved the link may still be opening an old build: none younger than this is removed.
YOUNGEST_REMOVED = timedelta(hours=1)


@dataclass(frozen=True)
class Served:
    """A published build. `manifest` holds build_id, created_at, sha256, rows and totals per table, code_version, signature."""

    build_id: str
    path: Path
    manifest: dict[str, Any]
    is_current: bool = False

    @property
    def created_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["created_at"])


@dataclass(frozen=True)
class Published:
    build_id: str
    path: Path
    sha256: str
    size_bytes: int
    seconds: float
    held: dict[str, str] = field(
        default_factory=dict
    )  # indicator → the broken relation that holds its last good number


def serving() -> Path:
    path = connect.home() / "serving"
    path.mkdir(exist_ok=True)
    return path


def publish(build_id: str) -> Published:
    """Copy the judged build beside the others, verify the copy, point at it. Publishing it again changes nothing.

    Where tier-1 relations are broken, what was made from them is held (`warehouse.hold`): the last good numbers stand in.
    Raises `Fault` IOC-401 (exit 4) without a stored verdict for exactly this build, or when nothing can stand in, IOC-402 when the copy differs from the
    build, IOC-403 when another build stands in the build file, IOC-075 when the warehouse is held.
    """
    started = time.monotonic()
    with connect.writer("publish", wait_seconds=WAIT_SECONDS) as ledger:
        _heal(ledger)
        is_there = (serving() / build_id).exists()
        served = _verified(build_id) if is_there else _copy(build_id, _gate(ledger, build_id))
        if build_id > (_pointed() or ""):  # a late retry of an older build must not take boards back; `rollback` may
            _switch(build_id)
        point("publish.switched")
        _record(ledger, served)
        _retain()
    size = served.path.stat().st_size
    manifest = served.manifest
    seconds = time.monotonic() - started
    return Published(build_id, served.path, manifest["sha256"], size, seconds, manifest.get("held", {}))


def current(*, verify: bool = False) -> Served | None:
    """What boards open now, or None before the first publication. With `verify`, its bytes are hashed against the signed
    manifest first: raises `Fault` IOC-402 when they differ."""
    build_id = _pointed()
    if build_id is None or not (serving() / build_id / "manifest.json").exists():
        return None
    return _verified(build_id) if verify else _read(build_id)


def builds() -> list[Served]:
    """All published builds, newest first."""
    return [_read(name) for name in _published_ids()]


def rollback(build_id: str) -> Served:
    """Point at an older published build again, after verifying it. Raises `Fault` IOC-404 (unknown) or IOC-402."""
    with connect.writer("rollback", wait_seconds=WAIT_SECONDS) as ledger:
        _heal(ledger)
        served = _verified(build_id)
        left = _pointed()
        _switch(build_id)
        note = f"rolled back from {left} at {datetime.now(UTC).isoformat(timespec='seconds')}"
        ledger.execute(bind("UPDATE ops.build SET note = ? WHERE build_id = ?", note, build_id))
    return _read(served.build_id)


def diff(a: str, b: str) -> dict[str, Any]:
    """What changed from build `a` to build `b`.

    `{"a", "b", "relations": [{relation, before, after}], "indicators": [{indicator_code, area_code, breakdown, period_kind,
    before, before_period, after, after_period}]}`: row counts, and the newest value of each indicator, where they differ.
    """
    before, after = _verified(a), _verified(b)
    return {
        "a": a,
        "b": b,
        "relations": [
            {"relation": name, "before": old, "after": new}
            for name, old, new in _changed(before.manifest["rows"], after.manifest["rows"])
        ],
        "indicators": [
            {
                **dict(zip(("indicator_code", "area_code", "breakdown", "period_kind"), key, strict=True)),
                "before": old and old[0],
                "before_period": old and old[1],
                "after": new and new[0],
                "after_period": new and new[1],
            }
            for key, old, new in _changed(_newest_values(before.path), _newest_values(after.path))
        ],
    }


def heal() -> str | None:
    """Remove what a killed run left, mend a pointer that points nowhere, bring the ledger up to the pointer. Gives the
    build that is served."""
    with connect.writer("heal", wait_seconds=WAIT_SECONDS) as ledger:
        _heal(ledger)
    return _pointed()


# --- the gate ----------------------------------------------------------------------------------------------------------


def _gate(ledger: duckdb.DuckDBPyConnection, build_id: str) -> Hold:
    """Silence is no permission: only a stored verdict of this very build lets it out, less what that verdict holds."""
    row = ledger.execute(bind("SELECT verdict FROM ops.build WHERE build_id = ? AND verdict IS NOT NULL", build_id))
    found = row.fetchone()
    if found and found[0] == "PASS":
        return Hold()
    said = found[0] if found else "none"
    last = current(verify=True)
    held = hold.plan(connect.build_path(), last.path if last else None) if found and _is_there(build_id) else Hold()
    if held and not held.refused:
        return held
    words = ", ".join(held.roots)
    raise Fault(
        "IOC-401",
        f"Bản dựng {build_id} chưa được công bố (kết quả kiểm tra: {said}{'; ' + words if words else ''}).",
        f"Build {build_id} is held (verdict: {said}{'; ' + words if words else ''}).",
        why=held.refused or ("a tier-1 relation broke an expectation" if found else "the build was never judged"),
        fix="./ioc explain IOC-401",
        exit_code=4,
        details={"build_id": build_id, "verdict": said, "held_by": list(held.roots)},
    )


def _is_there(build_id: str) -> bool:
    """Whether the build file holds this build, judged."""
    if not connect.build_path().exists():
        return False
    with connect.served(connect.build_path()) as con:
        try:
            found = con.execute("SELECT build_id FROM quality.verdict LIMIT 1").fetchone()
        except duckdb.CatalogException:
            return False
    return found is not None and found[0] == build_id


# --- the copy ----------------------------------------------------------------------------------------------------------


def _copy(build_id: str, held: Hold) -> Served:
    """`serving/<build_id>/`, complete, durable and verified, or an exception and nothing."""
    partial = serving() / f".{build_id}.partial"
    _settle(build_id)
    rows, totals = _totals(connect.build_path())
    partial.mkdir()
    target = partial / FILE
    point("publish.copy")
    _copy_bytes(connect.build_path(), target)
    point("publish.copied")
    _fsync(target)
    if _totals(target) != (rows, totals):
        raise _damaged(build_id, "the copy's rows differ from the build's")
    if held:
        hold.stand_in(target, held)
        _fsync(target)
        rows, totals = _totals(target)
    manifest = {
        "build_id": build_id,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": _code_version(),
        "sha256": _sha256(target),
        "size_bytes": target.stat().st_size,
        "rows": rows,
        "totals": totals,
        "held": dict(held.indicators),
    }
    manifest["signature"] = _signature(manifest)
    _describe(target)
    (partial / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    target.chmod(0o440)
    _fsync(partial / "manifest.json")
    _fsync(partial)
    partial.rename(serving() / build_id)
    _fsync(serving())
    point("publish.fsynced")
    return _read(build_id)


def _describe(target: Path) -> None:
    """The catalogue beside the build. Numbers are not held back because their page could not be made."""
    try:
        page = catalogue.write(target)
        if page:
            _fsync(page)
    except Exception as error:
        logging.getLogger(__name__).warning("no catalogue for this build: %s: %s", type(error).__name__, error)


def _settle(build_id: str) -> None:
    """Fold the write-ahead log into the build file, so that the file alone is the build."""
    if not connect.build_path().exists():
        raise _other_build(build_id, "none")
    with connect.build_writer() as con:
        try:
            row = con.execute("SELECT build_id FROM catalog.build").fetchone()
        except duckdb.CatalogException:
            row = None
        if not row or row[0] != build_id:
            raise _other_build(build_id, row[0] if row else "none")
        con.execute("CHECKPOINT")
    if connect.build_path().with_name(FILE + ".wal").exists():
        raise _damaged(build_id, "the build file still has a write-ahead log after CHECKPOINT")


def _copy_bytes(source: Path, target: Path) -> None:
    """Inside the kernel, which shares blocks where the file system can; plainly where it cannot."""
    with source.open("rb") as reader, target.open("wb") as writer:
        left = source.stat().st_size
        try:
            while left:
                done = os.copy_file_range(reader.fileno(), writer.fileno(), min(left, 1 << 30))
                if not done:
                    break
                left -= done
        except OSError:
            left = -1
    if left:
        shutil.copyfile(source, target)


def _totals(path: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Rows of every table and the sum of its rows' hashes. Reads every block, so that damage anywhere is seen."""
    rows: dict[str, int] = {}
    totals: dict[str, str] = {}
    with connect.served(path) as con:
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
        ).fetchall()
        for schema, table in tables:
            name = f"{schema}.{table}"
            found = con.execute(
                f"SELECT count(*), coalesce(sum(hash(t)), 0)::VARCHAR FROM {quote(schema)}.{quote(table)} AS t"
            ).fetchone()
            assert found is not None
            rows[name], totals[name] = found
    return rows, totals


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


@cache
def _code_version() -> str:
    """The commit that made the build, with `+` when files differ from it; `unknown` outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],
            cwd=connect.ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


# --- the manifest ------------------------------------------------------------------------------------------------------


def _secret() -> bytes:
    """The signing key, `secrets/BUILD_SIGNING_KEY` (0600), made on first use."""
    folder = connect.home() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "BUILD_SIGNING_KEY"
    if not path.exists():
        fresh = folder / f".BUILD_SIGNING_KEY.{os.getpid()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, secrets.token_hex(32).encode())
        os.fsync(handle)
        os.close(handle)
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()


def _signature(manifest: dict[str, Any]) -> str:
    body = {key: value for key, value in manifest.items() if key != "signature"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(_secret(), text.encode(), hashlib.sha256).hexdigest()


def _read(build_id: str) -> Served:
    """A published build as its manifest tells, unverified. Raises `Fault` IOC-404 or IOC-402 when it cannot be read."""
    folder = serving() / build_id
    if build_id not in _published_ids():
        known = _published_ids()
        raise Fault(
            "IOC-404",
            f"Không có bản công bố {build_id}.",
            f"There is no published build {build_id}.",
            why=f"published: {', '.join(known[:5]) or 'none'}",
            fix="./ioc build list",
            exit_code=2,
        )
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise _damaged(build_id, f"manifest.json cannot be read: {error}") from error
    return Served(build_id, folder / FILE, manifest, is_current=build_id == _pointed())


def _verified(build_id: str) -> Served:
    served = _read(build_id)
    manifest = served.manifest
    if not hmac.compare_digest(str(manifest.get("signature")), _signature(manifest)):
        raise _damaged(build_id, "the manifest's signature is not ours")
    if manifest["build_id"] != build_id:
        raise _damaged(build_id, f"the manifest belongs to {manifest['build_id']}")
    if not served.path.exists() or _sha256(served.path) != manifest["sha256"]:
        raise _damaged(build_id, "the file's sha256 is not the manifest's")
    return served


def _damaged(build_id: str, why: str) -> Fault:
    good = [name for name in _published_ids() if name != build_id]
    return Fault(
        "IOC-402",
        f"Bản công bố {build_id} bị hỏng hoặc bị sửa.",
        f"Published build {build_id} is damaged or was changed.",
        why=why,
        fix=f"./ioc build rollback {good[0]}" if good else "./ioc run",
        details={"build_id": build_id},
    )


def _other_build(build_id: str, there: str) -> Fault:
    return Fault(
        "IOC-403",
        f"Bản dựng {build_id} không có trong tệp dựng (hiện có: {there}).",
        f"Build {build_id} is not in the build file (there: {there}).",
        why="a newer build has replaced it, or it was never finished",
        fix="./ioc run",
    )


# --- the pointer -------------------------------------------------------------------------------------------------------


def _pointed() -> str | None:
    try:
        return (serving() / "current").readlink().name
    except FileNotFoundError:
        return None


def _switch(build_id: str) -> None:
    """A new link under another name, moved over the old one: there is no moment without a link."""
    if _pointed() == build_id:
        return
    fresh = serving() / ".current.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(build_id)
    fresh.replace(serving() / "current")
    _fsync(serving())


def _published_ids() -> list[str]:
    """Folders with a manifest, newest first; a folder gets its final name only when it is complete."""
    return sorted(
        (p.parent.name for p in serving().glob("*/manifest.json") if not _is_hidden_or_link(p.parent)), reverse=True
    )


def _is_hidden_or_link(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.is_symlink()


def _heal(ledger: duckdb.DuckDBPyConnection) -> None:
    for leftover in serving().glob(".*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    pointed = _pointed()
    if pointed not in _published_ids():
        pointed = next(_intact(), None)
        if pointed:
            _switch(pointed)
    if pointed:
        _record(ledger, _read(pointed))


def _intact() -> Iterator[str]:
    for build_id in _published_ids():
        with contextlib.suppress(Fault):
            yield _verified(build_id).build_id


def _record(ledger: duckdb.DuckDBPyConnection, served: Served) -> None:
    """The ledger follows the pointer, never the other way round."""
    ledger.execute(
        bind(
            "UPDATE ops.build SET published_at = ?, sha256 = ? WHERE build_id = ? AND published_at IS NULL",
            served.created_at,
            served.manifest["sha256"],
            served.build_id,
        )
    )


def _retain() -> None:
    """Keep the newest `IOC_KEEP_BUILDS` (7), the current one, and whatever a reader may just be opening."""
    kept = max(1, int(os.environ.get("IOC_KEEP_BUILDS") or 7))
    limit = datetime.now(UTC) - YOUNGEST_REMOVED
    for build_id in _published_ids()[kept:]:
        served = _read(build_id)
        if served.is_current or served.created_at > limit:
            continue
        doomed = serving() / f".{build_id}.partial"
        (serving() / build_id).rename(doomed)
        shutil.rmtree(doomed)


# --- differences -------------------------------------------------------------------------------------------------------


def _changed(before: dict[Any, Any], after: dict[Any, Any]) -> list[tuple[Any, Any, Any]]:
    keys = sorted({*before, *after})
    return [(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def _newest_values(path: Path) -> dict[tuple[str, str, str, str], tuple[float | None, str]]:
    """Indicator, area, breakdown, period kind → newest value and its period."""
    with connect.served(path) as con:
        rows = con.execute(
            """SELECT indicator_code, area_code, breakdown, period_kind,
                      arg_max({'v': value}, period_key).v, max(period_key)
               FROM mart.obs_indicator GROUP BY 1, 2, 3, 4"""
        ).fetchall()
    return {(code, area, part, kind): (value, period) for code, area, part, kind, value, period in rows}
