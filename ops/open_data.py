"""`ioc open`: what is published for everybody, and the service that hands it out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops import query, say, services, settings
from ops.say import number, t
from warehouse import connect
from warehouse.errors import Fault

PORT = 8095
app = typer.Typer(help="Dữ liệu mở · Open data", no_args_is_help=True)


def start() -> str:
    """Start the service; gives its address."""
    port = services.free_port(PORT, "open-data")
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "opendata.serve", str(port)]
    services.start("open-data", argv, services.base_environment() | settings.addresses(), port=port, url=url)
    return url


def after_publication(progress: Callable[[str], None] = say.note) -> None:
    """Open data follow the build that boards show. That build is published whether or not this succeeds: what fails here is
    said, and the open files of the build before stay."""
    from opendata import publish

    try:
        done = publish.publish()
    except Exception as error:
        progress(f"dữ liệu mở chưa theo bản mới: {type(error).__name__}: {error}")
        return
    for one in done.refused:
        progress(f"IOC-539 · dữ liệu mở: bỏ {one.relation}: {one.why_vi}")


@app.command("publish")
def publish_(
    build: Annotated[str | None, typer.Option("--build", help="bản đã công bố khác · another published build")] = None,
) -> None:
    """Ghi tệp mở của bản đang phục vụ; đã có thì không đổi gì. Mã thoát 1 khi có bảng bị từ chối."""
    from opendata import publish

    done = publish.publish(build)
    body: dict[str, Any] = {"build_id": done.build_id, "path": done.path, "is_new": done.is_new, "linked": done.linked,
            "datasets": [{k: d[k] for k in ("id", "rows", "is_made_up", "suppressed_rows")} for d in done.datasets],
            "refused": [one.__dict__ for one in done.refused]}  # fmt: skip

    def human() -> None:
        say.line(t(f"Bản {done.build_id}: {len(done.datasets)} bộ dữ liệu mở → {done.path}", f"Build {done.build_id}: {len(done.datasets)} open datasets → {done.path}"))  # fmt: skip
        _refused(body["refused"])

    say.show(body, human)
    raise typer.Exit(1 if done.refused else 0)


@app.command("list")
def listed() -> None:
    """Các bộ dữ liệu mở, dòng, nguồn, giấy phép; bản dựng và địa chỉ."""
    from opendata import publish

    build_id = publish.current()
    if build_id is None:
        raise Fault("IOC-531", "Chưa công bố dữ liệu mở lần nào.", "No open data were published yet.", fix="./ioc open publish")  # fmt: skip
    found = publish.read(build_id)
    url = services.known().get("open-data", {}).get("url")
    body: dict[str, Any] = {"build_id": build_id, "url": url, "datasets": [
        {"id": d["id"], "title_vi": d["title_vi"], "title_en": d["title_en"], "rows": d["rows"], "licence": d["licence"]["id"], "modified": d["modified"],
         "is_made_up": d["is_made_up"], "suppressed_rows": d["suppressed_rows"], "sources": [s["source_id"] for s in d["sources"]]} for d in found["datasets"]
    ]}  # fmt: skip

    def human() -> None:
        say.table(
            [t("Mã", "Id"), t("Tên", "Title"), t("Dòng", "Rows"), t("Ẩn", "Hidden"), t("Giấy phép", "Licence"), t("Nguồn", "Sources")],
            [[d["id"], t(d["title_vi"], d["title_en"]), number(d["rows"]), number(d["suppressed_rows"]), d["licence"], " ".join(d["sources"])] for d in body["datasets"]],
            right=(2, 3),
        )  # fmt: skip
        say.line(t(f"Bản {build_id} · {url or 'dịch vụ chưa chạy: ./ioc up'}", f"Build {build_id} · {url or 'the service is not running: ./ioc up'}"))  # fmt: skip

    say.show(body, human)


@app.command("check")
def check() -> None:
    """Bảng nào khai mở mà không được mở, và tệp mở có theo kịp bản đang phục vụ không. Mã thoát 1 khi có."""
    from opendata import policy, publish

    served = query.served()
    with connect.served(served.path) as con:
        plan = policy.plan(con)
        _, closed = policy.open_indicators(con)
    shown = publish.current()
    body: dict[str, Any] = {
        "build_id": served.build_id, "open_build_id": shown, "is_current": shown == served.build_id, "open": [d.id for d in plan.datasets],
        "refused": [one.__dict__ for one in plan.refused], "closed_indicators": {code: t(*why) for code, why in closed.items()},
    }  # fmt: skip

    def human() -> None:
        say.line(t(f"Được mở: {', '.join(body['open']) or '–'}", f"Open: {', '.join(body['open']) or '–'}"))
        say.line(t(f"{len(closed)} chỉ tiêu chưa mở (--json nêu lý do)", f"{len(closed)} indicators are not open (--json says why)"))  # fmt: skip
        _refused(body["refused"])
        if not body["is_current"]:
            say.line(t(f"▲ Tệp mở thuộc bản {shown or '–'}: ./ioc open publish", f"▲ The open files are of build {shown or '–'}: ./ioc open publish"))  # fmt: skip

    say.show(body, human)
    raise typer.Exit(0 if body["is_current"] and not plan.refused else 1)


def _refused(refused: list[dict[str, Any]]) -> None:
    for one in refused:
        say.line(f"▲ IOC-539 · {one['relation']}: {t(one['why_vi'], one['why_en'])}")
