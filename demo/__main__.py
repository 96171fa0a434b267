"""`python -m demo up|down|status`: the demo province alone, without the platform."""

from datetime import datetime
from typing import Annotated

import typer

from demo import province
from demo.calendar import SEED, ZONE
from warehouse.connect import home

app = typer.Typer(help="Tỉnh minh họa chạy riêng · The demo province alone.", no_args_is_help=True)


@app.command()
def up(
    seed: Annotated[int, typer.Option(help="Hạt giống của dữ liệu · The seed of all rows.")] = SEED,
    live: Annotated[bool, typer.Option(help="Dữ liệu tiếp tục thay đổi · Rows go on changing.")] = True,
    until: Annotated[
        datetime | None, typer.Option(help="Mốc cuối, giờ Việt Nam · The last moment, local time.")
    ] = None,
    only: Annotated[province.Server | None, typer.Option(help="Chỉ một máy chủ · One server alone.")] = None,
) -> None:
    """Khởi động · Start what is not running; print the addresses."""
    moment = until.replace(tzinfo=ZONE) if until else None

    def say(text: str) -> None:
        typer.echo(text, err=True)

    for name, value in province.start(home(), seed=seed, until=moment, is_live=live, only=only, progress=say).items():
        typer.echo(f"{name}={value}")


@app.command()
def down() -> None:
    """Dừng · Stop what was started here."""
    typer.echo(f"đã dừng: {', '.join(province.stop(home())) or 'không có gì'}")


@app.command()
def status() -> None:
    """Trạng thái · What runs; exit code 1 when something that was started does not."""
    held = province.status(home())
    for name, is_running in held.items():
        typer.echo(f"{'✓' if is_running else '✗'} {name}: {'đang chạy' if is_running else 'đã chết'}")
    if not held:
        typer.echo("chưa khởi động")
    raise typer.Exit(0 if all(held.values()) else 1)


if __name__ == "__main__":
    app(prog_name="python -m demo")
