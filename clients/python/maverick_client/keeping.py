"""What is kept and cleaned up: a part of the client, in a file of its own."""

import uuid
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast
from urllib.parse import quote

import httpx

from maverick_client.models import AuditEntry, Check, GoldenRun, Run


def _part(text: str) -> str:
    """One segment of a path: an id that someone typed leads nowhere else."""
    return quote(text, safe="") if text not in ("", ".", "..") else "-"


class KeepingCalls:
    """Methods of Client."""

    _http: httpx.Client

    def _refused(self, answer: httpx.Response) -> Exception:
        raise NotImplementedError  # Client's

    def _json(self, method: str, path: str, **request: Any) -> Any:
        raise NotImplementedError  # Client's

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        raise NotImplementedError  # Client's

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
        return cast(Run, self._json("PUT", f"runs/{_part(run_id)}/golden", json=body, safe=True))

    def unmark_golden(self, run_id: str) -> Run:
        """No longer keep the run; harmless when it was not golden."""
        return cast(Run, self._json("DELETE", f"runs/{_part(run_id)}/golden", safe=True))

    def golden(self, run_id: str) -> GoldenRun:
        """A golden run with its assertions and accepted values."""
        return cast(GoldenRun, self._json("GET", f"runs/{_part(run_id)}/golden"))

    def golden_runs(self, workflow: str = "") -> list[GoldenRun]:
        """All golden runs, or those of a workflow, by name."""
        params = {"workflow": workflow or None}
        return cast(list[GoldenRun], self._json("GET", "golden", params=params)["items"])

    def set_assertions(self, run_id: str, text: str | None, *, file: str = "") -> GoldenRun:
        """What checks against the golden run mind, as YAML or JSON; None: all is to be equal."""
        path = f"runs/{_part(run_id)}/golden/assertions"
        if text is None:
            return cast(GoldenRun, self._json("DELETE", path, safe=True))
        return cast(
            GoldenRun, self._json("PUT", path, json={"text": text, "file": file}, safe=True)
        )

    def accept_value(self, run_id: str, from_run_id: str, path: str, reason: str) -> GoldenRun:
        """Checks against the golden run `run_id` expect what `from_run_id` gave at `path`."""
        body = {"from": from_run_id, "path": path, "reason": reason}
        return cast(GoldenRun, self._json("POST", f"runs/{_part(run_id)}/golden/accept", json=body))

    def check(
        self, run_id: str, against: str, *, assertions: str | None = None, file: str = ""
    ) -> Check:
        """How a run stands against `golden:NAME` or another run, node by node."""
        body = {"against": against, "assertions": assertions, "file": file}
        path = f"runs/{_part(run_id)}/check"
        return cast(Check, self._json("POST", path, json=body, safe=True))

    def deletion(self, run_id: str) -> dict[str, Any]:
        """What a deletion would take, and what stays with the runs that reused it."""
        return cast(dict[str, Any], self._json("GET", f"runs/{_part(run_id)}/deletion"))

    def delete_run(self, run_id: str) -> None:
        """Delete a run. For admins."""
        self._json("DELETE", f"runs/{_part(run_id)}")

    def clean_up(
        self, older_than_days: float, *, keep: int = 0, dry_run: bool = False
    ) -> dict[str, Any]:
        """Delete runs that ended longer ago, but the newest `keep` of each workflow. For admins."""
        body = {"older_than_days": older_than_days, "keep": keep, "dry_run": dry_run}
        return cast(dict[str, Any], self._json("POST", "gc", json=body))

    def export_run(self, run_id: str, out: IO[bytes]) -> None:
        """Write a run as one zip file into `out`, piece by piece."""
        path = f"runs/{_part(run_id)}/export"
        with self._http.stream("GET", path) as answer:
            if answer.status_code != 200:
                answer.read()
                raise self._refused(answer)
            for chunk in answer.iter_bytes():
                out.write(chunk)

    def import_run(self, data: bytes, *, new_id: bool = False) -> dict[str, Any]:
        """Take the file of an exported run in: `{run, notes}`."""
        params = {"new_id": "true" if new_id else "false"}
        headers = {"Content-Type": "application/zip"}
        made = self._json("POST", "runs/import", params=params, content=data, headers=headers)
        return cast(dict[str, Any], made)

    def bulk(
        self,
        action: str,
        *,
        ids: list[str] | None = None,
        filter: Mapping[str, Any] | None = None,
        all: bool = False,
        dry_run: bool = False,
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Restart, cancel, pause, resume, mark golden or delete many runs: by their ids, or those
        that a filter (status, workflow, text, golden, tag) finds, or `all`. A result for each run."""
        body = {
            "action": action,
            "ids": ids,
            "filter": None if filter is None else dict(filter),
            "all": all,
            "dry_run": dry_run,
            "reason": reason,
        }
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return cast(
            dict[str, Any], self._json("POST", "runs/bulk", json=body, headers=headers, safe=True)
        )

    def audit(self, *, who: str = "", action: str = "", target: str = "") -> Iterator[AuditEntry]:
        """Who changed what, newest first. For admins."""
        wanted = {"who": who, "action": action, "target": target}
        filters = {name: value for name, value in wanted.items() if value}
        return cast(Iterator[AuditEntry], self._all("audit", {"limit": 200, **filters}))
