"""An exported run's rows, written into this database. The caller holds a transaction."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from runs import ids, run_file, steppath
from runs.canonical import digest
from runs.masking import is_masked
from runs.models import (
    AgentCall,
    Checkpoint,
    Event,
    Execution,
    LogChunk,
    Run,
    RunNote,
    WorkflowVersion,
)
from runs.record import call_import, checkpoint_files, imported
from runs.record import run_values as value
from runs.record.annotating import MOST_NOTE
from runs.record.payloads import store
from runs.run_file import Reader, RunFileDamaged
from runs.states import RUN_OVER, STEP_OVER, RunStatus, StepStatus

_BATCH = 500
_LOGS = 20  # a chunk may have a mebibyte
_OVER = frozenset(status.value for status in RUN_OVER)
# What an attempt that was given up has left, and the last one did not come to, is pending for good.
_STEP_OVER = frozenset(status.value for status in (*STEP_OVER, StepStatus.PENDING))
_KINDS = frozenset({"", "restart", "fork", "resume"})
RUN_TEXTS = ("status_reason", "reason", "created_by")
RUN_COUNTS = ("n_total", "n_succeeded", "n_failed", "n_skipped", "n_reused")


class Ids:
    """The ids of the file, or new ones in their place."""

    def __init__(self, new: bool) -> None:
        self._new, self._known = new, dict[str, str]()
        self.run_id = ""  # as it is written
        self.executions: list[str] = []

    def run(self, given: Any) -> str:
        """The run's own id."""
        fine = isinstance(given, str) and value.is_run_id(given)
        self.run_id = self._one(given, "run_", fine, ids.run_id)
        return self.run_id

    def execution(self, given: Any) -> str:
        """An id of one of its executions; "" and None stay "" (no execution)."""
        if not given:
            return ""
        return self._one(given, "exec_", value.is_execution_id(str(given)), ids.execution_id)

    def known(self, given: str) -> str:
        """The id in place of one that was named before; any other text stays as it is."""
        return self._known.get(given, given)

    def _one(self, given: Any, prefix: str, fine: bool, make: Any) -> str:
        if not fine:
            raise RunFileDamaged(f"{str(given)[:60]!r} is no id ({prefix}…).")
        return self._known.setdefault(given, str(make())) if self._new else str(given)


def write_run(reader: Reader, version: WorkflowVersion, workspace: str, known: Ids, by: str) -> Run:
    """The run with everything that is its own. Raises IntegrityError when an id is taken."""
    told = value.mapping(reader.json(run_file.RUN))
    if told.get("status") not in _OVER:
        raise RunFileDamaged("The run in the file has not ended.")
    run = _run(told, version, workspace, known)
    payloads = _payloads(reader)
    paths: dict[str, str] = {}
    parents: dict[str, str] = {}
    for batch in _batches(_executions(reader, run, known, payloads, paths, parents)):
        Execution.objects.bulk_create(batch)
    _check_parents(run, paths, parents)
    _check_origins(run)
    last = run.event_seq - 1
    for batch in _batches(_events(reader, run, known, last)):
        Event.objects.bulk_create(batch)
    Event.objects.create(
        run=run, seq=last + 1, kind="run.imported", data={"by": by, "was": told["id"]}, at=Now()
    )
    mine = set(paths.values())
    for batch in _batches(_logs(reader, known, mine), _LOGS):
        LogChunk.objects.bulk_create(batch)
    for batch in _batches(call_import.calls_in(reader, run, known, mine)):
        AgentCall.objects.bulk_create(batch)
    if run_file.NOTE in reader.names:
        _note(value.mapping(reader.json(run_file.NOTE)), run)
    if run.pk == told["id"]:  # a checkpoint is sealed with its run's id in it
        _checkpoints(reader, run)
    return run


def _note(told: dict[str, Any], run: Run) -> None:
    text = value.text(told.get("text"), "The run's note")
    if len(text) > MOST_NOTE:
        raise RunFileDamaged(f"The run's note has more than {MOST_NOTE:,} characters.")
    RunNote.objects.create(
        run=run,
        text=text,
        revision=value.number(told.get("revision"), "The note's revision"),
        by=value.text(told.get("by"), "The note's writer")[:200],
        at=value.when(told.get("at")) or datetime.now(UTC),
    )


