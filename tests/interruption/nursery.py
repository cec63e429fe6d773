"""A process that has imported everything and forks Celery workers on request.

A worker process needs a second and a half to import Django and Celery, and these tests kill more
than a hundred of them. A forked one is a Celery worker like any other, only its imports are done.

A line of JSON on stdin, ``{"env": {…}, "log": file}``, forks one; its process id is the answer.
"""

import json
import os
import signal
import sys


def main() -> None:
    import django

    from maverick_site.celery import app

    django.setup()
    app.loader.import_default_modules()
    import celery.apps.worker
    import celery.bin.worker
    import celery.concurrency.solo
    import celery.worker.components
    import celery.worker.consumer
    import celery.worker.strategy  # noqa: F401

    import runs.engine.runners  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for the dead
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_worker(app, order)
        print(pid, flush=True)


def _become_worker(app: object, order: dict[str, object]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.update(order["env"])  # type: ignore[arg-type]
    log = os.open(str(order["log"]), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        app.worker_main([*WORKER, *order.get("more", [])])  # type: ignore[attr-defined]
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


WORKER = [
    "worker",
    "--pool=solo",
    "--loglevel=WARNING",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
]

if __name__ == "__main__":
    main()
