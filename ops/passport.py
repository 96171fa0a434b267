"""The passport of a number: what `ioc trace` prints for people, from the number back to its rows."""

from __future__ import annotations

from typing import Any

from ops import say
from ops.say import number, t


def show(body: dict[str, Any]) -> None:
    """Print the answer of `warehouse.trace.trace`, top down: number, definition, recount, rows, extracts, boards."""
    indicator, seen, evidence = body["indicator"], body["observation"], body["evidence"]
    code, unit, decimals = seen["indicator_code"], indicator["unit"], int(indicator["decimals"])
    value = "–" if seen["value"] is None else number(round(float(seen["value"]), max(decimals, 2)))
    place = seen["area_code"] + (f" · {seen['breakdown']}" if seen["breakdown"] else "")
    say.line(f"{code} · {indicator[t('title_vi', 'title_en')]}")
    say.line(f"  {value} {unit}   = {_amount(seen['numerator'])} / {_amount(seen['denominator'])}")
    say.line(
        f"  {t('kỳ', 'period')} {seen['period_key']} · {t('địa bàn', 'area')} {place} · {t('tại', 'as of')} {seen['as_of']}"
    )
    grades = [seen[name] for name in ("grade_valid", "grade_complete", "grade_clean", "grade_live")]
    say.line(f"  {t('đúng, đủ, sạch, sống', 'valid, complete, clean, live')}: {' · '.join(map(_amount, grades))}")
    say.line(f"{t('Công thức', 'Formula')}: {indicator['formula']}")
    say.line(
        f"  {t('tử số', 'numerator')}: {indicator['numerator_vi']} · {t('mẫu số', 'denominator')}: {indicator['denominator_vi']}"
    )
    say.line(f"  {t('đầu mối', 'owner')}: {indicator['owner_agency']} · dbt/models/…/{indicator['model']}.sql")
    if indicator["caveats"]:
        say.line(f"  {t('lưu ý', 'caveat')}: {indicator['caveats']}")
    _recount(evidence)
    say.line(f"{t('Lần kéo', 'Extracts')}: {len(body['extracts'])}")
    for one in body["extracts"][:5]:
        say.line(
            "  "
            + " · ".join(str(one[k]) for k in ("extract_id", "source_id", "table_name", "landing_path") if one.get(k))
        )
    if body["landed"]:
        say.line(t("Dòng như nguồn đã gửi (trong landing/):", "Rows as the source sent them (in landing/):"))
        for one in body["landed"][:3]:
            say.line("  " + _cells(one.get("row") or one))
    say.line(
        f"{t('Bảng hiển thị', 'Shown on')}: {', '.join(body['boards']) or '–'} · {t('bản dựng', 'build')} {body['build_id']}"
    )


def _recount(evidence: dict[str, Any]) -> None:
    """The rows behind, counted again now."""
    if evidence.get("problem"):
        say.line(f"{t('Không đếm lại được', 'Cannot be counted again')}: {evidence['problem']}")
        return
    counted = evidence.get("counted") or {}
    said = []
    for name, words in (("numerator", t("tử số", "numerator")), ("denominator", t("mẫu số", "denominator"))):
        if name in counted:
            agrees = t("khớp", "equal") if counted.get(f"{name}_matches") else t("KHÔNG KHỚP", "DIFFERENT")
            said.append(f"{words} {_amount(counted[name])} ({agrees})")
    total = f"{_amount(counted.get('rows_total'))} {t('dòng', 'rows')}"
    say.line(f"{t('Đếm lại từ', 'Counted again from')} mart.{evidence['model']}: {', '.join([total, *said])}")
    rows = evidence.get("rows") or []
    if rows:
        columns = [name for name in rows[0] if name != "extract_id"]
        say.table(columns, [[row.get(name) for name in columns] for row in rows[:8]])


def _cells(row: dict[str, Any]) -> str:
    """One landed row in a line: where it stood at the source, then its cells under their own names."""
    place = row.get("_source_ref") or f"#{row.get('_row_number', '?')}"
    cells = (
        f"{name}: {say.plain(value)}" for name, value in row.items() if not name.startswith("_") and value is not None
    )
    return f"{place} | {' | '.join(cells)}"


def _amount(value: Any) -> str:
    """A whole number without decimals, another with what it has."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return number(value)
