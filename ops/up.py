"""`ioc up`: everything from a checkout to a board that answers, in phases that overlap; safe to repeat. `ioc down` ends it.

Superset's metadata (the longest part) is made beside the demo and Airflow. Airflow pulls every source once, builds and
publishes; then the boards, which need the columns of a served build, are imported and served.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from ingestion import registry
from ops import airflow, open_data, query, say, secrets, services, settings, status, steward
from ops.airflow import Api
from ops.run import Progress
from ops.say import local, t
from warehouse import connect, publish
from warehouse.errors import Fault

AIRFLOW_PORT, SUPERSET_PORT = 8080, 8088
FIRST_PULL_SECONDS = 900.0
BUILD_SECONDS = 900.0


def up(progress: Progress, *, with_boards: bool = True) -> dict[str, Any]:
    """Start what does not run, publish a first build when there is none. Returns the report.

    Raises `Fault` IOC-010 when a service does not start, IOC-011 when nothing was published in time.
    """
    started = time.monotonic()
    secrets.folder()
    port = services.free_port(AIRFLOW_PORT, "airflow-api")
    with ThreadPoolExecutor(1) as pool:
        metadata = pool.submit(_boards, progress, "--metadata-only") if with_boards else None
        _province(progress)
        settings.apply()
        env = airflow.environment(port)
        airflow.migrate(env)
        airflow.start(env, port)
        land_messages(registry.load(), services.base_environment())
        progress("Airflow đang khởi động")
        api = Api(port, revive=lambda: airflow.start(env, port))
        api.wait(120)
        progress(f"Airflow sẵn sàng: http://127.0.0.1:{port}")
        problems = _first_build(api, progress)
        url = None
        if metadata:
            metadata.result()
            _boards(progress)
            url = _serve_boards(progress)
        _serve_stewards(progress)
        _serve_open_data(progress)
    return _report(url, port, problems, time.monotonic() - started)


def down() -> list[str]:
    """End what `up` started, and nothing else: services, then the demo province."""
    from demo import province

    ended = services.stop()
    return ended + [f"demo-{name}" for name in province.stop(connect.home())]


def _province(progress: Progress) -> None:
    """The demo's servers, unless `IOC_DEMO=0`: then the addresses come from the environment or `state/province.env`."""
    if os.environ.get("IOC_DEMO", "1") == "0":
        return
    from demo import province

    province.start(connect.home(), progress=progress)


def land_messages(declared: registry.Registry, env: Mapping[str, str]) -> list[str]:
    """A landing service for every MQTT source that is pulled here; gives their names."""
    names = []
    for source in declared.sources.values():
        if source.connector.kind == "mqtt" and registry.skipped_why(source) is None:
            names.append(f"mqtt-{source.id}")
            services.start(names[-1], [sys.executable, "-m", "ingestion.mqtt_landing", source.id], env)
    return names


def _first_build(api: Api, progress: Progress) -> list[str]:
    """Unpause every DAG; without a published build, pull every source once through Airflow and build. Gives what failed."""
    declared = [f"source__{source_id}" for source_id in registry.load().sources]
    api.pools()
    paused = api.wait_for_dags([*declared, airflow.BUILD, airflow.WATCH], 120)
    if publish.current() is not None:
        for dag_id in [*declared, airflow.BUILD, airflow.WATCH]:
            if paused[dag_id]:
                api.unpause(dag_id)
        return []
    units = [d for d in declared if d == "source__vietnamadminunits_dvhc"]
    failed: list[str] = []
    # The administrative units first: other sources' area codes are checked against them.
    for some in (units, [d for d in declared if d not in units]):
        runs = {}
        for dag_id in some:
            api.unpause(dag_id)
            runs[dag_id] = api.trigger(dag_id)
        states = api.wait_for(runs, FIRST_PULL_SECONDS, progress)
        failed += [dag_id for dag_id, state in states.items() if state != "success"]
    # Only now: an earlier build would be made of half the sources.
    api.unpause(airflow.BUILD)
    api.unpause(airflow.WATCH)
    states = api.wait_for({airflow.BUILD: api.trigger(airflow.BUILD)}, BUILD_SECONDS, progress)
    if publish.current() is None:
        raise Fault(
            "IOC-011",
            "Chưa có bản công bố đầu tiên.",
            "There is no first published build.",
            why=f"{airflow.BUILD}: {states[airflow.BUILD]}; " + ", ".join(failed),
            fix="./ioc status, rồi ./ioc run",
        )
    return failed


# --- boards ------------------------------------------------------------------------------------------------------------


def _board_python() -> Path:
    return connect.ROOT / ".venv-boards" / "bin" / "python"


def _boards(progress: Progress, *arguments: str) -> None:
    """Superset's metadata, roles and users (`--metadata-only`), and the boards. Raises `Fault` IOC-010 with its log's end."""
    progress("Superset: siêu dữ liệu" if arguments else "Superset: nạp bảng")
    log = services.log_path("superset-setup")
    log.parent.mkdir(exist_ok=True)
    env = services.base_environment() | {"PYTHONPATH": str(connect.ROOT)}
    with log.open("ab") as out:
        command = [str(_board_python()), "-m", "boards.setup", *arguments]
        done = subprocess.run(command, env=env, cwd=connect.ROOT, stdout=out, stderr=out)
    if done.returncode:
        raise airflow.not_up("superset-setup", "Superset")
    progress("Superset: xong siêu dữ liệu" if arguments else "Superset: xong bảng")


