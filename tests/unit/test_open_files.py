"""The open files: what SQL says of the build, whole or not at all, unchanged ones linked; the catalogue beside them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from made_up_open import make_open_build, make_open_home
from rdflib import FOAF, RDF, Graph, Literal, Namespace
from typer.testing import CliRunner

from opendata import publish
from ops import open_data, say
from warehouse import connect
from warehouse import publish as builds
from warehouse.errors import Fault

DCAT, DCT, SPDX = (
    Namespace("http://www.w3.org/ns/dcat#"),
    Namespace("http://purl.org/dc/terms/"),
    Namespace("http://spdx.org/rdf/terms#"),
)
ROOT = Path(__file__).parents[2]
SETS = ["areas", "recipients", "indicators", "norms", "observations"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return make_open_home(tmp_path, monkeypatch)


def files(build_id: str = "current") -> Path:
    return publish.folder() / build_id / "files"


def read_csv(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((files() / f"{name}.csv").read_text(encoding="utf-8-sig"))))


def test_csv__is_what_sql_says_of_the_build_with_formulas_made_harmless(home: str) -> None:
    with connect.served(builds.current().path) as con:  # type: ignore[union-attr]
        rows = con.execute("SELECT area_code, area_name, level, area_km2::DOUBLE, is_current FROM mart.dim_area ORDER BY 1").fetchall()  # fmt: skip
    told = read_csv("areas")
    assert len(told) == len(rows) == 3
    for row, (code, name, level, km2, current) in zip(told, rows, strict=True):
        harmless = f"'{name}" if name[0] in publish.FORMULA else name
        assert (row["area_code"], row["area_name"], row["level"]) == (code, harmless, level)
        assert (float(row["area_km2"]) if row["area_km2"] else None, row["is_current"]) == (km2, str(current).lower())
    assert [r["area_name"] for r in told] == ['Phường "Hạc, Thành"', "'-", '\'=HYPERLINK("x")']
    assert {r["seen_at"] for r in told} == {"", "2026-01-01T00:00:00+07:00"}
    assert not {"extract_ids", "extract_id", "loaded_at"} & told[0].keys() and {r["is_made_up"] for r in told} == {"false"}  # fmt: skip
    assert (files() / "areas.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_every_dataset__has_as_many_rows_in_parquet_csv_and_words(home: str) -> None:
    told = publish.read(home)["datasets"]
    assert [d["id"] for d in told] == SETS
    with connect.scratch() as con:
        for one in told:
            path = connect.literal(str(files() / one["files"]["parquet"]["name"]))
            n = con.execute(f"SELECT count(*) FROM {path}").fetchall()[0][0]
            columns = [c[0] for c in con.execute(f"DESCRIBE FROM {path}").fetchall()]
            assert n == one["rows"] == len(read_csv(one["id"])) > 0
            assert columns == [c["name"] for c in one["columns"]] == list(read_csv(one["id"])[0])
            assert "is_made_up" in columns
            for file in one["files"].values():
                body = (files() / file["name"]).read_bytes()
                assert (len(body), hashlib.sha256(body).hexdigest()) == (file["bytes"], file["sha256"])


def test_made_up_rows__are_called_so_in_title_file_and_page(home: str) -> None:
    told = {d["id"]: d for d in publish.read(home)["datasets"]}
    assert told["recipients"]["title_vi"].startswith("SỐ LIỆU MINH HỌA · ")
    assert {r["is_made_up"] for r in read_csv("recipients")} == {"true"}
    assert "SỐ LIỆU MINH HỌA · Bộ recipients" in (publish.folder() / "current" / "index.html").read_text()


def test_columns__are_told_as_csv_on_the_web(home: str) -> None:
    body = json.loads((files() / "areas.csv-metadata.json").read_text())
    assert body["url"] == "areas.csv" and body["tableSchema"]["primaryKey"] == ["area_code"]
    assert [c["name"] for c in body["tableSchema"]["columns"]] == list(read_csv("areas")[0])


def test_catalogue__has_what_dcat_ap_requires(home: str) -> None:
    base = "https://mo.example/"
    graph = Graph().parse(
        data=(publish.folder() / "current" / "catalog.jsonld").read_text(), format="json-ld", publicID=base
    )
    (catalog,) = graph.subjects(RDF.type, DCAT.Catalog)
    datasets = set(graph.objects(catalog, DCAT.dataset))
    assert len(datasets) == len(SETS)
    for subject in (catalog, *datasets):
        for property in (DCT.title, DCT.description):
            assert {o.language for o in graph.objects(subject, property) if isinstance(o, Literal)} == {"vi", "en"}
        assert graph.value(graph.value(subject, DCT.publisher), FOAF.name)
        assert graph.value(subject, DCT.license)
    for dataset in datasets:
        assert all(graph.value(dataset, p) for p in (DCT.identifier, DCT.accrualPeriodicity, DCT.spatial, DCT.accessRights, DCAT.theme, DCAT.contactPoint))  # fmt: skip
        shared = list(graph.objects(dataset, DCAT.distribution))
        assert len(shared) == 2
        for one in shared:
            assert str(graph.value(one, DCAT.accessURL)).startswith(base + "files/")
            assert all(graph.value(one, p) for p in (DCAT.downloadURL, DCT.license, DCT["format"], DCAT.mediaType, DCT.conformsTo))  # fmt: skip
            name = str(graph.value(one, DCAT.downloadURL)).rsplit("/", 1)[-1]
            check = graph.value(graph.value(one, SPDX.checksum), SPDX.checksumValue)
            assert str(check) == hashlib.sha256((files() / name).read_bytes()).hexdigest()
            assert int(str(graph.value(one, DCAT.byteSize))) == (files() / name).stat().st_size
    assert sum(1 for _ in graph.objects(None, DCT.temporal)) == 1, "observations say which years they are of"


def test_pages__hold_no_script_and_no_foreign_address(home: str) -> None:
    for name in ("index.html", "en.html"):
        page = (publish.folder() / "current" / name).read_text(encoding="utf-8")
        assert "<script" not in page and "://" not in page and "=HYPERLINK" not in page
        assert page.count('class="set"') == len(SETS)


def test_publish__links_what_did_not_change_and_keeps_when_it_changed(home: str) -> None:
    before = {d["id"]: d for d in publish.read(home)["datasets"]}
    second = make_open_build("UPDATE mart.dim_area SET area_name = 'Xã Mới' WHERE area_code = '00001';")
    done = publish.publish()
    after = {d["id"]: d for d in done.datasets}
    same = [(files(home) / n).samefile(files(second) / n) for n in ("recipients.parquet", "norms.csv", "areas.csv-metadata.json")]  # fmt: skip
    assert same == [True, True, True] and not (files(home) / "areas.csv").samefile(files(second) / "areas.csv")
    assert done.linked == 3 * len(SETS) - 2
    assert after["recipients"]["modified"] == before["recipients"]["modified"]
    assert publish.publish().is_new is False, "again: nothing changes"


@pytest.mark.parametrize("point", ["open.dataset:2", "open.complete", "open.written"])
def test_publish__killed_leaves_the_last_whole_one_and_heals(home: str, point: str) -> None:
    second = make_open_build()
    code = "from opendata import publish; publish.publish()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"IOC_FAULT_AT": point, "PYTHONPATH": str(ROOT)}, cwd=ROOT)  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert publish.current() == home and len(publish.read(home)["datasets"]) == len(SETS)
    publish.publish()
    assert publish.current() == second and not list(publish.folder().glob(".*.partial"))


def test_publish__while_another_is_at_work_says_so(home: str) -> None:
    make_open_build()
    with publish._alone(), pytest.raises(Fault) as refused:
        publish.publish()
    assert (refused.value.code, refused.value.exit_code) == ("IOC-530", 75)


def test_open_files__go_with_their_build_and_follow_a_rollback(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    second = make_open_build()
    publish.publish()
    assert publish.kept() == [second, home]
    builds.rollback(home)
    publish.publish()
    assert publish.current() == home
    (builds.serving() / second).rename(builds.serving() / ".gone")
    publish.publish()
    assert publish.kept() == [home]


def test_closing_a_table__takes_it_out_of_older_builds_at_once(home: str) -> None:
    second = make_open_build("UPDATE catalog.relation SET open_json = NULL WHERE relation = 'fct_recipient_month';")
    publish.publish()
    assert publish.kept() == [second]


def test_an_older_build__opens_nothing(home: str) -> None:
    make_open_build("ALTER TABLE catalog.relation DROP COLUMN open_json;")
    assert publish.publish().datasets == []


def test_command__tells_what_is_open_and_what_is_refused(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(say.manner, "as_json", False)
    run = CliRunner().invoke(open_data.app, ["publish"])
    assert run.exit_code == 0, "nothing was written anew"
    listed = CliRunner().invoke(open_data.app, ["list"])
    assert listed.exit_code == 0 and all(one in listed.output for one in SETS)
    checked = CliRunner().invoke(open_data.app, ["check"])
    assert checked.exit_code == 1 and "IOC-539 · fct_mixed" in checked.output
    make_open_build("UPDATE catalog.relation SET open_json = NULL WHERE relation IN ('fct_mixed', 'fct_orphan');")
    late = CliRunner().invoke(open_data.app, ["check"])
    assert late.exit_code == 1 and "./ioc open publish" in late.output
    assert CliRunner().invoke(open_data.app, ["publish"]).exit_code == 0
    assert CliRunner().invoke(open_data.app, ["check"]).exit_code == 0


def test_after_publication__a_failure_is_said_and_stops_nothing(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(publish, "_alone", lambda: (_ for _ in ()).throw(OSError("đĩa đầy")))
    open_data.after_publication(said.append)
    assert "đĩa đầy" in said[0] and publish.current() == home


def test_dates__are_written_as_iso(home: str) -> None:
    assert date.fromisoformat(read_csv("norms")[0]["valid_from"]) == date(2025, 1, 1)
