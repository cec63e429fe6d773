"""An exported run's rows, written into this database. The caller holds a transaction."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models.functions import Now

from runs import ids, run_file
from runs.masking import is_masked
from runs.models import Checkpoint, Event, Execution, LogChunk, Run, WorkflowVersion
from runs.record import checkpoint_files, imported
from runs.record.payloads import store
from runs.run_file import Reader, RunFileDamaged
from runs.states import RUN_OVER, RunStatus, StepStatus

_BATCH = 500
_LOGS = 20  # a chunk may have a mebibyte
_TIMES = ("created_at", "started_at", "finished_at", "at")
_CLOSED = {one.value for one in StepStatus} - {"queued", "running", "waiting", "pending"}
RUN_TEXTS = ("workflow_name", "status_reason", "kind", "family_id", "reason", "created_by")
RUN_COUNTS = ("n_total", "n_succeeded", "n_failed", "n_skipped", "n_reused")


class Ids:
    """The ids of the file, or new ones in their place."""

    def __init__(self, new: bool) -> None:
        self._new, self._known = new, dict[str, str]()

    def run(self, given: Any) -> str:
        """A run's own id."""
        return self._one(given, "run_", ids.run_id)

    def execution(self, given: Any) -> str:
        """An id of one of its executions; "" and None stay "" (no execution)."""
        return self._one(given, "exec_", ids.execution_id) if given else ""

    def _one(self, given: Any, prefix: str, make: Any) -> str:
        text = str(given)
        if not text.startswith(prefix) or len(text) > 40 or not text.isascii():
            raise RunFileDamaged(f"{text[:60]!r} is no id.")
        if not text.removeprefix(prefix).isalnum():
            raise RunFileDamaged(f"{text[:60]!r} is no id.")
        if not self._new:
            return text
        return self._known.setdefault(text, str(make()))


def write_run(reader: Reader, version: WorkflowVersion, workspace: str, known: Ids, by: str) -> Run:
    """The run with everything that is its own. Raises IntegrityError when an id is taken."""
    told = _object(reader.json(run_file.RUN))
    if told.get("status") not in {status.value for status in RUN_OVER}:
        raise RunFileDamaged("The run in the file has not ended.")
    run_id = known.run(told.get("id"))
    source = told.get("source_id")
    inputs = _object(told.get("inputs") or {})
    seq = int(told.get("event_seq") or 0)
    run = Run.objects.create(
        id=run_id,
        version=version,
        status=RunStatus(told["status"]),
        **{name: str(told.get(name) or "") for name in RUN_TEXTS},
        **{name: int(told.get(name) or 0) for name in RUN_COUNTS},
        # Of another machine's runs only those that are here too can be pointed at.
        source=Run.objects.filter(pk=str(source)).first() if source else None,
        inputs=inputs,
        sealed=imported.NOT_HERE if is_masked(inputs) else None,
        context=_object(told.get("context") or {}),
        labels=_object(told.get("labels") or {}),
        decisions=told.get("decisions"),
        outputs=told.get("outputs"),
        event_seq=seq + 1,
        created_at=_time(told.get("created_at")) or datetime.now(UTC),
        started_at=_time(told.get("started_at")),
        finished_at=_time(told.get("finished_at")),
        workspace=workspace,
    )
    payloads = _payloads(reader)
    for batch in _batches(_executions(reader, run, known, payloads)):
        Execution.objects.bulk_create(batch)
    for batch in _batches(_events(reader, run, known, seq)):
        Event.objects.bulk_create(batch)
    Event.objects.create(
        run=run, seq=seq + 1, kind="run.imported", data={"by": by, "was": told["id"]}, at=Now()
    )
    mine = set(Execution.objects.filter(run=run).values_list("pk", flat=True))
    for batch in _batches(_logs(reader, known, mine), _LOGS):
        LogChunk.objects.bulk_create(batch)
    if run_id == told["id"]:  # a checkpoint is sealed with its run's id in it
        _checkpoints(reader, run)
    return run


def _payloads(reader: Reader) -> set[str]:
    found = set()
    for name in reader.names:
        if name.startswith("payloads/"):
            digest = name[len("payloads/") : -len(".json")]
            if store(reader.json(name))[1] != digest:
                raise RunFileDamaged(f"{name} is not what its name says.")
            found.add(digest)
    return found


def _executions(reader: Reader, run: Run, known: Ids, payloads: set[str]) -> Iterator[Execution]:
    for row in reader.lines(run_file.EXECUTIONS):
        payload = row.get("payload_id")
        if payload is not None and payload not in payloads:
            raise RunFileDamaged(f"The output of {str(row.get('path'))[:100]} is missing.")
        if row.get("status") not in _CLOSED:
            raise RunFileDamaged(f"{str(row.get('path'))[:100]} has not ended.")
        values = {name: row.get(name) for name in _EXECUTION if name in row}
        values = {name: _time(v) if name in _TIMES else v for name, v in values.items()}
        parent = row.get("parent_id")
        yield Execution(
            **values,
            id=known.execution(row.get("id")),
            parent_id=known.execution(parent) if parent else None,
            run=run,
        )


_EXECUTION = (
    "path", "name", "type", "position", "status", "status_reason", "seq", "tries", "input",
    "input_digest", "match_key", "code_version", "output", "payload_id", "output_size", "error",
    "created_at", "started_at", "finished_at", "duration_ms", "reused_from", "reused_run",
    "origin_execution", "origin_run", "decision",
)  # fmt: skip


def _events(reader: Reader, run: Run, known: Ids, last: int) -> Iterator[Event]:
    for row in reader.lines(run_file.EVENTS):
        seq = row.get("seq")
        if not isinstance(seq, int) or not 0 < seq <= last:
            raise RunFileDamaged("The journal is not in order.")
        yield Event(
            run=run,
            seq=seq,
            kind=str(row.get("kind")),
            execution_id=known.execution(row.get("execution_id")),
            path=str(row.get("path") or ""),
            data=_object(row.get("data") or {}),
            at=_time(row.get("at")) or datetime.now(UTC),
        )


def _logs(reader: Reader, known: Ids, mine: set[str]) -> Iterator[LogChunk]:
    for row in reader.lines(run_file.LOGS):
        execution = known.execution(row.get("execution_id"))
        if execution not in mine:
            raise RunFileDamaged("A log belongs to none of the run's steps.")
        yield LogChunk(
            execution_id=execution,
            attempt=int(row.get("attempt") or 1),
            stream=str(row.get("stream") or "log"),
            level=str(row.get("level") or "info"),
            text=str(row.get("text") or ""),
            at=_time(row.get("at")) or datetime.now(UTC),
        )


def _checkpoints(reader: Reader, run: Run) -> None:
    for name in reader.names:
        if name.startswith("checkpoints/"):
            told = _object(reader.json(name))
            content = checkpoint_files.check(told.get("content"), name)
            if content["run_id"] != run.pk:
                raise RunFileDamaged(f"{name} is of another run.")
            made = imported.import_checkpoint(run, content, "")
            if told.get("retired"):
                Checkpoint.objects.filter(pk=made.pk).update(retired=True)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RunFileDamaged("A part of the file is no JSON object.")
    return value


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise RunFileDamaged(f"{str(value)[:60]!r} is no time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _batches(rows: Iterator[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    while batch := list(islice(rows, size)):
        yield batch
