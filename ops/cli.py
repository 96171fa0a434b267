"""The commands of `ioc`: names, options, exit codes. Each asks one function and shows its answer; nothing is decided here."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import alarm, judged, open_data, say, settings, steward
from ops.say import local, number, t
from ops.steward import ME, By, Why
from warehouse.errors import Fault

HELP = "Thêm vào bất kỳ lệnh nào · With any command: --json · --lang en · -v"
app = typer.Typer(
    name="ioc", help="Đông Sơn: nền tảng dữ liệu của trung tâm điều hành.", epilog=HELP, no_args_is_help=True,
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
source_app = typer.Typer(help="Nguồn dữ liệu · Sources", no_args_is_help=True)
indicator_app = typer.Typer(help="Chỉ tiêu · Indicators", no_args_is_help=True)
quarantine_app = typer.Typer(help="Dòng bị cách ly · Quarantined rows", no_args_is_help=True)
build_app = typer.Typer(help="Bản dựng và công bố · Builds", no_args_is_help=True)
alert_app = typer.Typer(help="Báo chậm, báo hỏng · Alerts", no_args_is_help=True)
for _name, _sub in (
    ("source", source_app),
    ("indicator", indicator_app),
    ("quarantine", quarantine_app),
    ("steward", steward.app),
    ("build", build_app),
    ("quality", judged.app),
    ("alert", alert_app),
    ("alarm", alarm.app),
    ("open", open_data.app),
):
    app.add_typer(_sub, name=_name)
steward.into(quarantine_app)


# --- running -----------------------------------------------------------------------------------------------------------


@app.command()
def up(
    no_boards: Annotated[bool, typer.Option("--no-boards", help="không khởi động Superset · without Superset")] = False,
) -> None:
    """Khởi động mọi thứ: tỉnh mẫu, Airflow, bản dựng đầu tiên, Superset."""
    from ops import up as starting

    stages = say.Stages()
    body = starting.up(stages, with_boards=not no_boards)
    say.show(body, lambda: starting.render(body))
    raise typer.Exit(3 if body["late"] else 0)


@app.command()
def down() -> None:
    """Dừng những gì `up` đã khởi động, và chỉ những thứ đó."""
    from ops import up as starting

    ended = starting.down()
    say.show({"stopped": ended}, lambda: say.line(t("Đã dừng: ", "Stopped: ") + (", ".join(ended) or "–")))


@app.command()
def run(
    source: Annotated[list[str] | None, typer.Option(help="chỉ nguồn này; lặp lại được")] = None,
    tier: Annotated[int | None, typer.Option(min=1, max=3, help="nguồn từ bậc này trở lên")] = None,
    full: Annotated[bool, typer.Option("--full", help="kéo lại từ đầu")] = False,
) -> None:
    """Kéo, nạp, dựng, kiểm tra, công bố một lượt, không qua Airflow."""
    from ops import run as running

    stages = say.Stages()
    report = running.run(source or (), tier=tier, full=full, progress=stages)
    stages.done(t("xong", "done"))
    body = {
        "run_id": report.run_id,
        "build_id": report.build_id,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "held": report.held,
        "sources": [
            {"source_id": o.source_id, "status": o.status, "code": o.code, "reason_vi": o.reason_vi, "reason_en": o.reason_en,
             "fix": o.fix, "rows_in": o.rows_in, "rows_loaded": o.rows_loaded} for o in report.outcomes
        ],
    }  # fmt: skip

    def human() -> None:
        rows = [
            [o.source_id, o.status, number(o.rows_in), number(o.rows_loaded), t(o.reason_vi, o.reason_en)]
            for o in report.outcomes
        ]
        say.table(
            [t("Nguồn", "Source"), t("Kết quả", "Outcome"), t("Vào", "In"), t("Nạp", "Loaded"), t("Lý do", "Reason")],
            rows,
            right=(2, 3),
        )
        if report.build_id:
            say.line(
                t(
                    f"Đã công bố {report.build_id} (kiểm tra: {report.verdict})",
                    f"Published {report.build_id} ({report.verdict})",
                )
            )
            if report.held:
                codes, roots = ", ".join(sorted(report.held)), ", ".join(sorted(set(report.held.values())))
                say.line(
                    t(
                        f"■ {len(report.held)} chỉ tiêu giữ số của bản trước ({codes}), vì {roots} chưa đạt: xem báo cáo kiểm tra",
                        f"■ {len(report.held)} indicators keep their last good number ({codes}): {roots} broke a promise",
                    )
                )
        else:
            say.line(t("Không có gì mới: giữ bản đang phục vụ.", "Nothing new: the served build stays."))

    say.show(body, human)
    raise typer.Exit(report.exit_code)


@app.command()
def status() -> None:
    """Nguồn nào chậm, bao nhiêu dòng vào / nạp / cách ly / trùng; bản dựng; dịch vụ."""
    from ops import status as asking

    settings.apply()
    body = asking.gather()
    say.show(body, lambda: asking.render(body))


@app.command()
def sql(
    statement: Annotated[
        str, typer.Argument(help="câu SQL, đọc bản đang phục vụ; @TỆP đọc từ tệp · @FILE reads a file")
    ],
    as_csv: Annotated[bool, typer.Option("--csv")] = False,
    build: Annotated[str | None, typer.Option(help="bản khác bản hiện hành")] = None,
    timeout: Annotated[float, typer.Option(help="giây")] = 60.0,
) -> None:
    """Hỏi bản đang phục vụ bằng SQL: chỉ đọc, trong hộp cát."""
    from ops import query

    if statement.startswith("@"):
        statement = Path(statement[1:]).read_text(encoding="utf-8")
    answer = query.ask(statement, build_id=build, seconds=timeout)
    if answer.is_cut:
        say.note(t(f"Chỉ lấy {len(answer.rows):,} dòng đầu.", f"Only the first {len(answer.rows):,} rows."))
    if as_csv:
        sys.stdout.write(query.as_csv(answer))
        return
    body = {
        "build_id": answer.build_id,
        "columns": answer.columns,
        "rows": [dict(zip(answer.columns, row, strict=True)) for row in answer.rows],
    }
    say.show(body, lambda: say.table(answer.columns, answer.rows))


# --- sources -----------------------------------------------------------------------------------------------------------


@source_app.command("list")
def source_list() -> None:
    """Mọi nguồn đã khai báo."""
    from ingestion import registry

    settings.apply()
    declared = registry.load()
    body = [
        {"source_id": s.id, "sector": s.sector, "title_vi": s.title.vi, "title_en": s.title.en, "kind": s.connector.kind, "owner": s.owner.agency,
         "every": s.cadence.every, "late_after": s.cadence.late_after, "made_up": s.made_up, "tables": [x.name for x in s.tables],
         "skipped_why": (registry.skipped_why(s) or (None,))[0]} for s in declared.sources.values()
    ]  # fmt: skip
    say.show(body, lambda: say.table(
        [t("Nguồn", "Source"), t("Tên", "Title"), t("Loại", "Kind"), t("Đầu mối", "Owner"), t("Nhịp", "Every"), t("Bảng", "Tables"), ""],
        [[s["source_id"], t(str(s["title_vi"]), str(s["title_en"])), s["kind"], s["owner"], s["every"], len(s["tables"]),  # type: ignore[arg-type]
          s["skipped_why"] or (t("minh họa", "made up") if s["made_up"] else "")] for s in body]))  # fmt: skip


@source_app.command("check")
def source_check(source_id: Annotated[str | None, typer.Argument()] = None) -> None:
    """Kiểm tra khai báo nguồn: mọi lỗi của mọi tệp, kèm dòng và tên đúng gần nhất."""
    from ingestion import registry

    declared = registry.load()
    checked = [declared.get(source_id).id] if source_id else list(declared.sources)
    say.show(
        {"checked": checked},
        lambda: say.line(t(f"{len(checked)} khai báo đúng.", f"{len(checked)} declarations are right.")),
    )


@source_app.command("add")
def source_add(
    source_id: str,
    sector: Annotated[str, typer.Option()],
    title: Annotated[str, typer.Option()] = "",
    kind: Annotated[str | None, typer.Option(help="loại kết nối: ./ioc source kinds")] = None,
    connect: Annotated[list[str] | None, typer.Option(help="tham số kết nối, tên=giá trị")] = None,
    read: Annotated[list[str] | None, typer.Option(help="tham số đọc bảng, tên=giá trị")] = None,
    table: Annotated[str, typer.Option(help="tên bảng trong kho")] = "ban_ghi",
) -> None:
    """Tạo một khai báo nguồn đã qua được `check`; có --kind thì xem nguồn và phác cột, kiểu, khóa từ chính số liệu.

    ./ioc source add soyt_kham --sector y_te --kind sqlite --connect path=/du-lieu/kham.db --read table=kham
    """
    from ingestion import registry
    from ops import scaffold

    body = None
    if kind:
        from ingestion.draft import draft

        settings.apply()
        connector = {"kind": kind} | scaffold.arguments(connect or [])
        body = draft(source_id, sector, title or source_id, connector, table, scaffold.arguments(read or []))
    path = scaffold.source(source_id, sector, title or source_id, body)
    registry.load(path)
    say.show(
        {"path": path},
        lambda: say.line(
            t(
                f"Đã tạo {path}. Sửa rồi: ./ioc source check {source_id}",
                f"Made {path}. Edit it, then ./ioc source check {source_id}",
            )
        ),
    )


@source_app.command("kinds")
def source_kinds(
    markdown: Annotated[bool, typer.Option("--markdown", help="cả trang hướng dẫn docs/connectors.md")] = False,
) -> None:
    """Các loại nguồn kết nối được, và tham số của từng loại."""
    from ops import kinds

    found = kinds.describe()
    if markdown:
        print(kinds.markdown(), end="")
        return
    say.show(
        {"kinds": found},
        lambda: say.table(
            [t("Loại", "Kind"), t("Nói gì", "What")], [[one["kind"], one["about"].splitlines()[0]] for one in found]
        ),
    )


@source_app.command("pull")
def source_pull(
    source_id: str,
    since: Annotated[str | None, typer.Option("--from", help="kéo lại từ thời điểm này")] = None,
    until: Annotated[str | None, typer.Option("--to", help="đến thời điểm này")] = None,
    full: Annotated[bool, typer.Option("--full")] = False,
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="nạp cả phần bị giữ lại vì cột đổi hoặc ít dòng bất thường")
    ] = False,
) -> None:
    """Kéo và nạp một nguồn, cả khi nguồn đang tạm không được hỏi vì lỗi liên tiếp; không dựng."""
    from ingestion.pull import pull
    from warehouse.ids import new_id

    settings.apply()
    stages = say.Stages()
    (one,) = pull(
        [source_id], run_id=new_id(), holder="ioc source pull", full=full, since=since, until=until,
        accept_held=accept_drift, by_hand=True, progress=stages,
    )  # fmt: skip
    if one.status == "failed":
        raise Fault(one.code or "IOC-200", one.reason_vi, one.reason_en, fix=one.fix)
    body = {
        "source_id": source_id,
        "status": one.status,
        "reason_vi": one.reason_vi,
        "rows_in": one.rows_in,
        "rows_loaded": one.rows_loaded,
    }
    stages.done(source_id)
    say.show(
        body,
        lambda: say.line(
            one.reason_vi
            or t(
                f"{number(one.rows_in)} dòng vào, {number(one.rows_loaded)} dòng nạp",
                f"{number(one.rows_in)} rows in, {number(one.rows_loaded)} loaded",
            )
        ),
    )


@source_app.command("rebuild")
def source_rebuild(
    source_id: Annotated[str | None, typer.Argument()] = None,
    table: Annotated[str | None, typer.Option("--table", help="chỉ bảng này")] = None,
    every: Annotated[bool, typer.Option("--all", help="cả lớp thô, mọi nguồn")] = False,
) -> None:
    """Dựng lại bảng thô từ những gì đã kéo về, mỗi nguồn một giao dịch; nói rõ có khác trước không."""
    from dataclasses import asdict

    from ingestion import registry
    from ingestion.rebuild import rebuild, rebuild_all

    settings.apply()
    declared = registry.load()
    if every == (source_id is not None):
        raise Fault(
            "IOC-102", "Nêu một nguồn, hoặc --all.", "Name one source, or --all.", fix="./ioc source list", exit_code=2
        )
    done = (
        rebuild_all(declared.sources.values(), holder="ioc source rebuild")
        if source_id is None
        else rebuild(declared.get(source_id), table, holder="ioc source rebuild")
    )
    say.show([asdict(one) for one in done], lambda: say.table(
        [t("Nguồn", "Source"), t("Bảng", "Table"), t("Lần trích", "Extracts"), t("Kéo từ", "Pulled since"), t("Dòng", "Rows"), t("Giữ nguyên", "Kept as is"), ""],
        [[one.source_id, one.table, one.extracts, local(one.since), number(one.rows), number(one.kept),
          t("như cũ", "equal") if one.is_equal else t("đã khác: ./ioc run", "changed: ./ioc run")] for one in done], right=(2, 4, 5)))  # fmt: skip


@source_app.command("prune")
def source_prune(source_id: Annotated[str | None, typer.Argument()] = None) -> None:
    """Dọn các lần trích cũ theo `retention` đã khai báo; sổ cái ghi lại."""
    from ingestion import registry
    from ingestion.prune import prune

    declared = registry.load()
    chosen = [declared.get(source_id)] if source_id else list(declared.sources.values())
    pruned = prune(chosen, holder="ioc source prune")
    say.show(pruned, lambda: say.line(
        t(f"Đã dọn {sum(pruned.values())} lần trích.", f"{sum(pruned.values())} extracts pruned.")))  # fmt: skip


@source_app.command("show")
def source_show(source_id: str, limit: Annotated[int, typer.Option(min=1, help="số lần trích")] = 10) -> None:
    """Một nguồn: phần đang chờ quyết định và lệnh quyết định, các lần trích gần nhất, chữ chưa rõ bảng mã, cột đã đổi."""
    import json

    from ingestion import ledger, registry
    from ops import status as asking

    settings.apply()
    source = registry.load().get(source_id)
    waiting, extracts = ledger.waiting([source]), ledger.extracts(source_id, limit)

    def remarks(extract: dict[str, Any]) -> str:
        drift = {kind: found for kind, found in json.loads(extract["drift"] or "{}").items() if found}
        told = {t("để ngoài", "left out"): extract["left_out"], t("chưa rõ bảng mã", "encoding uncertain"): extract["texts_uncertain"],
                t("cột đổi", "columns changed"): json.dumps(drift, ensure_ascii=False) if drift else None,
                t("đã dọn", "pruned"): local(extract["pruned_at"]) if extract["pruned_at"] else None}  # fmt: skip
        return "; ".join(f"{name}: {said}" for name, said in told.items() if said)

    def human() -> None:
        asking.render_waiting(waiting)
        say.table(
            [t("Lần trích", "Extract"), t("Bảng", "Table"), t("Nạp lúc", "Loaded at"), t("Vào", "In"), t("Nạp", "Loaded"),
             t("Cách ly", "Held"), t("Trùng", "Same"), t("Xóa", "Deleted"), t("Ghi chú", "Remarks")],
            [[x["extract_id"], x["table_name"], local(x["loaded_at"]), number(x["rows_in"]), number(x["rows_loaded"]), number(x["rows_quarantined"]),
              number(x["rows_deduplicated"]), number(x["rows_deleted"]), remarks(x)] for x in extracts],
            right=(3, 4, 5, 6, 7))  # fmt: skip

    say.show({"source_id": source_id, "waiting": waiting, "extracts": extracts}, human)


@source_app.command("gaps")
def source_gaps(source_id: str) -> None:
    """Các kỳ đo còn thiếu trong bảy ngày qua."""
    from ingestion import ledger, registry

    registry.load().get(source_id)
    rows = ledger.gaps(source_id)
    say.show(rows, lambda: say.table(
        [t("Bảng", "Table"), t("Khóa", "Key"), t("Từ", "From"), t("Đến", "To"), t("Thiếu", "Missing"), ""],
        [[r["table_name"], r["key_text"], local(r["gap_from"]), local(r["gap_to"]), number(r["slots_missing"]),
          t("đã mất", "lost") if r["is_lost"] else t("lần kéo nào cũng hỏi lại", "asked for at every pull")] for r in rows], right=(4,)))  # fmt: skip


# --- indicators --------------------------------------------------------------------------------------------------------


@indicator_app.command("list")
def indicator_list() -> None:
    """Danh mục chỉ tiêu."""
    from warehouse import declare

    found = [pair.indicator for pair in declare.pairs()]
    body = [{"code": i.code, "sector": i.sector, "title_vi": i.title.vi, "title_en": i.title.en, "unit": i.unit, "formula": i.formula,
             "owner_agency": i.owner_agency, "tier": i.tier, "norms": len(i.norm), "is_blocked": i.blocked is not None} for i in found]  # fmt: skip
    say.show(body, lambda: say.table(
        [t("Mã", "Code"), t("Chỉ tiêu", "Indicator"), t("Đơn vị", "Unit"), t("Công thức", "Formula"), t("Đầu mối", "Owner")],
        [[i.code, t(i.title.vi, i.title.en) + (t(" (chưa có số liệu)", " (no value yet)") if i.blocked else ""), i.unit, i.formula, i.owner_agency] for i in found]))  # fmt: skip


def _pair(code: str) -> Any:
    from warehouse import declare

    pairs = {pair.indicator.code: pair for pair in declare.pairs()}
    if code not in pairs:
        near = difflib.get_close_matches(code.upper(), pairs, n=3, cutoff=0.3)
        raise Fault("IOC-015", f"Không có chỉ tiêu “{code}”. Gần giống: {', '.join(near) or '–'}.", f"There is no indicator “{code}”.",
                    fix="./ioc indicator list", exit_code=2)  # fmt: skip
    return pairs[code]


@indicator_app.command("show")
def indicator_show(code: str) -> None:
    """Một chỉ tiêu: công thức, chuẩn, căn cứ pháp lý, ai làm gì khi vượt ngưỡng."""
    one = _pair(code).indicator

    def human() -> None:
        say.line(f"{one.code} · {t(one.title.vi, one.title.en)} ({one.unit})")
        for label, text in ((t("Hỏi", "Question"), one.question), (t("Công thức", "Formula"), one.formula), (t("Tử số", "Numerator"), one.numerator),
                            (t("Mẫu số", "Denominator"), one.denominator), (t("Đầu mối", "Owner"), one.owner_agency),
                            (t("Nguồn", "Sources"), ", ".join(one.sources)), (t("Lưu ý", "Caveats"), one.caveats)):  # fmt: skip
            say.line(f"  {label}: {text}")
        if one.blocked:
            say.line(f"  {t('Chưa có số liệu', 'No value yet')}: {t(one.blocked.reason.vi, one.blocked.reason.en)}")
            say.line(f"  {t('Cần', 'Needed')}: {t(one.blocked.missing.vi, one.blocked.missing.en)}")
        for norm in one.norm:
            say.line(
                f"  {t('Chuẩn', 'Norm')} {norm.level}: {number(norm.value)} · {norm.source} · {norm.legal_ref} · {t('từ', 'from')} {norm.valid_from} [{norm.provenance}]"
            )

    say.show(one.model_dump(mode="json"), human)


@indicator_app.command("check")
def indicator_check() -> None:
    """Kiểm tra mọi cặp khai báo chỉ tiêu."""
    from warehouse import declare

    codes = [pair.indicator.code for pair in declare.pairs()]
    say.show({"checked": codes}, lambda: say.line(t(f"{len(codes)} chỉ tiêu đúng.", f"{len(codes)} pairs are right.")))


@indicator_app.command("add")
def indicator_add(
    code: str,
    sector: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option(help="tên tiếng Anh ngắn: ind_<ngành>_<tên>")],
    like: Annotated[str, typer.Option(help="mã chỉ tiêu làm mẫu")] = "MT01",
) -> None:
    """Tạo một cặp chỉ tiêu mới theo mẫu một cặp đang có."""
    from ops import scaffold
    from warehouse import declare

    paths = scaffold.indicator(code, sector, name, _pair(like).yml)
    declare.pairs()
    say.show({"paths": paths}, lambda: say.line("\n".join(map(str, paths))))


@app.command()
def trace(
    code: str,
    area: Annotated[str | None, typer.Option(help="mã hoặc tên xã; mặc định toàn tỉnh")] = None,
    period: Annotated[str | None, typer.Option(help="20250725, 202507, 20253, 2025; mặc định kỳ mới nhất")] = None,
    build: Annotated[str | None, typer.Option()] = None,
    breakdown: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Từ con số về tận dòng gốc: công thức, tử số, mẫu số, lần kéo, khóa, bảng hiển thị."""
    from ops import passport
    from warehouse import trace as tracing

    body = tracing.trace(code, area=area, period=period, breakdown=breakdown, build=build)
    say.show(body, lambda: passport.show(body))


