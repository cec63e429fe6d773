"""The side that speaks to a server, through the Python client."""

import ipaddress
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from runs.cli.asking_there import AskingThere
from runs.cli.backend import Json
from runs.cli.hooks import HooksThere
from runs.cli.keeping_there import KeepingThere
from runs.cli.refusals import CliRefusal


def _client_class() -> Any:
    try:
        import maverick_client
    except ModuleNotFoundError:
        # A checkout whose environment was made without the client's folder.
        sys.path.append(str(Path(__file__).resolve().parents[2] / "clients" / "python"))
        import maverick_client
    return maverick_client.Client


def home_folder() -> Path:
    """MAVERICK_HOME, without making it."""
    return Path(os.environ.get("MAVERICK_HOME") or "~/.maverick").expanduser()


def token_for(server: str) -> str | None:
    """MAVERICK_TOKEN; for a server on this machine, else what `maverick up` stored at home."""
    given = os.environ.get("MAVERICK_TOKEN", "").strip()
    if given:
        return given
    # The stored token opens this home's server only; another machine must never get to see it.
    if not _on_this_machine(urlsplit(server).hostname or ""):
        return None
    try:
        return (home_folder() / "token").read_text().strip() or None
    except OSError:
        return None


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class There(KeepingThere, AskingThere, HooksThere):
    """A server; see Backend."""

    remote = True

    def __init__(self, server: str) -> None:
        address = server if "://" in server else f"http://{server}"
        if urlsplit(address).scheme not in ("http", "https"):
            raise CliRefusal("usage", f"{server!r} is no http address.")
        self.server = address.rstrip("/")
        self.client: Any = _client_class()(self.server, token_for(address))

    def start(
        self,
        *,
        workflow: str | None,
        definition: str | None,
        inputs: Mapping[str, Any],
        labels: Mapping[str, str],
    ) -> Json:
        """Start a run; workers of the server drive it."""
        run = self.client.start_run(workflow, definition=definition, inputs=inputs, labels=labels)
        return cast(Json, run)

    def get_run(self, run_id: str) -> Json:
        return cast(Json, self.client.get_run(run_id))

    def list_runs(
        self,
        *,
        statuses: Sequence[str] = (),
        workflow: str = "",
        golden: bool | None = None,
        text: str = "",
        search: str = "",
        limit: int = 50,
    ) -> list[Json]:
        found: list[Json] = []
        cursor = None
        while len(found) < limit:
            page = self.client.list_runs(
                status=statuses,
                workflow=workflow or None,
                golden=golden,
                text=text or None,
                filter=search or None,
                limit=min(limit - len(found), 200),
                cursor=cursor,
            )
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                break
        return found

    def graph(self, run_id: str) -> Json:
        return cast(Json, self.client.graph(run_id))

    def execution(self, run_id: str, execution_id: str) -> Json:
        return cast(Json, self.client.execution(run_id, execution_id))

    def why(self, run_id: str, path: str = "") -> Json:
        return cast(Json, self.client.why(run_id, path))

    def lineage(self, run_id: str) -> Json:
        return cast(Json, self.client.lineage(run_id))

    def origin(self, execution_id: str) -> Json:
        return cast(Json, self.client.origin(execution_id))

    def compare(self, run_id: str, other: str, path: str = "") -> Json:
        return cast(Json, self.client.compare(run_id, other, path=path))

    def log(self, run_id: str, execution_id: str) -> Iterator[Json]:
        return cast(Iterator[Json], self.client.log(run_id, execution_id))

    def follow(self, run_id: str, after: int = 0) -> Iterator[Json]:
        return cast(Iterator[Json], self.client.events(run_id, after))

    def restart(self, run_id: str, request: Mapping[str, Any]) -> Json:
        return cast(Json, self.client.restart_run(run_id, **request))

    def plan(self, run_id: str, request: Mapping[str, Any]) -> Json:
        return cast(Json, self.client.plan_restart(run_id, **request))

    def restart_execution(self, execution_id: str, request: Mapping[str, Any]) -> Json:
        return cast(Json, self.client.restart_execution(execution_id, **request))

    def retry(self, run_id: str, execution_id: str) -> Json:
        self.client.retry_execution(run_id, execution_id)
        return self.get_run(run_id)

    def plan_execution(self, execution_id: str, request: Mapping[str, Any]) -> Json:
        return cast(Json, self.client.plan_execution(execution_id, **request))

    def pause(self, run_id: str, reason: str) -> Json:
        return cast(Json, self.client.pause_run(run_id, reason=reason))

    def unpause(self, run_id: str) -> Json:
        return cast(Json, self.client.resume_run(run_id))

    def cancel(self, run_id: str, reason: str) -> Json:
        return cast(Json, self.client.cancel_run(run_id, reason=reason))

    def approvals(self, run_id: str) -> list[Json]:
        return cast(list[Json], self.client.approvals(run_id))

    def decide(
        self, run_id: str, where: str, approve: bool, comment: str, values: Mapping[str, Any]
    ) -> Json:
        if approve:
            return cast(Json, self.client.approve(run_id, where, values=values, comment=comment))
        return cast(Json, self.client.reject(run_id, where, comment=comment))

    def checkpoints(self, run_id: str) -> list[Json]:
        return cast(list[Json], self.client.checkpoints(run_id))

    def checkpoint(self, run_id: str, checkpoint_id: str) -> Json:
        return cast(Json, self.client.checkpoint(run_id, checkpoint_id))

    def import_checkpoint(self, content: Any, file: str) -> Json:
        return cast(Json, self.client.import_checkpoint(content))

    def workflows(self) -> list[Json]:
        return list(self.client.workflows())

    def workflow(self, name: str) -> Json:
        return cast(Json, self.client.workflow(name))

    def page_url(self, run_id: str) -> str:
        return f"{self.server}/runs/{run_id}"
