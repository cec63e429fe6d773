"""What commands ask, whether the answer comes from here or from a server.

Both sides answer with the same plain dictionaries: the shapes of the REST API. So a command is
written once, and `--json` prints the same document either way.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from runs.cli.asking import Asking
from runs.cli.hooks import Hooks
from runs.cli.keeping import Keeping
from runs.cli.refusals import CliRefusal, tell
from runs.ids import is_our_run_id, is_run_id

Json = dict[str, Any]
RUN_OVER = frozenset({"succeeded", "failed", "cancelled", "timeout"})


class Backend(Keeping, Asking, Hooks, Protocol):
    """The questions and the orders that both sides know."""

    remote: bool

    def get_run(self, run_id: str) -> Json:
        """One run."""

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
        """Runs, newest first."""

    def graph(self, run_id: str) -> Json:
        """The nodes of a run, executed or not, and the edges."""

    def execution(self, run_id: str, execution_id: str) -> Json:
        """One execution."""

    def why(self, run_id: str, path: str = "") -> Json:
        """Why a run, or a step of it, is as it is."""

    def lineage(self, run_id: str) -> Json:
        """A run's family, and what was changed from run to run."""

    def origin(self, execution_id: str) -> Json:
        """Where the output of an execution comes from."""

    def compare(self, run_id: str, other: str, path: str = "") -> Json:
        """Two runs side by side."""

    def log(self, run_id: str, execution_id: str) -> Iterator[Json]:
        """What an execution printed, in order."""

    def follow(self, run_id: str, after: int = 0) -> Iterator[Json]:
        """The journal behind a number, as it comes, until the run is over."""

    def restart(self, run_id: str, request: Mapping[str, Any]) -> Json:
        """A new run that reuses what this one recorded; nobody waits for it."""

    def plan(self, run_id: str, request: Mapping[str, Any]) -> Json:
        """What a restart would do."""

    def restart_execution(self, execution_id: str, request: Mapping[str, Any]) -> Json:
        """A new run that goes on from an execution; nobody waits for it."""

    def retry(self, run_id: str, execution_id: str) -> Json:
        """A step that waits for its next try is tried now; the run after it."""

    def plan_execution(self, execution_id: str, request: Mapping[str, Any]) -> Json:
        """What a restart from an execution would do."""

    def cancel(self, run_id: str, reason: str) -> Json:
        """Nothing new starts, what runs is told."""

    def pause(self, run_id: str, reason: str) -> Json:
        """What runs goes on to its end, nothing new starts."""

    def unpause(self, run_id: str) -> Json:
        """A paused run goes on."""

    def approvals(self, run_id: str) -> list[Json]:
        """The steps of a run that wait for a decision."""

    def decide(
        self, run_id: str, where: str, approve: bool, comment: str, values: Mapping[str, Any]
    ) -> Json:
        """Say yes or no to a step, by path or execution id; the run after it."""

    def checkpoints(self, run_id: str) -> list[Json]:
        """A run's checkpoints, newest first."""

    def checkpoint(self, run_id: str, checkpoint_id: str) -> Json:
        """One checkpoint and what it holds."""

    def import_checkpoint(self, content: Any, file: str) -> Json:
        """Take a checkpoint file's content in: ``{run, checkpoint, is_new}``."""

    def workflows(self) -> list[Json]:
        """The workflows by name."""

    def workflow(self, name: str) -> Json:
        """One workflow with its source."""

    def page_url(self, run_id: str) -> str:
        """Where the run can be looked at; empty when no server is known."""


LEAST = len("run_") + 6


def find_run(side: Backend, given: str) -> str:
    """The id that `@last`, a whole id or its beginning stands for."""
    if given == "@last":
        newest = side.list_runs(limit=1)
        if not newest:
            raise CliRefusal("run-not-found", "There is no run yet.", "`maverick run` starts one.")
        return str(newest[0]["id"])
    # Whole ids first: one that a client chose has any length and need not begin as ours do.
    if is_our_run_id(given) or _is_there(side, given):
        return given
    text = given if given.startswith("run_") else f"run_{given}"
    if is_our_run_id(text):
        return text
    if len(text) < LEAST:
        raise CliRefusal(
            "run-not-found",
            f"{given!r} is too short for the beginning of a run id.",
            "Give at least six characters behind `run_`, or @last.",
        )
    found = [r["id"] for r in side.list_runs(text=text, limit=20) if r["id"].startswith(text)]
    if not found:
        raise CliRefusal("run-not-found", f"There is no run that begins with {text!r}.")
    if len(found) > 1:
        raise CliRefusal(
            "ambiguous-run",
            f"{len(found)} runs begin with {text!r}: {', '.join(found[:5])}.",
            "Give more characters.",
        )
    return str(found[0])


def _is_there(side: Backend, run_id: str) -> bool:
    if not is_run_id(run_id):
        return False
    try:
        side.get_run(run_id)
    except Exception as error:
        if tell(error).code != "run-not-found":
            raise
        return False
    return True


def find_execution(side: Backend, run_id: str, given: str) -> str:
    """The id of an execution, from that id or a step path."""
    if given.startswith("exec_"):
        return given
    nodes = side.graph(run_id)["nodes"]
    for node in nodes:
        if node["path"] == given:
            if node["id"]:
                return str(node["id"])
            raise CliRefusal("execution-not-found", f"The step {given} has not started.")
    from difflib import get_close_matches

    near = get_close_matches(given, [node["path"] for node in nodes], n=1)
    hint = f"Did you mean {near[0]}?" if near else ""
    raise CliRefusal("execution-not-found", f"{run_id} has no step {given!r}.", hint)