def _tree(body: object, depth: int = 0) -> None:
    """A nested answer as an indented list; lists of rows as tables."""
    pad = "  " * depth
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            say.line(f"{pad}{key}:")
            columns = list(value[0])
            say.table(columns, [[str(row.get(name, "")) for name in columns] for row in value[:20]])
        elif isinstance(value, dict | list) and value:
            say.line(f"{pad}{key}:")
            _tree(value, depth + 1)
        else:
            say.line(f"{pad}{key}: {number(value) if isinstance(value, int | float) else say.plain(value)}")


@app.command()
def catalogue(
    build: Annotated[str | None, typer.Option("--build", help="bản đã công bố khác")] = None,
    dbt_docs: Annotated[
        Path | None, typer.Option("--dbt-docs", help="tài liệu dbt cho chuyên gia, một tệp · one file")
    ] = None,
) -> None:
    """Danh mục dữ liệu của một bản: chỉ tiêu, bảng, nguồn, câu hỏi mẫu; một trang mở được khi không có mạng."""
    from ops import query
    from warehouse import catalogue as page
    from warehouse import docs

    if dbt_docs:
        path: Path | None = docs.write(dbt_docs)
    else:
        path = page.write(query.served(build).path)
    if path is None:
        raise Fault(
            "IOC-412",
            f"Bản {build} dựng trước khi có danh mục.",
            f"Build {build} is older than the catalogue.",
            fix="./ioc catalogue",
        )
    say.show({"path": str(path)}, lambda: say.line(str(path)))


