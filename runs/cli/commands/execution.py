"""`maverick execution …`: what can be asked about one execution by its id."""

from typing import Any

import click

from runs.cli.commands.restart import go, recovery_options


@click.group("execution", no_args_is_help=True)
def command() -> None:
    """One execution, by its id."""


@command.command("restart")
@click.argument("execution", metavar="EXECUTION")
@click.option(
    "--scope",
    type=click.Choice(("workflow", "execution")),
    default="workflow",
    show_default=True,
    help="The whole run again from there, or this one alone.",
)
@click.option("--fork", is_flag=True, help="Call it a fork although nothing is changed.")
@click.option("--model", metavar="NAME", help="Another `model` in the context.")
@click.option("--input", "given", metavar="@FILE", help="Other inputs: a file, or a JSON object.")
@click.option("--context", metavar="@FILE", help="Another context: a file, or a JSON object.")
@recovery_options(of_execution=True)
def restart(
    ctx: click.Context,
    execution: str,
    scope: str,
    fork: bool,
    model: str | None,
    given: str | None,
    context: str | None,
    **asked: Any,
) -> int:
    """Restart the run of an execution from there; what had started before it is kept.

    EXECUTION is an id such as exec_0pkx2b1c8d7e70; `maverick runs show RUN --json` names them. It
    may be a call that an agent made: its run is restarted, and the calls in it are answered from
    the old one. A file is JSON or YAML, `@-` is standard input.
    """
    from runs.cli.inputs import read_object

    request: dict[str, Any] = {"fork": True} if fork else {}
    if scope != "workflow":
        request["scope"] = scope
    if given is not None:
        request["input"] = read_object("--input", given)
    if context is not None:
        request["context"] = read_object("--context", context)
    if model is not None and context is not None:
        request["context"]["model"] = model
    elif model is not None:
        request["context_patch"] = {"model": model}
    return go(ctx, execution, request, of_execution=True, **asked)
