"""`ioc backup`, `ioc restore`: the intake, the published builds, the landing and the secrets, every file with its hash.

What can be made again (the build file, spill, extensions, Airflow's and Superset's metadata, the demo) is not kept.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse import connect
from warehouse.errors import Fault

KEPT = ("intake.duckdb", "landing", "serving", "secrets", "corrections", "state/province.env", "state/stewards.json")
_MANIFEST = "backup.json"


def backup(target: Path) -> dict[str, Any]:
    """Copy into a new folder while no writer is at work; complete when `backup.json` is there. Raises `Fault` IOC-075,
    and IOC-016 when the folder is not empty."""
    target = target.resolve()
    if target.exists() and any(target.iterdir()):
        raise Fault(
            "IOC-016",
            f"Thư mục {target.name} không trống.",
            f"{target.name} is not empty.",
            fix="./ioc backup THƯ_MỤC_MỚI",
            exit_code=2,
        )
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    home = connect.home()
    with connect.writer("backup", wait_seconds=60) as con:
        con.execute("CHECKPOINT")
    with connect.lock("backup", wait_seconds=60):
        hashes = {}
        for path in _files(home):
            name = str(path.relative_to(home))
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)
            hashes[name] = _sha256(target / name)
    link = home / "serving" / "current"
    body: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "current": link.readlink().name if link.is_symlink() else None,
        "sha256": hashes,
    }
    (target / _MANIFEST).write_text(json.dumps(body, indent=1), encoding="utf-8")
    state = home / "state"
    state.mkdir(exist_ok=True)
    (state / "last_backup").write_text(body["made_at"])
    return {"folder": target, "files": len(hashes), "bytes": sum((target / name).stat().st_size for name in hashes)}


def restore(source: Path) -> dict[str, Any]:
    """Copy a backup into an empty `IOC_HOME`, after checking every hash. Raises `Fault` IOC-013, IOC-014."""
    home = connect.home()
    if any((home / name).exists() for name in KEPT[:3]):
        raise Fault("IOC-014", f"IOC_HOME ({home.name}) đã có dữ liệu.", f"IOC_HOME ({home.name}) holds data.",
                    fix=f"IOC_HOME=/thư/mục/mới ./ioc restore {source}", exit_code=2)  # fmt: skip
    try:
        body = json.loads((source / _MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise _unusable(source, f"{_MANIFEST}: {error}") from None
    for name, expected in body["sha256"].items():
        if not (source / name).exists() or _sha256(source / name) != expected:
            raise _unusable(source, name)
    for name in body["sha256"]:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, home / name)
    if (home / "secrets").exists():
        (home / "secrets").chmod(0o700)
    if body["current"]:
        (home / "serving" / "current").symlink_to(body["current"])
    return {"folder": home, "files": len(body["sha256"]), "current": body["current"]}


def last() -> datetime | None:
    """When this home was last backed up."""
    file = connect.home() / "state" / "last_backup"
    return datetime.fromisoformat(file.read_text()) if file.exists() else None


def _files(home: Path) -> list[Path]:
    """Regular files to keep; links and what is being written (a leading dot in a folder's name) are left out."""
    found: list[Path] = []
    for name in KEPT:
        path = home / name
        found += [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    current = home / "serving" / "current"
    return [p for p in found if current not in p.parents and not any(part.endswith(".partial") for part in p.parts)]


def _sha256(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _unusable(folder: Path, why: str) -> Fault:
    return Fault(
        "IOC-013",
        f"Bản sao lưu {folder.name} không dùng được.",
        f"Backup {folder.name} cannot be used.",
        why=why,
        fix="chọn bản sao lưu khác",
    )
