"""`maverick restart`: a new run that reuses what an old one recorded, or a preview of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend

MODES = ("succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none")

_F = TypeVar("_F", bound=Callable[..., Any])


def recovery_options(function: _F) -> _F:
    """The options that a restart and a fork share."""
    options: list[Callable[[Any], Any]] = [
        run_argument,
        click.option("--reason", default="", help="Why; it is kept with the new run."),
        click.option("--reuse", type=click.Choice(MODES), help="What to reuse."),
        click.option(
            "--from", "from_", metavar="PATH",
            help="The step, turn of a loop, or execution id to start from.",
        ),
        click.option(
            "--only", is_flag=True,
            help="Run the step of --from alone: neither what depends on it nor what failed.",
        ),
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
    for option in reversed(options):
        function = option(function)
    return function


@click.command("restart")
@recovery_options
def command(ctx: click.Context, run: str, **asked: Any) -> int:
    """Run a workflow again and reuse what succeeded. The old run is not changed.

    RUN is a run's id, the beginning of one, or @last.
    """
    return go(ctx, run, {}, **asked)


def go(
    ctx: click.Context,
    run: str,
    request: dict[str, Any],
    *,
    reason: str,
    reuse: str | None,
    from_: str | None,
    only: bool,
    confirm: tuple[str, ...],
    only_plan: bool,
    plan_id: str | None,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    """Preview or start the run that ``request`` and the shared options describe."""
    from runs.cli.driving import detached, drive_here, watch

    side = backend(ctx)
    run_id = find_run(side, run)
    request |= {"reuse": reuse, "from_": from_}
    if only:
        request["scope"] = "execution"
    if only_plan:
        return _show_plan(side.plan(run_id, request), as_json=as_json)
    request |= {"reason": reason, "plan_id": plan_id}
    if confirm:
        request["confirm"] = confirm
    if side.remote:
        new = side.restart(run_id, request)
        if detach:
            return detached(side, new, as_json=as_json)
        return watch(side, new["id"], as_json=as_json)
    from runs.cli.here import Here, placement

    assert isinstance(side, Here)
    new = side.restart(run_id, request, placement=placement(detach))
    if detach:
        return detached(side, new, as_json=as_json)
    return drive_here(side, new["id"], as_json=as_json, threads=threads)


_STYLES = {"reuse": "dim", "run": "cyan", "unknown": "magenta"}


def _show_plan(plan: dict[str, Any], *, as_json: bool) -> int:
    from runs.cli.printing import print_json, print_table, say

    if as_json:
        print_json(plan)
        return 0
    print_table(
        ("step", "action", "because"),
        [
            (item["path"], (item["action"], _STYLES.get(item["action"], "")), item["because"])
            for item in plan["items"]
        ],
        empty="There is nothing to decide.",
    )
    counts = plan["counts"]
    said = f"{counts['reuse']} reused, {counts['run']} run"
    if counts.get("unknown"):
        said += f", {counts['unknown']} decided on the way"
    say(f"\n{said}. Nothing was started.")
    return 0
