"""dbt's own documentation of the last build, for experts: one file that opens offline."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from warehouse import connect
from warehouse.build import dbt_arguments
from warehouse.errors import Fault


def write(path: Path) -> Path:
    """Models, columns, tests and the lineage graph as dbt draws them. No database is opened. Raises `Fault` IOC-412 before the
    first build."""
    from dbt.cli.main import dbtRunner

    target = connect.home() / "dbt-target"
    project = connect.home() / "dbt-project"
    if not (target / "manifest.json").exists() or not project.exists():
        raise Fault("IOC-412", "Chưa có bản dựng nào.", "Nothing was built yet.", fix="./ioc run")
    outcome: Any = dbtRunner().invoke(
        ["docs", "generate", "--static", "--empty-catalog", "--no-compile", *dbt_arguments(project)]
    )
    if not outcome.success:
        raise Fault(
            "IOC-301",
            "dbt không viết được tài liệu.",
            "dbt could not write its documentation.",
            why=str(outcome.exception),
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(target / "static_index.html", path)
    return path
