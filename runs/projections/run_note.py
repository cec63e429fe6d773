"""The notes of a run as they are read."""

from dataclasses import dataclass
from datetime import datetime

from runs.models import RunNote


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """A run's notes; without any, an empty text of revision 0."""

    text: str = ""
    revision: int = 0
    by: str | None = None
    at: datetime | None = None


def get_note(run_id: str) -> NoteFacts:
    """The notes of a run that is known to be there. One query."""
    note = RunNote.objects.filter(pk=run_id).first()
    return NoteFacts() if note is None else note_facts(note)


def note_facts(note: RunNote) -> NoteFacts:
    """The facts of a stored note."""
    return NoteFacts(note.text, note.revision, note.by, note.at)
