"""When a build is made: after any source brought something new. Build, judge, publish, prune as `retention` says, tell."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, AssetAny, DeadlineAlert, DeadlineReference, SyncCallback, dag, task

from ingestion import prune as retention
from ingestion import registry
from ops import alert


@dag(
    dag_id="build_and_publish",
    description="Dựng, kiểm tra, công bố",
    schedule=AssetAny(*(Asset(name=id, uri=f"ioc://source/{id}") for id in registry.load().sources)),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")),
    catchup=False,
    max_active_runs=1,
    tags=["build"],
    deadline=DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(hours=2), SyncCallback(alert.on_deadline)),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=60), "execution_timeout": timedelta(minutes=60)},
)
def build_and_publish() -> None:
    @task.short_circuit(pool="warehouse")
    def is_needed() -> bool:
        from warehouse import build

        return build.is_needed()

    @task(pool="warehouse")
    def build() -> str:
        from warehouse import build
        from warehouse.ids import new_id

        return build.build(run_id=new_id()).build_id

    @task(pool="warehouse")
    def judge(build_id: str) -> str:
        from quality.judge import judge

        return judge(build_id).build_id

    @task(pool="warehouse")
    def publish(build_id: str) -> str:
        from ops import open_data
        from warehouse.publish import publish

        published = publish(build_id).build_id
        open_data.after_publication()
        return published

    @task(pool="warehouse")
    def prune() -> dict[str, int]:
        return retention.prune(registry.load().sources.values(), holder="airflow build_and_publish", wait_seconds=600)

    is_needed() >> (built := build())
    tell = task(task_id="tell", pool="alerts", trigger_rule="all_done")(alert.after_run)  # a refused gate too
    publish(judge(built)) >> [prune(), tell()]


build_and_publish()
