"""Write down what people know about a run, in Markdown."""

from django.db import transaction

from runs.actor import Actor
from runs.errors import Conflict, Refused, UnknownRun
from runs.models import Run, RunNote
from runs.record import annotating, audit
from runs.record.annotating import MOST_NOTE


class NoteChanged(Conflict):
    """Somebody else has written on the notes meanwhile."""

    code = "note-changed"


def write_note(run_id: str, text: str, *, by: Actor, revision: int | None = None) -> RunNote:
    """The notes of the run read ``text`` from now on; an empty text takes them away.

    ``revision`` is the one that was read (0: there was none); None writes over whatever is there.
    Raises UnknownRun, NoteChanged, Refused.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MOST_NOTE:
        raise Refused(
            f"{len(text):,} characters are more than {MOST_NOTE:,}.",
            hint="Put the long part elsewhere and link to it.",
            field="text",
        )
    if "\x00" in text:
        raise Refused("Notes are text; a NUL character is none.", field="text")
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id[:60]!r}.")
        known = RunNote.objects.filter(run=run).first()
        if known is not None and known.text == text:
            return known  # also the repetition of a request whose answer was lost
        if revision is not None and revision != (known.revision if known else 0):
            raise NoteChanged(
                f"The notes are at revision {known.revision if known else 0}"
                + (f", written by {known.by}." if known else "."),
                hint="Read them again, put both texts together, and write that.",
                revision=known.revision if known else 0,
            )
        note = annotating.write_note(run, text, by=by.name)
        # How much and which revision; the text itself is no business of the audit log.
        audit.note(by, "run.note", run_id, revision=note.revision, characters=len(text))
    return note