def _run(told: dict[str, Any], version: WorkflowVersion, workspace: str, known: Ids) -> Run:
    run_id = known.run(told.get("id"))
    name = version.workflow.name
    if told.get("workflow_name") != name:
        raise RunFileDamaged(
            f"The run is one of {str(told.get('workflow_name'))[:80]!r}, the workflow in the file "
            f"is {name!r}."
        )
    kind = value.one_of(told.get("kind") or "", _KINDS, "The kind of the run")
    source = _source(value.run_id(told.get("source_id"), "The run's source"), kind, name)
    family = value.run_id(told.get("family_id"), "The run's family")
    inputs = value.mapping(told.get("inputs") or {}, "The run's inputs")
    return Run.objects.create(
        id=run_id,
        version=version,
        workflow_name=name,
        status=RunStatus(told["status"]),
        kind=kind,
        source=source,
        family_id=(source.family_id or source.pk) if source else family or run_id,
        **{one: value.text(told.get(one), f"The run's {one}") for one in RUN_TEXTS},
        **{one: value.number(told.get(one), f"The run's {one}") for one in RUN_COUNTS},
        inputs=inputs,
        sealed=imported.NOT_HERE if is_masked(inputs) else None,
        context=value.mapping(told.get("context") or {}, "The run's context"),
        labels=value.labels(told.get("labels")),
        decisions=value.decisions(told.get("decisions")),
        outputs=told.get("outputs"),
        event_seq=value.number(told.get("event_seq"), "The journal's length", 2**30) + 1,
        created_at=value.when(told.get("created_at")) or datetime.now(UTC),
        started_at=value.when(told.get("started_at")),
        finished_at=value.when(told.get("finished_at")),
        workspace=workspace,
    )


def _source(run_id: str, kind: str, workflow: str) -> Run | None:
    """The run that it was made from, if that is here too; None otherwise.

    A run that was resumed here has its one successor, and no file may take its place.
    """
    source = Run.objects.filter(pk=run_id).first() if run_id else None
    if source is None or (kind == "resume" and source.successors.filter(kind="resume").exists()):
        return None
    if source.workflow_name != workflow:
        raise RunFileDamaged(f"Its source {run_id} is a run of {source.workflow_name!r} here.")
    return source


def _payloads(reader: Reader) -> dict[str, int | None]:
    """Each large output under its digest: its size, or None where it is small for this machine
    and goes into its step's row."""
    found: dict[str, int | None] = {}
    for name in reader.names:
        if name.startswith("payloads/"):
            content = reader.json(name)
            told = name[len("payloads/") : -len(".json")]
            if digest(content) != told:
                raise RunFileDamaged(f"{name} is not what its name says.")
            _, stored, size = store(content)
            found[told] = None if stored is None else size
    return found


def _stored(
    reader: Reader, row: dict[str, Any], path: str, payloads: dict[str, int | None]
) -> dict[str, Any]:
    """The output as this machine keeps it, whatever the other one took for large."""
    payload, output = row.get("payload_id"), row.get("output")
    if payload is None and output is None:
        return {"output_size": value.number(row.get("output_size"), f"The size of {path[:100]}")}
    if payload is None:
        output, payload, size = store(output)
        return {"output": output, "payload_id": payload, "output_size": size}
    if not isinstance(payload, str) or payload not in payloads or output is not None:
        raise RunFileDamaged(f"The output of {path[:100]} is missing.")
    known = payloads[payload]
    if known is not None:
        return {"output": None, "payload_id": payload, "output_size": known}
    output, payload, size = store(reader.json(f"payloads/{payload}.json"))
    return {"output": output, "payload_id": payload, "output_size": size}


def _executions(
    reader: Reader,
    run: Run,
    known: Ids,
    payloads: dict[str, int | None],
    paths: dict[str, str],
    parents: dict[str, str],
) -> Iterator[Execution]:
    for row in reader.lines(run_file.EXECUTIONS):
        path = value.path(row.get("path"))
        shown = path[:100]
        if row.get("status") not in _STEP_OVER:
            raise RunFileDamaged(f"{shown} has not ended: {str(row.get('status'))[:40]!r}.")
        if path in paths:
            raise RunFileDamaged(f"The file has the step {shown} twice.")
        kind = value.word(row.get("type"), f"The type of {shown}")
        pk = known.execution(row.get("id"))
        if not pk:
            raise RunFileDamaged(f"{shown} has no id.")
        paths[path] = pk
        known.executions.append(pk)
        if row.get("parent_id"):
            parents[path] = known.execution(row["parent_id"])
        took = row.get("duration_ms")
        yield Execution(
            id=pk,
            run=run,
            parent_id=parents.get(path),
            path=path,
            name=value.text(row.get("name"), f"The name of {shown}"),
            type=kind,
            status=row["status"],
            **{one: value.text(row.get(one), f"{one} of {shown}") for one in _TEXTS},
            **{one: value.number(row.get(one), f"{one} of {shown}") for one in _NUMBERS},
            duration_ms=None if took is None else value.number(took, f"Time of {shown}", 2**53),
            tries=value.tries(row.get("tries"), shown),
            input=value.step_input(row.get("input"), kind, shown),
            error=value.error(row.get("error"), shown),
            decision=value.decision(row.get("decision"), shown),
            reused_from=value.execution_id(row.get("reused_from"), f"The source of {shown}"),
            reused_run=value.run_id(row.get("reused_run"), f"The source of {shown}"),
            origin_execution=value.execution_id(
                row.get("origin_execution"), f"The origin of {shown}"
            ),
            origin_run=value.run_id(row.get("origin_run"), f"The origin of {shown}"),
            created_at=value.when(row.get("created_at")) or run.created_at,
            started_at=value.when(row.get("started_at")),
            finished_at=value.when(row.get("finished_at")),
            **_stored(reader, row, path, payloads),
        )


