"""`maverick gc --older-than 30d`."""

from typing import Any

import click

from runs.cli.options import json_option
from runs.cli.side import backend


class Age(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """`30d`, `12h`: days as a number."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Days."""
        from runs.definition.durations import parse_duration

        try:
            if str(value).strip().replace(".", "").isdigit():
                raise ValueError("say of what: 30d, 12h")
            return parse_duration(value) / 86_400
        except ValueError as error:
            self.fail(f"{value!r} is no age: {error}", param, ctx)


@click.command("gc")
@click.option(
    "--older-than", type=Age(), required=True, metavar="AGE", help="Ended so long ago: 30d."
)
@click.option(
    "--keep", type=click.IntRange(0), default=0, help="The newest N of each workflow stay."
)
@click.option("--dry-run", is_flag=True, help="Say what would go; delete nothing.")
@json_option
@click.pass_context
def command(ctx: click.Context, older_than: float, keep: int, dry_run: bool, as_json: bool) -> None:
    """Delete runs that ended long ago, and large outputs that nobody uses any more.

    Golden runs stay, and so do runs that go on and what those were started from.
    """
    from runs.cli.printing import print_json, say
    from runs.projections.words import count

    found = backend(ctx).clean_up(older_than, keep, dry_run)
    if as_json:
        print_json(found)
        return
    runs, outputs = count(found["runs"], "run"), count(found["payloads"], "large output")
    size = found["payload_bytes"] / 2**20
    word = "would be deleted" if dry_run else "deleted"
    say(f"{runs} and {outputs} ({size:.1f} MiB) {word}.")
    if dry_run:
        for run_id in found["ids"]:
            say(f"  {run_id}")
        if found["runs"] > len(found["ids"]):
            say(f"  and {found['runs'] - len(found['ids'])} more")
