"""The checkpoint store: rows, and portable files in the project folder.

A file is written under a temporary name, fsynced, renamed, and its folder fsynced: a reader finds
the whole file or none. Its content carries its own SHA-256, so damage is noticed.
"""

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from runs import ids, steppath
from runs.canonical import digest
from runs.errors import CheckpointDamaged, StepFailure
from runs.masking import Masker
from runs.models import Checkpoint, Execution, Run
from runs.planning.changes import outlines
from runs.planning.graph import Compiled
from runs.record import sealing

FORMAT = 1
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class CheckpointNotSaved(StepFailure):
    """The checkpoint could not be saved."""

    code = "checkpoint-not-saved"


def clean_name(wanted: str) -> str:
    """A checkpoint id as a file name: none escapes the folder, none is empty or hidden."""
    cleaned = _UNSAFE.sub("-", wanted).strip(".-")[:100]
    return cleaned or "checkpoint"


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
    """Save the run as it stands. Saving the same name again replaces it.

    Raises CheckpointNotSaved when the file cannot be written (no room, no right).
    """
    run = Run.objects.select_related("version").get(pk=run_id)
    name = clean_name(wanted)
    content = _content(run, path, name, compiled, inputs, masker, workspace)
    content["sha256"] = digest(content)
    folder = workspace / ".maverick" / "checkpoints" / run_id
    file = folder / f"{name}.json"
    try:
        _write(folder, file, content)
    except OSError as error:
        raise CheckpointNotSaved(
            f"{file} could not be written: {error.strerror or error}.",
            hint="Make room or give the right to write there, then restart from here.",
        ) from None
    saved, _ = Checkpoint.objects.update_or_create(
        run=run,
        name=name,
        defaults={
            "execution_id": execution_id,
            "path": path,
            "content": content,
            "digest": content["sha256"],
            "file": str(file),
            "n_steps": len(content["steps"]),
            "created_at": timezone.now(),
        },
        create_defaults={
            "id": ids.checkpoint_id(),
            "execution_id": execution_id,
            "path": path,
            "content": content,
            "digest": content["sha256"],
            "file": str(file),
            "n_steps": len(content["steps"]),
            "created_at": timezone.now(),
        },
    )
    return saved


def _content(
    run: Run,
    path: str,
    name: str,
    compiled: Compiled,
    inputs: Mapping[str, Any],
    masker: Masker,
    workspace: Path,
) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    loops: dict[str, Any] = {}
    rows = Execution.objects.filter(run=run).select_related("payload")
    for row in rows.iterator(chunk_size=500):
        if row.type == "loop" and row.input and "items" in row.input:
            loops[row.path] = {"items": [digest(item) for item in row.input["items"]]}
        if row.status not in ("succeeded", "skipped"):
            continue
        steps[row.path] = {
            "execution_id": row.id,
            "origin_execution_id": row.origin_execution or row.id,
            "origin_run_id": row.origin_run or run.id,
            "type": row.type,
            "status": row.status,
            "definition": compiled.node(row.path).digest,
            "condition": compiled.node(row.path).condition,
            "code_version": row.code_version,
            "input": row.input,
            "output": row.payload.value if row.payload else row.output,
            "duration_ms": row.duration_ms,
        }
    # The checkpoint itself: who resumes from it need not save it again.
    steps[path] = {
        "execution_id": next((r.id for r in Execution.objects.filter(run=run, path=path)), ""),
        "type": "checkpoint",
        "status": "succeeded",
        "definition": compiled.node(path).digest,
        "condition": compiled.node(path).condition,
        "output": {"name": name},
        "duration_ms": 0,
    }
    return {
        "format": FORMAT,
        "run_id": run.id,
        "workflow": run.workflow_name,
        "workflow_digest": run.version.digest,
        "outline": [one.to_json() for one in outlines(compiled)],
        "checkpoint": name,
        "position": position(path),
        "inputs": masker.value(dict(run.inputs)),
        "input_digests": sealing.input_digests(compiled.spec, inputs),
        "steps": steps,
        "loops": loops,
        "workspace": str(workspace),
        "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def position(path: str) -> list[dict[str, Any]]:
    """A step path as data: ``fix[2]/done`` is ``[{step: fix, turn: 2}, {step: done}]``."""
    segments: list[dict[str, Any]] = []
    for segment in path.split("/"):
        name, turn = steppath.split_turn(segment)
        segments.append({"step": name} if turn is None else {"step": name, "turn": turn})
    return segments


def _write(folder: Path, file: Path, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder.parent.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")  # the workflow's own commit step must not commit checkpoints
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
    directory = os.open(folder, flags)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_file(file: Path) -> dict[str, Any]:
    """A checkpoint file's content. Raises CheckpointDamaged naming the file and what is wrong."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointDamaged(f"The checkpoint file {file} cannot be read: {error}.") from None
    return check_content(content, str(file))


def check_content(content: Any, where: str) -> dict[str, Any]:
    """The same content if it is whole. Raises CheckpointDamaged."""
    if not isinstance(content, dict) or "steps" not in content or "run_id" not in content:
        raise CheckpointDamaged(f"{where} is not a checkpoint of Maverick.")
    if content.get("format") != FORMAT:
        raise CheckpointDamaged(
            f"{where} has the format {content.get('format')!r}; this version reads {FORMAT}."
        )
    claimed = content.get("sha256")
    actual = digest({key: value for key, value in content.items() if key != "sha256"})
    if claimed != actual:
        raise CheckpointDamaged(f"The checkpoint {where} is damaged: its SHA-256 does not fit.")
    return content
