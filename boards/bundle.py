"""From a readable board folder to the files that Superset imports.

A folder holds `board.yml` (title, question, cards, rows of charts) and `charts.yml` (what each chart shows, as one of the kinds
of `boards/charts.py`); all boards share `board.css`. Texts are `{vi: …, en: …}`, and each board is compiled once in each language. Every board begins with the same three
rows: its question and the way to the others, its state in words, its cards. Identifiers are derived from names (UUIDv5), positions
from rows and widths, dataset columns from the served build: nobody types them.
"""

from __future__ import annotations

import hashlib
import html
import json
import uuid
from pathlib import Path
from typing import Any

import yaml

from boards import charts as kinds

BUNDLES = Path(__file__).resolve().parent / "bundles"
_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "dongson.boards")
DATABASE = "ioc"
STAMP = "2026-01-01T00:00:00+00:00"
LANGUAGES = ("vi", "en")
#: The relation of the cards; its rows carry what the state in words needs too.
CARDS = "mart.board_card"
#: The column by which a board's filter of areas chooses, where a chart's relation has it, and what it begins with.
AREA, PROVINCE = "area_name", "Tỉnh Thanh Hóa"
WORDS = {
    "area": {"vi": "Địa bàn", "en": "Area"},
    "period": {"vi": "Thời gian", "en": "Period"},
    "head": {"vi": "Tình trạng", "en": "State"},
    "cards": {"vi": "Thẻ chỉ tiêu", "en": "Indicator cards"},
    "leader": {"vi": "Trang lãnh đạo", "en": "Leader's page"},
    "catalogue": {"vi": "Danh mục", "en": "Catalogue"},
    "other": {"vi": "English", "en": "Tiếng Việt"},
}


def identity(kind: str, name: str) -> str:
    """The UUID of a thing, the same on every machine."""
    return str(uuid.uuid5(_SPACE, f"{kind}/{name}"))


