"""`maverick up`: web, workers and sweep on this machine."""

import click


@click.command("up")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: $PORT, else 8000.")
@click.option("--host", help="Default: $MAVERICK_HOST, else 127.0.0.1.")
@click.option("--workers", type=click.IntRange(0, 64), help="Default: $MAVERICK_WORKERS, else 2.")
@click.option("--demo/--no-demo", default=None, help="The demo workflow in an empty database.")
def command(port: int | None, host: str | None, workers: int | None, demo: bool | None) -> int:
    """Start everything here: pages, API, workers. Ctrl-C stops it all."""
    import os

    # Every process of ours reads the environment; so the options travel the same way.
    given = {"PORT": port, "MAVERICK_HOST": host, "MAVERICK_WORKERS": workers}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    if demo is not None:
        os.environ["MAVERICK_DEMO"] = "1" if demo else "0"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    from django.conf import settings

    from maverick_site.processes import run_up

    return run_up(
        port=settings.MAVERICK_PORT,
        host=settings.MAVERICK_HOST,
        workers=settings.MAVERICK_WORKERS,
        demo=settings.MAVERICK_DEMO,
    )
