"""The same on a server; see Keeping."""

from collections.abc import Mapping
from itertools import islice
from typing import IO, Any, cast

from runs.cli.keeping import Json


class KeepingThere:
    """A part of There."""

    client: Any

    def mark_golden(
        self, run_id: str, name: str, tags: list[str] | None, note: str | None, replace: bool
    ) -> Json:
        marked = self.client.mark_golden(run_id, name, tags=tags, note=note, replace=replace)
        return cast(Json, marked)

    def unmark_golden(self, run_id: str) -> Json:
        return cast(Json, self.client.unmark_golden(run_id))

    def golden_runs(self, workflow: str) -> list[Json]:
        return cast(list[Json], self.client.golden_runs(workflow))

    def set_assertions(self, run_id: str, text: str | None, file: str) -> Json:
        return cast(Json, self.client.set_assertions(run_id, text, file=file))

    def accept_value(self, run_id: str, from_run_id: str, path: str, reason: str) -> Json:
        return cast(Json, self.client.accept_value(run_id, from_run_id, path, reason))

    def check(self, run_id: str, against: str, assertions: str | None, file: str) -> Json:
        return cast(Json, self.client.check(run_id, against, assertions=assertions, file=file))

    def note(self, run_id: str) -> Json:
        return cast(Json, self.client.note(run_id))

    def write_note(self, run_id: str, text: str, revision: int | None) -> Json:
        return cast(Json, self.client.write_note(run_id, text, revision=revision))

    def set_labels(self, run_id: str, labels: dict[str, str]) -> Json:
        return cast(Json, self.client.set_labels(run_id, labels))

    def deletion(self, run_id: str) -> Json:
        return cast(Json, self.client.deletion(run_id))

    def delete_run(self, run_id: str) -> None:
        self.client.delete_run(run_id)

    def clean_up(self, older_than_days: float, keep: int, dry_run: bool) -> Json:
        return cast(Json, self.client.clean_up(older_than_days, keep=keep, dry_run=dry_run))

    def export_run(self, run_id: str, out: IO[bytes]) -> None:
        self.client.export_run(run_id, out)

    def import_run(self, file: IO[bytes], new_id: bool) -> Json:
        return cast(Json, self.client.import_run(file.read(), new_id=new_id))

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
        every = ids is None and filter is None
        found = self.client.bulk(
            action,
            ids=ids,
            filter=filter,
            all=every,
            dry_run=dry_run,
            reason=reason,
            labels=labels,
        )
        return cast(Json, found)

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        return list(islice(self.client.audit(who=who, action=action, target=target), limit))
