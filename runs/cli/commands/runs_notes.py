"""`maverick runs note` and `maverick runs label`: what people write on a run."""

from collections.abc import Iterable
from typing import IO

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("note")
@run_argument
@click.argument("text", required=False)
@click.option(
    "--file", type=click.File("r"), help="Take the text from a file; - is standard input."
)
@click.option("--append", is_flag=True, help="Below what is there.")
@click.option("--clear", is_flag=True, help="Take the notes away.")
@json_option
@click.pass_context
def note(
    ctx: click.Context,
    run: str,
    text: str | None,
    file: IO[str] | None,
    append: bool,
    clear: bool,
    as_json: bool,
) -> None:
    """Show the notes of a run, or write them (Markdown)."""
    from runs.cli.printing import print_json, say

    if sum((text is not None, file is not None, clear)) > 1:
        raise click.UsageError("Give one of TEXT, --file and --clear.", ctx)
    side = backend(ctx)
    run_id = find_run(side, run)
    known = side.note(run_id)
    given = "" if clear else file.read() if file else text
    if given is None:
        if as_json:
            print_json(known)
        else:
            click.echo(known["text"]) if known["text"] else say(f"{run_id} has no notes.", err=True)
        return
    if append and known["text"]:
        given = f"{known['text']}\n\n{given}"
    # The revision that was read: what somebody else writes meanwhile is not lost.
    written = side.write_note(run_id, given, known["revision"])
    if as_json:
        print_json(written)
    else:
        say(f"{run_id}: notes {'written' if written['text'] else 'taken away'}.")


def label_changes(ctx: click.Context, changes: Iterable[str]) -> dict[str, str | None]:
    """``KEY=VALUE`` sets a label, ``KEY-`` takes it away (None)."""
    found: dict[str, str | None] = {}
    for change in changes:
        name, given, value = change.partition("=")
        if given and name:
            found[name] = value
        elif not given and change.endswith("-") and len(change) > 1:
            found[change[:-1]] = None
        else:
            raise click.UsageError(f"{change!r} is neither KEY=VALUE nor KEY-.", ctx)
    return found


@click.command("label")
@run_argument
@click.argument("changes", nargs=-1, required=True, metavar="KEY=VALUE|KEY- ...")
@json_option
@click.pass_context
def label(ctx: click.Context, run: str, changes: tuple[str, ...], as_json: bool) -> None:
    """Set labels of a run (KEY=VALUE), or take them away (KEY-)."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    found = side.get_run(find_run(side, run))
    merged = {**found["labels"], **label_changes(ctx, changes)}
    labels = {name: value for name, value in merged.items() if value is not None}
    changed = side.set_labels(found["id"], labels)
    if as_json:
        print_json(changed)
    else:
        told = ", ".join(f"{name}={value}" for name, value in changed["labels"].items())
        say(f"{found['id']}: {told or 'no labels'}")
