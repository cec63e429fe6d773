"""`maverick agents list|show|remove`."""

from typing import Any

import click

from runs.cli.options import json_option
from runs.cli.side import backend

STYLES = {"ready": "green", "degraded": "yellow", "silent": "red"}


@click.group("agents", no_args_is_help=True)
def command() -> None:
    """The agents that have registered themselves."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List agents: how they are, what they can do, how often they were called."""
    from runs.cli.printing import print_json, print_table

    found = backend(ctx).agents()
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("agent", "health", "version", "reasoners", "calls (24 h)", "open", "last seen"),
        [
            (
                one["name"],
                (one["health"], STYLES.get(one["health"], "dim")),
                one["version"],
                ", ".join(r["name"] for r in one["reasoners"]),
                _calls(one["calls"]),
                str(one["calls"]["open"]),
                _ago(one["last_seen_at"]),
            )
            for one in found
        ],
        empty="No agent has registered. An agent finds this server as its `agentfield_server`.",
    )


@command.command("show")
@click.argument("name")
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """What one agent can do, and how it was called lately."""
    from runs.cli.printing import print_json, print_table, say, status_cell

    found = backend(ctx).agent(name)
    if as_json:
        print_json(found)
        return
    agent = found["agent"]
    say(f"{agent['name']}  {agent['health']}, last seen {_ago(agent['last_seen_at'])}")
    say(f"  version   {agent['version'] or '–'}")
    say(f"  address   {agent['base_url']}")
    say(f"  running   {_ago(agent['running_since'])}, registered {_ago(agent['registered_at'])}")
    say(f"  calls     {_calls(agent['calls'])} in 24 h, {agent['calls']['open']} open")
    say()
    print_table(
        ("target", "kind", "takes", "about"),
        [
            (one["target"], one["kind"], takes(one["input_schema"]), (one["description"], "dim"))
            for one in agent["reasoners"]
        ],
        empty="It has neither reasoners nor skills.",
    )
    if found["calls"]:
        say()
    print_table(
        ("call", "target", "status", "run", "when", "reason"),
        [
            (
                one["id"],
                one["target"],
                status_cell("reused" if one["reused"] else one["status"]),
                one["run_id"],
                _ago(one["created_at"]),
                ("" if one["reused"] else one["error"] or one["status_reason"], "dim"),
            )
            for one in found["calls"]
        ],
        empty="",
    )


@command.command("remove")
@click.argument("name")
@click.option("--force", is_flag=True, help="Although calls are open: they fail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def remove(ctx: click.Context, name: str, force: bool, yes: bool, as_json: bool) -> None:
    """Take an agent out of the list; its runs stay.

    An agent that still lives registers again with its next sign of life: stop it first.
    """
    from runs.cli.printing import print_json, say
    from runs.cli.refusals import CliRefusal

    side = backend(ctx)
    still_open = side.agent(name)["agent"]["calls"]["open"]
    if not yes and (force or not still_open):
        from runs.projections.words import count

        fail = count(still_open, "open call fails", "open calls fail")
        lost = f" {fail}." if still_open else ""
        try:
            agreed = click.confirm(f"Remove agent {name}?{lost} Its runs stay.", err=True)
        except click.Abort:
            agreed = False
        if not agreed:
            raise CliRefusal("not-confirmed", "Nothing was removed.", "--yes does not ask.")
    gone = side.remove_agent(name, force)
    if as_json:
        print_json(gone)
    else:
        failed = gone["failed_calls"]
        say(f"{name} is removed." + (f" Open calls that failed: {failed}." if failed else ""))


def takes(schema: Any) -> str:
    """A reasoner's input in one line: ``topic: string, depth?: integer``."""
    from runs.call_input import fields_of

    return ", ".join(
        f"{field.name}{'' if field.required else '?'}{f': {field.type}' if field.type else ''}"
        for field in fields_of(schema)
    )


def _calls(counts: dict[str, int]) -> str:
    return f"{counts['total']}" + (f", {counts['failed']} failed" if counts["failed"] else "")


def _ago(at: str | None) -> str:
    from runs.cli.run_words import ago

    return ago(at) if at else "never"
