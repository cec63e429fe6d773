"""The side that works in this process, on the database of MAVERICK_HOME or DATABASE_URL."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from runs.cli.asking_here import AskingHere, restart_call
from runs.cli.backend import Json
from runs.cli.hooks import HooksHere
from runs.cli.keeping_here import KeepingHere
from runs.cli.local import actor as actor
from runs.cli.local import plain as plain
from runs.cli.refusals import CliRefusal

if TYPE_CHECKING:
    from runs.planning.preview import Preview

LOCK = 0x6D617665  # the one of `maverick up`: whoever comes first makes the tables


def set_up() -> None:
    """Django, ready to ask the database; the tables are there."""
    load_django()
    ensure_tables()


def load_django() -> None:
    """Django without a question to the database."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
        django.setup()
        _quiet_logs()


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from runs.cli.printing import one_line

        cause = f": {record.exc_info[1]}" if record.exc_info and record.exc_info[1] else ""
        return f"maverick: {one_line(record.getMessage() + cause)}"


def _quiet_logs() -> None:
    """Warnings as one line on stderr: tracebacks and progress of the engine are not for here."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    handler.setLevel(logging.WARNING)
    logging.getLogger().handlers[:] = [handler]


def ensure_tables() -> None:
    """Make or renew the tables if need be. One query when there is nothing to do."""
    missing = _missing()
    if not missing:
        return
    embedded = not os.environ.get("DATABASE_URL", "").strip()
    if not embedded and missing != _ours():
        from runs.projections.words import count

        # A database that others use as well is not changed by the way.
        raise CliRefusal(
            "database-behind",
            f"The database lacks {count(len(missing), 'migration')} of this version.",
            "`maverick up` on its server, or `manage.py migrate`, brings it up to date.",
        )
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            if _missing():
                call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _ours() -> set[str]:
    import runs

    folder = Path(runs.__file__).parent / "migrations"
    return {file.stem for file in folder.glob("[0-9]*.py")}


def _missing() -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        if cursor.fetchone()[0] is None:
            return _ours()
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'runs'")
        return _ours() - {name for (name,) in cursor.fetchall()}


def placement(detach: bool) -> str:
    """Who drives a new run: any worker, or this process."""
    from runs.record.workers import command_id

    return "" if detach else command_id()


def somebody_drives(run_id: str) -> bool:
    """Whether a worker takes any run, or a command drives this one."""
    from runs.models import Run
    from runs.projections.cli_tables import somebody_works
    from runs.record.workers import living_command

    placement = Run.objects.values_list("placement", flat=True).get(pk=run_id)
    return bool(placement and living_command(placement)) or somebody_works()


class Here(KeepingHere, AskingHere, HooksHere):
    """This process; see Backend."""

    remote = False

    def __init__(self) -> None:
        set_up()

    def get_run(self, run_id: str) -> Json:
        from runs.projections.api_runs import get_run

        return cast(Json, plain(get_run(run_id)))

    def list_runs(
        self,
        *,
        statuses: Sequence[str] = (),
        workflow: str = "",
        golden: bool | None = None,
        text: str = "",
        search: str = "",
        limit: int = 50,
    ) -> list[Json]:
        from runs.projections.api_runs import RunFilter, list_runs, understood

        wanted = RunFilter(
            tuple(statuses),
            workflow,
            golden=golden,
            text=text,
            search=understood(search, "--filter"),
            me=actor().name,
        )
        return cast(list[Json], plain(list_runs(wanted, limit).items))

    def graph(self, run_id: str) -> Json:
        from runs.projections.run_graph import run_graph

        return cast(Json, plain(run_graph(run_id)))

    def execution(self, run_id: str, execution_id: str) -> Json:
        from runs.projections.api_executions import get_execution

        return cast(Json, plain(get_execution(run_id, execution_id)))

    def why(self, run_id: str, path: str = "") -> Json:
        from runs.projections.why import why

        return cast(Json, plain(why(run_id, path)))

    def lineage(self, run_id: str) -> Json:
        from runs.projections.lineage import family

        return cast(Json, plain(family(run_id)))

    def origin(self, execution_id: str) -> Json:
        from runs.projections.origin import origin

        return cast(Json, plain(origin(execution_id)))

    def compare(self, run_id: str, other: str, path: str = "") -> Json:
        from runs.projections.compare import compare_runs

        return cast(Json, plain(compare_runs(run_id, other, path=path)))

    def log(self, run_id: str, execution_id: str) -> Iterator[Json]:
        from runs.projections.api_executions import read_log

        after = 0
        while True:
            page = read_log(run_id, execution_id, after=after)
            yield from plain(page.items)
            if page.last_id == after:
                return
            after = page.last_id

    def new_events(self, run_id: str, after: int) -> tuple[list[Json], bool]:
        """What the journal has behind a number now, and whether the run is over."""
        from runs.projections.event_feed import read_events

        page = read_events(run_id, after)
        return plain(page.items), page.over

    def follow(self, run_id: str, after: int = 0) -> Iterator[Json]:
        while True:
            events, over = self.new_events(run_id, after)
            yield from events
            after = events[-1]["seq"] if events else after
            if over:
                return
            if not events:
                time.sleep(0.15)

    def restart(self, run_id: str, request: Mapping[str, Any], *, placement: str = "") -> Json:
        from runs.operations.restart_run import RestartRequest, restart_run

        run = restart_run(run_id, RestartRequest(**request), by=actor(), placement=placement)
        return self.get_run(run.id)

    def plan(self, run_id: str, request: Mapping[str, Any]) -> Json:
        from runs.operations.restart_run import RestartRequest, plan_restart

        return preview(plan_restart(run_id, RestartRequest(**request)))

    def restart_execution(
        self, execution_id: str, request: Mapping[str, Any], *, placement: str = ""
    ) -> Json:
        from runs.operations.restart_execution import restart_execution
        from runs.operations.restart_run import RestartRequest

        of_call = restart_call(execution_id, request)
        if of_call is not None:
            return of_call
        run = restart_execution(
            execution_id, RestartRequest(**request), by=actor(), placement=placement
        )
        return self.get_run(run.id)

    def retry(self, run_id: str, execution_id: str) -> Json:
        from runs.operations.retry_step import retry_step

        retry_step(run_id, execution_id, by=actor())
        return self.get_run(run_id)

    def plan_execution(self, execution_id: str, request: Mapping[str, Any]) -> Json:
        from runs.operations.restart_execution import plan_execution
        from runs.operations.restart_run import RestartRequest

        return preview(plan_execution(execution_id, RestartRequest(**request)))

    def pause(self, run_id: str, reason: str) -> Json:
        from runs.operations.pause_run import pause_run

        pause_run(run_id, by=actor(), reason=reason)
        return self.get_run(run_id)

    def unpause(self, run_id: str) -> Json:
        from runs.operations.pause_run import unpause_run

        unpause_run(run_id, by=actor())
        return self.get_run(run_id)

    def cancel(self, run_id: str, reason: str) -> Json:
        from runs.operations.cancel_run import cancel_run

        cancel_run(run_id, by=actor(), reason=reason)
        return self.get_run(run_id)

    def approvals(self, run_id: str) -> list[Json]:
        from runs.projections.approvals import list_approvals

        return cast(list[Json], plain(list_approvals(run_id, actor())))

    def decide(
        self, run_id: str, where: str, approve: bool, comment: str, values: Mapping[str, Any]
    ) -> Json:
        from runs.operations.decide_approval import decide_approval

        decide_approval(run_id, where, approve=approve, by=actor(), comment=comment, values=values)
        return self.get_run(run_id)

    def checkpoints(self, run_id: str) -> list[Json]:
        from runs.projections.checkpoints import list_checkpoints

        return cast(list[Json], plain(list_checkpoints(run_id)))

    def checkpoint(self, run_id: str, checkpoint_id: str) -> Json:
        from runs.projections.checkpoints import get_checkpoint

        return cast(Json, plain(get_checkpoint(run_id, checkpoint_id)))

    def import_checkpoint(self, content: Any, file: str) -> Json:
        from runs.operations.import_checkpoint import import_checkpoint
        from runs.projections.checkpoints import get_checkpoint

        made = import_checkpoint(content, file=file, by=actor())
        found = get_checkpoint(made.run.id, made.checkpoint.id).checkpoint
        return {
            "run": self.get_run(made.run.id),
            "checkpoint": plain(found),
            "is_new": made.is_new,
        }

    def workflows(self) -> list[Json]:
        from runs.projections.workflow_catalog import list_workflows

        found: list[Json] = []
        after = ""
        while True:
            page = list_workflows(after=after, limit=200)
            found += plain(page.items)
            if page.next_after is None:
                return found
            after = page.next_after

    def workflow(self, name: str) -> Json:
        from runs.projections.workflow_catalog import get_workflow

        return cast(Json, plain(get_workflow(name)))

    def page_url(self, run_id: str) -> str:
        address = server_of_home()
        return f"{address}/runs/{run_id}" if address else ""


def preview(made: "Preview") -> Json:
    """A preview in the shape of the REST API."""
    told = ("plan_id", "counts", "saved_ms", "saved_cost", "confirm")
    step = ("path", "action", "because", "source_execution_id", "saved_ms", "expected_ms")
    beside = ("path", "turns", "run", "unknown", "because", "is_open")
    return {
        **{name: plain(getattr(made, name)) for name in told},
        "items": [{name: plain(getattr(item, name)) for name in step} for item in made.items],
        "not_begun": [
            {name: plain(getattr(more, name)) for name in beside} for more in made.not_begun
        ],
    }


def server_of_home() -> str:
    """The address of this home's `maverick up` while it runs, else empty."""
    from runs.cli.remote import home_folder

    try:
        with (home_folder() / "up.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:  # held, so what stands in it is true
                _pid, _, address = lock.read().strip().partition(" ")
                return address if address.startswith("http") else ""
    except OSError:
        pass
    return ""