@app.command()
def export(
    relation: Annotated[str, typer.Argument(help="bảng của mart · a table of mart")],
    fmt: Annotated[str, typer.Option("--format", help="parquet | csv")] = "parquet",
    out: Annotated[Path | None, typer.Option("--out", help="tệp; không nêu: ./<bảng>.<đuôi>")] = None,
    build: Annotated[str | None, typer.Option("--build", help="bản đã công bố khác")] = None,
) -> None:
    """Tải một bảng của bản đang phục vụ, kèm tệp mô tả nó."""
    from ops import query

    body = query.export(relation, fmt, out or Path(f"{relation}.{fmt}"), build_id=build)
    say.show(body, lambda: say.line(t(
        f"{number(body['rows'])} dòng → {body['path']} (mô tả: {body['metadata']})", f"{number(body['rows'])} rows → {body['path']} (described in {body['metadata']})")))  # fmt: skip


# --- the steward's loop ------------------------------------------------------------------------------------------------


@quarantine_app.command("list")
def quarantine_list(
    source: Annotated[str | None, typer.Option()] = None,
    rows: Annotated[bool, typer.Option("--rows", help="từng dòng thay vì tổng hợp")] = False,
    limit: Annotated[int, typer.Option()] = 100,
) -> None:
    """Dòng nào bị giữ lại và vì sao."""
    from ingestion import quarantine

    if rows or source:
        found = quarantine.list_rows(source, limit=limit)
        say.show(found, lambda: say.table(
            [t("Mã", "Id"), t("Nguồn", "Source"), t("Bảng", "Table"), t("Khóa", "Key"), t("Chỗ", "Place"), t("Vì", "Why")],
            [[r["quarantine_id"], r["source_id"], r["table_name"], r["key_text"], r["source_ref"], "; ".join(r[t("reasons_vi", "reasons_en")] or [])] for r in found]))  # fmt: skip
        return
    found = quarantine.summary()
    say.show(found, lambda: say.table(
        [t("Nguồn", "Source"), t("Bảng", "Table"), t("Quy tắc", "Rule"), t("Dòng", "Rows"), t("Ví dụ", "Example")],
        [[r["source_id"], r["table_name"], r["rule"], number(r["rows"]), r[t("example_vi", "example_en")]] for r in found], right=(3,)))  # fmt: skip


