"""Bringing a workspace back to a checkpoint's snapshot, without losing what nobody has kept.

Only files are touched: HEAD, branch and index stay where they are. What would be lost is found
before anything is written, and git itself refuses when the folder changes in between.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.errors import Conflict, Refused
from runs.record.checkpoint_files import is_commit
from runs.record.git import GitFailed, Repository, find_repository
from runs.record.snapshots import REFS, SECONDS, Tree, keep, scratch, write_tree

_REPOSITORY = "160000"  # the mode of a repository inside the repository
MOST_NAMED = 10


class NoSnapshot(Refused):
    """The checkpoint has no snapshot of the workspace that could be brought back."""

    code = "no-snapshot"


class WouldLoseChanges(Conflict):
    """Files would be overwritten that are in no snapshot."""

    code = "would-lose-changes"


@dataclass(frozen=True)
class Difference:
    """How a workspace differs from a snapshot; paths from the repository's uppermost folder."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()  # not in the snapshot
    missing: tuple[str, ...] = ()  # in the snapshot only
    unsaved: tuple[str, ...] = ()  # of all these, what no snapshot and no commit at HEAD has
    apart: tuple[str, ...] = ()  # repositories inside the repository: left as they are

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.missing)

    @property
    def words(self) -> str:
        """``2 files changed, 1 added``."""
        counts = {"changed": self.changed, "added": self.added, "missing": self.missing}
        told = [f"{len(paths):,} {word}" for word, paths in counts.items() if paths]
        files = "file" if len(self.changed + self.added + self.missing) == 1 else "files"
        return f"{files} " + ", ".join(told) if told else "no difference"


def compare(folder: Path, snapshot: Mapping[str, Any]) -> Difference:
    """How the folder differs from the snapshot that a checkpoint has. Raises NoSnapshot."""
    try:
        with scratch() as room:
            return _Comparison(folder, snapshot, room).difference
    except (GitFailed, OSError) as error:
        raise NoSnapshot(
            f"The working tree cannot be compared with the snapshot: {error}."
        ) from None


def restore(
    folder: Path, snapshot: Mapping[str, Any], *, force: bool = False
) -> tuple[Difference, str]:
    """Make the folder what it was; answers what differed, and the commit with what was overwritten.

    That commit is in no branch: git keeps it for some weeks. Raises WouldLoseChanges (without
    ``force``), before anything is touched, and NoSnapshot.
    """
    try:
        with scratch() as room:
            found = _Comparison(folder, snapshot, room)
            if found.difference.unsaved and not force:
                raise _refusal(found.difference)
            return found.difference, found.restore() if found.difference else ""
    except (GitFailed, OSError) as error:
        raise NoSnapshot(f"The snapshot cannot be brought back: {error}.") from None


def _refusal(difference: Difference) -> WouldLoseChanges:
    named = ", ".join(difference.unsaved[:MOST_NAMED])
    more = len(difference.unsaved) - MOST_NAMED
    return WouldLoseChanges(
        f"Changes that are in no snapshot would be lost: {named}"
        + (f" and {more:,} more." if more > 0 else "."),
        hint="Commit them or put them aside; --force overwrites them.",
    )


def _is_file(place: Path) -> bool:
    # Of a folder in a file's place git knows the contents, and refuses for what it does not know.
    return place.is_symlink() or place.is_file()


@dataclass(frozen=True)
class _Change:
    path: str
    old_mode: str
    new_mode: str
    new: str  # the object's id


