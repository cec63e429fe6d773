"""`maverick audit`."""

import click

from runs.cli.options import json_option
from runs.cli.side import backend


@click.command("audit")
@click.option("--who", default="", metavar="NAME", help="Only what this user or token did.")
@click.option("--action", default="", metavar="ACTION", help="Only this, e.g. run.restart.")
@click.option("--target", default="", metavar="ID", help="Only what was done to this run, or name.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True,
    help="At most so many.",
)  # fmt: skip
@json_option
@click.pass_context
def command(
    ctx: click.Context, who: str, action: str, target: str, limit: int, as_json: bool
) -> None:
    """Who changed what, when and from where; newest first."""
    from runs.cli.printing import print_json, print_table
    from runs.cli.run_words import ago

    entries = backend(ctx).audit(who=who, action=action, target=target, limit=limit)
    if as_json:
        print_json({"items": entries})
        return
    print_table(
        ("when", "who", "from", "action", "target", "more"),
        [
            (
                ago(one["at"]),
                f"{one['who']} ({one['role']})",
                " ".join(word for word in (one["via"], one["address"]) if word),
                one["action"],
                one["target"],
                (", ".join(f"{name}: {value}" for name, value in one["data"].items()), "dim"),
            )
            for one in entries
        ],
        empty="Nothing yet.",
    )
