"""A worker process of `maverick up`: one Celery worker that does one thing at a time.

`celery -A maverick_site.celery worker` does the same. This one looks for no app in the current
folder, which is the user's project and may have a `runs` or a `celery.py` of its own.
"""

import argparse
import os
import signal
import sys
import warnings

from maverick_site.children import die_with_parent


def main() -> None:
    # KILL: a worker that was told to end first finishes its step, and nobody would wait for it.
    # What it leaves is taken over, as after any kill.
    die_with_parent(signal.SIGKILL)
    parser = argparse.ArgumentParser(prog="maverick_site.celery_worker")
    parser.add_argument("--name", default="worker")
    name = parser.parse_args().name

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    os.environ["MAVERICK_PROCESS"] = "worker"
    # The checks load every page and route; `up` has no use for them in a worker (10 MB, 0.5 s).
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    import django

    django.setup()

    from celery.platforms import SecurityWarning

    from maverick_site.celery import app

    # It warns of pickle, which root's workers must not accept. Ours accept JSON only.
    warnings.simplefilter("ignore", SecurityWarning)

    worker = app.Worker(
        hostname=f"{name}@{os.uname().nodename}",
        pool_cls="solo",
        loglevel="INFO",
        queues=["maverick"],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
