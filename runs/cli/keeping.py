"""What is kept, checked, cleaned up and told afterwards: the part of Backend that golden, audit,
delete, gc, export and import need."""

from collections.abc import Mapping
from typing import IO, Any, Protocol

Json = dict[str, Any]


class Keeping(Protocol):
    """See Backend."""

    def mark_golden(
        self, run_id: str, name: str, tags: list[str] | None, note: str | None, replace: bool
    ) -> Json:
        """Keep a run as golden; the run after it."""

    def unmark_golden(self, run_id: str) -> Json:
        """No longer keep it; the run after it."""

    def golden_runs(self, workflow: str) -> list[Json]:
        """Golden runs by name."""

    def set_assertions(self, run_id: str, text: str | None, file: str) -> Json:
        """What checks against a golden run mind; the golden run after it."""

    def accept_value(self, run_id: str, from_run_id: str, path: str, reason: str) -> Json:
        """Checks against the golden run expect another value; the golden run after it."""

    def check(self, run_id: str, against: str, assertions: str | None, file: str) -> Json:
        """A run against a baseline, node by node."""

    def note(self, run_id: str) -> Json:
        """The notes of a run."""

    def write_note(self, run_id: str, text: str, revision: int | None) -> Json:
        """Write them; the notes after it."""

    def set_labels(self, run_id: str, labels: dict[str, str]) -> Json:
        """Give a run these labels; the run after it."""

    def deletion(self, run_id: str) -> Json:
        """What a deletion would take."""

    def delete_run(self, run_id: str) -> None:
        """Delete a run."""

    def clean_up(self, older_than_days: float, keep: int, dry_run: bool) -> Json:
        """Delete old runs."""

    def export_run(self, run_id: str, out: IO[bytes]) -> None:
        """Write a run as one file."""

    def import_run(self, file: IO[bytes], new_id: bool) -> Json:
        """Take a run's file in: `{run, notes}`."""

    def bulk(
        self,
        action: str,
        *,
        ids: list[str] | None = None,
        filter: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        reason: str = "",
        labels: Mapping[str, str | None] | None = None,
    ) -> Json:
        """One action for these runs, for those that a filter finds, or (neither) for all."""

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        """Who changed what, newest first."""