_TEXTS = ("status_reason", "input_digest", "match_key", "code_version")
_NUMBERS = ("position", "seq")


def _check_parents(run: Run, paths: dict[str, str], parents: dict[str, str]) -> None:
    """A step's container is one of its own run; one that never began has no row anywhere."""
    strange = []
    for path, parent in parents.items():
        there = paths.get(steppath.parent_of(path))
        if there is None:
            strange.append(parent)
        elif there != parent:
            raise RunFileDamaged(f"{path[:100]} does not stand in its container.")
    if Execution.objects.filter(pk__in=strange).exists():
        raise RunFileDamaged("A step names a container that is none of its own.")


# Of what a step says to have reused, and is here: it must be what it says.
_FALSE_ORIGIN = """
SELECT n.path, o.id, o.run_id FROM runs_execution n
JOIN runs_execution o ON o.id IN (n.origin_execution, n.reused_from)
WHERE n.run_id = %s AND n.origin_execution <> '' AND (
  o.status <> 'succeeded'
  OR (o.id = n.origin_execution AND n.origin_run <> '' AND n.origin_run <> o.run_id)
  OR (o.id = n.reused_from AND n.reused_run <> '' AND n.reused_run <> o.run_id)
  OR ((o.payload_id IS NULL) = (n.payload_id IS NULL)
      AND (o.payload_id IS DISTINCT FROM n.payload_id OR o.output IS DISTINCT FROM n.output)))
LIMIT 1
"""


def _check_origins(run: Run) -> None:
    """Lineage tells who really did the work; no file may name somebody else's."""
    with connection.cursor() as cursor:
        cursor.execute(_FALSE_ORIGIN, [run.pk])
        row = cursor.fetchone()
    if row is not None:
        path, origin, where = row
        raise RunFileDamaged(
            f"{path[:100]} says that its output is that of {origin}, and that step, of {where}, "
            "has another one."
        )


def _events(reader: Reader, run: Run, known: Ids, last: int) -> Iterator[Event]:
    before = 0
    for row in reader.lines(run_file.EVENTS):
        seq = row.get("seq")
        if type(seq) is not int or not before < seq <= last:
            raise RunFileDamaged("The journal is not in order.")
        before = seq
        yield Event(
            run=run,
            seq=seq,
            kind=value.word(row.get("kind"), f"Entry {seq} of the journal"),
            execution_id=known.execution(row.get("execution_id")),
            path=value.text(row.get("path"), f"The path of entry {seq}"),
            data=value.mapping(row.get("data") or {}, f"Entry {seq} of the journal"),
            at=value.when(row.get("at")) or run.created_at,
        )


def _logs(reader: Reader, known: Ids, mine: set[str]) -> Iterator[LogChunk]:
    for row in reader.lines(run_file.LOGS):
        execution = known.execution(row.get("execution_id"))
        if execution not in mine:
            raise RunFileDamaged("A log belongs to none of the run's steps.")
        yield LogChunk(
            execution_id=execution,
            attempt=value.number(row.get("attempt"), "The attempt of a log") or 1,
            stream=value.word(row.get("stream") or "log", "The stream of a log"),
            level=value.word(row.get("level") or "info", "The level of a log"),
            text=value.text(row.get("text"), "A line of a log"),
            at=value.when(row.get("at")) or datetime.now(UTC),
        )


def _checkpoints(reader: Reader, run: Run) -> None:
    names: set[str] = set()
    for name in reader.names:
        if name.startswith("checkpoints/"):
            told = value.mapping(reader.json(name))
            content = checkpoint_files.check(told.get("content"), name)
            if content["run_id"] != run.pk:
                raise RunFileDamaged(f"{name} is of another run.")
            if content["checkpoint"] in names:
                raise RunFileDamaged(
                    f"The file has the checkpoint {content['checkpoint']!r} twice."
                )
            names.add(content["checkpoint"])
            made = imported.import_checkpoint(run, content, "")
            if told.get("retired"):
                Checkpoint.objects.filter(pk=made.pk).update(retired=True)


def _batches(rows: Iterator[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    while batch := list(islice(rows, size)):
        yield batch
