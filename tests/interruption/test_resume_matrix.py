"""Every way a run can be interrupted × every shape it can have: `maverick run`, then `--resume`.

Each cell is a project folder of its own and the real command line (forked from a process that has
imported it already). In the folder a file says what happens to the victim; before the resume it is
gone. Afterwards every step that the last checkpoint holds has done its work once, every other step
once in the resumed run, and all results are those of a run that nothing happened to.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection

from runs.actor import SYSTEM
from runs.models import Checkpoint, Execution, Run
from runs.operations.start_run import start_run

from ..homes import begun
from ..thorough import pairs
from . import harness
from .harness import ACTIONS, Command, Site, output, steps, wait_for
from .tables import TABLES

SHAPES = sorted(
    file.stem for file in (harness.SHAPES / "resume").glob("*.yaml") if file.stem != "called"
)
SCENARIOS = {
    "kill -9": "the command is killed with -9",
    "Ctrl-C": "the command gets SIGINT",
    "failure": "the step fails",
    "time-out": "the step runs out of time",
    "worker lost": "the worker dies in the step, three times",
    "database": "PostgreSQL is restarted, as after a crash; the run goes on by itself",
    "disk full": "no room for the checkpoint's file",
    "elsewhere": "the step fails; its file is resumed in another folder, by an empty database",
}
PAIRS = pairs(SHAPES, list(SCENARIOS))
AT_ONCE = 8  # commands; each has up to four steps in hand
MORE = '''
@action("trouble")
def trouble(context, value=None, here=True):
    """Does its work, unless it is this one and a file says what is to happen instead."""
    plan = HERE / "trouble"
    if here and plan.exists():
        what = plan.read_text()
        (HERE / "began").touch()
        if what == "fail":
            raise RuntimeError("it was to fail")
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        while plan.exists():
            time.sleep(0.02)
    _effect(context)
    return {"path": context.path, "value": value}

@action("fails")
def fails(context):
    _effect(context)
    raise RuntimeError("it always does")

@action("makes")
def makes(context, file):
    _effect(context)
    (HERE / file).touch()
    return file
'''


@dataclass
class Cell:
    """One shape in one scenario, and what came of it."""

    shape: str
    scenario: str
    folder: Path
    first: Command | None = None
    again: Command | None = None
    run: dict[str, Any] = field(default_factory=dict)  # the one that succeeded
    kept: set[str] = field(default_factory=set)  # paths that the last checkpoint holds
    checkpoint: str = ""
    effects: dict[str, Counter[str]] = field(default_factory=dict)  # run → path → times
    results: dict[str, Any] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / f"{self.shape}.yaml"

    def plan(self, what: str) -> None:
        (self.folder / "trouble").write_text(what)

    def calm(self) -> None:
        (self.folder / "trouble").unlink(missing_ok=True)

    @property
    def began(self) -> bool:
        return (self.folder / "began").exists()

    def source(self) -> Run:
        return Run.objects.get(workspace=str(self.folder), kind="")


# ---- the site: a PostgreSQL of its own, which can be restarted -----------------------------------


@pytest.fixture(scope="module")
def own_site(django_db_blocker: Any) -> Iterator[Site]:
    from maverick_site import embedded

    home = begun(Path(tempfile.mkdtemp(prefix="mvk-")))
    place = embedded.home_of(embedded.prepare(home))
    assert place is not None
    embedded.ensure_running(place)
    url = embedded.database_url(home)
    site = harness.make_site(
        home, url, MAVERICK_LEASE_SECONDS="3", MAVERICK_SWEEP_SECONDS="0.5", NO_COLOR="1"
    )
    try:
        with django_db_blocker.unblock(), harness.speaking_to(site):
            try:
                yield site
            finally:
                site.close()
    finally:
        connection.close()
        _stop_server(place)
        shutil.rmtree(home, ignore_errors=True)


def _stop_server(place: Any) -> None:
    """SIGQUIT to the server: it ends without a word, and its log is replayed at the next start."""
    from maverick_site import embedded

    pid = int((place.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    wait_for(lambda: not embedded._alive(pid), 60, "the server's end")


def _restart_server(site: Site) -> None:
    from maverick_site import embedded

    place = embedded.home_of(embedded.prepare(site.home))
    assert place is not None
    _stop_server(place)
    connection.close()
    embedded.ensure_running(place)

    def answers() -> bool:
        try:
            return Run.objects.exists() or True
        except Error:
            connection.close()
            return False

    wait_for(answers, 60, "the server's answer")


@pytest.fixture(scope="module")
def small_disk(own_site: Site) -> Iterator[Path | None]:
    """A disk of a few megabytes; None where it cannot be mounted (who is not root)."""
    place = own_site.home / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


# ---- the scenarios ---------------------------------------------------------------------------------


class Walk:
    """Goes through one scenario with its shapes; all of them are walked in calm."""

    def __init__(self, site: Site, scenario: str) -> None:
        self.site, self.scenario = site, scenario
        self.cells = [
            self._cell(shape)
            for shape in SHAPES
            if scenario == "calm" or (shape, scenario) in PAIRS
        ]

    def _cell(self, shape: str) -> Cell:
        name = f"{shape}-{self.scenario}".replace(" ", "-")
        folder = self.site.home / "cells" / name
        folder.mkdir(parents=True)
        (folder / "maverick_actions.py").write_text(ACTIONS + MORE)
        for one in (shape, "called"):
            shutil.copy(harness.SHAPES / "resume" / f"{one}.yaml", folder)
        return Cell(shape, self.scenario, folder)

    def all(
        self,
        start: Callable[[Cell], Command],
        do: Callable[[Cell, Command], bool] = lambda cell, command: True,
        until: Callable[[Cell, Command], bool] = lambda cell, command: command.ended(),
    ) -> dict[str, Command]:
        """A command for each cell, some at once; ``do`` is tried until it answers yes, then the
        command is waited for."""
        todo, going = list(self.cells), dict[str, Command]()
        done: dict[str, Command] = {}
        acted: set[str] = set()
        deadline = time.monotonic() + 120
        while todo or going:
            while todo and len(going) < AT_ONCE:
                cell = todo.pop(0)
                going[cell.shape] = start(cell)
            for cell in self.cells:
                command = going.get(cell.shape)
                if command is None:
                    continue
                if cell.shape not in acted and do(cell, command):
                    acted.add(cell.shape)
                if cell.shape in acted and until(cell, command):
                    done[cell.shape] = going.pop(cell.shape)
            assert time.monotonic() < deadline, self._told(going)
            time.sleep(0.01)
        return done

    def _told(self, going: dict[str, Command]) -> str:
        said = [f"{shape}: {command.err[-2000:]}" for shape, command in going.items()]
        return "\n".join([f"{self.scenario} does not end:", *said])

    def run(self, cell: Cell, *more: str, **options: Any) -> Command:
        words = ("run", cell.file.name, "--json", "--threads", "3", *more)
        return self.site.start_command(cell.folder, *words, **options)

    def first(self, plan: str = "", stop: int = 0) -> None:
        """Start every shape; when its victim has begun, send a signal."""

        def act(cell: Cell, command: Command) -> bool:
            if not stop:
                return True
            if not (cell.began and self._has_saved(cell)):
                return False
            command.signal(stop)
            return True

        def start(cell: Cell) -> Command:
            if plan:
                cell.plan(plan)
            return self.run(cell)

        for shape, command in self.all(start, act).items():
            self.of(shape).first = command

    @staticmethod
    def _has_saved(cell: Cell) -> bool:
        """Whether a checkpoint is there: in some shapes the victim does not wait for it."""
        return Checkpoint.objects.filter(run__workspace=str(cell.folder)).exists()

    def of(self, shape: str) -> Cell:
        return next(cell for cell in self.cells if cell.shape == shape)

    def resume(self) -> None:
        """Resume every cell, nothing being in its way any more."""
        for cell in self.cells:
            source = cell.source()
            saved = source.checkpoints.order_by("-created_at", "-id").first()
            if saved is not None:
                cell.checkpoint = saved.name
                cell.kept = set(saved.content["steps"])
            cell.calm()
        for shape, command in self.all(lambda cell: self.run(cell, "--resume")).items():
            self.of(shape).again = command

    def read(self) -> None:
        """What the last command of each cell has come to."""
        for cell in self.cells:
            last = cell.again or cell.first
            assert last is not None
            lines = last.out.strip().splitlines()
            cell.run = json.loads(lines[-1]) if lines and last.code is not None else {}
            rows = steps(Run(pk=cell.run.get("id", "")))
            cell.results = {path: _result(row) for path, row in rows.items()}
            cell.tries = {path: len(row.tries) for path, row in rows.items()}
            if cell.again is not None and not cell.checkpoint:
                cell.kept = {path for path, row in rows.items() if row.reused_from}
            for line in (cell.folder / "effects.log").read_text().splitlines():
                run, path, *_ = line.split(" ")
                cell.effects.setdefault(run, Counter())[path] += 1


def _result(row: Execution) -> tuple[str, Any]:
    return row.status, _alike(output(row))


def _alike(value: Any) -> Any:
    """Without what every checkpoint, check and timer has of its own."""
    if isinstance(value, dict):
        if "checkpoint_id" in value:
            return f"checkpoint {value['name']}"
        own = ("duration_ms", "ended_at", "started_at", "until", "since")
        return {key: _alike(one) for key, one in value.items() if key not in own}
    if isinstance(value, list):
        return [_alike(one) for one in value]
    return value


def _calm(walk: Walk) -> None:
    walk.first()


def _killed(walk: Walk) -> None:
    walk.first("hang", signal.SIGKILL)
    walk.resume()


def _interrupted(walk: Walk) -> None:
    walk.first("hang", signal.SIGINT)
    walk.resume()


def _failed(walk: Walk) -> None:
    walk.first("fail")
    walk.resume()


def _timed_out(walk: Walk) -> None:
    for cell in walk.cells:
        for file in (cell.file, cell.folder / "called.yaml"):
            text = file.read_text().replace("action: trouble,", "action: trouble, timeout: 1.5,")
            file.write_text(text)
    walk.first("hang")
    for cell in walk.cells:  # who gives a step more time and resumes has not changed it
        for name in (cell.file.name, "called.yaml"):
            shutil.copy(harness.SHAPES / "resume" / name, cell.folder)
    walk.resume()


def _worker_lost(walk: Walk) -> None:
    site = walk.site
    for cell in walk.cells:
        cell.plan("die")
    runs = [
        start_run(workflow=str(cell.file), inputs={}, by=SYSTEM, workspace=cell.folder)
        for cell in walk.cells
    ]
    site.start_sweeper()
    over = site.wait(*runs, within=90, workers=3)
    assert {run.status for run in over} == {"failed"}
    for run in over:
        assert Execution.objects.filter(run=run, error__code="worker-lost").exists(), run
    site.stop()
    walk.resume()


def _database_restarted(walk: Walk) -> None:
    # In portions, so that each of them has a restart in the middle.
    for at in range(0, len(walk.cells), AT_ONCE):
        _one_restart(walk, walk.cells[at : at + AT_ONCE])


def _one_restart(walk: Walk, cells: list[Cell]) -> None:
    for cell in cells:
        cell.plan("hang")
        cell.first = walk.run(cell)
    wait_for(lambda: all(cell.began for cell in cells), 60, "every victim's begin")
    _restart_server(walk.site)
    for cell in cells:
        cell.calm()
    wait_for(lambda: all(c.first and c.first.ended() for c in cells), 60, "the end of every run")


def _disk_full(disk: Path | None) -> Callable[[Walk], None]:
    def walk_it(walk: Walk) -> None:
        if disk is None:
            first = walk.all(lambda cell: walk.run(cell, most_bytes=2048))
        else:
            for cell in walk.cells:
                (disk / cell.shape).mkdir()
                (cell.folder / ".maverick").symlink_to(disk / cell.shape)
            _fill(disk / "filler")
            first = walk.all(walk.run)
            (disk / "filler").unlink()
        for shape, command in first.items():
            walk.of(shape).first = command
        walk.resume()

    return walk_it


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        size = 65536
        while size >= 1:
            try:
                if out.write(b"x" * size) < size:
                    size //= 2
            except OSError:
                size //= 2


def _elsewhere(walk: Walk) -> None:
    walk.first("fail")
    for cell in walk.cells:
        source, there = cell.source(), cell.folder.with_name(cell.folder.name + "-there")
        saved = source.checkpoints.order_by("-created_at", "-id")[0]
        cell.checkpoint, cell.kept = saved.name, set(saved.content["steps"])
        cell.calm()
        there.mkdir()
        for name in (cell.file.name, "called.yaml", "maverick_actions.py", "effects.log"):
            shutil.copy(cell.folder / name, there)
        shutil.copy(saved.file, there / "carried.json")
        source.delete()
        shutil.rmtree(cell.folder)
        cell.folder = there
    again = walk.all(lambda cell: walk.run(cell, "--resume-from", "carried.json"))
    for shape, command in again.items():
        walk.of(shape).again = command


Cells = dict[tuple[str, str], Cell]


@pytest.fixture(scope="module")
def cells(own_site: Site, small_disk: Path | None) -> Cells:
    ways: dict[str, Callable[[Walk], None]] = {
        "calm": _calm,
        "kill -9": _killed,
        "Ctrl-C": _interrupted,
        "failure": _failed,
        "time-out": _timed_out,
        "worker lost": _worker_lost,
        "database": _database_restarted,
        "disk full": _disk_full(small_disk),
        "elsewhere": _elsewhere,
    }
    found: Cells = {}
    for scenario, way in ways.items():
        walk = Walk(own_site, scenario)
        way(walk)
        walk.read()
        own_site.stop()
        found |= {(cell.shape, scenario): cell for cell in walk.cells}
    return found


# ---- what is promised ------------------------------------------------------------------------------

EXIT = {
    "kill -9": None,
    "Ctrl-C": 130,
    "failure": 1,
    "time-out": 1,
    "disk full": 1,
    "database": 0,
    "elsewhere": 1,
}
CELLS = pytest.mark.parametrize(
    ("shape", "scenario"),
    [pytest.param(a, b, id=f"{a}-{b}") for a, b in PAIRS],
)


@CELLS
def test_after_a_resume_it_is_as_if_nothing_had_happened(
    cells: Cells, shape: str, scenario: str
) -> None:
    cell, calm = cells[shape, scenario], cells[shape, "calm"]
    if cell.first is not None:
        assert cell.first.code == EXIT[scenario], cell.first.err
    if cell.again is not None:
        assert cell.again.code == 0, cell.again.err
        assert cell.run["kind"] == "resume"
    assert cell.run["status"] == "succeeded"
    assert cell.results == calm.results
    for word in ("succeeded", "failed", "skipped"):
        assert cell.run["counts"][word] == calm.run["counts"][word]


@CELLS
def test_every_finished_step_did_its_work_once(cells: Cells, shape: str, scenario: str) -> None:
    cell, calm = cells[shape, scenario], cells[shape, "calm"]
    now = cell.effects.get(cell.run["id"], Counter())
    before: Counter[str] = sum(
        (times for run, times in cell.effects.items() if run != cell.run["id"]), Counter()
    )
    assert set(now) | set(before) == set(calm.effects[calm.run["id"]])
    for path in set(now) | set(before):
        if path in cell.kept:
            assert (before[path], now[path]) == (1, 0), f"{path} is held by the checkpoint"
        elif scenario == "database":
            assert 1 <= now[path] <= cell.tries[path], f"{path} had {cell.tries[path]} attempts"
        else:
            assert now[path] == 1, f"{path} is not held by the checkpoint"
            assert before[path] <= 1


@CELLS
def test_it_says_what_it_resumes(cells: Cells, shape: str, scenario: str) -> None:
    cell = cells[shape, scenario]
    if cell.again is None:
        assert scenario == "database", "the run went on by itself"
        return
    source, kept = cell.run["source_run_id"], cell.run["counts"]["reused"]
    said = " ".join(cell.again.err.split())
    assert f"Resuming {source}" in said
    assert f"{kept} step" in said
    if scenario == "disk full":
        kept_by = (" has no checkpoint; its succeeded steps are kept", " has no finished step;")
        assert any(source + words in said for words in kept_by)
    else:
        assert f"from checkpoint {cell.checkpoint}, saved" in said
    assert Checkpoint.objects.filter(run_id=source, retired=False).count() == 0, "success retires"


def test_the_matrix(cells: Cells, small_disk: Path | None, request: pytest.FixtureRequest) -> None:
    """Prints what was walked, so that it can be shown (`make matrix`)."""
    disk = "a tmpfs of 8 MB" if small_disk else "RLIMIT_FSIZE of 2 kB"
    told = [
        f"{len(SCENARIOS)} scenarios x {len(SHAPES)} shapes; disk full is {disk}.",
        "In each cell: steps kept by the resume / steps of the run.",
    ]
    widest = max(map(len, SHAPES))
    columns = [max(len(name), 9) for name in SCENARIOS]
    head = "  ".join(f"{name:<{width}}" for name, width in zip(SCENARIOS, columns, strict=True))
    told.append(f"{'':<{widest}}  {head}")
    for shape in SHAPES:
        row = []
        for scenario, width in zip(SCENARIOS, columns, strict=True):
            if (shape, scenario) not in PAIRS:
                row.append(" " * width)
                continue
            cell = cells[shape, scenario]
            counts = cell.run.get("counts", {})
            fine = cell.results == cells[shape, "calm"].results
            said = f"{counts.get('reused', 0)}/{counts.get('total', 0)}" if fine else "FAILED"
            row.append(f"ok {said:<{width - 3}}" if fine else f"{said:<{width}}")
        told.append(f"{shape:<{widest}}  {'  '.join(row)}")
    request.config.stash.setdefault(TABLES, []).append("\n".join(told))
    assert all("FAILED" not in line for line in told)
