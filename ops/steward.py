"""`ioc steward`: accounts of the stewards' page; and the decisions of `ioc quarantine` that the page also takes."""

from __future__ import annotations

import getpass
import json
import sys
from typing import Annotated, Any

import typer

from ops import say, secrets, services, settings
from ops.say import local, t
from warehouse.errors import Fault

PORT = 8090
#: Accounts of the demo province: name → (title, sources, the secret that holds its password). Without a source: a duty officer.
DEMO: dict[str, tuple[str, list[str], str]] = {
    "du_lieu": ("Phụ trách dữ liệu", ["*"], "STEWARD_DU_LIEU_PASSWORD"),
    "so_nnmt": ("Phụ trách dữ liệu Sở Nông nghiệp và Môi trường", ["sonnmt_*"], "STEWARD_SO_NNMT_PASSWORD"),
    "kiem_tra": ("Người xác nhận thứ hai", ["*"], "STEWARD_KIEM_TRA_PASSWORD"),
    "truc_ban": ("Trực ban", [], "STEWARD_TRUC_BAN_PASSWORD"),
}
app = typer.Typer(help="Tài khoản trang phụ trách dữ liệu · Accounts of the stewards' page", no_args_is_help=True)
Why = Annotated[str, typer.Option("--why", help="lý do, được lưu · reason, recorded")]
By = Annotated[str, typer.Option("--by", help="ai làm, được lưu · who, recorded")]
#: Who acts when `--by` does not say.
ME = getpass.getuser()


def start() -> str:
    """Start the page; gives its address."""
    secrets.read("STEWARD_SESSION_KEY")
    port = services.free_port(PORT, "steward")
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "steward.serve", str(port)]
    services.start("steward", argv, services.base_environment() | settings.addresses(), port=port, url=url)
    return url


def demo_accounts() -> list[str]:
    """The demo's four accounts, each with a password made here; gives the files of the passwords."""
    from steward import accounts

    there = accounts.all_accounts()
    for name, (title, sources, secret) in DEMO.items():
        if name not in there:
            accounts.add(name, title=title, sources=sources, is_duty=not sources, password=secrets.read(secret))
    return [str(secrets.folder() / secret) for _, _, secret in DEMO.values()]


@app.command("add")
def add(
    name: str,
    source: Annotated[
        list[str] | None, typer.Option(help="nguồn hoặc mẫu: sonnmt_*, * · a source or a pattern")
    ] = None,
    duty: Annotated[
        bool, typer.Option("--duty", help="trực ban: nhận và đóng báo động · duty officer: takes alarms")
    ] = False,
    title: Annotated[str, typer.Option(help="tên hiện trên trang · name shown")] = "",
) -> None:
    """Tạo tài khoản hoặc đặt lại mật khẩu; mật khẩu mới in ra một lần."""
    from steward import accounts

    password = accounts.add(name, title=title, sources=source or [], is_duty=duty)
    body = {"name": name, "sources": source or [], "is_duty": duty, "password": password}
    say.show(
        body,
        lambda: say.line(
            t(f"{name}: mật khẩu {password} (chỉ hiện lần này)", f"{name}: password {password} (shown once)")
        ),
    )


@app.command("list")
def listed() -> None:
    """Ai phụ trách nguồn nào."""
    from steward import accounts

    found = list(accounts.all_accounts().values())
    body = [{"name": a.name, "title": a.title, "sources": a.sources, "is_duty": a.is_duty} for a in found]
    say.show(body, lambda: say.table([t("Tên", "Name"), t("Hiện là", "Title"), t("Nguồn", "Sources"), t("Trực ban", "Duty")], [[a.name, a.title, " ".join(a.sources), "●" if a.is_duty else ""] for a in found]))  # fmt: skip


@app.command("remove")
def remove(name: str) -> None:
    """Xóa tài khoản; phiên đang mở hết hiệu lực ngay."""
    from steward import accounts

    if not accounts.remove(name):
        raise Fault(
            "IOC-520",
            f"Không có tài khoản {name}.",
            f"There is no account {name}.",
            fix="./ioc steward list",
            exit_code=2,
        )
    say.show({"removed": name}, lambda: say.line(t(f"Đã xóa {name}.", f"{name} is removed.")))


# --- decisions, on the command line ------------------------------------------------------------------------------------


def into(quarantine: typer.Typer) -> None:
    """Add the steward's decisions to `ioc quarantine`."""
    for name, command in (
        ("fix", fix), ("unfix", unfix), ("rule", rule), ("confirm", confirm), ("refuse", refuse), ("report", report),
        ("false-alarm", false_alarm), ("decisions", decisions),
    ):  # fmt: skip
        quarantine.command(name)(command)