def read(folder: Path) -> dict[str, Any]:
    """One bundle: `board` with `rows`, and `charts` by key. Raises ValueError for a row that names a missing chart."""
    board = yaml.safe_load((folder / "board.yml").read_text(encoding="utf-8"))
    charts = yaml.safe_load((folder / "charts.yml").read_text(encoding="utf-8"))
    placed = [cell["chart"] for row in board["rows"] for cell in row]
    missing, unused = sorted(set(placed) - set(charts)), sorted(set(charts) - set(placed))
    if missing or unused:
        raise ValueError(f"{folder.name}: rows name charts that do not exist: {missing}; charts on no row: {unused}")
    if board["cards"]:
        charts |= {"head": _head(board), "cards": _cards(board)}
        board["rows"] = [
            [{"chart": "head", "width": 12, "height": 11}],
            [
                {
                    "chart": "cards",
                    "width": 12,
                    "height": 30 * -(-(12 if board["cards"] == "home" else len(board["cards"])) // 6),
                }
            ],
            *board["rows"],
        ]
    return {"board": board, "charts": charts}


def all_bundles() -> dict[str, dict[str, Any]]:
    """Every bundle by its folder's name, in the boards' order."""
    found = {folder.name: read(folder) for folder in sorted(BUNDLES.iterdir()) if (folder / "board.yml").exists()}
    return dict(sorted(found.items(), key=lambda item: item[1]["board"]["order"]))


def datasets(bundles: dict[str, dict[str, Any]]) -> list[str]:
    """The relations (`mart.x`) that the boards read."""
    return sorted({chart["dataset"] for bundle in bundles.values() for chart in bundle["charts"].values()})


def slug(board: dict[str, Any], language: str) -> str:
    """Where a board stands: `/superset/dashboard/<slug>/`."""
    return str(board["slug"]) + ("" if language == "vi" else f"-{language}")


def in_language(value: Any, language: str) -> Any:
    """The value with each `{vi: …, en: …}` in it replaced by that language's text."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES):
            return value[language]
        return {key: in_language(one, language) for key, one in value.items()}
    if isinstance(value, list):
        return [in_language(one, language) for one in value]
    return value


def compile_assets(
    bundles: dict[str, dict[str, Any]], columns: dict[str, list[tuple[str, str]]], uri: str
) -> dict[str, str]:
    """Path → YAML text, as `ImportAssetsCommand` takes them. `columns`: relation → (name, DuckDB type)."""
    files: dict[str, Any] = {
        "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": STAMP},
        f"databases/{DATABASE}.yaml": _database(uri),
    }
    for relation in datasets(bundles):
        files[f"datasets/{DATABASE}/{relation}.yaml"] = _dataset(relation, columns[relation])
    css = (BUNDLES / "board.css").read_text(encoding="utf-8") + kinds.colours(bundles)
    for folder, bundle in bundles.items():
        for language in LANGUAGES:
            name = folder if language == "vi" else f"{folder}.{language}"
            board, charts = in_language(bundle["board"], language), in_language(bundle["charts"], language)
            for key, chart in charts.items():
                files[f"charts/{name}.{key}.yaml"] = _chart(name, key, chart, dict(columns[chart["dataset"]]))
            top = _top(bundles, folder, language)
            files[f"dashboards/{name}.yaml"] = _dashboard(name, board, charts, columns, css, top, language)
    return {path: yaml.safe_dump(body, allow_unicode=True, sort_keys=False) for path, body in files.items()}


def _database(uri: str) -> dict[str, Any]:
    return {
        "database_name": "Kho số liệu IOC", "sqlalchemy_uri": uri, "cache_timeout": None, "expose_in_sqllab": True, "allow_run_async": False,
        "allow_ctas": False, "allow_cvas": False, "allow_dml": False, "allow_csv_upload": False, "impersonate_user": False,
        "extra": {"metadata_params": {}, "engine_params": {}, "schemas_allowed_for_file_upload": [], "allows_virtual_table_explore": True, "cancel_query_on_windows_unload": True},
        "uuid": identity("database", DATABASE), "version": "1.0.0",
    }  # fmt: skip


def _is_time(kind: str) -> bool:
    return kind.startswith(("TIMESTAMP", "DATE"))


def _dataset(relation: str, columns: list[tuple[str, str]]) -> dict[str, Any]:
    schema, table = relation.split(".")
    return {
        "table_name": table, "main_dttm_col": next((n for n, t in columns if _is_time(t)), None), "description": None, "default_endpoint": None, "offset": 0,
        "cache_timeout": None, "catalog": None, "schema": schema, "sql": None, "params": None, "template_params": None, "filter_select_enabled": True, "fetch_values_predicate": None,
        "extra": None, "normalize_columns": False, "always_filter_main_dttm": False, "uuid": identity("dataset", relation),
        "metrics": [{"metric_name": "count", "verbose_name": "Số dòng", "metric_type": "count", "expression": "COUNT(*)", "description": None, "d3format": None, "currency": None, "extra": {}, "warning_text": None}],
        "columns": [
            {"column_name": name, "verbose_name": None, "is_dttm": _is_time(kind), "is_active": True, "type": kind, "advanced_data_type": None, "groupby": True, "filterable": True, "expression": None, "description": None, "python_date_format": None, "extra": {}}
            for name, kind in columns
        ],
        "version": "1.0.0", "database_uuid": identity("database", DATABASE),
    }  # fmt: skip


# --- the rows that every board begins with ------------------------------------------------------------------------------


def _of_board(board: dict[str, Any]) -> str:
    """Which cards are the board's, as a condition on `CARDS`."""
    if board["cards"] == "home":
        return "home_order IS NOT NULL"
    codes = ", ".join("'" + code.replace("'", "''") + "'" for code in board["cards"])
    return f"indicator_code IN ({codes})" + ("" if "area" in board["filters"] else " AND area_code = '38'")


def _cards(board: dict[str, Any]) -> dict[str, Any]:
    order = ["status_order", "home_order", "indicator_code"]
    column = {"vi": "card_html", "en": "card_en_html"}
    return {
        "title": WORDS["cards"],
        "dataset": CARDS,
        "html": {"column": column, "order": order, "where": _of_board(board)},
    }


def _head(board: dict[str, Any]) -> dict[str, Any]:
    """The state of a board in words: one aggregate over its cards, so that it follows the board's filters."""
    state = {language: _state(language) for language in LANGUAGES}
    return {"title": WORDS["head"], "dataset": CARDS, "html": {"sql": state, "where": _of_board(board)}}


#: What the line of state says, by the worst status among the cards.
_STATES = {
    "khong_dat": {"vi": "■ CẦN XỬ LÝ", "en": "■ ACT"},
    "chu_y": {"vi": "▲ CẦN CHÚ Ý", "en": "▲ WATCH"},
    "khong_du": {"vi": "○ KHÔNG ĐỦ DỮ LIỆU", "en": "○ NOT ENOUGH DATA"},
    "dat": {"vi": "● BÌNH THƯỜNG", "en": "● NORMAL"},
}
_STATE_WORDS = {
    "vi": {"khong_dat": "không đạt", "chu_y": "cần chú ý", "khong_du": "chậm hoặc thiếu số liệu", "dat": "đạt", "khong_chuan": "chưa có chuẩn", "all": "Mọi chỉ tiêu có chuẩn đều đạt.", "none": "Không chỉ tiêu nào của bảng này có số cho địa bàn đã chọn.", "build": "Bản dựng", "at": "chốt lúc", "age": "tuổi:", "age_of": "build_age_vi", "made_up": "SỐ LIỆU MINH HỌA", "headline": "headline_vi"},
    "en": {"khong_dat": "not met", "chu_y": "to watch", "khong_du": "late or without data", "dat": "met", "khong_chuan": "without a norm", "all": "Every indicator that has a norm meets it.", "none": "No indicator of this board has a value for the chosen area.", "build": "Build", "at": "closed at", "age": "age:", "age_of": "build_age_en", "made_up": "MADE-UP FIGURES", "headline": "headline_en"},
}  # fmt: skip


def _state(language: str) -> str:
    """The SQL aggregate over cards that says a board's state as HTML (the columns are escaped already)."""
    words = _STATE_WORDS[language]

    def count(status: str) -> str:
        return f"count(*) FILTER (WHERE status = '{status}')"

    # Green only when nothing is late and nothing stands in for held data.
    is_met = f"{count('dat')} > 0 AND {count('khong_du')} = 0 AND count(*) FILTER (WHERE is_held) = 0"
    worst = f"CASE WHEN {count('khong_dat')} > 0 THEN 'khong_dat' WHEN {count('chu_y')} > 0 THEN 'chu_y' WHEN {is_met} THEN 'dat' ELSE 'khong_du' END"
    word = (
        f"CASE {worst} " + " ".join(f"WHEN '{key}' THEN '{text[language]}'" for key, text in _STATES.items()) + " END"
    )
    named = " || ".join(
        f"CASE WHEN {count(status)} > 0 THEN '<b>' || {count(status)} || ' {words[status]}</b>: ' || "
        f"string_agg({words['headline']}, '; ' ORDER BY home_order, indicator_code) FILTER (WHERE status = '{status}') || '. ' ELSE '' END"
        for status in ("khong_dat", "chu_y", "khong_du")
    )
    numbers = " || ".join(
        f"'<span class=\"n-{status}\">{icon} ' || {count(status)} || ' {words[status]}</span>'"
        for status, icon in (("khong_dat", "■"), ("chu_y", "▲"), ("khong_du", "○"), ("dat", "●"), ("khong_chuan", "–"))
    )
    return (
        f'CASE WHEN count(*) = 0 THEN \'<div class="st st-khong_du"><div class="st-say"><div class="st-sentence">{words["none"]}</div></div></div>\' ELSE '
        f'\'<div class="st st-\' || {worst} || \'"><div class="st-word">\' || {word} || \'</div><div class="st-say"><div class="st-sentence">\' || '
        f"CASE WHEN {is_met} AND {count('khong_dat')} + {count('chu_y')} = 0 THEN '{words['all']}' ELSE {named} END || "
        f"'</div><div class=\"st-build\">' || {numbers} || '<span class=\"st-id\">{words['build']} ' || max(build_id) || ' · {words['at']} ' || max(built_vi) || ' ({words['age']} ' || max({words['age_of']}) || ')</span></div></div>' || "
        f"CASE WHEN bool_or(is_made_up) THEN '<div class=\"st-demo\">{words['made_up']}</div>' ELSE '' END || '</div>' END"
    )


def _top(bundles: dict[str, dict[str, Any]], here: str, language: str) -> str:
    """The board's question, the way to the other boards and to the pages of ours, and to the other language."""

    def link(address: str, text: str, css: str = "") -> str:
        return f'<span class="nav-a{css}"><a href="{address}">{html.escape(text)}</a></span>'

    boards = [
        link(f"/superset/dashboard/{slug(one['board'], language)}/", one["board"]["title"][language], " nav-here" * (name == here))
        for name, one in bundles.items()
    ]  # fmt: skip
    tail = "" if language == "vi" else f"?lang={language}"
    pages = [
        link(f"/{path}/{tail}", WORDS[word][language], " nav-page")
        for word, path in (("leader", "lanh-dao"), ("catalogue", "danh-muc"))
    ]
    other = next(one for one in LANGUAGES if one != language)
    board = bundles[here]["board"]
    pages.append(link(f"/superset/dashboard/{slug(board, other)}/", WORDS["other"][language], " nav-page"))
    question = html.escape(board["question"][language])
    return f'<div class="nav">{"".join(boards)}<span class="nav-gap"></span>{"".join(pages)}</div>\n<h2 class="question">{question}</h2>'


# --- charts and boards --------------------------------------------------------------------------------------------------


def _chart(board: str, key: str, chart: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    viz, params = kinds.compiled(chart)
    params = {"viz_type": viz, "adhoc_filters": [], "row_limit": 1000, "time_range": "No filter"} | params
    axis = params.get("x_axis")
    if _is_time(types.get(axis, "")):  # where the board's filter of time takes hold
        params["adhoc_filters"] = [
            *params["adhoc_filters"],
            {
                "expressionType": "SIMPLE",
                "clause": "WHERE",
                "subject": axis,
                "operator": "TEMPORAL_RANGE",
                "comparator": "No filter",
            },
        ]
    return {
        "slice_name": chart["title"], "description": chart.get("description"), "certified_by": None, "certification_details": None, "viz_type": viz,
        "params": params, "query_context": None, "cache_timeout": None,
        "uuid": identity("chart", f"{board}/{key}"), "version": "1.0.0", "dataset_uuid": identity("dataset", chart["dataset"]),
    }  # fmt: skip


def _dashboard(
    name: str, board: dict[str, Any], charts: dict[str, Any], columns: dict[str, list[tuple[str, str]]], css: str, top: str, language: str
) -> dict[str, Any]:  # fmt: skip
    position, ids = _position(name, board, charts, top)
    return {
        "dashboard_title": board["title"], "description": board["question"], "css": css, "slug": slug(board, language), "certified_by": None, "certification_details": None, "published": True,
        "uuid": identity("dashboard", name), "position": position,
        "metadata": {
            "color_scheme": "dongson", "refresh_frequency": board.get("refresh_seconds", 0), "cross_filters_enabled": False, "expanded_slices": {}, "timed_refresh_immune_slices": [],
            "label_colors": {}, "shared_label_colors": [], "native_filter_configuration": _filters(name, board, charts, columns, ids, language), "chart_configuration": {},
            "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": []}, "filter_bar_orientation": "HORIZONTAL",
        },
        "version": "1.0.0",
    }  # fmt: skip


def _filters(
    name: str, board: dict[str, Any], charts: dict[str, Any], columns: dict[str, list[tuple[str, str]]], ids: dict[str, int], language: str
) -> list[dict[str, Any]]:  # fmt: skip
    """The filters that the board asks for; each leaves alone the charts that have nothing to choose by."""
    found = []
    for kind in board["filters"]:
        if kind == "area":
            # A map or a ranking shows all communes beside each other.
            reached = {
                key
                for key, chart in charts.items()
                if AREA in dict(columns[chart["dataset"]]) and not {"map", "rank"} & set(chart)
            }
            one: dict[str, Any] = {
                "filterType": "filter_select",
                "targets": [{"column": {"name": AREA}, "datasetUuid": identity("dataset", CARDS)}],
                "adhoc_filters": [kinds.where(_of_board(board))], "sortMetric": None,
                "controlValues": {"enableEmptyFilter": True, "defaultToFirstItem": False, "multiSelect": False, "searchAllOptions": False, "inverseSelection": False, "sortAscending": True},
                "defaultDataMask": {"extraFormData": {"filters": [{"col": AREA, "op": "IN", "val": [PROVINCE]}]}, "filterState": {"value": [PROVINCE], "label": PROVINCE}, "ownState": {}},
            }  # fmt: skip
        else:
            reached = {
                key
                for key, chart in charts.items()
                if _is_time(dict(columns[chart["dataset"]]).get(kinds.compiled(chart)[1].get("x_axis"), ""))
            }
            one = {"filterType": "filter_time", "targets": [{}], "controlValues": {"enableEmptyFilter": False}}
        found.append({
            "id": f"NATIVE_FILTER-{identity('filter', f'{name}/{kind}')[:12]}", "name": WORDS[kind][language], "type": "NATIVE_FILTER", "description": "",
            "scope": {"rootPath": ["ROOT_ID"], "excluded": sorted(number for key, number in ids.items() if key not in reached)},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}}, "cascadeParentIds": [], "chartsInScope": [], "tabsInScope": [],
        } | one)  # fmt: skip
    return found


