"""`maverick token create|list|revoke`."""

import click

from runs.cli.options import json_option
from runs.cli.side import refuse_server


@click.group("token")
def command() -> None:
    """Make, list and revoke API tokens."""


@command.command("create")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(("viewer", "operator", "admin")), default="operator",
    show_default=True, help="What it may do.",
)  # fmt: skip
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Expires after so long.")
@json_option
@click.pass_context
def create(ctx: click.Context, name: str, role: str, days: float | None, as_json: bool) -> None:
    """Make a token. Its secret is shown this once."""
    from datetime import timedelta
    from typing import cast

    from runs.cli.here import actor, plain, set_up
    from runs.cli.printing import print_json, say

    refuse_server(ctx, "Managing tokens")
    set_up()
    from runs.actor import Role
    from runs.operations.tokens import create_token

    life = None if days is None else timedelta(days=min(days, 100_000))
    token, secret = create_token(name, cast(Role, role), life, actor())
    if as_json:
        print_json({**_facts(token), "token": plain(secret)})
        return
    print(secret)
    say(f"The token of {token.name} ({token.role}). It is not shown again.", err=True)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="The revoked and expired ones, too.")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List tokens."""
    from runs.cli.here import set_up
    from runs.cli.printing import print_json, print_table
    from runs.cli.run_words import ago

    refuse_server(ctx, "Managing tokens")
    set_up()
    from runs.operations.tokens import list_tokens

    found = [_facts(token) for token in list_tokens()]
    if not everything:
        found = [one for one in found if one["state"] == "valid"]
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("id", "name", "role", "begins with", "last used", "expires", "state"),
        [
            (
                str(one["id"]),
                str(one["name"]),
                str(one["role"]),
                f"{one['hint']}…",
                ago(str(one["last_used_at"])) if one["last_used_at"] else "never",
                str(one["expires_at"] or "never"),
                str(one["state"]),
            )
            for one in found
        ],
        empty="No tokens.",
    )


def _facts(token: object) -> dict[str, object]:
    from datetime import UTC, datetime

    from runs.cli.here import plain

    names = ("id", "name", "hint", "role", "created_at", "created_by", "expires_at",
             "last_used_at", "revoked_at")  # fmt: skip
    values = {name: getattr(token, name) for name in names}
    expires = values["expires_at"]
    state = "valid"
    if values["revoked_at"]:
        state = "revoked"
    elif expires is not None and expires <= datetime.now(UTC):
        state = "expired"
    return {**{name: plain(value) for name, value in values.items()}, "state": state}


@command.command("revoke")
@click.argument("token", metavar="NAME_OR_ID")
@json_option
@click.pass_context
def revoke(ctx: click.Context, token: str, as_json: bool) -> None:
    """Take a token away; it opens nothing from now on."""
    from runs.cli.here import actor, set_up
    from runs.cli.printing import print_json, say

    refuse_server(ctx, "Managing tokens")
    set_up()
    from runs.operations.tokens import revoke_token

    count = revoke_token(token, actor())
    if as_json:
        print_json({"revoked": count})
    else:
        say(f"{token} is revoked.")
