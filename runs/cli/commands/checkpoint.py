"""`maverick checkpoint list|show`."""

from pathlib import Path
from typing import Any

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import backend


@click.group("checkpoint")
def command() -> None:
    """List and show the checkpoints that runs saved."""


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
    from runs.cli.commands.runs import ago
    from runs.cli.printing import print_json, print_table

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
                ("retired: its run succeeded" if one["retired"] else "", "dim"),
            )
            for one in found
        ],
        empty="No checkpoints.",
    )


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
    from runs.record.checkpoints import read_file

    return read_file(path)


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
