"""The files of a resume: whether they are brought back to the checkpoint's snapshot, and in words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runs.errors import Refused
from runs.operations.resume_from import Start
from runs.record import restoring
from runs.record.restoring import Difference, NoSnapshot


class NothingToOverwrite(Refused):
    """Changes may be overwritten, but no files are to be brought back."""

    code = "nothing-to-overwrite"


@dataclass(frozen=True)
class Answer:
    """What somebody is asked about: how the working tree differs from the snapshot."""

    checkpoint: str
    folder: str
    difference: Difference


@dataclass(frozen=True)
class Workspace:
    """What is to become of the files."""

    folder: str = ""
    snapshot: dict[str, Any] = field(default_factory=dict)
    restore: bool = False
    force: bool = False
    words: str = ""

    def bring_back(self) -> "Workspace":
        """Do it, if it is to be done. Raises WouldLoseChanges, NoSnapshot."""
        if not self.restore:
            return self
        difference, kept = restoring.restore(Path(self.folder), self.snapshot, force=self.force)
        words = f"The working tree is that of the checkpoint again: {difference.words}."
        if difference.unsaved:
            words += f" What was overwritten is git commit {kept[:12]}, in no branch."
        if difference.apart:
            words += f" Repositories of their own stay as they are: {', '.join(difference.apart)}."
        return Workspace(self.folder, self.snapshot, True, self.force, words)


def look_at(
    start: Start,
    restore: bool | None,
    force: bool,
    ask: Callable[[Answer], bool] | None,
) -> Workspace:
    """Compare the files with the snapshot of ``start`` and decide; nothing is touched.

    ``restore`` None: ``ask`` is asked if there is something to ask about, and without it the files
    stay as they are. Raises NoSnapshot when they are to be brought back and cannot be, and
    NothingToOverwrite when they are to stay and ``force`` was asked for.
    """
    if force and restore is False:
        raise NothingToOverwrite(
            "Changes are overwritten where files are brought back; here the files stay as they are.",
            hint="Bring the files back as well (restore_workspace), or leave force out.",
        )
    snapshot, folder = start.snapshot, start.workspace
    if restore is False or (not restore and not (snapshot or {}).get("commit")):
        return Workspace()
    if snapshot is None:
        raise NoSnapshot("There is no checkpoint, so there is no snapshot to bring back.")
    try:
        difference = restoring.compare(Path(folder), snapshot)
    except NoSnapshot as error:
        if restore:
            raise
        return Workspace(words=f"The files are as they are. {error.message}")
    if not difference:
        return Workspace()
    todo = Workspace(folder, snapshot, True, force)
    if restore:
        return todo
    if difference.unsaved and not force:
        return Workspace(
            words=f"The working tree differs from the checkpoint's snapshot: {difference.words}, of "
            f"which {len(difference.unsaved):,} in no snapshot. It stays as it is; "
            "--restore-workspace --force overwrites it."
        )
    if ask is not None and ask(Answer(start.name or "", folder, difference)):
        return todo
    return Workspace(
        words=f"The working tree differs from the checkpoint's snapshot: {difference.words}. It "
        "stays as it is; --restore-workspace brings the snapshot back."
    )