@quarantine_app.command("show")
def quarantine_show(quarantine_id: str) -> None:
    """Một dòng với giá trị gốc."""
    from ingestion import quarantine

    body = quarantine.show(quarantine_id)
    say.show(body, lambda: _tree(body))


@quarantine_app.command("accept")
def quarantine_accept(quarantine_id: str, why: Why, by: By = ME) -> None:
    """Chấp nhận để dòng ở ngoài; ai và vì sao được lưu."""
    from ingestion import decision

    decision.accept([quarantine_id], by=by, why=why)
    say.show({"accepted": quarantine_id, "by": by, "why": why}, lambda: say.line(t("Đã ghi nhận.", "Recorded.")))


@quarantine_app.command("replay")
def quarantine_replay(source_id: str, why: Why = "replayed under the present contract", by: By = ME) -> None:
    """Xét lại các dòng đang mở theo khai báo hiện tại; dòng nào đạt thì nạp."""
    from ingestion import decision, registry

    settings.apply()
    done = decision.replay(registry.load().get(source_id).id, by=by, why=why)
    passed, of = done.now_pass, done.of_rows
    body = {"source_id": source_id, "passed": passed, "of": of}
    say.show(
        body,
        lambda: say.line(
            t(
                f"{passed} trên {of} dòng nay đạt. Tiếp theo: ./ioc run",
                f"{passed} of {of} rows now pass. Next: ./ioc run",
            )
        ),
    )


