"""An empty database gets a failed run, its restart and a golden run; by real workers, once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runs.models import Event, Run, WorkflowVersion
from runs.operations import demo
from runs.operations.demo_repository import LOCK, build_repository

pytestmark = pytest.mark.slow

WITHIN = 120.0


@pytest.fixture
def workers(process_env: dict[str, str]) -> Iterator[None]:
    """Two worker processes."""
    command = [sys.executable, "-m", "celery", "-A", "maverick_site.celery", "worker"]
    started = [
        subprocess.Popen(
            [*command, "--loglevel=WARNING", f"--hostname=demo{n}@%h"],
            env=process_env | {"MAVERICK_PROCESS": "worker"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for n in range(2)
    ]
    yield
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def start_demo(process_env: dict[str, str]) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts the demo the way `maverick up` does."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "runs.operations.demo"],
                env=process_env | {"MAVERICK_DEMO": "1"},
                stderr=subprocess.PIPE,
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_newcomer_sees_a_failed_run_its_restart_and_a_golden_run_once(
    workers: None,
    start_demo: Callable[[], "subprocess.Popen[bytes]"],
    maverick_home: Path,
) -> None:
    both = [start_demo(), start_demo()]  # two servers on one database: one demo
    assert [process.wait(WITHIN) for process in both] == [0, 0]
    failed, good = Run.objects.order_by("created_at")
    assert failed.status == "failed"
    assert failed.status_reason.startswith("step-failed: publish: ")
    error = failed.executions.get(path="publish").error
    assert error is not None
    assert "The release folder is locked: release 0.2.1" in error["message"]
    assert (good.status, good.kind, good.source_id) == ("succeeded", "restart", failed.pk)
    assert good.golden_name == "tidepool 0.3.0"
    assert good.outputs is not None
    assert good.outputs["announcement"] == "tidepool 0.3.0 is out: 4 changes since v0.2.0."
    ran = good.executions.filter(reused_from="").exclude(status="skipped")
    assert set(ran.values_list("path", flat=True)) == {"publish", "tag", "announce"}
    repository = maverick_home / "demo" / "tidepool"
    assert (repository / "release/0.3.0/tidepool-0.3.0.tar.gz").stat().st_size > 500
    assert "Version 0.3.0" in (repository / "release/0.3.0/notes.md").read_text()
    assert not (repository / LOCK).exists()
    # A later start changes nothing.
    Run.objects.update(golden_name=None)  # somebody takes the mark away
    assert start_demo().wait(WITHIN) == 0
    assert Run.objects.count() == 2
    assert not Run.objects.exclude(golden_name=None).exists()


def test_an_interrupted_demo_goes_on_and_does_nothing_twice(
    workers: None, start_demo: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    seen = 0
    for _ in range(40):
        process = start_demo()
        until = time.monotonic() + WITHIN
        # Killed as soon as something new is recorded, again and again.
        while process.poll() is None and time.monotonic() < until:
            now = Event.objects.count()
            if now > seen:
                seen = now
                process.kill()
            time.sleep(0.02)
        if process.wait() == 0:
            break
    assert Run.objects.count() == 2
    good = Run.objects.get(kind="restart")
    assert (good.status, good.golden_name) == ("succeeded", "tidepool 0.3.0")
    assert Event.objects.filter(kind="run.golden").count() == 1


def test_a_database_with_runs_is_left_alone(
    start_demo: Callable[[], "subprocess.Popen[bytes]"], maverick_home: Path, a_run: Run
) -> None:
    assert start_demo().wait(WITHIN) == 0
    assert list(Run.objects.all()) == [a_run]
    assert not (maverick_home / "demo").exists()


def test_without_a_worker_the_demo_gives_up_and_says_so(
    db: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(demo, "WORKER_WITHIN", 0.3)
    monkeypatch.setattr("runs.conf.home", lambda: tmp_path)
    with caplog.at_level("WARNING", logger="runs"):
        assert demo.ensure_demo() is False
    assert "no worker within" in caplog.text
    assert not Run.objects.exists()


def test_every_demo_has_the_same_commits_whatever_git_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "gitconfig"
    configuration.write_text("[commit]\n  gpgSign = true\n[core]\n  hooksPath = /nowhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    one = build_repository(tmp_path / "one")
    monkeypatch.delenv("GIT_DIR")
    two = build_repository(tmp_path / "two")
    heads = {
        subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=place) for place in (one, two)
    }
    assert len(heads) == 1
    assert build_repository(tmp_path / "one") == one
    assert not (tmp_path / "elsewhere").exists()
    assert sorted(os.listdir(tmp_path / "one")) == ["tidepool"]


@pytest.fixture
def a_run(database_url: str) -> Run:
    """Somebody's own run."""
    from django.utils import timezone

    from runs import ids
    from runs.models import Workflow

    version = WorkflowVersion.objects.create(
        workflow=Workflow.objects.create(name="mine"), number=1, digest="0" * 64, source=""
    )
    return Run.objects.create(
        id=ids.run_id(),
        workflow_name="mine",
        version=version,
        status="succeeded",
        created_at=timezone.now(),
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
