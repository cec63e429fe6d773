"""`maverick runs export|import`."""

import os
from pathlib import Path

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("export")
@run_argument
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.zip",
    help="Default: RUN.zip here.",
)  # fmt: skip
@json_option
@click.pass_context
def export(ctx: click.Context, run: str, output: Path | None, as_json: bool) -> None:
    """Write a run that is over as one file, to be looked at and forked on another machine."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    run_id = find_run(side, run)
    # With a colon in it, the name would be a place on another machine to scp and rsync.
    target = output or Path(f"{run_id.replace(':', '-')}.zip")
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as out:
            side.export_run(run_id, out)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    if as_json:
        print_json({"run_id": run_id, "file": str(target), "bytes": target.stat().st_size})
    else:
        say(f"{run_id} is in {target} ({target.stat().st_size:,} bytes).")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--new-id", is_flag=True, help="Give the run and its steps new ids.")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, new_id: bool, as_json: bool) -> None:
    """Take an exported run in. Forks of it work in this folder."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    with file.open("rb") as stream:
        made = side.import_run(stream, new_id)
    if as_json:
        print_json(made)
        return
    say(f"{made['run']['id']} is here: {made['run']['workflow']}, {made['run']['status']}.")
    for note in made["notes"]:
        say(f"  {note}")