# --- builds ------------------------------------------------------------------------------------------------------------


@build_app.command("list")
def build_list() -> None:
    """Các bản đã công bố, mới nhất trước."""
    from warehouse import publish

    body = [{"build_id": b.build_id, "created_at": b.created_at, "is_current": b.is_current, "size_bytes": b.manifest["size_bytes"],
             "code_version": b.manifest["code_version"]} for b in publish.builds()]  # fmt: skip
    say.show(body, lambda: say.table(
        ["", t("Bản", "Build"), t("Lúc", "At"), "MB", t("Mã nguồn", "Code")],
        [["●" if b.is_current else "", b.build_id, local(b.created_at), number(b.manifest["size_bytes"] / 1e6, 1), b.manifest["code_version"]] for b in publish.builds()], right=(3,)))  # fmt: skip


@build_app.command("publish")
def build_publish(
    build_id: Annotated[str | None, typer.Argument(help="mặc định: bản dựng mới nhất chưa công bố")] = None,
) -> None:
    """Công bố một bản dựng đã đạt kiểm tra."""
    from ops.run import unpublished
    from warehouse import publish

    wanted = build_id or unpublished()
    if wanted is None:
        raise Fault(
            "IOC-404",
            "Không có bản dựng nào chờ công bố.",
            "No build waits to be published.",
            fix="./ioc run",
            exit_code=2,
        )
    done = publish.publish(wanted)
    say.show(
        {"build_id": done.build_id, "sha256": done.sha256},
        lambda: say.line(t("Đã công bố ", "Published ") + done.build_id),
    )