def fix(
    what: Annotated[
        str, typer.Argument(help="mã dòng cách ly, hoặc NGUỒN.BẢNG.CỘT · a row's id, or SOURCE.TABLE.COLUMN")
    ],
    why: Why,
    right: Annotated[
        str | None,
        typer.Option("--to", help="giá trị đúng; bỏ qua để lấy giá trị đi · the right value; none takes it away"),
    ] = None,
    wrong: Annotated[
        str | None, typer.Option("--from", help="nguồn ghi thế nào (với NGUỒN.BẢNG.CỘT) · what the source says")
    ] = None,
    column: Annotated[str | None, typer.Option(help="cột của dòng · column of the row")] = None,
    by: By = ME,
) -> None:
    """Hiệu chỉnh: một dòng (mã dòng, --column, --to), hoặc mọi dòng ghi như vậy (NGUỒN.BẢNG.CỘT, --from, --to); rồi xét lại."""
    from ingestion import decision

    settings.apply()
    if what[:2] == "20":
        done = decision.correct_row(what, column or "", right=right, by=by, why=why)
    else:
        parts = what.split(".")
        if len(parts) != 3 or wrong is None:
            raise decision.unfit("write SOURCE.TABLE.COLUMN and --from, or the id of a quarantined row and --column")
        source_id, table, column_of_all = parts
        done = decision.correct(source_id, table, column_of_all, wrong=wrong, right=right, by=by, why=why)
    _told(done)


def unfix(source_id: str, correction_id: str, why: Why, by: By = ME) -> None:
    """Bỏ một hiệu chỉnh của máy chủ này."""
    from ingestion import decision

    settings.apply()
    _told(decision.withdraw_correction(source_id, correction_id, by=by, why=why))


def rule(
    what: Annotated[str, typer.Argument(help="NGUỒN.BẢNG.CỘT · SOURCE.TABLE.COLUMN")],
    key: Annotated[str, typer.Argument(help="range, code_list, pattern, required, nulls, empty_max")],
    value: Annotated[str, typer.Argument(help="JSON: [0, 1000] · true · 0.4")],
    why: Why,
    by: By = ME,
) -> None:
    """Đề xuất đổi một quy tắc; có hiệu lực khi người thứ hai xác nhận."""
    from ingestion import decision

    settings.apply()
    parts = what.split(".")
    try:
        meant: Any = json.loads(value)
    except json.JSONDecodeError:
        meant = value
    if len(parts) != 3:
        raise decision.unfit("write SOURCE.TABLE.COLUMN")
    source_id, table, column = parts
    _told(decision.propose_rule(source_id, table, column, key, meant, by=by, why=why))


def confirm(decision_id: str, by: By = ME) -> None:
    """Người thứ hai xác nhận một thay đổi quy tắc; các dòng đang chờ được xét lại."""
    from ingestion import decision

    settings.apply()
    _told(decision.confirm(decision_id, by=by))


def refuse(decision_id: str, by: By = ME) -> None:
    """Bỏ một đề xuất đổi quy tắc."""
    from ingestion import decision

    _told(decision.refuse(decision_id, by=by))


def report(quarantine_id: list[str], why: Why, by: By = ME) -> None:
    """Ghi rằng đã báo nguồn sửa; dòng vẫn chờ."""
    from ingestion import decision

    _told(decision.report(quarantine_id, by=by, why=why))


def false_alarm(relation: str, name: Annotated[str, typer.Argument(metavar="RULE")], why: Why, by: By = ME) -> None:
    """Ghi một cảnh báo là báo nhầm; ba lần trong 90 ngày thì quy tắc bị hạ mức."""
    from ingestion import decision

    _told(decision.false_alarm(relation, name, by=by, why=why))


def decisions(
    source: Annotated[str | None, typer.Option()] = None, waiting: Annotated[bool, typer.Option("--waiting")] = False
) -> None:
    """Ai đã quyết định gì, vì sao; --waiting: đề xuất đang chờ người thứ hai."""
    from ingestion import decision

    found = decision.history(source, status="waiting" if waiting else None)
    say.show(found, lambda: say.table(
        [t("Mã", "Id"), t("Lúc", "When"), t("Nguồn", "Source"), t("Việc", "Kind"), t("Về", "About"), t("Ai", "Who"), t("Vì sao", "Why"), t("Trạng thái", "State")],
        [[d["decision_id"], local(d["decided_at"]), d["source_id"], d["kind"], d["subject"], d["decided_by"], d["why"], d["status"]] for d in found]))  # fmt: skip


def _told(done: Any) -> None:
    body = {"decision_id": done.decision_id, "status": done.status, "now_pass": done.now_pass, "of": done.of_rows}

    def human() -> None:
        if done.status == "waiting":
            say.line(t(f"Chờ người thứ hai: ./ioc quarantine confirm {done.decision_id}", f"Waits for a second person: ./ioc quarantine confirm {done.decision_id}"))  # fmt: skip
        elif done.of_rows:
            say.line(t(f"{done.now_pass} trên {done.of_rows} dòng nay đạt và đã nạp. Bảng điều hành có số mới sau: ./ioc run", f"{done.now_pass} of {done.of_rows} rows now pass and are loaded. Then: ./ioc run"))  # fmt: skip
        else:
            say.line(t("Đã ghi nhận.", "Recorded."))

    say.show(body, human)
