"""`type: checkpoint`: save the run's state under a name."""

from typing import Any

from runs.engine.away import patiently
from runs.engine.context import StepContext
from runs.record import checkpoints
from runs.record.git import NO_REPOSITORY


def run_checkpoint(context: StepContext, given: Any) -> dict[str, Any]:
    """Save; output ``{checkpoint_id, name, file, steps, ref}``.

    A save that fails fails the step. A database that goes away does not: saving the same name
    again replaces what is there, so it is tried until the database is back.
    """
    saved = patiently(
        lambda: checkpoints.save(
            context.run_id,
            execution_id=context.execution_id,
            path=context.path,
            wanted=str(given["checkpoint_id"]),
            compiled=context.state.compiled,
            inputs=context.state.inputs,
            masker=context.state.masker,
            workspace=context.workspace,
        ),
        f"the checkpoint {context.path}",
    )
    workspace = saved.content["workspace"]
    why, note = workspace.get("why"), workspace.get("note")
    if why and why != NO_REPOSITORY:
        context.log(f"There is no snapshot of the workspace: {why}.", "warning")
    if note:
        context.log(f"Not in the snapshot of the workspace: {note}", "warning")
    result: dict[str, Any] = saved.content["steps"][context.path]["output"]
    return result