@build_app.command("rollback")
def build_rollback(build_id: str) -> None:
    """Đưa bảng điều hành về một bản cũ, sau khi kiểm tra bản đó còn nguyên."""
    from warehouse import publish

    done = publish.rollback(build_id)
    open_data.after_publication()
    say.show({"build_id": done.build_id}, lambda: say.line(t("Đang phục vụ ", "Serving ") + done.build_id))


@build_app.command("diff")
def build_diff(before: str, after: str) -> None:
    """Hai bản khác nhau chỗ nào: giá trị chỉ tiêu trước và sau, số dòng; đổi nhiều nhất đứng trước."""
    from ops import compare, query
    from warehouse import publish

    body = publish.diff(before, after)
    say.show(body, lambda: compare.show(body, query.served(after).path))


# --- alerts ------------------------------------------------------------------------------------------------------------


@alert_app.command("list")
def alert_list(
    with_closed: Annotated[bool, typer.Option("--all", help="cả những báo đã ổn · also those that are well")] = False,
) -> None:
    """Nguồn nào đang lỡ hẹn, từ bao giờ, vì sao, đã báo qua kênh nào."""
    from ops import alert

    body = alert.history(with_closed=with_closed)
    say.show(body, lambda: say.table(
        [t("Nguồn", "Source"), t("Bậc", "Tier"), t("Từ", "Since"), t("Ổn lúc", "Well at"), t("Vì", "Why"), t("Đã báo", "Told")],
        [[one["source_id"], one["tier"], local(one["opened_at"]), local(one["closed_at"]), " ".join(r[t("vi", "en")] for r in one["reasons"]),
          "; ".join(f"{m['channel']} {m['what']} {local(m['sent_at']) if m['sent_at'] else '✕ ' + m['error']}" for m in one["told"])] for one in body]))  # fmt: skip


