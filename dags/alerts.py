"""When promises are watched: every ten minutes, in a pool of its own, so that no pull or build that hangs can hold it up."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task


@dag(
    dag_id="watch_promises",
    description="Nguồn nào lỡ hẹn, báo ai",
    schedule=timedelta(minutes=10),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")),
    catchup=False,
    max_active_runs=1,
    tags=["alert"],
    default_args={"retries": 1, "retry_delay": timedelta(seconds=60), "execution_timeout": timedelta(minutes=8)},
)
def watch_promises() -> None:
    @task(pool="alerts")
    def send() -> dict[str, int]:
        from ops import alert

        done = alert.send()
        return {"open": done.open, "messages": len(done.messages), "failed": done.failed}

    send()


watch_promises()
