"""The kinds of charts that a board may have, in few words, and what Superset wants to hear for each.

    line · area · bar   {x, y: [{label, sql}], by, where, format, time, bounds, stack, height of a mark …}: along time or a list
    rank                {x, y, top, worst: high|low, format}: horizontal bars, the worst first
    html                {column | sql, order, where}: pieces of HTML that the warehouse made and escaped
    table               {columns: [{name, label, format}], order, where, top}: rows as they are
    map                 {value, label, steps: [{to, colour, words}], format}: polygons coloured by steps, with a legend in words
    heat                {x, y, value, format, bounds}: a field of colours

`extra` in any of them is merged last, in Superset's own words.
"""

from __future__ import annotations

import html
from typing import Any


def where(sql: str) -> dict[str, Any]:
    """A condition on a chart's rows."""
    return {"expressionType": "SQL", "clause": "WHERE", "sqlExpression": sql}


def metric(label: str, sql: str) -> dict[str, Any]:
    """An aggregate; the label names it in legends, tooltips and sorting."""
    return {
        "expressionType": "SQL",
        "sqlExpression": sql,
        "label": label,
        "optionName": f"m_{label}",
        "hasCustomLabel": True,
    }


def compiled(chart: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(Superset's name of the kind, its parameters). Raises ValueError when a chart has no kind, or several."""
    found = [kind for kind in KINDS if kind in chart]
    if len(found) != 1:
        raise ValueError(f"{chart['title']}: one kind of {sorted(KINDS)} is wanted, found {found}")
    said = dict(chart[found[0]])
    extra, condition = said.pop("extra", {}), said.pop("where", None)
    viz, params = KINDS[found[0]](said)
    return viz, params | ({"adhoc_filters": [where(condition)]} if condition else {}) | extra


def _axes(said: dict[str, Any]) -> dict[str, Any]:
    by = said.get("by", [])
    time = said.get("time", "%d/%m/%Y")
    return {
        "x_axis": said["x"], "time_grain_sqla": None, "x_axis_sort_asc": True, "metrics": [metric(one["label"], one["sql"]) for one in said["y"]],
        "groupby": [by] if isinstance(by, str) else by, "row_limit": 10_000, "show_legend": bool(by) or len(said["y"]) > 1, "legendType": "scroll", "legendOrientation": "top",
        "x_axis_time_format": time, "y_axis_format": said.get("format", ",.0f"), "rich_tooltip": True, "tooltipTimeFormat": said.get("tip", time), "color_scheme": "dongson",
        "truncateYAxis": "bounds" in said, "y_axis_bounds": said.get("bounds", [None, None]), "show_value": said.get("values", False), "only_total": True,
        "y_axis_title": said.get("unit", ""), "y_axis_title_margin": 40 if said.get("unit") else 0, "y_axis_title_position": "Left",
        "stack": "Stack" if said.get("stack") else None,
    }  # fmt: skip


def _line(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "echarts_timeseries_line", _axes(said) | {"markerEnabled": said.get("points", False)}


def _area(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "echarts_area", _axes(said) | {"stack": "Stack", "opacity": 0.6, "markerEnabled": False}


def _bar(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "echarts_timeseries_bar", _axes(said)


def _rank(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    (one,) = said["y"]
    is_high = said.get("worst", "low") == "high"
    order = one["sql"] if is_high else f"-({one['sql']})"
    return "echarts_timeseries_bar", _axes(said) | {
        "orientation": "horizontal", "x_axis_sort": one["label"], "x_axis_sort_asc": is_high, "timeseries_limit_metric": metric("order", order), "order_desc": True,
        "row_limit": said.get("top", 10), "show_value": True, "show_legend": False, "truncateXAxis": False,
    }  # fmt: skip


#: A table without pages, bars and search.
_PLAIN = {
    "server_pagination": False, "include_search": False, "page_length": 0, "show_cell_bars": False, "allow_rearrange_columns": False,
}  # fmt: skip


def _order(said: dict[str, Any]) -> list[str]:
    """`column` ascends, `-column` descends."""
    return [f'["{name.removeprefix("-")}", {str(not name.startswith("-")).lower()}]' for name in said.get("order", [])]


def _html(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "sql" in said:
        asked: dict[str, Any] = {"query_mode": "aggregate", "groupby": [], "metrics": [metric("html", said["sql"])]}
    else:
        asked = {"query_mode": "raw", "all_columns": [said["column"]], "order_by_cols": _order(said)}
    return "table", _PLAIN | {"allow_render_html": True} | asked


def _table(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    shown = {
        one["name"]: {"customColumnName": one["label"]} | ({"d3NumberFormat": one["format"]} if "format" in one else {})
        for one in said["columns"]
    }
    return "table", _PLAIN | {
        "query_mode": "raw", "all_columns": list(shown), "column_config": shown, "order_by_cols": _order(said),
        "table_timestamp_format": "%d/%m/%Y", "row_limit": said.get("top", 200),
    }  # fmt: skip


def _colour(code: str, alpha: int = 90) -> dict[str, int]:
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return {"r": red, "g": green, "b": blue, "a": alpha}


def _map(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    steps = said["steps"]
    lows = [said.get("from", 0), *(one["to"] for one in steps)]
    return "deck_polygon", {
        "line_column": "polygon", "line_type": "json", "reverse_long_lat": False, "mapbox_style": "none",
        "viewport": {"longitude": 105.25, "latitude": 19.98, "zoom": said.get("zoom", 7.36), "bearing": 0, "pitch": 0}, "autozoom": False,
        "filled": True, "stroked": True, "extruded": False, "fill_color_picker": {"r": 40, "g": 161, "b": 151, "a": 1}, "stroke_color_picker": {"r": 255, "g": 255, "b": 255, "a": 1},
        "line_width": 60, "line_width_unit": "meters", "opacity": 85, "color_scheme_type": "color_breakpoints", "default_breakpoint_color": _colour("#bec4cc", 100),
        "color_breakpoints": [{"minValue": low, "maxValue": one["to"], "color": _colour(one["colour"])} for low, one in zip(lows, steps, strict=False)],
        "metric": metric(said["label"], said["value"]), "js_columns": ["tooltip_vi"], "row_limit": 5000,
        "tooltip_contents": [{"item_type": "column", "column_name": "tooltip_vi", "verbose_name": said["label"]}],
        "legend_position": None, "legend_format": said.get("format", ",.1f"), "multiplier": 1, "point_radius_fixed": {"type": "fix", "value": 1},
    }  # fmt: skip


def legend(chart: dict[str, Any]) -> str:
    """A map's legend as HTML whose colours are classes; nothing for other kinds."""
    steps = chart.get("map", {}).get("steps", [])
    keys = [
        f'<span class="key"><i class="{_class(one["colour"])}"></i>{html.escape(one["words"])}</span>' for one in steps
    ]
    return f'<div class="legend">{"".join(keys)}</div>' if keys else ""


def colours(bundles: dict[str, dict[str, Any]]) -> str:
    """The rules of style for the colours of all legends."""
    used = {
        step["colour"]
        for one in bundles.values()
        for chart in one["charts"].values()
        for step in chart.get("map", {}).get("steps", [])
    }
    return "\n".join(f".legend .{_class(code)} {{ background: {code}; }}" for code in sorted(used))


def _class(colour: str) -> str:
    return f"k-{colour.removeprefix('#').lower()}"


def _heat(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "heatmap_v2", {
        "x_axis": said["x"], "time_grain_sqla": None, "groupby": said["y"], "metric": metric(said["label"], said["value"]), "sort_x_axis": "alpha_asc", "sort_y_axis": "value_desc",
        "normalize_across": "heatmap", "linear_color_scheme": said.get("colours", "schemeRdYlBu"), "xscale_interval": -1, "yscale_interval": 1, "left_margin": said.get("margin", 220), "bottom_margin": "auto",
        "value_bounds": said.get("bounds", [None, None]), "y_axis_format": said.get("format", ",.0f"), "x_axis_time_format": said.get("time", "%d/%m"), "show_legend": True, "show_percentage": False,
        "show_values": False, "row_limit": 10_000,
    }  # fmt: skip


KINDS = {
    "line": _line,
    "area": _area,
    "bar": _bar,
    "rank": _rank,
    "html": _html,
    "table": _table,
    "map": _map,
    "heat": _heat,
}
