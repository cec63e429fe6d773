"""`type: approval`: somebody decides. The run waits; no worker does."""

from typing import Any

from runs.definition.spec import ApprovalStep
from runs.engine.context import StepContext
from runs.engine.outcome import Parked
from runs.engine.retry import since_given_up
from runs.errors import StepFailure


class Rejected(StepFailure):
    """Somebody said no."""

    code = "rejected"
    permanent = True


def run_approval(context: StepContext, given: Any) -> Any:
    """Park until somebody decides; the output is what the form was
    filled with, and ``approved, by, at, comment``.

    The decision stands with the attempt that asked (`record.approvals`). Raises Rejected.
    """
    step = context.job.node.step
    assert isinstance(step, ApprovalStep)
    tries = since_given_up(context.job.tries)
    decision = next((one["decision"] for one in reversed(tries) if "decision" in one), None)
    if decision is None:
        return Parked(
            f"approval: {given['prompt']}"[:500], step.timeout, {"prompt": given["prompt"]}
        )
    if not decision["approved"]:
        said = f": {decision['comment']}" if decision["comment"] else "."
        raise Rejected(f"{decision['by']} rejected it{said}")
    about = {key: decision[key] for key in ("approved", "by", "at", "comment")}
    return {**decision["values"], **about}
