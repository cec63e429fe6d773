"""Saving a checkpoint: what a run has finished, as a row and as a file in the project folder."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from runs import ids, steppath
from runs.canonical import digest
from runs.errors import StepFailure
from runs.masking import Masker
from runs.models import Checkpoint, Execution, Run
from runs.planning.changes import outlines
from runs.planning.graph import Compiled
from runs.planning.tolerated import tolerated
from runs.record import checkpoint_files, sealing, snapshots
from runs.states import StepStatus

_LONGEST_ID = 160
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class CheckpointNotSaved(StepFailure):
    """The checkpoint could not be saved."""

    code = "checkpoint-not-saved"


def shown_id(wanted: str, masker: Masker) -> str:
    """A checkpoint's id as it is recorded and shown: without secrets, on one line, not too long."""
    name = _CONTROL.sub(" ", masker.text(wanted)).strip() or "checkpoint"
    return name if len(name) <= _LONGEST_ID else f"{name[:_LONGEST_ID]}-{digest(name)[:8]}"


def save(
    run_id: str,
    *,
    execution_id: str,
    path: str,
    wanted: str,
    compiled: Compiled,
    inputs: Mapping[str, Any],
    masker: Masker,
    workspace: Path,
) -> Checkpoint:
    """Save the run as it stands. Saving the same id again replaces it.

    Raises CheckpointNotSaved when the file cannot be written (no room, no right).
    """
    run = Run.objects.select_related("version").get(pk=run_id)
    name = shown_id(wanted, masker)
    content = {
        **_head(run, name, path, compiled, inputs, masker),
        **_results(run, execution_id, path, compiled),
    }
    folder = checkpoint_files.folder_of(workspace, run_id)
    try:
        with transaction.atomic():
            # One at a time in a run: two ids must not become one file. Not the run's row lock:
            # its other steps go on while the disk is waited for.
            _only_one_saves(run_id)
            checkpoint_files.prepare_folder(workspace, run_id)
            known = dict(Checkpoint.objects.filter(run_id=run_id).values_list("name", "file"))
            pk = _id(run_id, name)
            stem = _stem(name, known)
            # What was finished comes first: a step that ends in between runs again, and finds
            # what it has left behind; the other way round its work would be kept and lacking.
            content["workspace"] = snapshots.take(workspace, run_id, stem)
            file = folder / f"{stem}.json"
            content["steps"][path]["output"] = {
                "checkpoint_id": pk,
                "name": name,
                "file": str(file),
                "steps": len(content["steps"]),
                "ref": content["workspace"]["ref"],
            }
            content = checkpoint_files.seal(content)
            checkpoint_files.write(file, content)
            return _row(run, name, pk, execution_id, path, content, file)
    except OSError as error:
        raise CheckpointNotSaved(
            f"{folder} could not be written: {error.strerror or error}.",
            hint="Make room or give the right to write there, then resume.",
        ) from None


def _only_one_saves(run_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [run_id])


def _id(run_id: str, name: str) -> str:
    """The id that a checkpoint of this name has, or gets."""
    known = Checkpoint.objects.filter(run_id=run_id, name=name).values_list("id", flat=True).first()
    return known or ids.checkpoint_id()


def _stem(name: str, known: Mapping[str, str]) -> str:
    had = Path(known.get(name, "")).stem
    # A file that was taken in from elsewhere lies anywhere, under any name or none.
    if had in checkpoint_files.stems(name):
        return had
    return checkpoint_files.free_name(name, [Path(file).stem for file in known.values()])


def _row(
    run: Run, name: str, pk: str, execution_id: str, path: str, content: dict[str, Any], file: Path
) -> Checkpoint:
    values = {
        "execution_id": execution_id,
        "path": path,
        "content": content,
        "digest": content["sha256"],
        "file": str(file),
        "ref": content["workspace"]["ref"] or "",
        "n_steps": len(content["steps"]),
        "created_at": datetime.fromisoformat(content["saved_at"]),
    }
    saved, _ = Checkpoint.objects.update_or_create(
        run=run, name=name, defaults=values, create_defaults={"id": pk, **values}
    )
    return saved


# ---- what a checkpoint holds --------------------------------------------------------------------


