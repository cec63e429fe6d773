"""Checkpoint files: named so that none escapes its folder, written as a whole, checked when read.

A file is written under a temporary name, fsynced, renamed, and its folder fsynced: a reader finds
the whole file or none. Its content carries its own SHA-256, so damage is noticed.
"""

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from runs import steppath
from runs.canonical import digest, to_json_value
from runs.errors import CheckpointDamaged, NotJson

FORMAT = 2
READABLE = (1, 2)
MOST_BYTES = 2**30
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_DOTS = re.compile(r"\.{2,}")
_LONGEST = 80
_LEFT_OVER_SECONDS = 60.0
_RUN = re.compile(r"run_[0-9a-z]{6,36}")  # what the database has room for
_EXECUTION = re.compile(r"exec_[0-9a-z]{6,35}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
MOST_NAME = 200
_STATUSES = ("succeeded", "skipped", "failed", "timeout")


def folder_of(workspace: Path, run_id: str) -> Path:
    """Where the checkpoint files of a run are."""
    return workspace / ".maverick" / "checkpoints" / run_id


def clean_name(wanted: str) -> str:
    """A checkpoint id as the name of a file and of a git reference.

    None escapes the folder, is empty, hidden or too long. What had to be changed gets a digest of
    the id behind it, so that two ids never become one name.
    """
    cleaned = _DOTS.sub(".", _UNSAFE.sub("-", wanted)).strip(".-")[:_LONGEST].strip(".-")
    # No reference may end in `.lock`.
    if cleaned and cleaned == wanted and not cleaned.endswith(".lock"):
        return cleaned
    return f"{cleaned or 'checkpoint'}-{digest(wanted)[:8]}"


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The same, unlike the ``taken`` names also where upper and lower case are one."""
    name = clean_name(wanted)
    if name.casefold() in {one.casefold() for one in taken}:
        name = f"{name}-{digest(wanted)[:8]}"
    return name


def stems(name: str) -> tuple[str, str]:
    """The two names that a checkpoint's file and reference may have: the second where another
    checkpoint of the run already has the first (``free_name``)."""
    clean = clean_name(name)
    return clean, f"{clean}-{digest(name)[:8]}"


def prepare_folder(workspace: Path, run_id: str) -> Path:
    """The folder of a run's files, ignored by git, without what a killed process has left there."""
    folder = folder_of(workspace, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    ignore = workspace / ".maverick" / ".gitignore"
    # The workflow's own commit step must not commit checkpoints.
    if not ignore.exists() or not ignore.stat().st_size:
        _write(ignore, "*\n")
    for one in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - one.stat().st_mtime > _LEFT_OVER_SECONDS:
                one.unlink()
    return folder


def write(file: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint file, or nothing. Raises OSError."""
    _write(file, json.dumps(content, ensure_ascii=False, indent=1))
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
    directory = os.open(file.parent, flags)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(file: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def seal(content: dict[str, Any]) -> dict[str, Any]:
    """The content with its own SHA-256."""
    return {**content, "sha256": digest(content)}


def read(file: Path) -> dict[str, Any]:
    """A checkpoint file's content. Raises CheckpointDamaged naming the file and what is wrong."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CheckpointDamaged(
                f"The checkpoint file {file} is larger than {MOST_BYTES:,} bytes."
            )
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        said = error.strerror or error
        raise CheckpointDamaged(f"The checkpoint file {file} cannot be read: {said}.") from None
    except (ValueError, RecursionError) as error:
        raise CheckpointDamaged(
            f"The checkpoint file {file} is damaged or no checkpoint: {error}."
        ) from None
    return check(content, f"The checkpoint file {file}")


def check(content: Any, where: str) -> dict[str, Any]:
    """The same content if it is a whole checkpoint. Raises CheckpointDamaged."""
    if not isinstance(content, dict) or not {"format", "run_id", "steps"} <= content.keys():
        raise CheckpointDamaged(f"{where} is no checkpoint of Maverick's.")
    found = content["format"]
    if found not in READABLE:
        newer = isinstance(found, int) and not isinstance(found, bool) and found > FORMAT
        raise CheckpointDamaged(
            f"{where} has the format {found!r}; this version reads up to {FORMAT}.",
            hint="A newer Maverick has written it: use that one." if newer else "",
        )
    try:
        actual = digest({key: value for key, value in content.items() if key != "sha256"})
    except (ValueError, RecursionError):
        actual = ""
    if content.get("sha256") != actual:
        raise CheckpointDamaged(f"{where} is damaged: its SHA-256 does not fit.")
    wrong = _wrong_with(content)
    if wrong:
        raise CheckpointDamaged(f"{where} is no checkpoint of Maverick's: {wrong}.")
    return content


def _wrong_with(content: dict[str, Any]) -> str:
    """What a content lacks that its SHA-256 fits; somebody has made it, not a fault of the disk.

    A file comes from anywhere. What is let through here becomes rows, git's arguments and pages.
    """
    if not _RUN.fullmatch(str(content["run_id"])):
        return "its run has no id"
    for key, kind in (("workflow", str), ("checkpoint", str), ("saved_at", str), ("steps", dict),
                      ("inputs", dict), ("input_digests", dict)):  # fmt: skip
        if not isinstance(content.get(key), kind):
            return f"`{key}` is missing"
    try:
        to_json_value(content, "it")
        datetime.fromisoformat(content["saved_at"])
    except NotJson as error:
        return error.message.removesuffix(".")
    except ValueError:
        return "`saved_at` is no time"
    if not 0 < len(content["checkpoint"]) <= MOST_NAME:
        return "its name is empty or too long"
    return (
        _wrong_steps(content)
        or _wrong_position(content.get("position", []))
        or _wrong_workspace(content)
    )


def _wrong_steps(content: dict[str, Any]) -> str:
    for key in ("open", "loops"):
        inside = content.get(key, {})
        if not isinstance(inside, dict) or not all(isinstance(v, dict) for v in inside.values()):
            return f"`{key}` is no object of objects"
    for path, step in content["steps"].items():
        if not isinstance(step, dict) or step.get("status") not in _STATUSES:
            return f"the step {path[:80]} has no status"
    for path, step in [*content["steps"].items(), *content.get("open", {}).items()]:
        shown = path[:80]
        if not steppath.is_path(path):
            return f"{shown!r} is no path of a step"
        if not _EXECUTION.fullmatch(str(step.get("execution_id", ""))):
            return f"the step {shown} has no id"
        origin, there = step.get("origin_execution_id"), step.get("origin_run_id")
        if (origin and not _EXECUTION.fullmatch(str(origin))) or (
            there and not _RUN.fullmatch(str(there))
        ):
            return f"the step {shown} does not say where it comes from"
        took = step.get("duration_ms")
        if took is not None and (type(took) is not int or not 0 <= took < 2**63):
            return f"the step {shown} took no time that there is"
        if any(len(str(step.get(word) or "")) > 100 for word in ("code_version", "type")):
            return f"the step {shown} has a word that is too long"
    return ""


def _wrong_position(position: Any) -> str:
    """Where in the workflow the checkpoint stands."""
    fine = isinstance(position, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("step"), str)
        and ("turn" not in one or (type(one["turn"]) is int and one["turn"] >= 0))
        for one in position
    )
    return "" if fine else "`position` is no position"


def _wrong_workspace(content: dict[str, Any]) -> str:
    """A reference is deleted later, and a commit becomes an argument of git's: only this
    checkpoint's own reference, and only an object's name."""
    known = content.get("workspace")
    if not isinstance(known, dict):
        return ""  # as older files have it: the folder only
    ref, commit = known.get("ref"), known.get("commit")
    mine = [f"refs/maverick/{content['run_id']}/{stem}" for stem in stems(content["checkpoint"])]
    if ref and ref not in mine:
        return f"its snapshot's reference {str(ref)[:80]!r} is not its own"
    if commit and not is_commit(commit):
        return "its snapshot is no commit"
    prefix, left_out = known.get("prefix") or "", known.get("left_out") or []
    if not isinstance(prefix, str) or not (
        isinstance(left_out, list) and all(isinstance(path, str) for path in left_out)
    ):
        return "what it says of the workspace cannot be read"
    return ""


def is_commit(name: Any) -> bool:
    """Whether this is an object's full name, and nothing that git reads as an option."""
    return isinstance(name, str) and bool(_COMMIT.fullmatch(name))
