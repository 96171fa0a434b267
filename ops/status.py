"""`ioc status`: sources against their promises, builds, services. Works while a run holds the warehouse."""

from __future__ import annotations

from typing import Any

from ingestion import ledger, registry
from ops import query, say, services
from ops.say import local, number, t
from quality import report
from warehouse import connect, publish
from warehouse.errors import Fault


def gather() -> dict[str, Any]:
    """`sources, waiting, builds, current, checks, services, run, from`: `from` is `ledger`, or the build that answered for it.
    `checks` is the page of the judge. `waiting` lists extracts that wait for a decision (`ledger.waiting`); None while that cannot be asked."""
    current = publish.current()
    origin, waiting = "ledger", None
    try:
        sources = _from_ledger()
        waiting = _waiting()
    except Fault as fault:
        if fault.code != "IOC-075":
            raise
        sources, origin = (_from_build(current), current.build_id) if current else ([], "none")
    builds = [_build(one) for one in publish.builds()]
    return {
        "from": origin,
        "current": _build(current) if current else None,
        "sources": sources,
        "waiting": waiting,
        "builds": builds,
        "checks": report.index() if report.index().exists() else None,
        "run": _at_work(),
        "services": services.table(),
        "late": [s["source_id"] for s in sources if s["is_late"]],
    }


def _from_ledger() -> list[dict[str, Any]]:
    if not connect.intake_path().exists():
        return []
    with connect.lock("status", shared=True, wait_seconds=0.5):  # refused at once while a writer is at work
        rows = ledger.status()
    for row in rows:
        row["slots_expected"] = sum(slot["expected"] or 0 for slot in row["slots"])
        row["slots_captured"] = sum(slot["captured"] or 0 for slot in row["slots"])
    return rows


def _waiting() -> list[dict[str, Any]] | None:
    """None where the declarations cannot be read: what waits depends on them, and the status must still come."""
    try:
        declared = registry.load()
    except Fault:
        return None
    return ledger.waiting(declared.sources.values()) if connect.intake_path().exists() else []


_OF_BUILD = """
SELECT s.* EXCLUDE (rows_in, rows_loaded, rows_quarantined, rows_deduplicated),
    s.rows_in AS total_in, s.rows_loaded AS total_loaded, s.rows_quarantined AS total_quarantined,
    s.rows_deduplicated AS total_deduplicated, r.rows_in, r.rows_loaded, r.rows_quarantined, r.rows_deduplicated
FROM mart.source_now s LEFT JOIN (
    SELECT source_id, sum(rows_in) AS rows_in, sum(rows_loaded) AS rows_loaded, sum(rows_quarantined) AS rows_quarantined,
        sum(rows_deduplicated) AS rows_deduplicated
    FROM catalog.extract SEMI JOIN (SELECT source_id, arg_max(run_id, extract_id) AS run_id FROM catalog.extract GROUP BY 1)
    USING (source_id, run_id) GROUP BY 1) r USING (source_id)
ORDER BY source_id"""


def _from_build(current: publish.Served) -> list[dict[str, Any]]:
    """What the published build knew of its sources, under the ledger's names; ages count on."""
    rows = query.read(current.path, _OF_BUILD)
    for row in rows:
        row["is_late"] = row["state"] in ("cham", "loi", "chua_co")
        row["status"] = {"loi": "failed", "bo_qua": "skipped", "chua_co": None}.get(row["state"], "ok")
        row |= {"slots_expected": 0, "slots_captured": 0, "is_enabled": row["state"] != "bo_qua"}
    return rows


def _build(one: publish.Served) -> dict[str, Any]:
    return {
        "build_id": one.build_id,
        "created_at": one.created_at,
        "is_current": one.is_current,
        "verdict": "FAIL" if one.manifest.get("held") else "PASS",
        "held": one.manifest.get("held", {}),
        "code_version": one.manifest.get("code_version"),
        "size_bytes": one.manifest.get("size_bytes"),
    }


def _at_work() -> dict[str, object] | None:
    """Who holds the warehouse right now, or None when it is free."""
    try:
        with connect.lock("status", shared=True):
            return None
    except Fault as fault:
        return fault.details


