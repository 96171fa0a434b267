"""`ioc quality`: where the pages of the judge are, what the last builds were judged to be, and by which rules."""

from __future__ import annotations

import difflib
import webbrowser
from dataclasses import asdict
from typing import Annotated

import typer

from ops import say
from ops.say import local, number, t
from warehouse.errors import Fault

app = typer.Typer(help="Kết quả kiểm tra · Results of the checks", no_args_is_help=True)


@app.command("docs")
def docs(
    relation: Annotated[str, typer.Argument(help="bảng, như mart.dim_area; bỏ trống: mọi lần kiểm")] = "",
    is_opened: Annotated[bool, typer.Option("--open", help="mở bằng trình duyệt · open in the browser")] = False,
) -> None:
    """Trang kết quả kiểm tra: các lần kiểm, từng bảng, từng phép kiểm bằng lời; mở được khi không có mạng."""
    from quality import report

    runs = report.runs()
    path = report.of(runs[0]["build_id"], relation) if relation and runs else report.index()
    if not path.exists():
        raise Fault("IOC-015", f"Chưa có trang kiểm tra {relation}".strip() + ".", f"There is no page {relation}".strip() + ".",
                    fix="./ioc quality docs" if runs else "./ioc run", exit_code=2)  # fmt: skip
    if is_opened:
        webbrowser.open(path.as_uri())
    body = {
        "path": path,
        "runs": [{"build_id": r["build_id"], "checked_at": r["checked_at"], "verdict": r["verdict"]} for r in runs],
    }
    say.show(body, lambda: say.line(str(path)))


@app.command("history")
def history(
    subject: Annotated[str, typer.Argument(help="bảng (mart.dim_area), quy tắc (key_unique), hoặc bảng:quy tắc")],
    last: Annotated[int, typer.Option(min=1, help="bao nhiêu bản dựng · how many builds")] = 20,
) -> None:
    """Các bản dựng gần nhất đạt hay không, bao nhiêu trường hợp."""
    from quality import history as past

    found = past.history(subject, last)

    def human() -> None:
        say.table(
            [t("Bản", "Build"), t("Lúc", "At"), t("Kết quả", "Outcome"), t("Hỏi", "Asked"), t("Đạt", "Passed"),
             t("Không đạt", "Failed"), t("Không kiểm được", "Errors"), t("Trường hợp", "Cases"), t("Ở đâu", "Where")],
            [[p.build_id, local(p.checked_at) if p.checked_at else "–", p.outcome or t("không ghi", "not recorded"), number(p.asked),
              number(p.passed), number(p.failed), number(p.errored), number(p.cases), ", ".join(p.broken[:5])] for p in found],
            right=(3, 4, 5, 6, 7),
        )  # fmt: skip

    say.show([asdict(one) for one in found], human)


@app.command("rules")
def rules(
    relation: Annotated[str, typer.Option("--relation", help="một bảng, như mart.fct_dossier_day · one relation")] = "",
) -> None:
    """Mọi quy tắc đang dùng: tự có từ khai báo và thêm ở quality/suites; mức, đầu mối, lời."""
    from quality import judge

    known = judge.rules()
    found = [(r, one) for r in known if relation in ("", r.name) for one in r.expectations]
    if not found:
        near = difflib.get_close_matches(relation, [r.name for r in known], n=1)
        raise Fault("IOC-015", f"Không có quy tắc nào của {relation}.", f"There are no rules of {relation}.",
                    fix=f"./ioc quality rules{' --relation ' + near[0] if near else ''}", exit_code=2)  # fmt: skip
    body = [
        {"relation": r.name, "rule": one.name, "column": one.about, "severity": one.severity, "tier": one.tier or r.tier,
         "owner": one.owner or r.owner, "suite": one.suite or None, "reason_vi": one.reason.vi, "reason_en": one.reason.en,
         "note": one.note, "loosened": one.loosened and one.loosened.model_dump(by_alias=True)}
        for r, one in found
    ]  # fmt: skip

    def human() -> None:
        say.table(
            [t("Bảng", "Relation"), t("Quy tắc", "Rule"), t("Mức", "Severity"), t("Hạng", "Tier"), t("Lời", "Words"), t("Đầu mối", "Owner"), t("Tệp", "File")],
            [[one["relation"], one["rule"], one["severity"], one["tier"], one[t("reason_vi", "reason_en")], one["owner"], one["suite"] or ""] for one in body],
        )  # fmt: skip

    say.show(body, human)