class _Comparison:
    """The folder as it is now, and as it would be."""

    def __init__(self, folder: Path, snapshot: Mapping[str, Any], room: Path) -> None:
        if not snapshot.get("commit"):
            why = snapshot.get("why") or "it was saved without one"
            raise NoSnapshot(f"The checkpoint has no snapshot of the workspace: {why}.")
        self.snapshot, self.room = snapshot, room
        self.repository: Repository = find_repository(folder, SECONDS)
        self.index = room / "index"
        commit = str(snapshot["commit"])
        if not is_commit(commit):
            raise NoSnapshot("The checkpoint names no commit.")
        there = self.repository.git("cat-file", "-e", f"{commit}^{{tree}}", fine=(0, 1, 128))
        if there.returncode:
            raise NoSnapshot(
                f"The snapshot {commit[:12]} is not in the repository of {folder}.",
                hint="It is deleted when the run has succeeded, and stays where it was made.",
            )
        self.now: Tree = write_tree(self.repository, self.index)
        self.wanted, apart = self._wanted(commit)
        changes = self._changes(self.now.id, self.wanted)
        in_the_way = [
            one.path
            for one in changes
            if one.old_mode == "000000" and _is_file(self.repository.top / one.path)
        ]
        at_stake = {one.path for one in changes if one.old_mode != "000000"}
        self.difference = Difference(
            changed=tuple(c.path for c in changes if "000000" not in (c.old_mode, c.new_mode)),
            added=tuple(c.path for c in changes if c.new_mode == "000000"),
            missing=tuple(c.path for c in changes if c.old_mode == "000000"),
            unsaved=tuple(sorted([*self._unsaved(at_stake), *in_the_way])),
            apart=tuple(apart),
        )

    def _wanted(self, commit: str) -> tuple[str, list[str]]:
        """The tree to bring back: the snapshot, but for what was and is not in it."""
        git, before = self.repository.git, str(self.snapshot.get("prefix") or "")
        prefix, index = self.repository.prefix, self.room / "wanted"
        inside = f"{commit}:{before.rstrip('/')}"
        git("read-tree", self.now.id if prefix else inside, index=index)
        if prefix:
            old = git("ls-files", "-z", "--", *self.repository.scope(), index=index).stdout
            git("update-index", "-z", "--force-remove", "--stdin", index=index, given=old)
            git("read-tree", f"--prefix={prefix}", inside, index=index)
        tree = os.fsdecode(git("write-tree", index=index).stdout).strip()
        left_out = {prefix + str(p).removeprefix(before) for p in self.snapshot.get("left_out", ())}
        left_out |= set(self.now.left_out)
        changes = self._changes(tree, self.now.id)
        apart = [c for c in changes if _REPOSITORY in (c.old_mode, c.new_mode)]
        as_now = [c for c in changes if c.path in left_out or c in apart]
        if as_now:
            lines = [
                f"{c.new_mode if c.new_mode != '000000' else 0} {c.new}\t{c.path}" for c in as_now
            ]
            given = b"".join(os.fsencode(line) + b"\0" for line in lines)
            git("update-index", "-z", "--index-info", index=index, given=given)
            tree = os.fsdecode(git("write-tree", index=index).stdout).strip()
        return tree, [c.path for c in apart]

    def _changes(self, before: str, after: str) -> list[_Change]:
        said = self.repository.git("diff-tree", "-r", "-z", "--raw", "--no-renames", before, after)
        words = os.fsdecode(said.stdout).split("\0")
        changes = []
        for facts, path in zip(words[::2], words[1::2], strict=False):
            old_mode, new_mode, _old, new, _status = facts.removeprefix(":").split(" ")
            changes.append(_Change(path, old_mode, new_mode, new))
        return changes

    def _unsaved(self, paths: set[str]) -> set[str]:
        """Those of the paths whose content now is neither at HEAD nor in a snapshot of Maverick's."""
        if not paths:
            return paths
        git = self.repository.git
        said = git("for-each-ref", "--sort=-creatordate", "--format=%(objectname)", REFS).stdout
        for commit in ["HEAD", *os.fsdecode(said).split()]:
            there = git(
                "rev-parse", "-q", "--verify", f"{commit}^{{tree}}", fine=(0, 1, 128)
            ).stdout
            if there:
                differing = self._changes(self.now.id, os.fsdecode(there).strip())
                paths = paths & {one.path for one in differing}
            if not paths:
                break
        return paths

    def restore(self) -> str:
        head = self.repository.line("rev-parse", "-q", "--verify", "HEAD", fine=(0, 1)) or None
        kept = keep(self.repository, self.now.id, "Before a snapshot was brought back", head)
        if self.difference.unsaved:
            self.repository.git("read-tree", "--reset", "-u", self.wanted, index=self.index)
        else:
            # Refuses as a whole when a file is no longer what it was a moment ago.
            self.repository.git("read-tree", "-m", "-u", self.now.id, self.wanted, index=self.index)
        return kept
