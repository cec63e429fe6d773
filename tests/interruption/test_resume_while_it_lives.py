"""`--resume` in a second terminal: refused while the first one lives, at once when it is dead."""

import json
import subprocess
import time

from runs.models import Run, WorkerProcess

from .harness import Site, steps, wait_for
from .test_killed_command import _maverick

WAITING = """
version: "1.0"
name: {name}
steps:
  - {{name: a, type: python, action: mark}}
  - name: b
    type: shell
    run: test -e {name}.mended
    retry: {{max_attempts: 5, backoff: {backoff}}}
"""


def _waiting(site: Site, name: str, backoff: int = 600) -> "tuple[subprocess.Popen[str], Run]":
    """A command whose run waits for its next try, and no step of which holds a lease."""
    (site.project / f"{name}.yaml").write_text(WAITING.format(name=name, backoff=backoff))
    command = _maverick(site, "run", f"{name}.yaml")
    runs = Run.objects.filter(workflow_name=name)
    wait_for(lambda: runs.filter(status="waiting").exists(), 60, "a run that waits")
    return command, runs.get()


def _resume(site: Site, name: str) -> "tuple[int, str, str]":
    command = _maverick(site, "run", f"{name}.yaml", "--resume", "--json")
    out, said = command.communicate(timeout=60)
    return command.returncode, out, said


def test_a_run_that_waits_in_a_living_process_is_not_taken_for_dead(site: Site) -> None:
    command, run = _waiting(site, "waits-alive")
    try:
        # Longer than a lease: what counts is that it goes on to show that it lives.
        signs = WorkerProcess.objects.filter(pk=run.placement)
        first = signs.get().seen_at
        wait_for(lambda: (signs.get().seen_at - first).total_seconds() > 4, 20, "more signs")
        code, _, said = _resume(site, "waits-alive")
        assert code == 2, said
        assert f"{run.pk} is still being worked on by process {command.pid}" in said
        assert f"Wait for it, or cancel it: `maverick runs cancel {run.pk}`" in said
        assert command.poll() is None
        run.refresh_from_db()
        assert (run.status, run.successors.count()) == ("waiting", 0)
    finally:
        command.kill()
        command.communicate()


def test_a_run_whose_process_was_killed_is_taken_over_within_ten_seconds(site: Site) -> None:
    command, run = _waiting(site, "waits-dead")
    command.kill()
    command.communicate()
    (site.project / "waits-dead.mended").touch()
    killed = time.time()
    code, out, said = _resume(site, "waits-dead")
    assert code == 0, said
    new = json.loads(out.splitlines()[-1])
    # When it is taken over, and not when its other steps have run: a busy machine takes long for them.
    assert Run.objects.get(pk=new["id"]).created_at.timestamp() - killed < 10
    assert (new["status"], new["source_run_id"]) == ("succeeded", run.pk)
    run.refresh_from_db()
    assert (run.status, run.status_reason) == ("failed", "interrupted: its process is gone")
    assert steps(run)["a"].status == "succeeded"


def test_workers_leave_a_run_alone_that_waits_in_a_living_process(site: Site) -> None:
    command, run = _waiting(site, "waits-beside-workers", backoff=6)
    site.start_worker()
    (site.project / "waits-beside-workers.mended").touch()
    wait_for(lambda: WorkerProcess.objects.filter(kind="celery").exists(), 20, "a worker")
    out, said = command.communicate(timeout=60)
    assert command.returncode == 0, out + said
    b = steps(run)["b"]
    assert {one["worker"] for one in b.tries} == {b.tries[0]["worker"]}
    assert not WorkerProcess.objects.filter(pk=run.placement).exists(), "it signs off"


def test_workers_go_on_with_a_run_whose_process_was_killed_while_it_waited(site: Site) -> None:
    command, run = _waiting(site, "waits-adopted", backoff=5)
    site.start_worker()
    (site.project / "waits-adopted.mended").touch()
    command.kill()
    command.communicate()
    (over,) = site.wait(run)
    assert (over.status, over.placement) == ("succeeded", "")
