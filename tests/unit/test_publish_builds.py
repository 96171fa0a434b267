"""Published builds: the gate, the copy, the pointer, what a kill leaves, what damage shows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from made_up_build import change_build, let_pass, make_build, make_home

from warehouse import connect, publish
from warehouse.errors import Fault

POINTS = ("publish.copy", "publish.copied", "publish.fsynced", "publish.switched")


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    build_id = make_home(tmp_path, monkeypatch)
    let_pass(build_id)
    publish.publish(build_id)
    return build_id


def next_build(more: str = "") -> str:
    build_id = make_build(more=more)
    let_pass(build_id)
    return build_id


def ledger(build_id: str) -> tuple:
    with connect.intake() as con:
        return con.execute(f"SELECT published_at, sha256 FROM ops.build WHERE build_id = '{build_id}'").fetchall()[0]


@pytest.mark.parametrize("verdict", ["FAIL", "ERROR", None])
def test_publish__without_a_pass_is_refused_with_exit_4(first: str, verdict: str | None) -> None:
    build_id = make_build()
    if verdict:
        let_pass(build_id, verdict)
    with pytest.raises(Fault) as refused:
        publish.publish(build_id)
    assert (refused.value.code, refused.value.exit_code) == ("IOC-401", 4)
    served = publish.current(verify=True)
    assert served and served.build_id == first


def test_publish__a_pass_of_another_build_counts_for_nothing(first: str) -> None:
    old = next_build()
    make_build()
    with pytest.raises(Fault) as refused:
        publish.publish(old)
    assert refused.value.code == "IOC-403"


def test_publish__says_what_it_copied_and_records_it(first: str) -> None:
    served = publish.current(verify=True)
    assert served and served.is_current and served.manifest["rows"]["mart.dim_area"] == 167
    assert ledger(first)[1] == served.manifest["sha256"]
    assert not served.path.with_name("marts.duckdb.wal").exists()
    before = served.path.stat().st_mtime_ns
    publish.publish(first)
    assert served.path.stat().st_mtime_ns == before, "publishing again changes nothing"


def test_publish__a_late_retry_of_an_older_build_does_not_go_back(first: str) -> None:
    second = next_build()
    publish.publish(second)
    publish.publish(first)
    served = publish.current()
    assert served and served.build_id == second


def test_rollback__points_at_the_older_build_and_diff_tells_the_difference(first: str) -> None:
    second = next_build(
        "UPDATE mart.ind_gv_done SET value = 50 WHERE area_code = '38'; DROP TABLE mart.ind_mt_index CASCADE;"
    )
    change_build(
        "CREATE OR REPLACE VIEW mart.obs_indicator AS SELECT 'GV01' AS indicator_code, * FROM mart.ind_gv_done"
    )
    publish.publish(second)
    difference = publish.diff(first, second)
    assert {"relation": "mart.ind_mt_index", "before": 1, "after": None} in difference["relations"]
    changed = {(i["indicator_code"], i["area_code"]): (i["before"], i["after"]) for i in difference["indicators"]}
    assert changed == {("GV01", "38"): (41.76, 50.0), ("MT01", "00001"): (55.0, None)}
    assert publish.rollback(first).is_current
    assert [b.build_id for b in publish.builds()] == [second, first]
    with pytest.raises(Fault) as unknown:
        publish.rollback("nothing")
    assert (unknown.value.code, unknown.value.exit_code) == ("IOC-404", 2)


def test_current__sees_a_flipped_bit_a_changed_manifest_and_a_changed_value(first: str) -> None:
    served = publish.current(verify=True)
    assert served
    manifest = served.path.with_name("manifest.json")
    whole, words = served.path.read_bytes(), manifest.read_text(encoding="utf-8")
    served.path.chmod(0o600)

    def damaged() -> str:
        with pytest.raises(Fault) as seen:
            publish.current(verify=True)
        assert seen.value.code == "IOC-402"
        return seen.value.why

    middle = len(whole) // 2
    served.path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "sha256" in damaged()
    served.path.write_bytes(whole)
    manifest.write_text(words.replace('"mart.dim_area": 167', '"mart.dim_area": 168'), encoding="utf-8")
    assert "signature" in damaged()
    # A valid file with another value and a hash to match: only the signature knows.
    con = duckdb.connect(str(served.path))
    con.execute("UPDATE mart.ind_gv_done SET value = 99")
    con.close()
    body = json.loads(words) | {"sha256": publish._sha256(served.path)}
    manifest.write_text(json.dumps(body), encoding="utf-8")
    assert "signature" in damaged()
    with pytest.raises(Fault):
        publish.rollback(first)


def test_heal__falls_back_to_the_newest_intact_build_when_the_pointed_one_is_gone(first: str) -> None:
    second = next_build()
    publish.publish(second)
    (publish.serving() / second).rename(publish.serving() / ".lost")
    assert publish.heal() == first
    assert sorted(p.name for p in publish.serving().iterdir()) == sorted([first, "current"])


def test_retain__keeps_the_newest_the_current_and_the_young(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_KEEP_BUILDS", "2")
    made = [first]
    for _ in range(3):
        made.append(next_build())
        publish.publish(made[-1])
    assert len(publish.builds()) == 4, "none is an hour old"
    publish.rollback(first)
    for build_id in made:
        path = publish.serving() / build_id / "manifest.json"
        body = json.loads(path.read_text()) | {"created_at": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}
        body["signature"] = publish._signature(body)
        path.write_text(json.dumps(body))
    publish._retain()
    assert [b.build_id for b in publish.builds()] == [made[3], made[2], first]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_publish_killed__leaves_the_old_or_the_new_build_and_the_next_run_heals(first: str, point: str) -> None:
    second = next_build()
    code = f"import sys; sys.path.insert(0, {str(connect.ROOT)!r}); from warehouse import publish; publish.publish({second!r})"
    killed = subprocess.run([sys.executable, "-c", code], env={**os.environ, "IOC_FAULT_AT": f"{point}:1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    served = publish.current(verify=True)
    assert served and served.build_id == (second if point == "publish.switched" else first)
    assert publish.heal() == served.build_id
    assert not list(publish.serving().glob(".*"))
    assert ledger(served.build_id)[1] == served.manifest["sha256"]
    publish.publish(second)
    after = publish.current(verify=True)
    assert after and after.build_id == second and ledger(second)[1] == after.manifest["sha256"]


READER = """
import sys, time
sys.path.insert(0, {root!r})
from warehouse import connect, publish
seen = []
while True:
    served = publish.current()
    with connect.served(served.path, memory="128MB", threads=1) as con:
        build, rows = con.execute(
            "SELECT (SELECT build_id FROM catalog.build), (SELECT count(*) FROM mart.dim_area)").fetchone()
    print(served.build_id, build, rows, flush=True)
    if build == {last!r}: break
"""


@pytest.mark.slow
def test_readers__during_twenty_publications_see_published_builds_only_and_never_go_back(
    first: str, tmp_path: Path
) -> None:
    from warehouse.ids import new_id

    ids = [first] + [new_id() for _ in range(20)]
    code = READER.format(root=str(connect.ROOT), last=ids[-1])
    readers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs: list[list[str]] = [[] for _ in readers]
    threads = [
        threading.Thread(target=lambda r=r, o=o: o.extend(r.stdout or []))  # type: ignore[misc]
        for r, o in zip(readers, outputs, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        for build_id in ids[1:]:
            make_build(build_id)
            let_pass(build_id)
            publish.publish(build_id)
        assert [reader.wait(timeout=60) for reader in readers] == [0] * 4
    finally:
        for reader in readers:
            reader.kill()
    for thread in threads:
        thread.join()
    for output in outputs:
        reads = [line.split() for line in output]
        assert len(reads) > 1 and reads[-1][1] == ids[-1]
        assert all(folder == build and build in ids and rows == "167" for folder, build, rows in reads)
        assert [r[1] for r in reads] == sorted(r[1] for r in reads)
