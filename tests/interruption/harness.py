"""Real worker processes that are started, killed, stopped and starved; and what they did.

A ``Site`` is one installation: a database, a broker folder, a project folder whose actions write
one line for each effect. The test's own process speaks to the same database.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections

from runs.actor import SYSTEM
from runs.models import Execution, Run
from runs.operations.start_run import start_run

CHECKOUT = Path(__file__).parents[2]
SHAPES = Path(__file__).parents[1] / "shapes"
OVER = ("succeeded", "failed", "cancelled", "timeout")

ACTIONS = Path(__file__).with_name("project_actions.py").read_text()


def wait_for(
    condition: Callable[[], Any], within: float = 60.0, what: str = "", every: float = 0.02
) -> Any:
    """What ``condition`` answers as soon as it is true; AssertionError when time is up."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or condition}")
        time.sleep(every)


@dataclass(frozen=True)
class Shape:
    """A workflow of `tests/shapes`, and which of its steps is to be interrupted."""

    name: str
    text: str
    victim: str  # its path, with the name `victim` in it

    def called(self, mark: str) -> "tuple[str, str]":
        """The text and the victim's path, with names that only ``mark`` has."""
        own = own_name(mark)
        text = re.sub(r"\bvictim\b", own, self.text).replace("VICTIM", mark)
        return text, self.victim.replace("victim", own)


def own_name(mark: str) -> str:
    """What the victim is called in the run with this mark."""
    return re.sub(r"\W", "_", mark)


def shapes() -> list[Shape]:
    """Every shape, in the order of names."""
    found = []
    for file in sorted(SHAPES.glob("*.yaml")):
        first, _, text = file.read_text().partition("\n")
        if not file.stem.startswith("called-"):
            found.append(Shape(file.stem, text, first.removeprefix("# victim: ")))
    return found


@dataclass(frozen=True)
class Effect:
    """One line of the effects ledger."""

    run_id: str
    path: str
    execution_id: str
    attempt: int


@dataclass
class Worker:
    """One worker process, in a process group of its own."""

    pid: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    sweeps_only: bool = False

    @property
    def alive(self) -> bool:
        if self.process is not None:
            return self.process.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self) -> float:
        """kill -9; returns when."""
        at = time.time()
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(60)
        wait_for(lambda: not self.alive, 60, "the worker's end")
        return at


@dataclass
class Command(Worker):
    """One command line, in a process group of its own."""

    def ended(self) -> bool:
        """Whether it has ended, of itself or killed."""
        return self._file(".code").exists() or not self.alive

    @property
    def code(self) -> int | None:
        """Its exit code; None: it was killed, or has not ended."""
        file = self._file(".code")
        return int(file.read_text()) if file.exists() else None

    @property
    def out(self) -> str:
        return self._file(".out").read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._file(".err").read_text(errors="replace")

    def _file(self, ending: str) -> Path:
        return self.log.with_name(self.log.name + ending)


