"""`maverick webhook list|add|change|remove|rotate|ping|deliveries|show|redeliver`."""

from typing import Any

import click

from runs.cli.options import json_option
from runs.cli.side import backend

EVENTS = ("*", "run.succeeded", "run.failed", "run.cancelled", "run.timeout", "run.waiting")
event_option = click.option(
    "--event", "events", multiple=True, type=click.Choice(EVENTS), metavar="EVENT",
    help="Tell this, e.g. run.failed. Several times; without it, all.",
)  # fmt: skip
workflow_option = click.option(
    "--workflow", "workflows", multiple=True, metavar="NAME",
    help="Of this workflow only; `*` stands for anything. Several times.",
)  # fmt: skip


@click.group("webhook")
def command() -> None:
    """Tell other programs when runs end or wait for somebody."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List webhooks."""
    from runs.cli.printing import print_json, print_table

    found = backend(ctx).webhooks()
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("id", "url", "events", "workflows", "state", "more"),
        [
            (
                one["id"],
                one["url"],
                " ".join(one["events"]),
                " ".join(one["workflows"]) or "all",
                one["state"],
                (one["disabled_reason"] or one["description"], "dim"),
            )
            for one in found
        ],
        empty="No webhooks.",
    )


@command.command("add")
@click.argument("url")
@event_option
@workflow_option
@click.option("--description", default="", help="What it is for.")
@click.option("--disabled", is_flag=True, help="Do not tell it anything yet.")
@click.option("--secret", metavar="WHSEC", help="A secret of yours, whsec_…; else one is made.")
@json_option
@click.pass_context
def add(
    ctx: click.Context,
    url: str,
    events: tuple[str, ...],
    workflows: tuple[str, ...],
    description: str,
    disabled: bool,
    secret: str | None,
    as_json: bool,
) -> None:
    """Make a webhook. Its secret is shown this once."""
    given = {
        "url": url,
        "events": list(events) or ["*"],
        "workflows": list(workflows),
        "description": description,
        "enabled": not disabled,
        "secret": secret,
    }
    _show_secret(backend(ctx).add_webhook(given), as_json)


def _show_secret(made: dict[str, Any], as_json: bool) -> None:
    from runs.cli.printing import print_json, say

    if as_json:
        print_json(made)
        return
    print(made["secret"])
    say(f"The secret of {made['webhook']['id']}. It is not shown again.", err=True)


@command.command("change")
@click.argument("webhook")
@click.option("--url", help="Another address.")
@event_option
@workflow_option
@click.option("--description", help="What it is for.")
@click.option("--enable/--disable", default=None, help="Tell it, or hold everything back.")
@json_option
@click.pass_context
def change(
    ctx: click.Context,
    webhook: str,
    url: str | None,
    events: tuple[str, ...],
    workflows: tuple[str, ...],
    description: str | None,
    enable: bool | None,
    as_json: bool,
) -> None:
    """Change what is named; the rest stays."""
    from runs.cli.printing import print_json, say

    asked = {
        "url": url,
        "events": list(events) or None,
        "workflows": list(workflows) or None,
        "description": description,
        "enabled": enable,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    after = backend(ctx).change_webhook(webhook, given)
    if as_json:
        print_json(after)
    else:
        say(f"{after['id']} is {after['state']}.")


@command.command("remove")
@click.argument("webhook")
@json_option
@click.pass_context
def remove(ctx: click.Context, webhook: str, as_json: bool) -> None:
    """Remove a webhook with all of its messages."""
    from runs.cli.printing import print_json, say

    backend(ctx).remove_webhook(webhook)
    if as_json:
        print_json({"removed": webhook})
    else:
        say(f"{webhook} is removed.")


@command.command("rotate")
@click.argument("webhook")
@json_option
@click.pass_context
def rotate(ctx: click.Context, webhook: str, as_json: bool) -> None:
    """Give it a new secret, shown this once. For a day the one before it signs as well."""
    _show_secret(backend(ctx).rotate_webhook(webhook), as_json)


@command.command("ping")
@click.argument("webhook")
@json_option
@click.pass_context
def ping(ctx: click.Context, webhook: str, as_json: bool) -> None:
    """Send it a message that says nothing."""
    _sent(backend(ctx).ping_webhook(webhook), as_json)


def _sent(delivery: dict[str, Any], as_json: bool) -> None:
    from runs.cli.printing import print_json, say

    if as_json:
        print_json(delivery)
    else:
        say(f"{delivery['id']} goes out; `maverick webhook show {delivery['id']}` says more.")


@command.command("deliveries")
@click.argument("webhook", required=False, default="")
@click.option("--run", default="", metavar="RUN", help="About this run.")
@click.option(
    "--status", default="", type=click.Choice(("", "pending", "delivered", "failed", "held")),
    metavar="STATUS", help="pending, delivered, failed or held.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
@click.pass_context
def deliveries(
    ctx: click.Context, webhook: str, run: str, status: str, limit: int, as_json: bool
) -> None:
    """What was sent, newest first."""
    from runs.cli.printing import print_json, print_table
    from runs.cli.run_words import ago

    found = backend(ctx).deliveries(webhook=webhook, run=run, status=status, limit=limit)
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("when", "id", "event", "about", "to", "status", "tries", "more"),
        [
            (
                ago(one["occurred_at"]),
                one["id"],
                one["event"],
                one["execution_id"] or one["run_id"],
                one["webhook_id"] or "its call",
                one["status"],
                str(one["attempts"]),
                (one["reason"], "dim"),
            )
            for one in found
        ],
        empty="Nothing was sent.",
    )


@command.command("show")
@click.argument("delivery")
@click.pass_context
def show(ctx: click.Context, delivery: str) -> None:
    """One message as JSON: what it says, and what came of each attempt."""
    from runs.cli.printing import print_json

    print_json(backend(ctx).delivery(delivery))


@command.command("redeliver")
@click.argument("delivery")
@json_option
@click.pass_context
def redeliver(ctx: click.Context, delivery: str, as_json: bool) -> None:
    """Send a message again, under the same id."""
    _sent(backend(ctx).redeliver(delivery), as_json)