def _head(
    run: Run, name: str, path: str, compiled: Compiled, inputs: Mapping[str, Any], masker: Masker
) -> dict[str, Any]:
    return {
        "format": checkpoint_files.FORMAT,
        "run_id": run.id,
        "workflow": run.workflow_name,
        "workflow_digest": run.version.digest,
        **_sources(run, masker),
        "outline": [one.to_json() for one in outlines(compiled)],
        "checkpoint": name,
        "position": position(path),
        "inputs": masker.value(dict(run.inputs)),
        "input_digests": sealing.input_digests(compiled.spec, inputs),
        "saved_at": _now().astimezone(UTC).isoformat(),
    }


def _sources(run: Run, masker: Masker) -> dict[str, Any]:
    """The workflow's texts, unless a secret stands in them: then they are told by digests only."""
    version = run.version
    texts = {"source": version.source, "file": version.file, "bundle": version.bundle}
    return {"sources": texts} if masker.value(texts) == texts else {}


def _results(run: Run, execution_id: str, path: str, compiled: Compiled) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    loops: dict[str, Any] = {}
    unfinished: dict[str, Any] = {}
    rows = list(
        Execution.objects.filter(run=run)
        .exclude(type="call")
        .select_related("payload")
        .iterator(500)
    )
    stays = tolerated(compiled, {row.path: row.state for row in rows})
    for row in rows:
        if row.type == "loop" and row.input and "items" in row.input:
            loops[row.path] = {"items": [digest(item) for item in row.input["items"]]}
        if row.status in ("succeeded", "skipped") or row.path in stays:
            steps[row.path] = _step(row, run, compiled)
        elif row.state is StepStatus.RUNNING and _is_container(compiled, row.path):
            unfinished[row.path] = {
                "execution_id": row.id, "type": row.type, "input": row.input,
            }  # fmt: skip
    # The checkpoint itself: who resumes from it need not save it again.
    steps[path] = {
        "execution_id": execution_id,
        "type": "checkpoint",
        "status": "succeeded",
        "definition": compiled.node(path).digest,
        "condition": compiled.node(path).condition,
        "output": None,  # told by `save`, when all of it is known
        "duration_ms": 0,
    }
    for loop, turns in _finished_turns(compiled, steps).items():
        loops.setdefault(loop, {})["finished"] = turns
    return {"steps": steps, "loops": loops, "open": unfinished}


def _is_container(compiled: Compiled, path: str) -> bool:
    node = compiled.nodes.get(steppath.pattern(path))
    return node is not None and node.is_container


def _step(row: Execution, run: Run, compiled: Compiled) -> dict[str, Any]:
    node = compiled.nodes.get(steppath.pattern(row.path))  # None: a call made by an agent
    more = {"error": row.error} if row.error else {}
    return {
        "execution_id": row.id,
        "origin_execution_id": row.origin_execution or row.id,
        "origin_run_id": row.origin_run if row.origin_execution else run.id,
        "type": row.type,
        "status": row.status,
        "reason": row.status_reason,
        "definition": node.digest if node else "",
        "condition": node.condition if node else "",
        "code_version": row.code_version,
        "input": row.input,
        "output": row.payload.value if row.payload else row.output,
        "duration_ms": row.duration_ms,
        **more,
    }


def _finished_turns(compiled: Compiled, steps: Iterable[str]) -> dict[str, list[int]]:
    """Of each loop, the turns of which every step is finished."""
    counts = Counter(steppath.split_turn(steppath.scope_of(path)) for path in steps)
    found: dict[str, list[int]] = {}
    for (container, index), count in counts.items():
        if index is None:
            continue
        if count == len(compiled.scopes[steppath.pattern(container)].nodes):
            found.setdefault(container, []).append(index)
    return {container: sorted(turns) for container, turns in found.items()}


def _now() -> datetime:
    """By the database's clock: of two machines' checkpoints it can be told which is newer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def position(path: str) -> list[dict[str, Any]]:
    """A step path as data: ``fix[2]/done`` is ``[{step: fix, turn: 2}, {step: done}]``."""
    segments: list[dict[str, Any]] = []
    for segment in path.split("/"):
        name, turn = steppath.split_turn(segment)
        segments.append({"step": name} if turn is None else {"step": name, "turn": turn})
    return segments
