"""`maverick approve`: say yes to a step that waits for a decision."""

from typing import Any

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("approve")
@run_argument
@click.argument("step", metavar="STEP")
@click.option(
    "-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE",
    help="What the form is filled with. KEY=@FILE reads the value from a file.",
)  # fmt: skip
@click.option("--comment", default="", metavar="TEXT", help="Kept with the decision.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, run: str, step: str, pairs: tuple[str, ...], comment: str, as_json: bool
) -> None:
    """Approve a step that waits for a decision; the run goes on.

    STEP is a step path or an execution id: `maverick approvals RUN` shows what waits.
    """
    from runs.cli.inputs import read_inputs

    decide(ctx, run, step, True, comment, read_inputs(pairs, None), as_json=as_json)


def decide(
    ctx: click.Context,
    run: str,
    step: str,
    approve: bool,
    comment: str,
    values: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Say yes or no, and how the run stands after it."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    run_id = find_run(side, run)
    after = side.decide(run_id, step, approve, comment, values)
    if not side.remote:
        from runs.cli.here import somebody_drives

        if not somebody_drives(run_id):
            said = "No worker is running; the run goes on when `maverick up` starts some."
            say(f"maverick: {said}", err=True)
    if as_json:
        print_json(after)
        return
    say(f"{step} {'approved' if approve else 'rejected'}. {run_id} {after['status']}")
    say(f"  watch   maverick runs watch {run_id}")
