"""Deleting a run: what others reused stays, large outputs go with their last user, races are safe."""

import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from runs.actor import SYSTEM, Actor
from runs.engine.sweep import Sweep
from runs.errors import NotAllowed, RunNotOver, UnknownRun
from runs.models import (
    AuditEntry,
    Checkpoint,
    Event,
    Execution,
    IdempotencyRecord,
    LogChunk,
    Payload,
    Run,
)  # fmt: skip
from runs.operations.delete_run import RunInUse, RunIsGolden, clean_up, delete_run
from runs.operations.golden import accept_value, mark_golden
from runs.operations.restart_run import restart_run
from runs.projections.api_executions import get_execution
from runs.projections.deletion import deletion_of
from runs.record.deleting import collect_payloads
from runs.record.payloads import store

from .here import LINE, do, done, start

LARGE = """
version: "1.0"
name: large
steps:
  - {name: a, type: python, action: files.read, kwargs: {path: big}}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
SAVES = """
version: "1.0"
name: saves
steps:
  - {name: a, type: shell, run: "echo one"}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
NOW = timedelta(0)
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_deleted_run_leaves_nothing_of_its_own(project: Path) -> None:
    run = done(project, SAVES)
    other = done(project, SAVES)
    kept = {kind: kind.objects.count() for kind in (Execution, Event, LogChunk, Checkpoint)}
    delete_run(run.pk, by=SYSTEM)
    for kind, count in kept.items():
        assert kind.objects.count() == count / 2, kind
    assert Run.objects.get() == other
    entry = AuditEntry.objects.get(action="run.delete")
    assert (entry.target, entry.data["workflow"]) == (run.pk, "saves")
    with pytest.raises(UnknownRun):
        delete_run(run.pk, by=SYSTEM)


