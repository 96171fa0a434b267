"""`ioc quality`: where the pages of the judge are, and what the last builds were judged to be."""

from __future__ import annotations

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