def _position(
    name: str, board: dict[str, Any], charts: dict[str, Any], top: str
) -> tuple[dict[str, Any], dict[str, int]]:
    """Where everything stands, and the number by which a chart is known there until Superset gives its own."""
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": board["title"]}},
    }
    ids: dict[str, int] = {}

    def add(node: str, kind: str, parents: list[str], meta: dict[str, Any], children: list[str] | None = None) -> str:
        position[node] = {"id": node, "type": kind, "children": children or [], "parents": parents, "meta": meta}
        return node

    def place(node: str, parents: list[str], cell: dict[str, Any], number: int) -> str:
        """A chart; a map stands in a column over its legend in words."""
        key, width, height = cell["chart"], cell["width"], cell["height"]
        ids[key] = number
        meta = {
            "chartId": number,
            "uuid": identity("chart", f"{name}/{key}"),
            "sliceName": charts[key]["title"],
            "width": width,
        }
        legend = kinds.legend(charts[key])
        if not legend:
            return add(f"CHART-{node}", "CHART", parents, meta | {"height": height})
        column = f"COLUMN-{node}"
        inside = [
            add(f"CHART-{node}", "CHART", [*parents, column], meta | {"height": height - 7}),
            add(f"MARKDOWN-{node}", "MARKDOWN", [*parents, column], {"code": legend, "width": width, "height": 5}),
        ]
        return add(column, "COLUMN", parents, {"width": width, "background": "BACKGROUND_TRANSPARENT"}, inside)

    rows = []
    for number, row in enumerate([[{"text": top}], *board["rows"]]):
        row_id = f"ROW-{number}"
        parents = ["ROOT_ID", "GRID_ID", row_id]
        children = [
            add(f"MARKDOWN-{number}", "MARKDOWN", parents, {"code": cell["text"], "width": 12, "height": 12})
            if "text" in cell
            else place(f"{number}-{at}", parents, cell, 1000 + 50 * number + at)
            for at, cell in enumerate(row, 1)
        ]
        rows.append(add(row_id, "ROW", ["ROOT_ID", "GRID_ID"], {"background": "BACKGROUND_TRANSPARENT"}, children))
    position["GRID_ID"] = {"id": "GRID_ID", "type": "GRID", "children": rows, "parents": ["ROOT_ID"]}
    return position, ids


def fingerprint(files: dict[str, str]) -> str:
    """A hash of compiled assets."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
