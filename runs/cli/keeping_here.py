"""The same in this process; see Keeping."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from runs.cli.keeping import Json
from runs.cli.local import actor, plain


class KeepingHere:
    """A part of Here."""

    def mark_golden(
        self, run_id: str, name: str, tags: list[str] | None, note: str | None, replace: bool
    ) -> Json:
        from runs.operations.golden import mark_golden

        mark_golden(run_id, name, by=actor(), tags=tags, note=note, replace=replace)
        return self._run(run_id)

    def unmark_golden(self, run_id: str) -> Json:
        from runs.operations.golden import unmark_golden

        unmark_golden(run_id, by=actor())
        return self._run(run_id)

    def golden_runs(self, workflow: str) -> list[Json]:
        from runs.projections.golden import list_golden

        return cast(list[Json], plain(list_golden(workflow)))

    def set_assertions(self, run_id: str, text: str | None, file: str) -> Json:
        from runs.operations.golden import set_assertions

        set_assertions(run_id, text, file=file, by=actor())
        return self._golden(run_id)

    def accept_value(self, run_id: str, from_run_id: str, path: str, reason: str) -> Json:
        from runs.operations.golden import accept_value

        accept_value(run_id, from_run_id, path, reason, by=actor())
        return self._golden(run_id)

    def check(self, run_id: str, against: str, assertions: str | None, file: str) -> Json:
        from runs.projections.golden import check_run

        return cast(Json, plain(check_run(run_id, against, assertions=assertions, file=file)))

    def note(self, run_id: str) -> Json:
        from runs.projections.run_note import get_note

        return cast(Json, plain(get_note(run_id)))

    def write_note(self, run_id: str, text: str, revision: int | None) -> Json:
        from runs.operations.note_run import write_note
        from runs.projections.run_note import note_facts

        return cast(
            Json, plain(note_facts(write_note(run_id, text, by=actor(), revision=revision)))
        )

    def set_labels(self, run_id: str, labels: dict[str, str]) -> Json:
        from runs.operations.label_run import set_labels

        set_labels(run_id, labels, by=actor())
        return self._run(run_id)

    def deletion(self, run_id: str) -> Json:
        from runs.projections.deletion import deletion_of

        found = deletion_of(run_id)
        return {**plain(found), "words": found.words}

    def delete_run(self, run_id: str) -> None:
        from runs.operations.delete_run import delete_run

        delete_run(run_id, by=actor())

    def clean_up(self, older_than_days: float, keep: int, dry_run: bool) -> Json:
        from datetime import timedelta

        from runs.operations.delete_run import clean_up

        age = timedelta(days=older_than_days)
        return cast(Json, plain(clean_up(age, keep=keep, dry_run=dry_run, by=actor())))

    def export_run(self, run_id: str, out: IO[bytes]) -> None:
        from runs.projections.export import export_run

        export_run(run_id, out)

    def import_run(self, file: IO[bytes], new_id: bool) -> Json:
        from runs.operations.import_run import import_run

        made = import_run(file, by=actor(), new_id=new_id, workspace=Path.cwd())
        return {"run": self._run(made.run.pk), "notes": list(made.notes)}

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
        from runs.operations.bulk_runs import MOST, bulk_runs
        from runs.projections.api_runs import RunFilter, matching_ids

        if ids is None:
            given = filter or {}
            wanted = RunFilter(
                tuple(given.get("status", ())),
                given.get("workflow", ""),
                golden=given.get("golden"),
                text=given.get("text", ""),
                tag=given.get("tag", ""),
            )
            ids = matching_ids(wanted, MOST + 1)
        found = bulk_runs(action, ids, by=actor(), dry_run=dry_run, reason=reason, labels=labels)
        return cast(Json, plain(found))

    def _run(self, run_id: str) -> Json:
        from runs.projections.api_runs import get_run

        return cast(Json, plain(get_run(run_id)))

    def _golden(self, run_id: str) -> Json:
        from runs.projections.golden import get_golden

        return cast(Json, plain(get_golden(run_id)))

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        from runs.projections.audit import AuditFilter, list_audit

        page = list_audit(AuditFilter(who, action, target), limit)
        return cast(list[Json], plain(page.items))