@dataclass
class Site:
    """One installation."""

    home: Path
    project: Path
    env: dict[str, str]
    workers: list[Worker] = field(default_factory=list)
    nursery: "subprocess.Popen[str] | None" = None

    # ---- processes ----------------------------------------------------------------------------

    def start_worker(self, *more: str, **env: str) -> Worker:
        """A worker forked from the nursery (with this site's settings)."""
        log = self._log()
        worker = Worker(self._fork({"env": env, "log": str(log), "more": more}), log)
        self.workers.append(worker)
        return worker

    def start_command(self, folder: Path, *words: str, most_bytes: int = 0) -> "Command":
        """`maverick WORDS` in a folder, forked from the nursery.

        ``most_bytes``: it can write no file that is larger.
        """
        log = self._log()
        order = {
            "maverick": words, "folder": str(folder), "env": {"MAVERICK_PROCESS": "other"},
            "log": str(log), "most_bytes": most_bytes,
        }  # fmt: skip
        command = Command(self._fork(order), log)
        self.workers.append(command)
        return command

    def _fork(self, order: dict[str, Any]) -> int:
        if self.nursery is None:
            self.nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.interruption.nursery"],
                cwd=CHECKOUT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(order) + "\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())

    def start_sweeper(self) -> Worker:
        """A worker that gets no messages: it only looks after what others have lost."""
        worker = self.start_worker("-Q", "nobody-sends-here")
        worker.sweeps_only = True
        return worker

    def start_celery(self, **env: str) -> Worker:
        """A worker as `maverick up` starts it, with settings of its own."""
        log = self._log()
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "maverick_site.celery_worker"],
                cwd=CHECKOUT,
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        worker = Worker(process.pid, log, process)
        self.workers.append(worker)
        return worker

    def keep(self, count: int, **env: str) -> None:
        """As many living workers as asked for: what died is replaced."""
        self.workers = [worker for worker in self.workers if worker.alive]
        while sum(not worker.sweeps_only for worker in self.workers) < count:
            self.start_worker(**env)

    def holder(self, run: Run, path: str) -> Worker:
        """The worker that runs the step now."""
        name = Execution.objects.values_list("worker", flat=True).get(run=run, path=path)
        pid = int(name.rpartition(":")[2])
        return next(worker for worker in self.workers if worker.pid == pid)

    def stop(self) -> None:
        """End everything that this site has started."""
        for worker in self.workers:
            worker.signal(signal.SIGCONT)
            worker.kill()
        self.workers.clear()

    def close(self) -> None:
        self.stop()
        if self.nursery is not None:
            assert self.nursery.stdin is not None
            self.nursery.kill()  # its workers are gone, and it has nothing to write down
            self.nursery.wait()
            self.nursery.stdin.close()
            assert self.nursery.stdout is not None
            self.nursery.stdout.close()
            self.nursery = None

    def _log(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self.home, prefix="worker-", suffix=".log")
        os.close(handle)
        return Path(name)

    def said(self) -> str:
        """What all workers have logged."""
        return "\n".join(log.read_text(errors="replace") for log in self.home.glob("worker-*.log"))

    # ---- runs ---------------------------------------------------------------------------------

    def start(self, definition: str, inputs: dict[str, Any] | None = None, **more: Any) -> Run:
        return start_run(
            definition=definition, inputs=inputs or {}, by=SYSTEM, workspace=self.project, **more
        )

    def start_shape(self, shape: Shape, mark: str) -> tuple[Run, str]:
        """A run of the shape, and the path of its victim, which only this run has."""
        text, victim = shape.called(mark)
        for file in SHAPES.glob("called-*.yaml"):
            named = file.read_text().replace("VICTIM", mark)
            own = own_name(mark)
            place = self.project / file.name.replace("VICTIM", mark)
            place.write_text(re.sub(r"\bvictim\b", own, named))
        return self.start(text), victim

    def wait(self, *runs: Run, within: float = 40.0, workers: int = 0, **env: str) -> list[Run]:
        """The runs, when all are over. ``workers``: replace those that die meanwhile."""
        pks = [run.pk for run in runs]

        def over() -> bool:
            if workers:
                self.keep(workers, **env)
            done = Run.objects.filter(pk__in=pks, status__in=OVER).count()
            return done == len(pks)

        try:
            wait_for(over, within, f"the end of {len(pks)} runs", 0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._open(pks)}\n{self.said()[-4000:]}") from None
        found = Run.objects.in_bulk(pks)
        return [found[pk] for pk in pks]

    def _open(self, pks: list[str]) -> str:
        rows = Execution.objects.filter(run_id__in=pks).exclude(status__in=[*OVER, "skipped"])
        lines = [f"{r.run_id}/{r.path}: {r.status} {r.worker} {r.tries}" for r in rows[:20]]
        runs = Run.objects.filter(pk__in=pks).exclude(status__in=OVER)
        return "\n".join([*(f"{r.id} {r.workflow_name}: {r.status}" for r in runs[:20]), *lines])

    def effects(self, *runs: Run) -> list[Effect]:
        """Every effect of these runs, in order."""
        pks = {run.pk for run in runs}
        try:
            lines = (self.project / "effects.log").read_text().splitlines()
        except FileNotFoundError:
            return []
        split = (line.split(" ") for line in lines)
        return [Effect(s[0], s[1], s[2], int(s[3])) for s in split if s[0] in pks]

    def times(self, run: Run) -> Counter[str]:
        """How often each step of the run did its work."""
        return Counter(effect.path for effect in self.effects(run))

    def running(self, run: Run, path: str, attempt: int = 1) -> bool:
        """Whether the step has begun its ``attempt``'s work."""
        return any(e.path == path and e.attempt == attempt for e in self.effects(run))


def steps(run: Run) -> dict[str, Execution]:
    """The executions of a run by path."""
    return {row.path: row for row in Execution.objects.filter(run=run).select_related("payload")}


def output(row: Execution) -> Any:
    return row.payload.value if row.payload else row.output


def make_site(home: Path, database_url: str, **env: str) -> Site:
    """A fresh installation in ``home`` (which exists)."""
    from django.conf import settings

    project = home / "project"
    project.mkdir()
    (project / "maverick_actions.py").write_text(ACTIONS)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAVERICK_", "CELERY_"))}
    return Site(
        home,
        project,
        {
            **kept,
            "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
            "DATABASE_URL": database_url,
            "MAVERICK_HOME": str(home),
            "MAVERICK_PROCESS": "worker",
            "MAVERICK_SECRET_KEY": settings.SECRET_KEY,
            "MAVERICK_DEMO": "0",
            "PYTHONPATH": str(CHECKOUT),
            **env,
        },
    )


@contextmanager
def speaking_to(site: Site) -> Iterator[None]:
    """This process's database and broker are the site's, as a web process's would be."""
    from celery import Celery

    import maverick_site.celery as site_celery
    from maverick_site import broker
    from maverick_site.env import database_from_url
    from runs.models.stored import compiled_version

    app = site_celery.app
    before = connections["default"]
    given = database_from_url("DATABASE_URL", site.env["DATABASE_URL"])
    wrapper = before.__class__({**before.settings_dict, **given}, "default")
    url, options = broker.prepare(site.home / "broker")
    ours = Celery("harness", set_as_current=False)
    ours.conf.update(
        {
            key: app.conf[key]
            for key in ("task_default_queue", "task_default_exchange", "task_default_routing_key")
        },
        broker_url=url,
        broker_transport_options=options,
        task_publish_retry=False,
        task_default_delivery_mode="transient",
    )
    connections["default"] = wrapper
    site_celery.app = ours
    compiled_version.cache_clear()  # version numbers mean others in another database
    try:
        yield
    finally:
        wrapper.close()
        connections["default"] = before
        site_celery.app = app
        compiled_version.cache_clear()
        ours.close()