@alert_app.command("send")
def alert_send(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="chỉ xem tin sẽ gửi · only show")] = False,
) -> None:
    """Xem lại mọi lời hẹn và gửi những tin cần gửi; gọi mỗi 5-15 phút."""
    from ops import alert

    settings.apply()
    done = alert.send(dry_run=dry_run)

    def human() -> None:
        if done.is_other_at_work:
            say.line(t("Một lượt báo khác đang làm việc.", "Another round is at work."))
            return
        for one in done.messages:
            say.line(f"{'✕' if one['error'] else '●'} {one['channel']} · {one['subject']}" + (f" · {one['error']}" if one["error"] else ""))  # fmt: skip
            if dry_run:
                say.line(one["text"])
        say.line(t(f"{done.open} nguồn đang lỡ hẹn, {len(done.messages)} tin.", f"{done.open} sources broke a promise, {len(done.messages)} messages."))  # fmt: skip

    say.show(done.__dict__, human)
    raise typer.Exit(1 if done.failed else 0)


@alert_app.command("test")
def alert_test() -> None:
    """Gửi một tin thử qua từng kênh tới địa chỉ mặc định."""
    from ops import alert

    settings.apply()
    body = alert.try_channels()
    say.show(body, lambda: say.table([t("Kênh", "Channel"), t("Kết quả", "Outcome")], [[one["channel"], one["error"] or t("đã gửi", "sent")] for one in body]))  # fmt: skip
    raise typer.Exit(1 if any(one["error"] for one in body) else 0)


# --- operating ---------------------------------------------------------------------------------------------------------


@app.command()
def doctor() -> None:
    """Máy chủ này có khỏe không: từng mục, kèm cách sửa."""
    from ops import doctor as examining

    settings.apply()
    body = examining.examine()
    marks = {"ok": "●", "warn": "▲", "fail": "✕"}
    say.show([check.__dict__ for check in body], lambda: say.table(
        ["", t("Mục", "Check"), t("Thấy", "Found"), t("Sửa", "Fix")], [[marks[c.state], t(c.title_vi, c.title_en), c.found, c.fix] for c in body]))  # fmt: skip
    raise typer.Exit(1 if any(check.state == "fail" for check in body) else 0)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="dịch vụ; không có: danh sách")] = None,
    lines: Annotated[int, typer.Option()] = 50,
) -> None:
    """Nhật ký của một dịch vụ."""
    from ops import services
    from warehouse import connect

    names = sorted(path.stem for path in (connect.home() / "logs").glob("*.log"))
    if name is None:
        say.show(names, lambda: say.line("\n".join(names)))
        return
    if name not in names:
        near = ", ".join(difflib.get_close_matches(name, names, n=3, cutoff=0.3)) or "–"
        raise Fault(
            "IOC-015",
            f"Không có nhật ký “{name}”. Gần giống: {near}.",
            f"There is no log “{name}”.",
            fix="./ioc logs",
            exit_code=2,
        )
    text = services.log_path(name).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    say.show({"name": name, "lines": text}, lambda: say.line("\n".join(text)))


@app.command()
def explain(code: Annotated[str, typer.Argument(help="IOC-NNN")]) -> None:
    """Một mã lỗi nghĩa là gì, điều gì vẫn an toàn, phải làm gì."""
    from ops.codes import CODES

    wanted = code.upper() if code.upper().startswith("IOC-") else f"IOC-{code}"
    if wanted not in CODES:
        near = ", ".join(difflib.get_close_matches(wanted, CODES, n=3, cutoff=0.3))
        raise Fault(
            "IOC-015",
            f"Không có mã {wanted}. Gần giống: {near}.",
            f"There is no code {wanted}.",
            fix=f"./ioc explain {near[:7]}",
            exit_code=2,
        )
    one = CODES[wanted]

    def human() -> None:
        say.line(f"{wanted} · {t(one.title_vi, one.title_en)}")
        say.line(t(one.text_vi, one.text_en))

    say.show({"code": wanted, **one.__dict__}, human)


