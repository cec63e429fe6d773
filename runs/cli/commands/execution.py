"""`maverick execution …`: what can be asked about one execution by its id."""

from typing import Any

import click

from runs.cli.commands.restart import go, recovery_options


@click.group("execution", no_args_is_help=True)
def command() -> None:
    """One execution, by its id."""


@command.command("restart")
@click.argument("execution", metavar="EXECUTION")
@recovery_options(of_execution=True)
def restart(ctx: click.Context, execution: str, **asked: Any) -> int:
    """Restart the run of an execution from there; what had started before it is kept.

    EXECUTION is an id such as exec_0pkx2b1c8d7e70; `maverick runs show RUN --json` names them.
    """
    return go(ctx, execution, {}, of_execution=True, **asked)
