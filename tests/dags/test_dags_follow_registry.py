"""Airflow sees exactly the declared sources and the build; a DAG file that fails to import must not vanish silently."""

from datetime import timedelta
from pathlib import Path

import pytest

from ingestion import registry
from ingestion.model import minutes

DAGS = Path(__file__).parents[2] / "dags"
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        from airflow.dag_processing.dagbag import DagBag

        return DagBag(str(DAGS))


def test_dags__are_the_registry_and_the_build(bag: object) -> None:
    assert bag.import_errors == {}  # type: ignore[attr-defined]
    expected = {f"source__{source_id}" for source_id in registry.load().sources} | {
        "build_and_publish",
        "watch_promises",
    }
    assert len(expected) > 10
    assert set(bag.dags) == expected  # type: ignore[attr-defined]


def test_build_dag__prunes_after_it_published(bag: object) -> None:
    tasks = {task.task_id: task.downstream_task_ids for task in bag.dags["build_and_publish"].tasks}  # type: ignore[attr-defined]
    order = {
        "is_needed": {"build"},
        "build": {"judge"},
        "judge": {"publish"},
        "publish": {"prune", "tell"},
        "prune": set(),
        "tell": set(),
    }
    assert tasks == order


def test_build_dag__tells_also_when_nothing_was_published_and_hides_no_failure(bag: object) -> None:
    dag = bag.dags["build_and_publish"]  # type: ignore[attr-defined]
    assert dag.get_task("tell").trigger_rule == "all_done"
    # A run is what its leaves are: `prune` fails with `publish`, whatever `tell` does.
    assert {task.task_id for task in dag.leaves} == {"prune", "tell"} and dag.get_task(
        "prune"
    ).trigger_rule == "all_success"


def test_dags__that_pull_or_build_have_a_deadline_and_the_watch_waits_for_none(bag: object) -> None:
    dags = bag.dags  # type: ignore[attr-defined]
    watched = [dag for dag_id, dag in dags.items() if dag_id != "watch_promises"]
    assert len(watched) > 10 and all(dag.deadline for dag in watched)
    late = {s.id: minutes(s.cadence.late_after) for s in registry.load().sources.values()}
    found = {dag.dag_id: dag.deadline[0].interval for dag in watched if dag.dag_id.startswith("source__")}
    assert found == {f"source__{source_id}": timedelta(minutes=after) for source_id, after in late.items()}
    assert {dag.deadline[0].callback.path for dag in watched} == {"ops.alert.on_deadline"}
    assert [task.pool for task in dags["watch_promises"].tasks] == ["alerts"]


def test_dags__run_one_at_a_time_and_name_no_secret(bag: object) -> None:
    dags = bag.dags.values()  # type: ignore[attr-defined]
    assert len(dags) > 10
    assert all(dag.max_active_runs == 1 and not dag.catchup and not dag.params for dag in dags)


def test_dags__tasks_have_limits_and_a_pool(bag: object) -> None:
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]  # type: ignore[attr-defined]
    assert len(tasks) > 10
    assert all(
        task.execution_timeout and task.retries == 1 and task.pool in ("sources", "warehouse", "alerts")
        for task in tasks
    )


def test_build__prunes_the_landing_only_after_publishing(bag: object) -> None:
    dag = bag.dags["build_and_publish"]  # type: ignore[attr-defined]
    after = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert after == {
        "is_needed": ["build"],
        "build": ["judge"],
        "judge": ["publish"],
        "publish": ["prune", "tell"],
        "prune": [],
        "tell": [],
    }


def test_dag_files__are_short_and_pass_safe_mode() -> None:
    files = sorted(DAGS.glob("*.py"))
    assert [f.name for f in files] == ["alerts.py", "build.py", "sources.py"]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 70 and "dag" in text.lower() and "airflow" in text
