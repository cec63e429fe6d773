"""`maverick runs bulk ACTION`: one thing for every run that the filters find."""

from typing import Any

import click

from runs.cli.options import json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import backend

ACTIONS = ("restart", "cancel", "pause", "resume", "golden", "delete")
STATUSES = (
    "queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout",
)  # fmt: skip


@click.command("bulk")
@click.argument("action", type=click.Choice(ACTIONS))
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Repeatable."
)
@click.option("--workflow", default="", metavar="NAME")
@click.option("--text", default="", help="The start of a run id, or a part of a workflow's name.")
@click.option("--tag", default="", help="Only golden runs with this tag.")
@click.option("--reason", default="", help="Why; it is kept with the runs.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def bulk(
    ctx: click.Context,
    action: str,
    statuses: tuple[str, ...],
    workflow: str,
    text: str,
    tag: str,
    reason: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Restart, cancel, pause, resume, mark golden or delete every run that the filters find.

    At most 1,000. Exit code 1 when something was refused.
    """
    from runs.cli.printing import print_json, print_table, say

    wanted: dict[str, Any] = {
        "status": list(statuses), "workflow": workflow, "text": text, "tag": tag,
    }  # fmt: skip
    if not any(wanted.values()):
        raise click.UsageError("Name at least one filter.", ctx)
    side = backend(ctx)
    if not dry_run and not yes:
        would = side.bulk(action, wanted, True, reason)["counts"]["done"]
        try:
            agreed = click.confirm(f"{action.title()} {would} runs?", err=True)
        except click.Abort:
            agreed = False
        if not agreed:
            raise CliRefusal("not-confirmed", "Nothing was done.", "--yes does not ask.")
    found = side.bulk(action, wanted, dry_run, reason)
    if as_json:
        print_json(found, last_line=True)
    else:
        print_table(
            ("run", "outcome", "new run", "because"),
            [
                (one["run_id"], one["outcome"], one["new_run_id"] or "", one["message"])
                for one in found["items"]
            ],
            empty="No run fits.",
        )
        counts = ", ".join(f"{n} {word}" for word, n in found["counts"].items() if n)
        say(f"{action}{' (nothing was done)' if dry_run else ''}: {counts or 'no run'}")
    return 1 if found["counts"]["refused"] else 0
