"""From a readable board folder to the files that Superset imports.

A folder holds `board.yml` (title, slug, rows of charts) and `charts.yml` (what each chart shows); all boards share `board.css`. Identifiers
are derived from names (UUIDv5), positions from rows and widths, dataset columns from the served build: nobody types them.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import yaml

BUNDLES = Path(__file__).resolve().parent / "bundles"
_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "dongson.boards")
DATABASE = "ioc"
STAMP = "2026-01-01T00:00:00+00:00"


def identity(kind: str, name: str) -> str:
    """The UUID of a thing, the same on every machine."""
    return str(uuid.uuid5(_SPACE, f"{kind}/{name}"))


def read(folder: Path) -> dict[str, Any]:
    """One bundle: `board` with `rows`, and `charts` by key. Raises ValueError for a row that names a missing chart."""
    board = yaml.safe_load((folder / "board.yml").read_text(encoding="utf-8"))
    charts = yaml.safe_load((folder / "charts.yml").read_text(encoding="utf-8"))
    placed = [cell["chart"] for row in board["rows"] for cell in row if "chart" in cell]
    missing, unused = sorted(set(placed) - set(charts)), sorted(set(charts) - set(placed))
    if missing or unused:
        raise ValueError(f"{folder.name}: rows name charts that do not exist: {missing}; charts on no row: {unused}")
    return {"board": board, "charts": charts, "css": (BUNDLES / "board.css").read_text(encoding="utf-8")}


def all_bundles() -> dict[str, dict[str, Any]]:
    return {folder.name: read(folder) for folder in sorted(BUNDLES.iterdir()) if (folder / "board.yml").exists()}


def datasets(bundles: dict[str, dict[str, Any]]) -> list[str]:
    """The relations (`mart.x`) that the boards read."""
    return sorted({chart["dataset"] for bundle in bundles.values() for chart in bundle["charts"].values()})


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
    for name, bundle in bundles.items():
        for key, chart in bundle["charts"].items():
            files[f"charts/{name}.{key}.yaml"] = _chart(name, key, chart)
        files[f"dashboards/{name}.yaml"] = _dashboard(name, bundle)
    return {path: yaml.safe_dump(body, allow_unicode=True, sort_keys=False) for path, body in files.items()}


def _database(uri: str) -> dict[str, Any]:
    return {
        "database_name": "Kho số liệu IOC", "sqlalchemy_uri": uri, "cache_timeout": None, "expose_in_sqllab": True, "allow_run_async": False,
        "allow_ctas": False, "allow_cvas": False, "allow_dml": False, "allow_file_upload": False, "impersonate_user": False,
        "extra": {"metadata_params": {}, "engine_params": {}, "schemas_allowed_for_file_upload": [], "allows_virtual_table_explore": True, "cancel_query_on_windows_unload": True},
        "uuid": identity("database", DATABASE), "version": "1.0.0",
    }  # fmt: skip


def _dataset(relation: str, columns: list[tuple[str, str]]) -> dict[str, Any]:
    schema, table = relation.split(".")
    return {
        "table_name": table, "main_dttm_col": next((n for n, t in columns if t.startswith(("TIMESTAMP", "DATE"))), None), "description": None, "default_endpoint": None, "offset": 0,
        "cache_timeout": None, "catalog": None, "schema": schema, "sql": None, "params": None, "template_params": None, "filter_select_enabled": True, "fetch_values_predicate": None,
        "extra": None, "normalize_columns": False, "always_filter_main_dttm": False, "uuid": identity("dataset", relation),
        "metrics": [{"metric_name": "count", "verbose_name": "Số dòng", "metric_type": "count", "expression": "COUNT(*)", "description": None, "d3format": None, "currency": None, "extra": {}, "warning_text": None}],
        "columns": [
            {"column_name": name, "verbose_name": None, "is_dttm": kind.startswith(("TIMESTAMP", "DATE")), "is_active": True, "type": kind, "advanced_data_type": None, "groupby": True, "filterable": True, "expression": None, "description": None, "python_date_format": None, "extra": {}}
            for name, kind in columns
        ],
        "version": "1.0.0", "database_uuid": identity("database", DATABASE),
    }  # fmt: skip


def _chart(board: str, key: str, chart: dict[str, Any]) -> dict[str, Any]:
    return {
        "slice_name": chart["title"], "description": chart.get("description"), "certified_by": None, "certification_details": None, "viz_type": chart["viz"],
        "params": {"viz_type": chart["viz"], "adhoc_filters": [], "row_limit": 1000, "time_range": "No filter"} | chart.get("params", {}), "query_context": None, "cache_timeout": None,
        "uuid": identity("chart", f"{board}/{key}"), "version": "1.0.0", "dataset_uuid": identity("dataset", chart["dataset"]),
    }  # fmt: skip


def _dashboard(name: str, bundle: dict[str, Any]) -> dict[str, Any]:
    board = bundle["board"]
    return {
        "dashboard_title": board["title"], "description": board.get("description"), "css": bundle["css"], "slug": board["slug"], "certified_by": None, "certification_details": None, "published": True,
        "uuid": identity("dashboard", name), "position": _position(name, board, bundle["charts"]),
        "metadata": {"color_scheme": "dongson", "refresh_frequency": board.get("refresh_seconds", 0), "cross_filters_enabled": False, "expanded_slices": {}, "timed_refresh_immune_slices": [], "label_colors": {}, "shared_label_colors": [], "native_filter_configuration": [], "chart_configuration": {}, "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": []}},
        "version": "1.0.0",
    }  # fmt: skip


def _position(name: str, board: dict[str, Any], charts: dict[str, Any]) -> dict[str, Any]:
    rows = []
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": board["title"]}},
    }
    for number, row in enumerate(board["rows"], 1):
        row_id = f"ROW-{number}"
        parents = ["ROOT_ID", "GRID_ID", row_id]
        children = []
        for at, cell in enumerate(row, 1):
            if "chart" in cell:
                node = f"CHART-{number}-{at}"
                meta = {
                    "chartId": 1000 + 50 * number + at,
                    "uuid": identity("chart", f"{name}/{cell['chart']}"),
                    "sliceName": charts[cell["chart"]]["title"],
                    "width": cell["width"],
                    "height": cell["height"],
                }
                position[node] = {"id": node, "type": "CHART", "children": [], "parents": parents, "meta": meta}
            else:
                node = f"MARKDOWN-{number}-{at}"
                position[node] = {
                    "id": node,
                    "type": "MARKDOWN",
                    "children": [],
                    "parents": parents,
                    "meta": {"code": cell["text"], "width": cell["width"], "height": cell["height"]},
                }
            children.append(node)
        position[row_id] = {
            "id": row_id,
            "type": "ROW",
            "children": children,
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        rows.append(row_id)
    position["GRID_ID"] = {"id": "GRID_ID", "type": "GRID", "children": rows, "parents": ["ROOT_ID"]}
    return position


def fingerprint(files: dict[str, str]) -> str:
    """A hash of compiled assets."""
    import hashlib

    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
