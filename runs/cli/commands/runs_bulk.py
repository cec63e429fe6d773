"""`maverick runs bulk ACTION`: one thing for every run that the filters find."""

from typing import Any

import click

from runs.cli.backend import Backend
from runs.cli.commands.runs_notes import label_changes
from runs.cli.options import json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import backend

MOST_SHOWN = 20
ACTIONS = ("restart", "cancel", "pause", "resume", "golden", "label", "delete")
STATUSES = (
    "queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout",
)  # fmt: skip


@click.command("bulk")
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE|KEY- ...]")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Repeatable."
)
@click.option("--workflow", default="", metavar="NAME")
@click.option("--text", default="", help="The start of a run id, or a part of a workflow's name.")
@click.option("--tag", default="", help="Only golden runs with this tag.")
@click.option("--all", "everything", is_flag=True, help="Every run there is; takes no filter.")
@click.option("--reason", default="", help="Why; it is kept with the runs.")
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def bulk(
    ctx: click.Context,
    action: str,
    changes: tuple[str, ...],
    statuses: tuple[str, ...],
    workflow: str,
    text: str,
    tag: str,
    everything: bool,
    reason: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Restart, cancel, pause, resume, mark golden, label or delete every run that the filters find.

    `label` takes labels to set (KEY=VALUE) and to take away (KEY-). At most 1,000. Exit code 1
    when something was refused.
    """
    from runs.cli.printing import print_json, print_table, say

    wanted: dict[str, Any] = {
        "status": list(statuses), "workflow": workflow, "text": text, "tag": tag,
    }  # fmt: skip
    is_narrow = any(
        value if isinstance(value, list) else value.strip() for value in wanted.values()
    )
    if not is_narrow and not everything:
        raise click.UsageError("Name at least one filter, or --all for every run.", ctx)
    if is_narrow and everything:
        raise click.UsageError("--all takes no filter.", ctx)
    if bool(changes) != (action == "label"):
        raise click.UsageError("KEY=VALUE and KEY- belong to label, which needs one.", ctx)
    labels = label_changes(ctx, changes) or None
    side = backend(ctx)
    chosen = None if everything else wanted
    if dry_run or yes:
        found = side.bulk(action, filter=chosen, dry_run=dry_run, reason=reason, labels=labels)
    else:
        found = _asked_first(side, action, chosen, reason, labels)
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


def _asked_first(
    side: Backend,
    action: str,
    chosen: dict[str, Any] | None,
    reason: str,
    labels: dict[str, str | None] | None,
) -> dict[str, Any]:
    """Show, ask, and do it to the runs that were shown: the filter is not asked again, as it may
    find others by then."""
    from runs.cli.printing import say
    from runs.projections.words import count

    seen = side.bulk(action, filter=chosen, dry_run=True, reason=reason, labels=labels)
    ids = [one["run_id"] for one in seen["items"] if one["outcome"] == "done"]
    for run_id in ids[:MOST_SHOWN]:
        say(f"  {run_id}", err=True)
    if len(ids) > MOST_SHOWN:
        say(f"  and {len(ids) - MOST_SHOWN} more", err=True)
    try:
        agreed = click.confirm(f"{action.title()} {count(len(ids), 'run')}?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise CliRefusal("not-confirmed", "Nothing was done.", "--yes does not ask.")
    done = side.bulk(action, ids=ids, reason=reason, labels=labels)
    known = {one["run_id"]: one for one in done["items"]}
    items = [known.get(one["run_id"], one) for one in seen["items"]]
    counts = {word: [one["outcome"] for one in items].count(word) for word in done["counts"]}
    return {**done, "items": items, "counts": counts}
