"""Boards as files: whole, repeatable, in Vietnamese."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

from boards import bundle

MODELS = Path(__file__).parents[2] / "dbt" / "models"
HOME = "tong_quan_dieu_hanh"
BOTH = pytest.mark.parametrize("board", [HOME, "chat_luong_du_lieu"])
#: What the judge writes after dbt is done.
JUDGED = {
    "quality.verdict",
    "quality.anomaly",
    *(f"quality.trust_{n}" for n in ("state", "source", "rule", "score_day", "open", "decision")),
}


def columns(bundles: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {relation: [("ma", "VARCHAR"), ("luc", "TIMESTAMP WITH TIME ZONE")] for relation in bundle.datasets(bundles)}


def compiled() -> dict[str, Any]:
    bundles = bundle.all_bundles()
    files = bundle.compile_assets(bundles, columns(bundles), "duckdb:////x/marts.duckdb")
    return {path: yaml.safe_load(text) for path, text in files.items()}


def test_bundles__compile_to_the_same_bytes_every_time() -> None:
    bundles = bundle.all_bundles()
    first, again = (bundle.compile_assets(bundles, columns(bundles), "duckdb:////x") for _ in range(2))
    assert len(first) > 20
    assert bundle.fingerprint(first) == bundle.fingerprint(again)


def test_identity__differs_by_kind_and_name_and_never_changes() -> None:
    kinds = [("chart", "a"), ("chart", "b"), ("dataset", "a")]
    assert len({bundle.identity(*kind) for kind in kinds}) == 3
    # Fixed for ever: another value would leave every board of a running province behind as an orphan.
    assert bundle.identity("dashboard", HOME) == "43b7bf41-5dfb-5b9d-a213-1450bf3d3e6a"


@BOTH
def test_board__places_only_charts_that_exist(board: str) -> None:
    files = compiled()
    charts = {body["uuid"] for path, body in files.items() if path.startswith(f"charts/{board}.")}
    nodes = [
        n
        for n in files[f"dashboards/{board}.yaml"]["position"].values()
        if isinstance(n, dict) and n.get("type") == "CHART"
    ]
    assert len(nodes) >= 9
    assert {node["meta"]["uuid"] for node in nodes} == charts


@BOTH
def test_board__rows_are_twelve_columns_wide(board: str) -> None:
    rows = bundle.all_bundles()[board]["board"]["rows"]
    assert len(rows) >= 5
    assert {sum(cell["width"] for cell in row) for row in rows} == {12}


def test_bundle__refuses_a_row_that_names_a_missing_chart(tmp_path: Path) -> None:
    (tmp_path / "board.yml").write_text("rows: [[{chart: bản_đồ, width: 12, height: 9}]]", encoding="utf-8")
    (tmp_path / "charts.yml").write_text("thẻ: {title: Thẻ}", encoding="utf-8")
    (tmp_path / "board.css").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bản_đồ.*thẻ"):
        bundle.read(tmp_path)


def test_charts__read_relations_that_are_built() -> None:
    relations = set(bundle.datasets(bundle.all_bundles())) - JUDGED
    models = {path.stem for path in MODELS.rglob("*.sql")}
    assert len(relations) >= 10
    assert {relation.split(".")[1] for relation in relations} <= models


@BOTH
def test_text__is_vietnamese_with_accents_in_one_form(board: str) -> None:
    charts = bundle.all_bundles()[board]["charts"].values()
    titles = [chart["title"] for chart in charts] + [bundle.all_bundles()[board]["board"]["title"]]
    assert len(titles) >= 10
    for title in titles:
        assert title == unicodedata.normalize("NFC", title), title
        assert re.search(r"[^\x00-\x7f]", title), title