@app.command("support-bundle")
def support_bundle(
    file: Annotated[Path | None, typer.Argument(help="tệp .zip; mặc định ho-tro-<giờ>.zip ở thư mục này")] = None,
) -> None:
    """Gói một tệp để gửi cho người hỗ trợ: tình trạng, kiểm tra, sổ cái, nhật ký; không có dòng số liệu, không có bí mật."""
    from ops import support

    settings.apply()
    target = file or Path(f"ho-tro-{datetime.now():%Y%m%d-%H%M%S}.zip")
    if target.exists():
        raise Fault(
            "IOC-016",
            f"Tệp {target.name} đã có.",
            f"{target.name} exists already.",
            fix="./ioc support-bundle TÊN_KHÁC.zip",
            exit_code=2,
        )
    body = support.bundle(target)
    say.show(
        body,
        lambda: say.line(
            t(
                f"Đã gói {body['path']} ({number(body['bytes'] // 1024)} kB, {len(body['parts'])} phần). Xem lại rồi hãy gửi.",
                f"Made {body['path']} ({number(body['bytes'] // 1024)} kB, {len(body['parts'])} parts). Look before you send it.",
            )
        ),
    )


@app.command()
def backup(folder: Path) -> None:
    """Sao lưu kho, các bản công bố, bí mật và khai báo trạng thái vào một thư mục mới."""
    from ops import backup as keeping

    body = keeping.backup(folder)
    say.show(
        body,
        lambda: say.line(
            t(
                f"Đã sao lưu {body['files']} tệp, {number(body['bytes'] / 1e6, 1)} MB vào {folder}",
                f"{body['files']} files in {folder}",
            )
        ),
    )


@app.command()
def restore(folder: Path) -> None:
    """Khôi phục vào IOC_HOME còn trống, sau khi kiểm mã băm từng tệp."""
    from ops import backup as keeping

    body = keeping.restore(folder)
    say.show(
        body,
        lambda: say.line(
            t(
                f"Đã khôi phục {body['files']} tệp. Tiếp theo: ./ioc up",
                f"{body['files']} files restored. Next: ./ioc up",
            )
        ),
    )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def test(context: typer.Context) -> None:
    """Chạy toàn bộ kiểm thử; tham số chuyển cho pytest."""
    # Two workers; tests that share servers stay together on one (tests/conftest.py).
    parallel = (
        []
        if any(a.startswith("-n") or a == "--collect-only" for a in context.args)
        else ["-n", "2", "--dist", "loadscope"]
    )
    command = [sys.executable, "-m", "pytest", *parallel, "--durations=10", *context.args]
    environment = {k: v for k, v in os.environ.items() if k != "IOC_HOME"}
    raise typer.Exit(subprocess.run(command, cwd=Path(__file__).resolve().parent.parent, env=environment).returncode)


# --- the call ----------------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Run one command; every `Fault` becomes its message and its exit code."""
    try:
        result = typer.main.get_command(app).main(_manner(arguments), prog_name="ioc", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Fault as fault:
        say.fault(fault)
        if say.manner.verbose:
            raise
        return fault.exit_code
    except typer.Exit as done:
        return done.exit_code
    except KeyboardInterrupt:
        say.note(t("Đã dừng theo yêu cầu.", "Stopped."))
        return 130
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")) and hasattr(error, "format_message"):
            return _usage(error)
        say.note(f"{t('LỖI', 'ERROR')} · {type(error).__name__}: {error}")
        if say.manner.verbose:
            raise
        say.note("  " + t("Đây là lỗi của chương trình. Xem dấu vết: thêm -v.", "This is a bug. Traceback: add -v."))
        return 1


def _manner(arguments: list[str]) -> list[str]:
    """Take `--json`, `--lang`, `-v` out of the arguments, wherever they stand; pytest's arguments are left alone."""
    if arguments[:1] == ["test"]:
        return arguments
    left: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--json":
            say.manner.as_json = True
        elif word in ("-v", "--verbose"):
            say.manner.verbose = True
        elif word == "--lang" or word.startswith("--lang="):
            say.manner.lang = word.partition("=")[2] or next(words, "vi")
        else:
            left.append(word)
    return left


def _usage(error: Any) -> int:
    """Wrong usage: what is wrong with the nearest right name, where to read more, exit 2."""
    message = error.format_message()
    if message:
        say.note(f"{t('LỖI', 'ERROR')} · {message}")
    context = getattr(error, "ctx", None)
    say.note("  " + t("Xem: ", "See: ") + f"./{context.command_path if context else 'ioc'} --help")
    return 2