def state_word(row: dict[str, Any]) -> str:
    if row["status"] == "skipped" or not row.get("is_enabled", True):
        return t("○ bỏ qua", "○ skipped")
    if row["status"] == "failed":
        return t("✕ lỗi", "✕ failed")
    if row["status"] is None:
        return t("○ chưa kéo", "○ never pulled")
    return t("▲ chậm", "▲ late") if row["is_late"] else t("● đúng hẹn", "● on time")


def age(minutes: int | None) -> str:
    if minutes is None:
        return "–"
    if minutes < 120:
        return t(f"{minutes} phút", f"{minutes} min")
    return (
        t(f"{minutes // 60} giờ", f"{minutes // 60} h")
        if minutes < 2880
        else t(f"{minutes // 1440} ngày", f"{minutes // 1440} d")
    )


def render(body: dict[str, Any]) -> None:
    if body["run"]:
        holder = body["run"].get("holder")
        say.line(
            t(
                f"Đang chạy: “{holder}” từ {body['run'].get('since')}",
                f"Running: “{holder}” since {body['run'].get('since')}",
            )
        )
    if body["from"] not in ("ledger", "none"):
        say.line(
            t(f"Kho đang bận: số dưới đây theo bản {body['from']}", f"Warehouse busy: as build {body['from']} knew")
        )
    say.table(
        [t("Nguồn", "Source"), t("Tình trạng", "State"), t("Lần kéo tốt", "Last good pull"), t("Tuổi", "Age"), t("Hẹn", "Promise"),
         t("Kỳ đo", "Slots"), t("Vào", "In"), t("Nạp", "Loaded"), t("Cách ly", "Held"), t("Trùng", "Same"), t("Lý do", "Reason")],
        [_row(row) for row in body["sources"]],
        right=(3, 4, 5, 6, 7, 8, 9),
    )  # fmt: skip
    render_waiting(body["waiting"])
    current = body["current"]
    if current:
        say.line(t(f"Bản đang phục vụ: {current['build_id']} ({local(current['created_at'])}), kiểm tra {current['verdict']}",
                   f"Served build: {current['build_id']} ({local(current['created_at'])}), verdict {current['verdict']}"))  # fmt: skip
    else:
        say.line(t("Chưa có bản công bố nào. Tiếp theo: ./ioc run", "Nothing is published yet. Next: ./ioc run"))
    if body["checks"]:
        say.line(t(f"Kết quả kiểm tra: {body['checks']}", f"Results of the checks: {body['checks']}"))
    for one in body["services"]:
        say.line(f"{'●' if one['is_running'] else '✕'} {one['name']:<24} {one.get('url') or ''}")


def render_waiting(waiting: list[dict[str, Any]] | None) -> None:
    """What waits for a decision, since when, why, and the command that decides."""
    if waiting is None:
        say.line(t("Chưa hỏi được phần nào đang chờ quyết định: ./ioc source check",
                   "Cannot tell now what waits for a decision: ./ioc source check"))  # fmt: skip
    for one in waiting or []:
        since, reason = local(one["since"]), t(one["reason_vi"], one["reason_en"])
        say.line(
            t(
                f"▲ Chờ quyết định từ {since} · {one['code']} · {reason}",
                f"▲ Waits since {since} · {one['code']} · {reason}",
            )
        )
        say.line(f"    {one['fix']}")


def _row(row: dict[str, Any]) -> list[object]:
    slots = f"{row['slots_captured']}/{row['slots_expected']}" if row["slots_expected"] else "–"
    reason = row.get(t("reason_vi", "reason_en")) or row.get("reason_vi") or ""
    return [
        row["source_id"],
        state_word(row),
        local(row["last_success_at"]),
        age(row["age_minutes"]),
        age(row["late_after_minutes"]),
        slots,
        number(row["rows_in"]),
        number(row["rows_loaded"]),
        number(row["rows_quarantined"]),
        number(row["rows_deduplicated"]),
        reason if row["status"] != "ok" else "",
    ]
