"""`maverick restart`: a new run that reuses what an old one recorded, or a preview of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend

MODES = ("succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none")

_F = TypeVar("_F", bound=Callable[..., Any])


def recovery_options(*, of_execution: bool = False) -> Callable[[_F], _F]:
    """The options that restarts and a fork share; of an execution, without the step to name."""
    options: list[Callable[[Any], Any]] = [
        click.option("--reason", default="", help="Why; it is kept with the new run."),
        click.option("--reuse", type=click.Choice(MODES), help="What to reuse."),
        click.option(
            "--confirm", multiple=True, metavar="PATH",
            help="A step with the effect `ask` that may happen again.",
        ),
        click.option("--plan", "only_plan", is_flag=True, help="Show it, and start nothing."),
        click.option("--plan-id", metavar="ID", help="From a preview; refused if it is stale."),
        click.option("--detach", is_flag=True, help="Leave the run to workers and do not wait."),
        click.option(
            "--threads", type=click.IntRange(1, 64), default=4, show_default=True,
            help="How many steps may run at once here.",
        ),
        json_option,
        click.pass_context,
    ]  # fmt: skip
    if not of_execution:
        options[:0] = [
            run_argument,
            click.option(
                "--from", "from_", metavar="PATH",
                help="The step, turn of a loop, or execution id to start from.",
            ),
            click.option(
                "--only", is_flag=True,
                help="Run --from alone: neither what depends on it nor what failed.",
            ),
        ]  # fmt: skip

    def give(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return give


@click.command("restart")
@recovery_options()
def command(ctx: click.Context, run: str, **asked: Any) -> int:
    """Run a workflow again and reuse what succeeded. The old run is not changed.

    RUN is a run's id, the beginning of one, or @last.
    """
    return go(ctx, run, {}, **asked)


def go(
    ctx: click.Context,
    given: str,
    request: dict[str, Any],
    *,
    of_execution: bool = False,
    reason: str,
    reuse: str | None,
    from_: str | None = None,
    only: bool = False,
    confirm: tuple[str, ...],
    only_plan: bool,
    plan_id: str | None,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    """Preview or start the run that ``request`` and the shared options describe; ``given`` is a
    run as a person types it, or the id of an execution."""
    from runs.cli.driving import detached, drive_here, watch

    side = backend(ctx)
    source = given if of_execution else find_run(side, given)
    plan, restart = (
        (side.plan_execution, side.restart_execution) if of_execution else (side.plan, side.restart)
    )
    request |= {"reuse": reuse}
    if from_ is not None:
        request["from_"] = from_
    if only:
        request["scope"] = "execution"
    if only_plan:
        return _show_plan(plan(source, request), as_json=as_json)
    request |= {"reason": reason, "plan_id": plan_id}
    if confirm:
        request["confirm"] = confirm
    if side.remote:
        new = restart(source, request)
        if detach:
            return detached(side, new, as_json=as_json)
        return watch(side, new["id"], as_json=as_json)
    from runs.cli.here import Here, placement
    from runs.projections.agent_calls import is_call

    assert isinstance(side, Here)
    if of_execution and not detach and is_call(given):
        side.need_workers()
    restart_here = side.restart_execution if of_execution else side.restart
    new = restart_here(source, request, placement=placement(detach))
    if detach:
        return detached(side, new, as_json=as_json)
    if side.only_workers_drive(new["id"]):
        return watch(side, new["id"], as_json=as_json)
    return drive_here(side, new["id"], as_json=as_json, threads=threads)


def _show_plan(plan: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        from runs.cli.printing import print_json

        print_json(plan)
    else:
        from runs.cli.plan_table import print_plan

        print_plan(plan)
    return 0
