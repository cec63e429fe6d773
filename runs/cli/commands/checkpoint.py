"""`maverick checkpoint list|show|export|import|clear`."""

from pathlib import Path
from typing import Any

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import backend


@click.group("checkpoint")
def command() -> None:
    """List, show, carry and clear the checkpoints that runs saved."""


@command.command("list")
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--workflow", default="", metavar="NAME", help="Only of runs of this workflow.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="At most so many.",
)
@json_option
@click.pass_context
def list_(ctx: click.Context, run: str | None, workflow: str, limit: int, as_json: bool) -> None:
    """List checkpoints, newest first: of one run, or of all."""
    from runs.cli.printing import print_json, print_table
    from runs.cli.run_words import ago

    side = backend(ctx)
    if run:
        found = side.checkpoints(find_run(side, run))[:limit]
    elif side.remote:
        raise CliRefusal("usage", "A server lists the checkpoints of one run.", "Name the run.")
    else:
        from runs.cli.here import plain
        from runs.projections.cli_tables import newest_checkpoints

        found = plain(newest_checkpoints(workflow, limit))
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("checkpoint", "name", "run", "steps", "saved", ""),
        [
            (
                one["id"],
                one["name"],
                one["run_id"],
                str(one["n_steps"]),
                (ago(one["created_at"]), "dim"),
                (_state(one), "dim"),
            )
            for one in found
        ],
        empty="No checkpoints.",
    )


def _state(one: dict[str, Any]) -> str:
    words = ["retired: its run succeeded"] if one["retired"] else []
    return ", ".join([*words, *(["with the workspace"] if one["ref"] else [])])


@command.command("show")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--run", metavar="RUN", help="The run, when CHECKPOINT is a name.")
@json_option
@click.pass_context
def show(ctx: click.Context, checkpoint: str, run: str | None, as_json: bool) -> None:
    """Show what a checkpoint holds. CHECKPOINT is an id, a name, or a checkpoint file."""
    from runs.cli.printing import print_json

    found = _find(ctx, checkpoint, run)
    if as_json:
        print_json(found)
        return
    _print(found)


def _find(ctx: click.Context, checkpoint: str, run: str | None) -> dict[str, Any]:
    if checkpoint.endswith(".json") or "/" in checkpoint:
        return {"checkpoint": None, "content": _read_file(checkpoint)}
    side = backend(ctx)
    if run:
        return side.checkpoint(find_run(side, run), checkpoint)
    if side.remote:
        raise CliRefusal("usage", "A server shows the checkpoints of one run.", "Add --run RUN.")
    from runs.projections.cli_tables import checkpoint_run

    owner = checkpoint_run(checkpoint)
    if owner is None:
        raise CliRefusal(
            "checkpoint-not-found",
            f"There is no checkpoint {checkpoint!r}.",
            "A name needs --run RUN; `maverick checkpoint list` shows the ids.",
        )
    return side.checkpoint(owner, checkpoint)


def _read_file(name: str) -> Any:
    from runs.cli.here import set_up

    path = Path(name).expanduser()
    if not path.is_file():
        raise CliRefusal("checkpoint-not-found", f"There is no file {name}.")
    set_up()
    from runs.record import checkpoint_files

    return checkpoint_files.read(path)


def _print(found: dict[str, Any]) -> None:
    from runs.cli.printing import one_line, print_table, say

    content = found["content"] if isinstance(found["content"], dict) else {}
    facts = {
        "checkpoint": content.get("checkpoint"),
        "run": content.get("run_id"),
        "workflow": content.get("workflow"),
        "saved": content.get("saved_at"),
        "file": (found["checkpoint"] or {}).get("file"),
        "inputs": ", ".join(f"{k}={v}" for k, v in (content.get("inputs") or {}).items()),
        "workspace": _workspace(content.get("workspace")),
    }
    for name, value in facts.items():
        if value:
            say(f"{name:<11} {one_line(str(value), 500)}")
    steps = content.get("steps") or {}
    say()
    print_table(
        ("step", "output"),
        [
            (
                path,
                (one_line(str(step.get("output") if isinstance(step, dict) else step), 80), "dim"),
            )
            for path, step in steps.items()
        ],
        empty="It holds no finished step.",
    )


def _workspace(known: Any) -> str:
    if not isinstance(known, dict):
        return str(known or "")
    if not known.get("commit"):
        return f"{known.get('folder')} (no snapshot: {known.get('why')})"
    branch = f" on {known['branch']}" if known.get("branch") else ""
    left = known.get("left_out") or []
    without = f", without {len(left)} large files" if left else ""
    return f"{known.get('folder')}{branch}, snapshot {known['commit'][:12]}{without}"


@command.command("export")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--run", metavar="RUN", help="The run, when CHECKPOINT is a name.")
@click.option(
    "-o", "--output", metavar="FILE", default="-", help="Where to write it; default: stdout."
)
@click.pass_context
def export(ctx: click.Context, checkpoint: str, run: str | None, output: str) -> None:
    """Write a checkpoint as a file that works with an empty database.

    The git snapshot of the workspace is not in it; secrets are masked.
    """
    import json

    from runs.cli.printing import say

    content = _find(ctx, checkpoint, run)["content"]
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    if output == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(output).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliRefusal(
            "not-written", f"{output} cannot be written: {error.strerror}.", exit_code=1
        ) from None
    say(f"{output} holds the checkpoint {content['checkpoint']} of {content['run_id']}.", err=True)


@command.command("import")
@click.argument("file", metavar="FILE")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: str, as_json: bool) -> None:
    """Take a checkpoint file in, with the run that it was saved by.

    The run stands here as it was then, and `maverick run WORKFLOW --resume` goes on from it, in
    the working folder.
    """
    from runs.cli.printing import print_json, say

    content = _read_file(file)
    side = backend(ctx)
    found = side.import_checkpoint(content, str(Path(file).expanduser().resolve()))
    if as_json:
        print_json(found)
        return
    from runs.projections.words import count

    what = "Imported" if found["is_new"] else "It is here already:"
    one = found["checkpoint"]
    say(
        f"{what} checkpoint {one['name']} of {one['run_id']}, {count(one['n_steps'], 'step')}"
        f" ({one['id']})."
    )
    if found["run"]["status"] != "succeeded":
        say(f"  resume  maverick run {found['run']['workflow']} --resume-from {one['id']}")


@command.command("clear")
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--workflow", default="", metavar="NAME", help="Those of this workflow's runs.")
@click.option("--retired", is_flag=True, help="Those of runs that have succeeded.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.pass_context
def clear(
    ctx: click.Context, run: str | None, workflow: str, retired: bool, everything: bool
) -> None:
    """Delete checkpoints: of a run, of a workflow, the retired ones, or all.

    Their files and their snapshots in git go with them. The runs stay, and what they recorded.
    """
    from runs.cli.side import refuse_server

    refuse_server(ctx, "`checkpoint clear`")
    side = backend(ctx)
    from runs.cli.here import actor
    from runs.cli.printing import say
    from runs.operations.clear_checkpoints import clear_checkpoints
    from runs.projections.words import count

    cleared = clear_checkpoints(
        run_id=find_run(side, run) if run else "",
        workflow=workflow,
        retired=retired,
        everything=everything,
        by=actor(),
    )
    say(f"{count(cleared, 'checkpoint')} cleared.")
