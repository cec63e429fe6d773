"""Files of the workspace: read, write, list, search. No path leads out of it."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from runs.actions import StepContext, action
from runs.library.actions.workspace import inside

MAX_READ = 4 * 1024 * 1024
MAX_LISTED = 10_000


@action("files.read", effect="pure")
def read(path: str, context: StepContext) -> dict[str, Any]:
    """The text of a file, with its size and its digest: `{path, text, bytes, lines, sha256}`."""
    content = _bytes(inside(context.workspace, path), path)
    text = content.decode("utf-8")
    return {
        "path": path,
        "text": text,
        "bytes": len(content),
        "lines": len(text.splitlines()),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@action("files.write")
def write(path: str, text: str, context: StepContext, append: bool = False) -> dict[str, Any]:
    """Write a text file, its folders too. It is there as a whole or not at all.

    Answers `{path, bytes, sha256}`. With `append`, a text that the file ends with already is not added again: the step may be
    repeated when its worker died.
    """
    file = inside(context.workspace, path)
    if append and file.exists():
        before = _bytes(file, path).decode("utf-8")
        text = before if text and before.endswith(text) else before + text
    file.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.chmod(draft, file.stat().st_mode & 0o777 if file.exists() else 0o644)
        os.replace(draft, file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    sha256 = hashlib.sha256(content).hexdigest()
    return {"path": path, "bytes": len(content), "sha256": sha256}


@action("files.glob", effect="pure")
def glob(pattern: str, context: StepContext, exclude: str = "") -> list[str]:
    """The files that match a pattern such as `src/**/*.py`, in order of their names."""
    root = context.workspace.resolve()
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise ValueError("a pattern is relative to the workspace and has no `..`")
    found = []
    for path in root.glob(pattern):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not (exclude and Path(name).match(exclude)):
            found.append(name)
            if len(found) > MAX_LISTED:
                raise ValueError(f"more than {MAX_LISTED} files match {pattern!r}")
    return sorted(found)


@action("files.search", effect="pure")
def search(path: str, pattern: str, context: StepContext) -> dict[str, Any]:
    """The first line of a file that matches; `value` is the first group, or the whole match.

    Answers `{path, value, groups, line}`.
    """
    text = _bytes(inside(context.workspace, path), path).decode("utf-8")
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise LookupError(f"{path} has nothing that matches {pattern!r}.")
    return {
        "path": path,
        "value": found[1] if found.re.groups else found[0],
        "groups": list(found.groups()),
        "line": text.count("\n", 0, found.start()) + 1,
    }


def _bytes(file: Path, shown: str) -> bytes:
    if not file.is_file():
        raise FileNotFoundError(f"{shown} is not a file of the workspace.")
    with file.open("rb") as opened:
        content = opened.read(MAX_READ + 1)
    if len(content) > MAX_READ:
        raise ValueError(f"{shown} is larger than {MAX_READ:,} bytes.")
    return content
