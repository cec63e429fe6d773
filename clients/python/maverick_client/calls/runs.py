"""Starting, restarting, finding and stopping runs, and their steps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Unpack, cast

from maverick_client.models import (
    BulkAction,
    BulkFilter,
    BulkResult,
    Execution,
    LogPart,
    OneRun,
    Page,
    Plan,
    RestartRequest,
    Run,
    RunFilter,
)
from maverick_client.sending import Sending, part, restart_body, run_filter, several


class RunCalls(Sending):
    """Methods of Client."""

    def start_run(
        self,
        workflow: str | None = None,
        *,
        definition: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Start a run of a workflow by name, or of the text of a definition."""
        body: dict[str, Any] = {"inputs": dict(inputs or {})}
        if workflow is not None:
            body["workflow"] = workflow
        if definition is not None:
            body["definition"] = definition
        if labels:
            body["labels"] = dict(labels)
        return cast(Run, self._start("runs", body, idempotency_key))

    def restart_run(
        self, run_id: str, *, idempotency_key: str | None = None, **request: Unpack[RestartRequest]
    ) -> Run:
        """Restart a run. `request` holds the fields of the restart body: scope, reuse, from
        (write `from_`), input, input_patch, context, context_patch, fork, reason, plan_id,
        confirm."""
        path = f"runs/{part(run_id)}/restart"
        return cast(Run, self._start(path, restart_body(request), idempotency_key))

    def plan_restart(self, run_id: str, **request: Unpack[RestartRequest]) -> Plan:
        """What `restart_run` with the same arguments would do, without doing it."""
        path = f"runs/{part(run_id)}/restart-plan"
        return cast(Plan, self._json("POST", path, json=restart_body(request), safe=True))

    def restart_execution(
        self,
        execution_id: str,
        *,
        idempotency_key: str | None = None,
        **request: Unpack[RestartRequest],
    ) -> Run:
        """Restart a run from one of its executions, with the fields of `restart_run` but
        without `from_`. Unless `reuse` says otherwise, what started before it is kept."""
        path = f"executions/{part(execution_id)}/restart"
        made = self._start(path, restart_body(request), idempotency_key)
        if "run_id" in made:  # the call of an agent, restarted and answered in AgentField's way
            return self.get_run(made["run_id"])
        return cast(Run, made)

    def plan_execution(self, execution_id: str, **request: Unpack[RestartRequest]) -> Plan:
        """What `restart_execution` with the same arguments would do, without doing it."""
        path = f"executions/{part(execution_id)}/restart-plan"
        return cast(Plan, self._json("POST", path, json=restart_body(request), safe=True))

    def retry_execution(self, run_id: str, execution_id: str) -> Execution:
        """A step that waits for its next try is tried now."""
        path = f"runs/{part(run_id)}/executions/{part(execution_id)}/retry"
        return cast(Execution, self._json("POST", path))

    def get_run(self, run_id: str) -> OneRun:
        """One run."""
        return cast(OneRun, self._json("GET", f"runs/{part(run_id)}"))

    def list_runs(
        self, *, limit: int = 50, cursor: str | None = None, **filters: Unpack[RunFilter]
    ) -> Page[Run]:
        """One page of runs, newest first. `text` is the start of a run id or a part of a
        workflow's name, `source` the run that they were started from."""
        params = {**run_filter(filters), "limit": limit, "cursor": cursor}
        return cast(Page[Run], self._json("GET", "runs", params=params))

    def all_runs(self, **filters: Unpack[RunFilter]) -> Iterator[Run]:
        """Every run that fits the filters of `list_runs`, page after page."""
        return cast(Iterator[Run], self._all("runs", {**run_filter(filters), "limit": 200}))

    def cancel_run(self, run_id: str, *, reason: str = "") -> Run:
        """Cancel a run: nothing new starts, what runs is told."""
        body = {"reason": reason} if reason else {}
        return cast(Run, self._json("POST", f"runs/{part(run_id)}/cancel", json=body))

    def pause_run(self, run_id: str, *, reason: str = "") -> Run:
        """Pause a run: what runs goes on to its end, nothing new starts."""
        body = {"reason": reason} if reason else {}
        return cast(Run, self._json("POST", f"runs/{part(run_id)}/pause", json=body))

    def resume_run(self, run_id: str) -> Run:
        """Let a paused run go on."""
        return cast(Run, self._json("POST", f"runs/{part(run_id)}/resume"))

    def bulk(
        self,
        action: BulkAction,
        *,
        ids: Iterable[str] | None = None,
        filter: BulkFilter | None = None,
        all: bool = False,
        dry_run: bool = False,
        reason: str = "",
        labels: Mapping[str, str | None] | None = None,
        idempotency_key: str | None = None,
    ) -> BulkResult:
        """Restart, cancel, pause, resume, mark golden, label or delete many runs: by their ids, or
        those that a filter (status, workflow, text, golden, tag) finds, or `all`. `labels`, for
        `label`: what is set; None takes a label away. A result for each run."""
        body = {
            "action": action,
            "ids": None if ids is None else list(ids),
            "filter": None if filter is None else dict(filter),
            "all": all,
            "dry_run": dry_run,
            "reason": reason,
        }
        if labels is not None:
            body["labels"] = dict(labels)
        return cast(BulkResult, self._start("runs/bulk", body, idempotency_key))

    def executions(self, run_id: str, *, status: Iterable[str] = ()) -> Iterator[Execution]:
        """Every execution of a run, or those with a status, in the order of the paths."""
        path = f"runs/{part(run_id)}/executions"
        params = {"limit": 200, "status": several(status)}
        return cast(Iterator[Execution], self._all(path, params))

    def execution(self, run_id: str, execution_id: str) -> Execution:
        """One execution of a run."""
        path = f"runs/{part(run_id)}/executions/{part(execution_id)}"
        return cast(Execution, self._json("GET", path))

    def log(self, run_id: str, execution_id: str) -> Iterator[LogPart]:
        """What an execution printed, in order."""
        path = f"runs/{part(run_id)}/executions/{part(execution_id)}/log"
        after = 0
        while True:
            page = self._json("GET", path, params={"after": after})
            parts: list[LogPart] = page["items"]
            yield from parts
            if not parts or parts[-1]["id"] <= after:
                return
            after = parts[-1]["id"]
