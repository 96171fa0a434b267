"""The checks of pre-commit, so that a clone without hooks cannot drift from them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_ruff__finds_nothing() -> None:
    assert len(list(ROOT.glob("*/*.py"))) > 20
    result = run("ruff", "check", ".")
    assert result.returncode == 0, result.stdout[-4000:]


def test_ruff_format__changes_nothing() -> None:
    result = run("ruff", "format", "--check", ".")
    assert result.returncode == 0, result.stdout[-4000:]


@pytest.mark.slow
def test_mypy_strict__finds_nothing() -> None:
    result = run("mypy")
    assert result.returncode == 0, result.stdout[-4000:]


@pytest.mark.slow
def test_sqlfluff__finds_nothing_in_dbt_models() -> None:
    models = sorted(p for p in (ROOT / "dbt" / "models").rglob("*.sql"))
    assert len(models) > 40
    result = run("sqlfluff", "lint", "--disable-progress-bar", *map(str, models))
    assert result.returncode == 0, result.stdout[-4000:]
