"""`maverick runs list|show|watch|cancel|pause|resume|compare`."""

from typing import Any

import click

from runs.cli.backend import RUN_OVER, find_execution, find_run
from runs.cli.commands import runs_compare, runs_lineage, runs_notes, runs_show, why
from runs.cli.commands.runs_bulk import bulk
from runs.cli.commands.runs_files import export, import_
from runs.cli.options import json_option, run_argument
from runs.cli.run_words import ago, chips, steps_of, took
from runs.cli.side import backend

STATUSES = (
    "queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout",
)  # fmt: skip


@click.group("runs")
def command() -> None:
    """List, show, compare, watch, pause and cancel runs."""


command.add_command(export)
command.add_command(bulk)
command.add_command(import_)
command.add_command(runs_notes.note)
command.add_command(runs_notes.label)


@command.command("list")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES),
    help="Only runs with this status; may be repeated.",
)  # fmt: skip
@click.option("--workflow", default="", metavar="NAME", help="Only runs of this workflow.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="At most so many.",
)
@click.option("--golden", is_flag=True, help="Only golden runs.")
@click.option(
    "--filter", "search", default="", metavar="SEARCH",
    help="As in the search of the run list: 'status:failed -workflow:probe-* started:<24h'.",
)  # fmt: skip
@json_option
@click.pass_context
def list_(
    ctx: click.Context,
    statuses: tuple[str, ...],
    workflow: str,
    limit: int,
    golden: bool,
    search: str,
    as_json: bool,
) -> None:
    """List runs, newest first."""
    from runs.cli.printing import print_json, print_table, status_cell

    side = backend(ctx)
    runs = side.list_runs(
        statuses=statuses,
        workflow=workflow,
        golden=True if golden else None,
        search=search,
        limit=limit,
    )
    if as_json:
        print_json({"items": runs})
        return
    print_table(
        ("run", "workflow", "status", "steps", "took", "created", "kind"),
        [
            (
                run["id"],
                run["workflow"],
                status_cell(run["status"]),
                steps_of(run["counts"]),
                took(run["duration_ms"]),
                (ago(run["created_at"]), "dim"),
                chips(run),
            )
            for run in runs
        ],
        empty="No runs.",
    )


@command.command("watch")
@run_argument
@json_option
@click.pass_context
def watch_(ctx: click.Context, run: str, as_json: bool) -> int:
    """Follow a run until it ends. Ctrl-C stops watching, not the run."""
    from runs.cli.driving import watch

    side = backend(ctx)
    return watch(side, find_run(side, run), as_json=as_json)


@command.command("cancel")
@run_argument
@click.option("--reason", default="", help="Why; it is kept with the run.")
@json_option
@click.pass_context
def cancel(ctx: click.Context, run: str, reason: str, as_json: bool) -> None:
    """Cancel a run: nothing new starts, what runs is told to stop."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    cancelled = side.cancel(find_run(side, run), reason)
    if as_json:
        print_json(cancelled)
    else:
        over = "" if cancelled["status"] in RUN_OVER else " (its running steps are told to stop)"
        say(f"{cancelled['id']} {cancelled['status']}{over}")


@command.command("pause")
@run_argument
@click.option("--reason", default="", help="Why; it is kept with the run.")
@json_option
@click.pass_context
def pause(ctx: click.Context, run: str, reason: str, as_json: bool) -> None:
    """Pause a run: what runs goes on to its end, nothing new starts."""
    side = backend(ctx)
    _tell(side.pause(find_run(side, run), reason), as_json)


@command.command("resume")
@run_argument
@json_option
@click.pass_context
def resume(ctx: click.Context, run: str, as_json: bool) -> None:
    """Let a paused run go on."""
    side = backend(ctx)
    _tell(side.unpause(find_run(side, run)), as_json)


@command.command("retry")
@run_argument
@click.argument("step", metavar="PATH")
@json_option
@click.pass_context
def retry(ctx: click.Context, run: str, step: str, as_json: bool) -> None:
    """Try a step that waits for its next try now. PATH is a step path or an execution id."""
    side = backend(ctx)
    run_id = find_run(side, run)
    _tell(side.retry(run_id, find_execution(side, run_id, step)), as_json)


@command.command("golden")
@run_argument
@click.option("--name", default="", help="Its name as baseline. Default: the workflow's name.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--note", help="What is to be known of it.")
@click.option("--replace", is_flag=True, help="Take the name from the run that has it.")
@click.option("--remove", is_flag=True, help="It is no longer golden.")
@json_option
@click.pass_context
def golden(
    ctx: click.Context,
    run: str,
    name: str,
    tags: tuple[str, ...],
    note: str | None,
    replace: bool,
    remove: bool,
    as_json: bool,
) -> None:
    """Keep a run as a baseline; short for `maverick golden mark` and `unmark`."""
    side = backend(ctx)
    run_id = find_run(side, run)
    if remove:
        _tell(side.unmark_golden(run_id), as_json)
    else:
        wanted = list(tags) if tags else None
        _tell(side.mark_golden(run_id, name, wanted, note, replace), as_json)


@command.command("delete")
@run_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def delete(ctx: click.Context, run: str, yes: bool, as_json: bool) -> None:
    """Delete a run. What other runs reused from it stays with them."""
    from runs.cli.printing import print_json, say
    from runs.cli.refusals import CliRefusal

    side = backend(ctx)
    run_id = find_run(side, run)
    lost = side.deletion(run_id)
    if not yes and not lost["refused"]:
        from runs.projections.words import count

        asked = f"Delete run {run_id} with its {count(lost['steps'], 'step')}? {lost['words']}"
        try:
            agreed = click.confirm(asked, err=True)
        except click.Abort:
            agreed = False
        if not agreed:
            raise CliRefusal("not-confirmed", "Nothing was deleted.", "--yes does not ask.")
    side.delete_run(run_id)
    if as_json:
        print_json({"deleted": run_id})
    else:
        say(f"{run_id} is deleted. {lost['words']}")


def _tell(run: dict[str, Any], as_json: bool) -> None:
    from runs.cli.printing import print_json, say

    if as_json:
        print_json(run)
    else:
        say(f"{run['id']} {run['status']}")


command.add_command(runs_show.show)
command.add_command(runs_compare.command)
command.add_command(runs_lineage.command)
command.add_command(why.command)
