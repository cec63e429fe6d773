"""The database breaks a connection in the middle of a step that is Maverick's own work."""

import threading
from pathlib import Path

import pytest
from django.db import connection, connections

from runs.engine import driver
from runs.models import Checkpoint, Run
from tests.interruption.harness import wait_for

from .here import effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

SAVING = """
version: "1.0"
name: saving-while-it-breaks
steps:
  - {name: a, type: python, action: mark}
  - {name: saved, type: checkpoint}
  - {name: b, type: python, action: mark}
"""


def test_a_checkpoint_whose_connection_breaks_is_saved_by_another_one(project: Path) -> None:
    run = start(project, SAVING)
    _break_the_one_that_saves(run)
    run.refresh_from_db()
    assert run.status == "succeeded", run.status_reason
    saved = steps(run)["saved"]
    assert saved.output["checkpoint_id"] == Checkpoint.objects.get(run=run).pk
    assert [one["outcome"] for one in saved.tries] == ["succeeded"]
    assert effects(project, run) == ["a", "b"]


def _break_the_one_that_saves(run: Run) -> None:
    """Do the run; the connection that saves its checkpoint loses its server process."""

    def body() -> None:
        try:
            while driver.work(run.pk):
                pass
        finally:
            connections.close_all()

    worker = threading.Thread(target=body)
    other = connection.copy()
    try:
        with other.cursor() as held, connection.cursor() as cursor:
            # Somebody else is about to save the same checkpoint: the worker's insert waits to see
            # whether that happens.
            held.execute("BEGIN")
            held.execute(
                "INSERT INTO runs_checkpoint (id, run_id, name, execution_id, path, content, "
                "digest, file, n_steps, retired, created_at, ref) "
                "VALUES ('other', %s, 'saved', '', '', '{}', '', '', 0, false, now(), '')",
                [run.pk],
            )
            worker.start()

            def blocked() -> list[int]:
                cursor.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"runs_checkpoint%%'"
                )
                return [pid for (pid,) in cursor.fetchall()]

            (pid,) = wait_for(blocked, 20, "a checkpoint that is being saved")
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            wait_for(lambda: pid not in blocked(), 20, "the end of its connection")
            held.execute("ROLLBACK")
        worker.join(30)
        assert not worker.is_alive()
    finally:
        other.close()
