"""When each source is pulled: one DAG per declaration; one that is not over when its source's promise is, is told."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, DeadlineAlert, DeadlineReference, SyncCallback, dag, task

from ingestion import registry
from ingestion.model import Source, minutes
from ops import alert

START = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def pull_dag(source: Source) -> DAG:
    every = minutes(source.cadence.every)

    @dag(
        dag_id=f"source__{source.id}",
        description=source.title.vi,
        schedule=timedelta(minutes=every),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        deadline=DeadlineAlert(
            DeadlineReference.DAGRUN_QUEUED_AT,
            timedelta(minutes=minutes(source.cadence.late_after)),
            SyncCallback(alert.on_deadline),
        ),
        tags=["source", source.sector, f"tier-{min(table.tier for table in source.tables)}"],
        default_args={
            "owner": source.owner.agency,
            "retries": 1,
            "retry_delay": timedelta(seconds=min(300, every * 15)),
            "execution_timeout": timedelta(minutes=60),
        },
    )
    def source_dag() -> None:
        @task(pool="sources", outlets=[Asset(name=source.id, uri=f"ioc://source/{source.id}")])
        def pull() -> dict[str, int]:
            from airflow.sdk.exceptions import AirflowException, AirflowSkipException

            from ingestion.pull import pull as pull_sources
            from warehouse.ids import new_id

            (outcome,) = pull_sources([source.id], run_id=new_id(), holder=f"airflow source__{source.id}")
            if outcome.status == "skipped":
                raise AirflowSkipException(outcome.reason_vi)
            if outcome.status == "failed":
                raise AirflowException(f"{outcome.code} · {outcome.reason_vi} · {outcome.fix}")
            return {"rows_in": outcome.rows_in, "rows_loaded": outcome.rows_loaded}

        pull()

    return source_dag()


for declared in registry.load().sources.values():
    globals()[f"source__{declared.id}"] = pull_dag(declared)
