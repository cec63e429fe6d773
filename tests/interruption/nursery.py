"""A process that has imported everything and forks Celery workers on request.

A worker process needs a second and a half to import Django and Celery, and these tests kill more
than a hundred of them. A forked one is a Celery worker like any other, only its imports are done.

A line of JSON on stdin, ``{"env": {…}, "log": file}``, forks one; its process id is the answer.
With ``"maverick": [words], "folder": where`` it is the command line instead, with its output in
``log`` + ``.out`` and ``.err`` and, unless it was killed, its exit code in ``log`` + ``.code``;
``stdin`` may name a file.
"""

import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    import django

    from maverick_site.celery import app

    django.setup()
    app.loader.import_default_modules()
    import celery.app.builtins
    import celery.app.control
    import celery.apps.worker
    import celery.backends.base
    import celery.bin.celery
    import celery.bin.worker
    import celery.concurrency.solo
    import celery.worker.components
    import celery.worker.consumer
    import celery.worker.consumer.delayed_delivery
    import celery.worker.strategy  # noqa: F401
    import networkx  # noqa: F401

    import runs.cli
    import runs.engine
    import runs.operations
    import runs.projections

    # Commands import what they need when they need it; once here instead of once in each.
    for package in (runs.cli, runs.engine, runs.operations, runs.projections):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    # The classes of the language are built when the first file is read.
    from runs.definition import load_workflow

    for file in (Path(__file__).parents[1] / "shapes").rglob("*.yaml"):
        load_workflow(file.read_text())
    gc.freeze()  # else each child's first collection copies every page

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for the dead
    for line in sys.stdin:
        order = json.loads(line)
        there, leads = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os.close(leads)
            os.close(there)
            if "maverick" in order:
                _become_command(order)
            _become_worker(app, order)
        os.close(leads)
        # Until it leads its group: who kills the group before that kills nobody.
        os.read(there, 1)
        os.close(there)
        print(pid, flush=True)


def _take_settings(env: dict[str, str]) -> None:
    """Settings that were read before the fork are set anew."""
    from django.conf import settings

    os.environ.update(env)
    for name in env:
        if hasattr(settings, name):
            setattr(settings, name, type(getattr(settings, name))(env[name]))


def _become_worker(app: Any, order: dict[str, Any]) -> None:
    _take_settings(order["env"])
    log = os.open(str(order["log"]), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        app.worker_main([*WORKER, *order.get("more", [])])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _become_command(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    _take_settings(order["env"])
    log = order["log"]
    for number, name in (
        (0, order.get("stdin", os.devnull)),
        (1, f"{log}.out"),
        (2, f"{log}.err"),
    ):
        os.dup2(os.open(name, os.O_CREAT | os.O_RDWR | os.O_APPEND), number)
    if order.get("most_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most_bytes"], order["most_bytes"]))
    code = 1
    try:
        from runs.cli.main import main as maverick

        code = maverick(order["maverick"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with open(f"{log}.writing", "w") as out:
            out.write(str(code))
        os.rename(f"{log}.writing", f"{log}.code")
        os._exit(0)


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