def test_its_checkpoint_files_and_git_snapshots_go_after_the_commit(project: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    run = done(project, SAVES)
    one = Checkpoint.objects.get(run=run)
    assert Path(one.file).is_file()
    assert one.ref

    def refs() -> str:
        said = subprocess.run(
            ["git", "for-each-ref", "refs/maverick"], cwd=project, capture_output=True, check=True
        )
        return said.stdout.decode()

    assert run.pk in refs()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        delete_run(run.pk, by=SYSTEM)
        raise ZeroDivisionError
    assert Path(one.file).is_file()
    assert run.pk in refs()
    delete_run(run.pk, by=SYSTEM)
    assert not Path(one.file).parent.exists()
    assert run.pk not in refs()


def test_what_others_reused_stays_and_says_that_its_source_is_deleted(project: Path) -> None:
    (project / "big").write_text("x" * 100_000)
    first = done(project, LARGE)
    second = do(restart_run(first.pk, by=SYSTEM))
    (project / "fixed").touch()
    third = do(restart_run(second.pk, by=SYSTEM))
    lost = deletion_of(first.pk)
    assert (lost.outputs_kept, lost.successors, lost.refused) == (1, 1, "")
    assert lost.words == "1 run was started from it; 1 output stays with them."
    delete_run(first.pk, by=SYSTEM)
    second.refresh_from_db()
    assert (second.source_id, second.kind) == (None, "restart")
    told = get_execution(second.pk, "a")
    assert told.reuse is not None
    assert (told.reuse.source_run_id, told.reuse.origin_run_id) == (None, None)
    assert told.output["text"] == "x" * 100_000
    told = get_execution(third.pk, "a")
    assert told.reuse is not None
    assert (told.reuse.source_run_id, told.reuse.origin_run_id) == (second.pk, None)
    delete_run(second.pk, by=SYSTEM)
    assert collect_payloads(NOW) == (0, 0)
    again = do(restart_run(third.pk, by=SYSTEM))
    assert get_execution(third.pk, "a").output["text"] == "x" * 100_000
    for run in (third, again):
        delete_run(run.pk, by=SYSTEM)
    assert collect_payloads(NOW)[0] == 1
    assert not Payload.objects.exists()


def test_a_restart_of_what_reused_a_deleted_run_does_not_name_a_wrong_origin(project: Path) -> None:
    first = done(project, LINE)
    second = do(restart_run(first.pk, by=SYSTEM))
    delete_run(first.pk, by=SYSTEM)
    third = do(restart_run(second.pk, by=SYSTEM))
    told = get_execution(third.pk, "a").reuse
    assert told is not None
    assert (told.source_run_id, told.origin_run_id) == (second.pk, None)


def test_golden_open_and_used_runs_are_refused(project: Path) -> None:
    (project / "fixed").touch()
    golden = done(project, LINE)
    mark_golden(golden.pk, by=SYSTEM)
    with pytest.raises(RunIsGolden):
        delete_run(golden.pk, by=SYSTEM)
    open_ = start(project, LINE)
    with pytest.raises(RunNotOver):
        delete_run(open_.pk, by=SYSTEM)
    do(open_)
    after = restart_run(open_.pk, by=SYSTEM)
    with pytest.raises(RunInUse):
        delete_run(open_.pk, by=SYSTEM)
    do(after)
    with pytest.raises(NotAllowed):
        delete_run(open_.pk, by=Actor("user", "olga", "operator"))
    delete_run(open_.pk, by=SYSTEM)


def test_a_key_of_a_deleted_run_starts_a_new_one(project: Path) -> None:
    run = do(start(project, LINE, idempotency_key="k"))
    delete_run(run.pk, by=SYSTEM)
    assert not IdempotencyRecord.objects.exists()
    assert start(project, LINE, idempotency_key="k").pk != run.pk


def aged(*runs: Run, days: int = 40) -> None:
    ids = [run.pk for run in runs]
    Run.objects.filter(pk__in=ids).update(finished_at=timezone.now() - timedelta(days=days))


def test_gc_takes_what_is_old_but_golden_runs_and_the_newest(project: Path) -> None:
    (project / "fixed").touch()
    runs = [done(project, LINE) for _ in range(5)]
    aged(*runs[:4])
    mark_golden(runs[0].pk, by=SYSTEM)
    age = timedelta(days=30)
    dry = clean_up(age, dry_run=True, by=SYSTEM)
    assert (dry.runs, set(dry.ids), dry.golden_kept) == (3, {r.pk for r in runs[1:4]}, 1)
    assert Run.objects.count() == 5
    assert clean_up(age, keep=3, dry_run=True, by=SYSTEM).ids == (runs[1].pk,)
    done_ = clean_up(age, keep=3, by=SYSTEM)
    assert (done_.runs, done_.ids) == (1, (runs[1].pk,))
    clean_up(age, by=SYSTEM)
    assert set(Run.objects.values_list("pk", flat=True)) == {runs[0].pk, runs[4].pk}
    entry = AuditEntry.objects.filter(action="runs.gc").latest("id")
    assert set(entry.data["runs"]) == {runs[2].pk, runs[3].pk}
    assert clean_up(age, by=SYSTEM).runs == 0
    assert AuditEntry.objects.filter(action="runs.gc").count() == 2


def test_the_sweep_cleans_up_when_a_setting_says_so(project: Path, settings: Any) -> None:
    (project / "fixed").touch()
    old, new = done(project, LINE), done(project, LINE)
    aged(old)
    Sweep().once()
    assert Run.objects.count() == 2
    settings.MAVERICK_RETENTION_DAYS = 30
    Sweep().once()
    assert Run.objects.get() == new


def test_gc_counts_the_payloads_that_would_go(project: Path) -> None:
    (project / "big").write_text("x" * 100_000)
    run = done(project, LARGE)
    aged(run)
    Payload.objects.update(stored_at=timezone.now() - timedelta(days=1))
    dry = clean_up(timedelta(days=30), dry_run=True, by=SYSTEM)
    assert (dry.runs, dry.payloads) == (1, 1)
    assert dry.payload_bytes > 100_000
    really = clean_up(timedelta(days=30), by=SYSTEM)
    assert (really.runs, really.payloads) == (1, 1)


def test_an_accepted_value_keeps_its_payload(project: Path) -> None:
    (project / "big").write_text("x" * 100_000)
    (project / "fixed").touch()
    base, other = done(project, LARGE), done(project, LARGE)
    (project / "big").write_text("y" * 100_000)
    newer = done(project, LARGE)
    mark_golden(base.pk, by=SYSTEM)
    accept_value(base.pk, newer.pk, "a", "it is y now", by=SYSTEM)
    delete_run(newer.pk, by=SYSTEM)
    delete_run(other.pk, by=SYSTEM)
    assert collect_payloads(NOW)[0] == 0
    assert Payload.objects.count() == 2


# ---- two connections ----------------------------------------------------------------------------


class Elsewhere(threading.Thread):
    """Something done on a connection of its own, to its end or until it waits for a lock."""

    def __init__(self, deed: Any) -> None:
        super().__init__()
        self.deed = deed
        self.result: Any = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.deed()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def waits(self) -> bool:
        """Whether it comes to wait for a lock (True), or ends without one (False)."""
        while self.is_alive():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_stat_clear_snapshot()")  # else one look a transaction
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone()[0]:
                    return True
        return False


BIG = {"text": "z" * 100_000}


def test_a_payload_that_somebody_stores_at_this_moment_is_not_collected() -> None:
    digest = store(BIG)[1]
    Payload.objects.update(stored_at=timezone.now() - timedelta(days=1))
    with transaction.atomic():
        assert store(BIG)[1] == digest  # marked as wanted, not committed yet
        collector = Elsewhere(collect_payloads)
        assert collector.waits()
    collector.join()
    assert collector.result == (0, 0)
    assert Payload.objects.filter(pk=digest).exists()


def test_a_payload_that_is_being_collected_is_stored_anew() -> None:
    digest = store(BIG)[1]
    Payload.objects.update(stored_at=timezone.now() - timedelta(days=1))
    with transaction.atomic():
        assert collect_payloads()[0] == 1  # not committed yet
        storing = Elsewhere(lambda: store(BIG))
        assert storing.waits()
    storing.join()
    assert storing.error is None
    assert Payload.objects.filter(pk=digest).exists()


def test_a_payload_without_an_execution_is_given_time() -> None:
    store(BIG)
    assert collect_payloads() == (0, 0)


def test_a_restart_that_is_being_made_keeps_its_source(project: Path) -> None:
    run = done(project, LINE)
    with transaction.atomic():
        after = restart_run(run.pk, by=SYSTEM)
        deletion = Elsewhere(lambda: delete_run(run.pk, by=SYSTEM))
        assert deletion.waits()
        # The cleaning passes over what is held, and does not wait.
        Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=40))
        cleaning = Elsewhere(lambda: clean_up(timedelta(days=30), by=SYSTEM))
        cleaning.join(20)
        assert not cleaning.is_alive()
    deletion.join()
    assert isinstance(deletion.error, RunInUse)
    assert Run.objects.filter(pk=run.pk).exists()
    do(after)


def test_a_restart_of_a_run_that_is_being_deleted_is_refused(project: Path) -> None:
    run = done(project, LINE)
    with transaction.atomic():
        delete_run(run.pk, by=SYSTEM)
        restart = Elsewhere(lambda: restart_run(run.pk, by=SYSTEM))
        assert restart.waits()
    restart.join()
    assert isinstance(restart.error, UnknownRun)
    assert not Run.objects.exists()


def test_a_mark_and_a_deletion_at_once_leave_a_golden_run_or_none(project: Path) -> None:
    (project / "fixed").touch()
    run = done(project, LINE)
    with transaction.atomic():
        mark_golden(run.pk, by=SYSTEM)
        deletion = Elsewhere(lambda: delete_run(run.pk, by=SYSTEM))
        assert deletion.waits()
    deletion.join()
    assert isinstance(deletion.error, RunIsGolden)
    assert Run.objects.get().golden_name == "line"
