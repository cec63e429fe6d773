"""Baselines and their checks; runs as files; what is cleaned up."""

from typing import IO, cast

import httpx

from maverick_client.models import Check, Cleaned, Deletion, GoldenRun, ImportedRun, Run
from maverick_client.sending import Sending, part


class KeepingCalls(Sending):
    """Methods of Client."""

    def mark_golden(
        self,
        run_id: str,
        name: str = "",
        *,
        tags: list[str] | None = None,
        note: str | None = None,
        replace: bool = False,
    ) -> Run:
        """Keep a run that succeeded as a baseline, under its workflow's name when none is given.
        None leaves tags and note as they are; `replace` takes the name from the run that has it."""
        body = {"name": name, "tags": tags, "note": note, "replace": replace}
        return cast(Run, self._json("PUT", f"runs/{part(run_id)}/golden", json=body, safe=True))

    def unmark_golden(self, run_id: str) -> Run:
        """No longer keep the run; harmless when it was not golden."""
        return cast(Run, self._json("DELETE", f"runs/{part(run_id)}/golden", safe=True))

    def golden(self, run_id: str) -> GoldenRun:
        """A golden run with its assertions and accepted values."""
        return cast(GoldenRun, self._json("GET", f"runs/{part(run_id)}/golden"))

    def golden_runs(self, workflow: str = "") -> list[GoldenRun]:
        """All golden runs, or those of a workflow, by name."""
        params = {"workflow": workflow or None}
        return cast(list[GoldenRun], self._json("GET", "golden", params=params)["items"])

    def set_assertions(self, run_id: str, text: str | None, *, file: str = "") -> GoldenRun:
        """What checks against the golden run mind, as YAML or JSON; None: all is to be equal."""
        path = f"runs/{part(run_id)}/golden/assertions"
        if text is None:
            return cast(GoldenRun, self._json("DELETE", path, safe=True))
        return cast(
            GoldenRun, self._json("PUT", path, json={"text": text, "file": file}, safe=True)
        )

    def accept_value(self, run_id: str, from_run_id: str, path: str, reason: str) -> GoldenRun:
        """Checks against the golden run `run_id` expect what `from_run_id` gave at `path`."""
        body = {"from": from_run_id, "path": path, "reason": reason}
        return cast(GoldenRun, self._json("POST", f"runs/{part(run_id)}/golden/accept", json=body))

    def check(
        self, run_id: str, against: str, *, assertions: str | None = None, file: str = ""
    ) -> Check:
        """How a run stands against `golden:NAME` or another run, node by node."""
        body = {"against": against, "assertions": assertions, "file": file}
        path = f"runs/{part(run_id)}/check"
        return cast(Check, self._json("POST", path, json=body, safe=True))

    def export_run(self, run_id: str, out: IO[bytes]) -> None:
        """Write a run as one zip file into `out`, piece by piece."""
        answer = self._send("GET", f"runs/{part(run_id)}/export", stream=True)
        try:
            for chunk in answer.iter_bytes():
                out.write(chunk)
        except httpx.TransportError as error:
            # Not begun anew: a part of it is in `out` already, and that need not be seekable.
            raise self._unreachable(error) from error
        finally:
            answer.close()

    def import_run(self, data: bytes, *, new_id: bool = False) -> ImportedRun:
        """Take the file of an exported run in. Not repeated when the answer is lost: ask for the run."""
        params = {"new_id": "true" if new_id else "false"}
        headers = {"Content-Type": "application/zip"}
        made = self._json("POST", "runs/import", params=params, content=data, headers=headers)
        return cast(ImportedRun, made)

    def deletion(self, run_id: str) -> Deletion:
        """What a deletion would take, and what stays with the runs that reused it."""
        return cast(Deletion, self._json("GET", f"runs/{part(run_id)}/deletion"))

    def delete_run(self, run_id: str) -> None:
        """Delete a run. For admins."""
        self._json("DELETE", f"runs/{part(run_id)}")

    def clean_up(self, older_than_days: float, *, keep: int = 0, dry_run: bool = False) -> Cleaned:
        """Delete runs that ended longer ago, but the newest `keep` of each workflow. For admins."""
        body = {"older_than_days": older_than_days, "keep": keep, "dry_run": dry_run}
        return cast(Cleaned, self._json("POST", "gc", json=body))
