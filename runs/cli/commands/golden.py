"""`maverick golden list|show|mark|unmark|assertions|accept`."""

from pathlib import Path
from typing import Any

import click

from runs.cli.backend import Backend, find_run
from runs.cli.options import json_option, run_argument
from runs.cli.refusals import CliRefusal
from runs.cli.side import backend


@click.group("golden")
def command() -> None:
    """Good runs that are kept as baselines, and what checks against them mind."""


@command.command("list")
@click.option("--workflow", default="", metavar="NAME", help="Only those of this workflow.")
@json_option
@click.pass_context
def list_(ctx: click.Context, workflow: str, as_json: bool) -> None:
    """List golden runs, by name."""
    from runs.cli.printing import print_json, print_table
    from runs.cli.run_words import ago

    found = backend(ctx).golden_runs(workflow)
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("name", "run", "workflow", "tags", "assertions", "accepted", "since"),
        [
            (
                one["name"],
                one["run_id"],
                one["workflow"],
                ", ".join(one["tags"]),
                _minded(one),
                str(len(one["accepted"]) or ""),
                (ago(one["created_at"]), "dim"),
            )
            for one in found
        ],
        empty="No golden run.",
    )


def _minded(one: dict[str, Any]) -> str:
    from runs.projections.words import count

    if one["assertions"] is None:
        return "all equal"
    nodes = len(one["assertions"]["nodes"])
    return count(nodes, "node")


@command.command("show")
@click.argument("golden", metavar="NAME|RUN")
@json_option
@click.pass_context
def show(ctx: click.Context, golden: str, as_json: bool) -> None:
    """Show a golden run: its tags, note, assertions and accepted values."""
    import json

    from runs.cli.printing import print_json, print_table, say

    found = _golden(backend(ctx), golden)
    if as_json:
        print_json(found)
        return
    say(f"{found['name']}  {found['run_id']}  {found['workflow']}", style="bold")
    for name, value in (("tags", ", ".join(found["tags"])), ("note", found["note"])):
        if value:
            say(f"  {name:<8}{value}")
    say(f"  checks  {_minded(found)}")
    if found["assertions"] is not None:
        say(json.dumps(found["assertions"]["nodes"], indent=2, ensure_ascii=False))
    if found["accepted"]:
        say()
        print_table(
            ("accepted", "from", "by", "because"),
            [(a["path"], a["from_run_id"], a["by"], a["reason"]) for a in found["accepted"]],
        )


def _golden(side: Backend, given: str) -> dict[str, Any]:
    every = side.golden_runs("")
    for one in every:
        if given in (one["name"], f"golden:{one['name']}", one["run_id"]):
            return one
    if given.startswith(("run_", "@")):
        run_id = find_run(side, given)
        for one in every:
            if one["run_id"] == run_id:
                return one
    raise CliRefusal(
        "golden-not-found", f"No run is golden as {given!r}.", "`maverick golden list` shows them."
    )


@command.command("mark")
@run_argument
@click.option("--name", default="", help="Its name as baseline. Default: the workflow's name.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated. They replace all tags.")
@click.option("--note", help="What is to be known of it.")
@click.option("--replace", is_flag=True, help="Take the name from the run that has it.")
@json_option
@click.pass_context
def mark_(
    ctx: click.Context,
    run: str,
    name: str,
    tags: tuple[str, ...],
    note: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Keep a run that succeeded as a baseline."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    wanted = list(tags) if tags else None
    marked = side.mark_golden(find_run(side, run), name, wanted, note, replace)
    if as_json:
        print_json(marked)
    else:
        say(f"{marked['id']} is golden: {marked['golden']['name']}")


@command.command("unmark")
@click.argument("golden", metavar="NAME|RUN")
@json_option
@click.pass_context
def unmark(ctx: click.Context, golden: str, as_json: bool) -> None:
    """No longer keep a run. Its assertions and accepted values go."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    run = side.unmark_golden(_golden(side, golden)["run_id"])
    if as_json:
        print_json(run)
    else:
        say(f"{run['id']} is no longer golden.")


@command.command("assertions")
@click.argument("golden", metavar="NAME|RUN")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--clear", is_flag=True, help="All outputs are to be equal again.")
@json_option
@click.pass_context
def assertions(
    ctx: click.Context, golden: str, file: Path | None, clear: bool, as_json: bool
) -> None:
    """Set what checks mind, from a YAML or JSON FILE; without a file, print it as JSON."""
    from runs.cli.printing import print_json, say

    if file is not None and clear:
        raise click.UsageError("A file and --clear contradict each other.", ctx)
    side = backend(ctx)
    found = _golden(side, golden)
    if file is None and not clear:
        print_json(found["assertions"] or {"version": 1, "nodes": {}})
        return
    text = None if file is None else file.read_text(encoding="utf-8", errors="replace")
    kept = side.set_assertions(found["run_id"], text, str(file or ""))
    if as_json:
        print_json(kept)
    else:
        say(f"{kept['name']}: {_minded(kept)}")


@command.command("accept")
@click.argument("golden", metavar="NAME|RUN")
@click.argument("path")
@click.option("--from", "source", required=True, metavar="RUN", help="The run that gave the value.")
@click.option("--reason", required=True, help="Why the new value is right; kept in the audit log.")
@json_option
@click.pass_context
def accept(
    ctx: click.Context, golden: str, path: str, source: str, reason: str, as_json: bool
) -> None:
    """Checks expect at PATH what another run gave. The golden run stays as it is."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    kept = side.accept_value(_golden(side, golden)["run_id"], find_run(side, source), path, reason)
    if as_json:
        print_json(kept)
    else:
        say(f"{kept['name']}: {path} is expected as {source} gave it.")