def _serve_boards(progress: Progress) -> str:
    """Start Superset and wait until it answers. Gives its address."""
    from boards import serve

    port = services.free_port(SUPERSET_PORT, "superset")
    argv, env = serve.command(port)
    url = f"http://127.0.0.1:{port}"
    services.start("superset", argv, services.base_environment() | dict(env), port=port, url=url)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and services.process("superset"):
        try:
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).status_code == 200:
                progress(f"Superset sẵn sàng: {url}")
                return url
        except httpx.TransportError:
            time.sleep(0.5)
    raise airflow.not_up("superset", "Superset")


def _serve_stewards(progress: Progress) -> None:
    """The stewards' page; the demo has four accounts, a real province makes its own (`ioc steward add`)."""
    if os.environ.get("IOC_DEMO", "1") != "0":
        steward.demo_accounts()
    progress(f"Trang phụ trách dữ liệu: {steward.start()}")


def _serve_open_data(progress: Progress) -> None:
    """The open files of the served build (a no-op when they are there), and the service that hands them out."""
    open_data.after_publication(progress)
    progress(f"Dữ liệu mở: {open_data.start()}")


# --- the report --------------------------------------------------------------------------------------------------------


def _report(url: str | None, port: int, problems: list[str], seconds: float) -> dict[str, Any]:
    current = query.served()
    now = status.gather()
    cards = query.read(
        current.path,
        """SELECT indicator_code, title_vi, value_vi, unit, status_icon, status_vi, period_vi, is_made_up FROM mart.card_now
           WHERE area_code = '38' AND value IS NOT NULL ORDER BY home_order NULLS LAST LIMIT 3""",
    )
    stewards = services.known().get("steward", {}).get("url")
    passwords = sorted(path.name for path in secrets.folder().glob("SUPERSET_*_PASSWORD"))
    return {
        "seconds": round(seconds, 1),
        "build_id": current.build_id,
        "built_at": current.created_at,
        "boards": {"url": url, "password_files": [str(secrets.folder() / name) for name in passwords]},
        "stewards": {"url": stewards, "password_files": [str(p) for p in sorted(secrets.folder().glob("STEWARD_*_PASSWORD"))]},
        "open_data": {"url": services.known().get("open-data", {}).get("url")},
        "airflow": {
            "url": f"http://127.0.0.1:{port}", "user": airflow.USER, "password_file": str(secrets.folder() / "AIRFLOW_PASSWORD"),
        },
        "indicators": cards,
        "late": now["late"],
        "problems": problems,
        "quarantined_open": sum(source.get("quarantined_open") or 0 for source in now["sources"]),
        "skipped": [s["source_id"] for s in now["sources"] if s["status"] == "skipped"],
    }  # fmt: skip


def render(body: dict[str, Any]) -> None:
    say.line()
    say.line(t(f"Sẵn sàng sau {body['seconds']:.0f} giây. Bản {body['build_id']} ({local(body['built_at'])})",
               f"Ready after {body['seconds']:.0f} s. Build {body['build_id']} ({local(body['built_at'])})"))  # fmt: skip
    if body["boards"]["url"]:
        say.line(f"  {t('Bảng điều hành', 'Boards')}: {body['boards']['url']}")
        for file in body["boards"]["password_files"]:
            user = Path(file).name.removeprefix("SUPERSET_").removesuffix("_PASSWORD").lower()
            say.line(f"    {user}: cat {file}")
        say.line(f"  {t('Danh mục dữ liệu', 'Data catalogue')}: {body['boards']['url']}/danh-muc/")
    if body["stewards"]["url"]:
        say.line(f"  {t('Phụ trách dữ liệu', 'Data stewards')}: {body['stewards']['url']}")
        for file in body["stewards"]["password_files"]:
            user = Path(file).name.removeprefix("STEWARD_").removesuffix("_PASSWORD").lower()
            say.line(f"    {user}: cat {file}")
    if body["open_data"]["url"]:
        say.line(f"  {t('Dữ liệu mở', 'Open data')}: {body['open_data']['url']}")
    say.line(f"  Airflow: {body['airflow']['url']}")
    say.line(f"    {body['airflow']['user']}: cat {body['airflow']['password_file']}")
    for card in body["indicators"]:
        made_up = t(" (số liệu minh họa)", " (made up)") if card["is_made_up"] else ""
        say.line(f"  {card['indicator_code']} {card['title_vi']}: {card['value_vi']} {card['unit']} · "
                 f"{card['status_icon']} {card['status_vi']} · {card['period_vi']}{made_up}")  # fmt: skip
    if body["late"]:
        say.line(f"  ▲ {t('Nguồn chậm', 'Late sources')}: {', '.join(body['late'])}")
    if body["quarantined_open"]:
        say.line(
            f"  ▲ {body['quarantined_open']} {t('dòng bị cách ly: ./ioc quarantine list', 'rows quarantined: ./ioc quarantine list')}"
        )
    if body["skipped"]:
        say.line(f"  ○ {t('Bỏ qua', 'Skipped')}: {', '.join(body['skipped'])}")
    say.line(t("Tiếp theo: ./ioc status", "Next: ./ioc status"))
