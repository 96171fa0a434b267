"""The launcher: read by an old Python, quick when nothing changed, clear when it cannot go on."""

import ast
import importlib.machinery
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("launcher", str(ROOT / "ioc"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("pipeline", "dev", "boards"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(name)
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    return module


def stamp(launcher: ModuleType, folder: str, name: str) -> None:
    (Path(launcher.ROOT) / folder).mkdir(exist_ok=True)
    Path(launcher.stamp_path(folder)).write_text(json.dumps({"name": name, "sha256": launcher.digest(name)}))


def test_launcher__is_read_by_python_3_6() -> None:
    ast.parse((ROOT / "ioc").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_prepare__does_nothing_when_requirements_did_not_change(launcher: ModuleType) -> None:
    stamp(launcher, ".venv", "dev")
    stamp(launcher, ".venv-boards", "boards")
    for command in ("run", "up", "test"):
        launcher.prepare(command)
    assert not (Path(launcher.ROOT) / ".tools.lock").exists()


def test_environment__of_other_requirements_is_not_ready(launcher: ModuleType) -> None:
    stamp(launcher, ".venv", "pipeline")
    assert launcher.is_ready(".venv", ("pipeline", "dev")) and not launcher.is_ready(".venv", ("dev",))
    (Path(launcher.ROOT) / "requirements" / "pipeline.txt").write_text("changed")
    assert not launcher.is_ready(".venv", ("pipeline", "dev"))


def test_python__that_is_too_old_is_refused_with_the_remedy(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "version_of", lambda python: (3, 9))
    with pytest.raises(launcher.Trouble) as caught:
        launcher.choose_python()
    assert caught.value.args[0] == "IOC-001" and "IOC_PYTHON" in caught.value.args[3]


def test_network_words__become_the_index_fault_and_others_do_not(launcher: ModuleType) -> None:
    assert launcher.network_trouble("error: Failed to fetch: connect error").args[0] == "IOC-003"
    assert launcher.network_trouble("error: hash mismatch") is None
