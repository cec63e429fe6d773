"""A checkpoint's picture of the workspace: a commit under ``refs/maverick/``, and nothing else.

The tree is made with an index of its own, so what the user has staged, where HEAD stands and what
lies in the folder stay as they are. Ignored files are not in it, neither is what lies outside the
project folder, nor what other repositories inside it contain.
"""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs import conf
from runs.record.git import GitFailed, Repository, find_repository

log = logging.getLogger(__name__)

REFS = "refs/maverick"
# The run's folder and one clean name in it; nothing with which a command could go on.
_OURS = re.compile(rf"{REFS}/run_[0-9a-z]+/[A-Za-z0-9][A-Za-z0-9._-]{{0,120}}")
SECONDS = 60.0  # a snapshot that takes longer is given up
MOST_NAMED = 100

# Runs whose workspace took too long once in this process: not tried again at every checkpoint.
_too_slow: set[str] = set()


def take(folder: Path, run_id: str, name: str) -> dict[str, Any]:
    """Snapshot the git repository that ``folder`` stands in; never fails.

    Answers ``{folder, head, branch, commit, ref, prefix, left_out}``, or without ``commit`` and
    with ``why`` there is none. ``name`` is one that a reference may have.
    """
    known: dict[str, Any] = {
        "folder": str(folder), "head": None, "branch": None, "commit": None, "ref": None,
    }  # fmt: skip
    if not conf.snapshot_file_bytes():
        return {**known, "why": "MAVERICK_SNAPSHOT_FILE_MB is 0"}
    if run_id in _too_slow:
        return {**known, "why": "an earlier one of this run took too long"}
    try:
        repository = find_repository(folder, SECONDS)
        known["head"] = repository.line("rev-parse", "-q", "--verify", "HEAD", fine=(0, 1)) or None
        branch = repository.line("symbolic-ref", "-q", "--short", "HEAD", fine=(0, 1))
        known["branch"] = branch or None
        with scratch() as room:
            tree = write_tree(repository, room / "index")
        ref = f"{REFS}/{run_id}/{name}"
        commit = keep(repository, tree.id, f"Checkpoint {name} of {run_id}", known["head"])
        # Not through a symbolic reference that somebody has put there.
        repository.git("update-ref", "--no-deref", ref, commit)
    except (GitFailed, OSError) as error:
        if "too long" in str(error):
            _too_slow.add(run_id)
        return {**known, "why": str(error)}
    more = {"note": tree.note} if tree.note else {}
    return {
        **known,
        "commit": commit,
        "ref": ref,
        "prefix": repository.prefix,
        "left_out": list(tree.left_out),
        **more,
    }


def keep(repository: Repository, tree: str, message: str, parent: str | None) -> str:
    """A commit of a tree, in no branch."""
    parents = ["-p", parent] if parent else []
    return repository.line("commit-tree", tree, *parents, "-m", message)


def is_ours(ref: str, run_id: str) -> bool:
    """Whether a reference is one of this run's snapshots; what a row says may come from a file."""
    return ref.startswith(f"{REFS}/{run_id}/") and bool(_OURS.fullmatch(ref)) and ".." not in ref


def delete(folder: Path, named: Iterable[tuple[str, str]]) -> bool:
    """Delete references of snapshots, each with its run's id; whether they are gone.

    One that is not of its run is left alone: no row may make us delete a branch.
    """
    refs = []
    for run_id, ref in named:
        if is_ours(ref, run_id):
            refs.append(ref)
        else:
            log.warning("%r is no snapshot of %s and stays", ref, run_id)
    if not refs:
        return True
    if not folder.is_dir():
        return False  # perhaps another machine's
    commands = "".join(f"delete {ref}\n" for ref in refs)
    try:
        repository = find_repository(folder, SECONDS)
        repository.git("update-ref", "--no-deref", "--stdin", given=commands.encode())
    except (GitFailed, OSError):
        return False
    return True


@dataclass(frozen=True)
class Tree:
    """A tree of git's."""

    id: str
    left_out: tuple[str, ...] = ()  # files over the limit, by their path from the top
    note: str = ""  # what git could not read


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for indexes of our own."""
    with tempfile.TemporaryDirectory(prefix="maverick-git-") as room:
        yield Path(room)


def write_tree(repository: Repository, index: Path) -> Tree:
    """The folder as it stands now, as a tree; ``index`` is left as the one it was made with.

    Raises GitFailed.
    """
    # The user's own index knows which files have not changed: without it all would be read.
    # With its time, by which git tells which entries may be stale.
    real = repository.top / repository.line("rev-parse", "--git-path", "index")
    if real.exists():
        shutil.copy2(real, index)
        try:
            return _with_everything(repository, index)
        except GitFailed as error:
            if "too long" in str(error):
                raise
            index.unlink(missing_ok=True)  # in the middle of a merge outside of our folder
    if repository.line("rev-parse", "-q", "--verify", "HEAD", fine=(0, 1)):
        repository.git("read-tree", "HEAD", index=index)
    return _with_everything(repository, index)


def _with_everything(repository: Repository, index: Path) -> Tree:
    left_out = _large_files(repository, index)
    places = repository.scope() + [f":(top,literal,exclude){path}" for path in left_out]
    said = repository.git(
        "add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul",
        index=index,
        given=b"\0".join(map(os.fsencode, places)),
        fine=(0, 1),
    )  # fmt: skip
    note = os.fsdecode(said.stderr).strip()[:500] if said.returncode else ""
    tree = os.fsdecode(repository.git("write-tree", index=index).stdout).strip()
    return Tree(tree, tuple(left_out), note)


def _large_files(repository: Repository, index: Path) -> list[str]:
    """Files that are new or changed, and larger than what is worth to be kept."""
    said = repository.git(
        "ls-files", "-z", "--others", "--modified", "--exclude-standard", "--", *repository.scope(),
        index=index,
    )  # fmt: skip
    limit = conf.snapshot_file_bytes()
    found = []
    for path in sorted(set(os.fsdecode(said.stdout).split("\0")) - {""}):
        try:
            large = os.lstat(repository.top / path).st_size > limit
        except OSError:
            continue  # deleted
        if large:
            found.append(path)
    return found


__all__ = ["GitFailed", "Tree", "delete", "is_ours", "keep", "scratch", "take", "write_tree"]
