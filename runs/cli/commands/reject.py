"""`maverick reject`: say no to a step that waits for a decision."""

import click

from runs.cli.commands.approve import decide
from runs.cli.options import json_option, run_argument


@click.command("reject")
@run_argument
@click.argument("step", metavar="STEP")
@click.option("--comment", default="", metavar="TEXT", help="Why; the step's error says it.")
@json_option
@click.pass_context
def command(ctx: click.Context, run: str, step: str, comment: str, as_json: bool) -> None:
    """Reject a step that waits for a decision: the step fails.

    STEP is a step path or an execution id: `maverick approvals RUN` shows what waits.
    """
    decide(ctx, run, step, False, comment, {}, as_json=as_json)
