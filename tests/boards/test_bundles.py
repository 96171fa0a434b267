"""Boards as files: whole, repeatable, in Vietnamese."""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from boards import bundle, charts

MODELS = Path(__file__).parents[2] / "dbt" / "models"
HOME = "hom_nay"
BOARDS = bundle.all_bundles()
EACH = pytest.mark.parametrize("board", BOARDS)
#: What the judge writes after dbt is done.
JUDGED = {
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
    assert bundle.identity("dashboard", HOME) == "52cca30a-8c49-549e-b4b5-428f43882be2"


@EACH
@pytest.mark.parametrize("language", bundle.LANGUAGES)
def test_board__places_each_of_its_charts_once(board: str, language: str) -> None:
    files, name = compiled(), board if language == "vi" else f"{board}.{language}"
    charts = [
        body["uuid"]
        for path, body in files.items()
        if path.startswith(f"charts/{name}.") and path.count(".") == name.count(".") + 2
    ]
    nodes = [
        n
        for n in files[f"dashboards/{name}.yaml"]["position"].values()
        if isinstance(n, dict) and n.get("type") == "CHART"
    ]
    assert len(nodes) == len(BOARDS[board]["charts"]) >= 7
    assert sorted(node["meta"]["uuid"] for node in nodes) == sorted(charts)


@EACH
def test_board__rows_are_twelve_columns_wide(board: str) -> None:
    rows = BOARDS[board]["board"]["rows"]
    assert len(rows) >= 5
    assert {sum(cell["width"] for cell in row) for row in rows} == {12}


def test_bundle__refuses_a_row_that_names_a_missing_chart(tmp_path: Path) -> None:
    (tmp_path / "board.yml").write_text("cards: []\nrows: [[{chart: bản_đồ, width: 12, height: 9}]]", encoding="utf-8")
    (tmp_path / "charts.yml").write_text("thẻ: {title: Thẻ}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bản_đồ.*thẻ"):
        bundle.read(tmp_path)


def test_chart__of_no_kind_or_of_two_is_refused() -> None:
    for kinds in ({}, {"line": {}, "bar": {}}):
        with pytest.raises(ValueError, match="one kind of"):
            charts.compiled({"title": "Thử", **kinds})


def test_charts__read_relations_that_are_built() -> None:
    relations = set(bundle.datasets(BOARDS)) - JUDGED
    models = {path.stem for path in MODELS.rglob("*.sql")}
    assert len(relations) >= 7
    assert {relation.split(".")[1] for relation in relations} <= models


def test_cards__of_the_boards_are_indicators_that_exist() -> None:
    codes = [code for one in BOARDS.values() if one["board"]["cards"] != "home" for code in one["board"]["cards"]]
    known = {
        code
        for path in MODELS.glob("indicators/*/*.yml")
        for code in re.findall(r"^\s+code: (\S+)$", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(known) == 111 and len(codes) >= 10
    assert set(codes) <= known


def texts(value: Any) -> list[tuple[str, str]]:
    """Every pair of texts (Vietnamese, English) in a bundle."""
    if isinstance(value, dict):
        return (
            [(value["vi"], value["en"])]
            if set(value) == {"vi", "en"}
            else [pair for one in value.values() for pair in texts(one)]
        )
    return [pair for one in value for pair in texts(one)] if isinstance(value, list) else []


@EACH
def test_text__is_vietnamese_with_accents_in_one_form_and_english_without(board: str) -> None:
    titles = [chart["title"] for chart in BOARDS[board]["charts"].values()] + [
        BOARDS[board]["board"][key] for key in ("title", "question")
    ]
    assert len(titles) >= 9 and all(set(title) == {"vi", "en"} for title in titles)
    for title in titles:
        assert title["vi"] == unicodedata.normalize("NFC", title["vi"]), title
        assert re.search(r"[^\x00-\x7f]", title["vi"]), title
    pairs = texts(BOARDS[board])
    assert len(pairs) >= len(titles)
    assert [
        en
        for _, en in pairs
        if re.search(
            r"[ăâđêôơưĂÂĐÊÔƠƯ]", re.sub(r"Đông Sơn|Thanh Hóa|Nghi Sơn|Lam Sơn|Bỉm Sơn|Tiếng Việt|đồng", "", en)
        )
    ] == []


@EACH
def test_board__asks_its_question_and_leads_to_all_others(board: str) -> None:
    top = compiled()[f"dashboards/{board}.yaml"]["position"]["MARKDOWN-0"]["meta"]["code"]
    assert html.escape(BOARDS[board]["board"]["question"]["vi"]) in top and BOARDS[board]["board"]["question"][
        "vi"
    ].endswith("?")
    links = re.findall(r'href="/superset/dashboard/([^"]+)/"', top)
    assert links == [one["board"]["slug"] for one in BOARDS.values()] + [f"{BOARDS[board]['board']['slug']}-en"]


def test_state__is_the_worst_of_the_cards_and_says_which() -> None:
    """The aggregate that stands over each board, asked of cards by hand."""
    columns = "indicator_code, status, home_order, headline_vi, is_held, is_made_up, build_id, built_vi, build_age_vi"

    def said(*cards: str) -> str:
        rows = ", ".join(
            f"('X{n}', '{card}', {n}, 'Thẻ {n} (1 %)', false, true, 'b', '01/03/2026 07:00', '5 phút')"
            for n, card in enumerate(cards)
        )
        source = (
            f"(VALUES {rows}) AS t({columns})"
            if cards
            else f"(SELECT {', '.join('NULL AS ' + c for c in columns.split(', '))} WHERE false)"
        )
        return str(duckdb.sql(f"SELECT {bundle._state('vi')} FROM {source}").fetchall()[0][0])

    assert "■ CẦN XỬ LÝ" in said(
        "dat", "khong_dat", "chu_y"
    ) and "<b>1 không đạt</b>: Thẻ 1 (1 %). <b>1 cần chú ý</b>: Thẻ 2" in said("dat", "khong_dat", "chu_y")
    assert "▲ CẦN CHÚ Ý" in said("dat", "chu_y") and "● BÌNH THƯỜNG" in said("dat", "khong_chuan")
    assert "○ KHÔNG ĐỦ DỮ LIỆU" in said("dat", "khong_du") and "○ KHÔNG ĐỦ DỮ LIỆU" in said("khong_chuan")
    assert "SỐ LIỆU MINH HỌA" in said("dat") and "Không chỉ tiêu nào của bảng này có số" in said()


def test_filters__reach_the_charts_that_can_follow_them_and_no_other() -> None:
    relations = {relation: [("area_name", "VARCHAR"), ("luc", "DATE")] for relation in bundle.datasets(BOARDS)} | {
        "mart.board_river": [("hour_at", "TIMESTAMPTZ")]
    }
    board = yaml.safe_load(bundle.compile_assets(BOARDS, relations, "duckdb:////x")["dashboards/hom_nay.yaml"])
    place = {
        n["meta"]["chartId"]: n["meta"]["sliceName"]
        for n in board["position"].values()
        if isinstance(n, dict) and n.get("type") == "CHART"
    }
    area, period = board["metadata"]["native_filter_configuration"]
    left = {place[number] for number in area["scope"]["excluded"]}
    assert {
        "Mực nước sông so với báo động 1 (m)",
        BOARDS[HOME]["charts"]["map"]["title"]["vi"],
    } <= left and "Thẻ chỉ tiêu" not in left
    assert area["defaultDataMask"]["filterState"]["value"] == ["Tỉnh Thanh Hóa"]
    assert "Mực nước sông so với báo động 1 (m)" in set(place.values()) - {
        place[number] for number in period["scope"]["excluded"]
    }
    assert "Thẻ chỉ tiêu" in {place[number] for number in period["scope"]["excluded"]}
