"""Fixtures for all tests: a private `IOC_HOME` for each, and one running demo province for those that need servers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


# The same examples in every CI run: a new counterexample is found by a person at work, not by somebody else's merge.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


class ByServer(LoadScopeScheduling):
    """Tests of one folder that share a server, or else of one file, run on one worker in their order."""

    def _split_scope(self, nodeid: str) -> str:
        folder, _, _ = nodeid.partition("/test_")
        return folder if folder in ("tests/e2e", "tests/boards") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByServer:
    return ByServer(config, log)


@pytest.fixture(scope="session", autouse=True)
def open_data() -> None:
    """`IOC_OPEN_DATA`, or the folder beside the checkout where it exists."""
    beside = ROOT.parent / "shared" / "data"
    if "IOC_OPEN_DATA" not in os.environ and beside.is_dir():
        os.environ["IOC_OPEN_DATA"] = str(beside)


@pytest.fixture
def ioc_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `IOC_HOME`."""
    home = tmp_path / "var"
    home.mkdir()
    monkeypatch.setenv("IOC_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An `IOC_HOME` with the demo province running: few days of rows, no live writer. Mark such tests `slow`."""
    from demo import province

    home = tmp_path_factory.mktemp("demo") / "var"
    home.mkdir()
    province.start(home, days=60, hours=72, is_live=False)
    yield home
    province.stop(home)


@pytest.fixture
def demo(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`demo_home` with its addresses in the environment of this test."""
    monkeypatch.setenv("IOC_HOME", str(demo_home))
    for line in (demo_home / "state" / "province.env").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    return demo_home
