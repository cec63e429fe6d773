"""The client: one method for each thing that the server can be asked for."""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from maverick_client.errors import ApiError, ServerUnreachable, WaitTimeout, api_error
from maverick_client.events import frames
from maverick_client.keeping import KeepingCalls
from maverick_client.models import (
    RUN_OVER,
    Approval,
    Checkpoint,
    CheckpointDetail,
    Comparison,
    Event,
    EventPage,
    Execution,
    Graph,
    Imported,
    Lineage,
    LogPart,
    OneRun,
    Origin,
    Page,
    Plan,
    Run,
    Validation,
    Why,
    Workflow,
    WorkflowDetail,
)

_BUSY = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE = 10.0
# The stream says something at least every 15 seconds; three silences and the line is dead.
_STREAM_SILENCE = 45.0


class Client(KeepingCalls):
    """Talks to one Maverick server.

    `token` is an API token. `retries` is how often a request is repeated that may be repeated:
    reads, and whatever carries an idempotency key. `transport` takes the place of the network
    in tests.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/api/v1")
        self.retries = retries
        self._sleep = sleep
        headers = {"Accept": "application/json", "User-Agent": "maverick-client/0.1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(
                base_url=f"{self.base_url}/api/v1/",
                headers=headers,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                transport=transport,
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ServerUnreachable(f"{base_url!r} is no address: {error}.") from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- runs -------------------------------------------------------------------------------

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
        self, run_id: str, *, idempotency_key: str | None = None, **request: Any
    ) -> Run:
        """Restart a run. `request` holds the fields of the restart body: scope, reuse, from
        (write `from_`), input, input_patch, context, context_patch, fork, reason, plan_id,
        confirm."""
        path = f"runs/{_part(run_id)}/restart"
        return cast(Run, self._start(path, _restart_body(request), idempotency_key))

    def plan_restart(self, run_id: str, **request: Any) -> Plan:
        """What `restart_run` with the same arguments would do, without doing it."""
        path = f"runs/{_part(run_id)}/restart-plan"
        return cast(Plan, self._json("POST", path, json=_restart_body(request), safe=True))

    def restart_execution(
        self, execution_id: str, *, idempotency_key: str | None = None, **request: Any
    ) -> Run:
        """Restart a run from one of its executions, with the fields of `restart_run` but
        without `from_`. Unless `reuse` says otherwise, what started before it is kept."""
        path = f"executions/{_part(execution_id)}/restart"
        return cast(Run, self._start(path, _restart_body(request), idempotency_key))

    def retry_execution(self, run_id: str, execution_id: str) -> Execution:
        """A step that waits for its next try is tried now."""
        path = f"runs/{_part(run_id)}/executions/{_part(execution_id)}/retry"
        return cast(Execution, self._json("POST", path))

    def plan_execution(self, execution_id: str, **request: Any) -> Plan:
        """What `restart_execution` with the same arguments would do, without doing it."""
        path = f"executions/{_part(execution_id)}/restart-plan"
        return cast(Plan, self._json("POST", path, json=_restart_body(request), safe=True))

    def get_run(self, run_id: str) -> OneRun:
        """One run."""
        return cast(OneRun, self._json("GET", f"runs/{_part(run_id)}"))

    def list_runs(
        self,
        *,
        status: Iterable[str] = (),
        workflow: str | None = None,
        golden: bool | None = None,
        text: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        **filters: Any,
    ) -> Page[Run]:
        """One page of runs, newest first. `text` is the start of a run id or a part of a
        workflow's name."""
        params = {"workflow": workflow, "text": text, "limit": limit, **filters}
        if golden is not None:
            params["golden"] = "true" if golden else "false"
        params["status"] = [status] if isinstance(status, str) else list(status)
        return cast(Page[Run], self._json("GET", "runs", params={**params, "cursor": cursor}))

    def all_runs(self, **filters: Any) -> Iterator[Run]:
        """Every run that fits the filters of `list_runs`, page after page."""
        return cast(Iterator[Run], self._all("runs", filters))

    def cancel_run(self, run_id: str, *, reason: str = "") -> Run:
        """Cancel a run: nothing new starts, what runs is told."""
        body = {"reason": reason} if reason else {}
        return cast(Run, self._json("POST", f"runs/{_part(run_id)}/cancel", json=body))

    def pause_run(self, run_id: str, *, reason: str = "") -> Run:
        """Pause a run: what runs goes on to its end, nothing new starts."""
        body = {"reason": reason} if reason else {}
        return cast(Run, self._json("POST", f"runs/{_part(run_id)}/pause", json=body))

    def resume_run(self, run_id: str) -> Run:
        """Let a paused run go on."""
        return cast(Run, self._json("POST", f"runs/{_part(run_id)}/resume"))

    def executions(self, run_id: str, **filters: Any) -> Iterator[Execution]:
        """Every execution of a run, in the order of the paths."""
        path = f"runs/{_part(run_id)}/executions"
        return cast(Iterator[Execution], self._all(path, {"limit": 200, **filters}))

    def execution(self, run_id: str, execution_id: str) -> Execution:
        """One execution of a run."""
        path = f"runs/{_part(run_id)}/executions/{_part(execution_id)}"
        return cast(Execution, self._json("GET", path))

    def log(self, run_id: str, execution_id: str) -> Iterator[LogPart]:
        """What an execution printed, in order."""
        path = f"runs/{_part(run_id)}/executions/{_part(execution_id)}/log"
        after = 0
        while True:
            page = self._json("GET", path, params={"after": after})
            parts: list[LogPart] = page["items"]
            yield from parts
            if not parts or parts[-1]["id"] <= after:
                return
            after = parts[-1]["id"]

    def graph(self, run_id: str) -> Graph:
        """The run's nodes and edges."""
        return cast(Graph, self._json("GET", f"runs/{_part(run_id)}/graph"))

    def why(self, run_id: str, path: str = "") -> Why:
        """Why a run is as it is, or its step `path` (a step path or an execution id)."""
        params = {"path": path} if path else None
        return cast(Why, self._json("GET", f"runs/{_part(run_id)}/why", params=params))

    def lineage(self, run_id: str) -> Lineage:
        """A run's family over all generations, and what was changed from run to run."""
        return cast(Lineage, self._json("GET", f"runs/{_part(run_id)}/lineage"))

    def origin(self, execution_id: str) -> Origin:
        """Where the output of an execution comes from, back to who did the work."""
        return cast(Origin, self._json("GET", f"executions/{_part(execution_id)}/origin"))

    def compare(self, run_id: str, other: str, *, path: str = "") -> Comparison:
        """Run `other` beside run `run_id`; with `path` only that step, with all its values."""
        where = f"runs/{_part(run_id)}/compare/{_part(other)}"
        params = {"path": path} if path else None
        return cast(Comparison, self._json("GET", where, params=params))

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """A run's checkpoints, newest first."""
        return _items(self._json("GET", f"runs/{_part(run_id)}/checkpoints"))

    def checkpoint(self, run_id: str, checkpoint_id: str) -> CheckpointDetail:
        """One checkpoint, by id or name, and what it holds."""
        path = f"runs/{_part(run_id)}/checkpoints/{_part(checkpoint_id)}"
        return cast(CheckpointDetail, self._json("GET", path))

    def import_checkpoint(self, content: Mapping[str, Any]) -> Imported:
        """Take the content of a checkpoint file in, with the run that saved it."""
        return cast(Imported, self._json("POST", "checkpoints", json=dict(content), safe=True))

    def resume(
        self,
        run_id: str,
        checkpoint_id: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        accept_changes: bool = False,
        restore_workspace: bool = False,
        force: bool = False,
        idempotency_key: str | None = None,
    ) -> Run:
        """Go on from a checkpoint, by id or name, as a new run."""
        path = f"runs/{_part(run_id)}/checkpoints/{_part(checkpoint_id)}/resume"
        body = {
            "inputs": dict(inputs or {}),
            "accept_changes": accept_changes,
            "restore_workspace": restore_workspace,
            "force": force,
        }
        return cast(Run, self._start(path, body, idempotency_key))

    def approvals(self, run_id: str) -> list[Approval]:
        """The steps of a run that wait for a decision."""
        return _items(self._json("GET", f"runs/{_part(run_id)}/approvals"))

    def approve(
        self,
        run_id: str,
        where: str,
        *,
        values: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Run:
        """Say yes to the step `where` (step path or execution id); `values` fill in its form."""
        body = {"approve": True, "comment": comment, "values": dict(values or {})}
        return self._decide(run_id, where, body)

    def reject(self, run_id: str, where: str, *, comment: str = "") -> Run:
        """Say no to the step `where`: it fails with what the comment says."""
        return self._decide(run_id, where, {"approve": False, "comment": comment})

    def _decide(self, run_id: str, where: str, body: Mapping[str, Any]) -> Run:
        path = f"runs/{_part(run_id)}/approvals/{_part(where)}"
        return cast(Run, self._json("POST", path, json=body))

    # ---- the journal ------------------------------------------------------------------------

    def events(self, run_id: str, after: int = 0) -> Iterator[Event]:
        """The entries of a run's journal with a number above `after`, as they come, until the
        run is over. A broken stream is taken up again behind the last entry that was seen."""
        failures, streams = 0, True
        while True:
            before = after
            try:
                for event in self._stream(run_id, after) if streams else self._poll(run_id, after):
                    if event is None:
                        return
                    if event["seq"] > after:
                        after = event["seq"]
                        yield event
            except httpx.TransportError as error:
                failures = 1 if after > before else failures + 1
                if failures > self.retries:
                    raise self._unreachable(error) from error
            except ApiError as error:
                if error.status not in (501, *_BUSY):
                    raise
                # No streams here, or too many already: the journal comes page by page instead.
                streams = False
            self._sleep(_pause(failures))

    def _stream(self, run_id: str, after: int) -> Iterator[Event | None]:
        """The entries that one connection brings; None when the run is over."""
        path = f"runs/{_part(run_id)}/events"
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx.Timeout(10.0, read=_STREAM_SILENCE)
        with self._http.stream(
            "GET", path, params={"after": after}, headers=headers, timeout=timeout
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                raise _refusal(answer)
            for frame in frames(answer.iter_lines()):
                if frame.event == "end":
                    yield None
                    return
                entry = frame.json()
                if isinstance(entry, dict) and "kind" in entry and "seq" in entry:
                    yield cast(Event, entry)

    def _poll(self, run_id: str, after: int) -> Iterator[Event | None]:
        page = self.event_page(run_id, after)
        yield from page["items"]
        if page["over"]:
            yield None

    def event_page(self, run_id: str, after: int = 0, limit: int = 500) -> EventPage:
        """The journal behind a number, as it is now."""
        path = f"runs/{_part(run_id)}/events"
        params = {"after": after, "limit": limit}
        return cast(EventPage, self._json("GET", path, params=params))

    def wait(self, run_id: str, timeout: float | None = None, *, every: float = 0.3) -> Run:
        """The run once it is over. Raises WaitTimeout."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            run = self.get_run(run_id)
            if run["status"] in RUN_OVER:
                return run
            if end is not None and time.monotonic() >= end:
                raise WaitTimeout(f"Run {run_id} is {run['status']} after {timeout:g} s.")
            self._sleep(every)

    # ---- workflows --------------------------------------------------------------------------

    def workflows(self) -> Iterator[Workflow]:
        """Every workflow that the server knows, by name."""
        return cast(Iterator[Workflow], self._all("workflows", {}))

    def workflow(self, name: str) -> WorkflowDetail:
        """One workflow with its source and its versions."""
        return cast(WorkflowDetail, self._json("GET", f"workflows/{_part(name)}"))

    def publish_workflow(self, definition: str, *, file: str = "") -> WorkflowDetail:
        """Check a text and keep it as a version; the same text gives the same version."""
        body = {"definition": definition, "file": file}
        return cast(WorkflowDetail, self._json("POST", "workflows", json=body, safe=True))

    def validate_workflow(self, definition: str, *, file: str = "") -> Validation:
        """What is wrong with a text; nothing is kept or started."""
        body = {"definition": definition, "file": file}
        return cast(Validation, self._json("POST", "workflows/validate", json=body, safe=True))

    # ---- sending ----------------------------------------------------------------------------

    def _start(self, path: str, body: Mapping[str, Any], key: str | None) -> Any:
        # Always with a key: an answer that was lost on the way is asked for again, and the
        # server hands out the run that the first request started.
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self._json("POST", path, json=body, headers=headers, safe=True)

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            page = self._json("GET", path, params={**params, "cursor": cursor})
            yield from _items(page)
            cursor = page.get("next_cursor") if isinstance(page, dict) else None
            if not cursor:
                return

    def _json(self, method: str, path: str, **request: Any) -> Any:
        answer = self._send(method, path, **request)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            kind = answer.headers.get("content-type", "nothing")
            raise ServerUnreachable(
                f"{self.base_url} answered {kind} instead of JSON. Is it a Maverick server?"
            ) from None

    def _send(
        self, method: str, path: str, *, safe: bool | None = None, **request: Any
    ) -> httpx.Response:
        if safe is None:
            safe = method == "GET"
        params = request.get("params")
        if params:
            request["params"] = {k: v for k, v in params.items() if v not in (None, [], ())}
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                # A connection that was refused carried no request: that may always be repeated.
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if last or not (safe or unsent):
                    raise self._unreachable(error) from error
                self._sleep(_pause(attempt))
                continue
            except (httpx.InvalidURL, UnicodeError) as error:
                raise ServerUnreachable(f"{self.base_url!r} is no address: {error}.") from None
            if answer.is_success:
                return answer
            if safe and not last and answer.status_code in _BUSY:
                self._sleep(_pause(attempt, answer.headers.get("retry-after")))
                continue
            raise _refusal(answer)
        raise AssertionError("unreachable")

    def _refused(self, answer: httpx.Response) -> Exception:
        return _refusal(answer)

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        what = str(error) or type(error).__name__
        return ServerUnreachable(f"No answer from {self.base_url}: {what}.")


def _refusal(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {"title": answer.reason_phrase or f"HTTP {answer.status_code}"}
    return api_error(answer.status_code, body)


def _restart_body(request: Mapping[str, Any]) -> dict[str, Any]:
    named = {("from" if key == "from_" else key): value for key, value in request.items()}
    return {key: value for key, value in named.items() if value is not None}


def _items(page: Any) -> list[Any]:
    items = page.get("items", []) if isinstance(page, dict) else page
    return list(items or [])


def _part(text: str) -> str:
    """One segment of a path: an id that someone typed leads nowhere else."""
    return quote(text, safe="") if text not in ("", ".", "..") else "-"


def _pause(attempt: int, asked: str | None = None) -> float:
    """How long to wait before the next try: what the server asked for, else ever longer."""
    if asked and asked.isdigit():
        return min(float(asked), _LONGEST_PAUSE)
    return min(0.2 * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1.25)
