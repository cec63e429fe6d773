"""The same in this process; see Asking."""

from collections.abc import Mapping
from typing import Any, cast

from runs.cli.asking import Json
from runs.cli.local import actor, plain
from runs.cli.refusals import CliRefusal


class AskingHere:
    """A part of Here."""

    def agents(self) -> list[Json]:
        from runs.projections.agents import list_agents

        found: list[Json] = []
        after = ""
        while True:
            page = list_agents(after=after)
            found += plain(page.items)
            if page.next_after is None:
                return found
            after = page.next_after

    def agent(self, name: str) -> Json:
        from runs.projections.agents import get_agent

        return cast(Json, plain(get_agent(name)))

    def call_agent(
        self, target: str, given: Mapping[str, Any], context: Mapping[str, Any] | None
    ) -> Json:
        from runs.operations.call_agent import call_agent

        return run_of(call_agent(target, given, context=context, by=actor()).pk)

    def remove_agent(self, name: str, force: bool) -> Json:
        from runs.operations.remove_agent import remove_agent

        return {"name": name, "failed_calls": remove_agent(name, force=force, by=actor())}

    def need_workers(self) -> None:
        from runs.projections.cli_tables import somebody_works

        # A worker sends a call, and the server takes the agent's report: this process is neither.
        if not somebody_works():
            raise CliRefusal(
                "nobody-works",
                "No worker is running, so the call would not go out.",
                "`maverick up` starts server and workers.",
            )

    def only_workers_drive(self, run_id: str) -> bool:
        from runs.models import Run
        from runs.record.workers import AGENTS

        return Run.objects.filter(pk=run_id, placement=AGENTS).exists()


def restart_call(execution_id: str, request: Mapping[str, Any]) -> Json | None:
    """The new run, when the execution is the call of an agent; None when it is a step."""
    from runs.agentfield import BadCall
    from runs.projections.agent_calls import is_call

    if not is_call(execution_id):
        return None
    from runs.operations.restart_call import RestartCall
    from runs.operations.restart_call import restart_call as restart

    if request.get("plan_id") or request.get("confirm"):
        raise CliRefusal(
            "usage", "The restart of an agent's call has no preview, and asks nothing."
        )
    try:
        asked = RestartCall.of(request)
    except BadCall as wrong:
        raise CliRefusal("usage", f"Of an agent's call: {wrong}.") from None
    return run_of(restart(execution_id, asked, by=actor()).run_id)


def run_of(run_id: str) -> Json:
    """A run as the API tells it."""
    from runs.projections.api_runs import get_run

    return cast(Json, plain(get_run(run_id)))
