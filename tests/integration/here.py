"""Runs that are done in the test's own process, for tests of what is recorded."""

import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from runs.actor import SYSTEM
from runs.engine import driver
from runs.models import Execution, LogChunk, Run
from runs.operations.start_run import start_run
from tests.interruption.harness import ACTIONS, OVER, wait_for

LINE = """
version: "1.0"
name: line
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: c, type: python, action: mark, kwargs: {value: "${{ steps.a.output.value }}"}}
"""
MORE = '''
@action("fails_unless")
def fails_unless(context, name):
    """Fails until a file is there."""
    _effect(context)
    if not (HERE / name).exists():
        raise RuntimeError(f"{name} is missing")
    return name
'''


def make_project(folder: Path) -> Path:
    (folder / "maverick_actions.py").write_text(ACTIONS + MORE)
    return folder


def start(project: Path, text: str, inputs: dict[str, Any] | None = None, **more: Any) -> Run:
    return start_run(
        definition=textwrap.dedent(text), inputs=inputs or {}, by=SYSTEM, workspace=project, **more
    )


def do(run: Run) -> Run:
    """Everything that is ready, until nothing is."""
    while driver.work(run.pk, placement=run.placement):
        pass
    run.refresh_from_db()
    assert run.status in OVER, run.status
    return run


def done(project: Path, text: str, inputs: dict[str, Any] | None = None, **more: Any) -> Run:
    return do(start(project, text, inputs, **more))


def steps(run: Run) -> dict[str, Execution]:
    return {row.path: row for row in Execution.objects.filter(run=run).select_related("payload")}


def effects(project: Path, run: Run) -> list[str]:
    """The paths of the steps that did their work in this run, in order."""
    file = project / "effects.log"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split()[1] for line in lines if line.startswith(run.pk + " ")]


def said(run: Run, path: str, stream: str) -> str:
    """All that the step's log has of a stream."""
    chunks = LogChunk.objects.filter(execution__run=run, execution__path=path, stream=stream)
    return "".join(chunks.order_by("id").values_list("text", flat=True))


@contextmanager
def goes_on_when_written(project: Path, text: str) -> Iterator[None]:
    """As soon as the database has a log with ``text``, the file `go` lets the step go on."""

    def watch() -> None:
        try:
            wait_for(lambda: LogChunk.objects.filter(text__contains=text).exists())
        finally:
            connection.close()
            (project / "go").touch()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield
    watcher.join()
