"""What changed between two builds, for people: a line an indicator, the largest change first, then the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ops import query, say
from ops.say import number, t

Row = dict[str, Any]
PROVINCE = "38"


def moved(one: Row) -> float:
    """By what share of the old value it changed; -1 where there is no old value or no new one."""
    if one["before"] is None or one["after"] is None:
        return -1
    return float(abs(one["after"] - one["before"]) / max(abs(one["before"]), 1e-9))


def by_indicator(changes: list[Row]) -> list[Row]:
    """`{code, changed, appeared, gone, province, largest}` an indicator: the province's own value where it changed, and the value
    that changed most. The largest change first; indicators whose values only came or went are last."""
    grouped: dict[str, list[Row]] = {}
    for one in changes:
        grouped.setdefault(one["indicator_code"], []).append(one)
    found = [
        {
            "code": code,
            "changed": sum(moved(one) >= 0 for one in some),
            "appeared": sum(one["before"] is None for one in some),
            "gone": sum(one["after"] is None for one in some),
            "province": next((one for one in some if one["area_code"] == PROVINCE and not one["breakdown"]), None),
            "largest": max(some, key=moved),
        }
        for code, some in grouped.items()
    ]
    return sorted(found, key=lambda one: moved(one["largest"]), reverse=True)


def by_rows(changes: list[Row]) -> list[Row]:
    """Tables by how many rows came or went."""
    return sorted(changes, key=lambda one: abs((one["after"] or 0) - (one["before"] or 0)), reverse=True)


def show(body: dict[str, Any], newer: Path) -> None:
    """Print what `warehouse.publish.diff` found, with the words of the newer build."""
    titles = {
        r["indicator_code"]: r[t("title_vi", "title_en")] for r in query.read(newer, "SELECT * FROM catalog.indicator")
    }
    areas = {r["area_code"]: r["area_name"] for r in query.read(newer, "SELECT area_code, area_name FROM mart.dim_area WHERE is_current")}  # fmt: skip
    indicators, relations = by_indicator(body["indicators"]), by_rows(body["relations"])
    values = len(body["indicators"])
    say.line(t(f"{number(values)} giá trị của {len(indicators)} chỉ tiêu, {len(relations)} bảng khác nhau (--json: từng giá trị).",
               f"{number(values)} values of {len(indicators)} indicators and {len(relations)} tables differ (--json: each value)."))  # fmt: skip
    if indicators:
        say.table(
            ["", t("Chỉ tiêu", "Indicator"), t("Toàn tỉnh", "Province"), t("Đổi nhiều nhất", "Changed most"), t("Đổi", "Changed"), t("Mới", "New"), t("Mất", "Gone")],
            [[one["code"], titles.get(one["code"], ""), _change(one["province"]), _place(one["largest"], areas), number(one["changed"]),
              number(one["appeared"]), number(one["gone"])] for one in indicators],
            right=(4, 5, 6),
        )  # fmt: skip
    if relations:
        say.table(
            [t("Bảng", "Table"), t("Dòng trước", "Rows before"), t("Dòng sau", "Rows after")],
            [[one["relation"], number(one["before"]), number(one["after"])] for one in relations],
            right=(1, 2),
        )


def _place(one: Row, areas: dict[str, str]) -> str:
    where = one["breakdown"] or areas.get(one["area_code"], one["area_code"])
    return f"{where}: {_change(one)}"


def _change(one: Row | None) -> str:
    """`41,76 → 50 (202510)`; both periods where the newest one is another now."""
    if one is None:
        return "–"
    same = one["before_period"] == one["after_period"]
    # Two decimals, or as many as it takes to see a difference.
    decimals = next((n for n in range(2, 9) if _rounded(one["before"], n) != _rounded(one["after"], n)), 2)
    before = number(_rounded(one["before"], decimals)) + (
        "" if same or one["before"] is None else f" ({one['before_period']})"
    )
    after = number(_rounded(one["after"], decimals)) + ("" if one["after"] is None else f" ({one['after_period']})")
    return f"{before} → {after}"


def _rounded(value: float | None, decimals: int) -> float | None:
    return value if value is None else int(value) if value == int(value) else round(value, decimals)
