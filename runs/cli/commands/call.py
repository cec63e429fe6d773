"""`maverick call agent.reasoner`: a run of one step, and what it gave."""

from typing import Any

import click

from runs.cli.backend import Backend, Json
from runs.cli.options import json_option
from runs.cli.side import backend


@click.command("call")
@click.argument("target", metavar="AGENT.REASONER")
@click.option(
    "-i",
    "--input",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="An input; KEY=@FILE is the text of a file. Repeat it.",
)
@click.option("--inputs", "file", metavar="FILE", help="The inputs from a YAML or JSON file.")
@click.option("--context", metavar="@FILE", help="A context: a file, or a JSON object.")
@click.option("--no-wait", is_flag=True, help="Print the run and do not wait for its end.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    pairs: tuple[str, ...],
    file: str | None,
    context: str | None,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Call a reasoner (or skill) of a registered agent, wait, and print what it gives.

    `maverick agents list` shows what can be called. The call is a run like any other; with --json
    it is printed with its `output`.
    """  # fmt: skip
    from runs.cli.driving import detached, watch
    from runs.cli.inputs import read_inputs, read_object

    side = backend(ctx)
    reasoner = _reasoner(side, target)
    from runs.call_input import from_texts

    given: dict[str, Any] = read_inputs((), file)
    given |= from_texts(reasoner["input_schema"], read_inputs(pairs, None))
    extra = None if context is None else read_object("--context", context)
    if not no_wait:
        side.need_workers()
    run = side.call_agent(target, given, extra)
    if no_wait:
        return detached(side, run, as_json=as_json)
    return watch(side, run["id"], as_json=as_json, told=_told)


def _told(side: Backend, run: Json, as_json: bool) -> Json:
    """The run with what it gave, which people see by itself."""
    from runs.cli.printing import print_json

    root = next(one for one in side.graph(run["id"])["nodes"] if one["type"] != "call")
    output = side.execution(run["id"], root["id"])["output"] if root["id"] else None
    if not as_json and run["status"] == "succeeded":
        print_json(output)
    return {**run, "output": output}


def _reasoner(side: Backend, target: str) -> Json:
    """Raises what the side raises, and CliRefusal."""
    from runs.cli.refusals import CliRefusal

    agent, dot, name = target.partition(".")
    if not (agent and dot and name):
        raise CliRefusal(
            "usage", f"{target!r} is no agent.reasoner.", "`maverick agents list` shows them."
        )
    known: list[Json] = side.agent(agent)["agent"]["reasoners"]
    for one in known:
        if one["name"] == name:
            return one
    from difflib import get_close_matches

    near = get_close_matches(name, [one["name"] for one in known], n=1)
    names = ", ".join(one["name"] for one in known[:10])
    raise CliRefusal(
        "target-not-found",
        f"The agent {agent!r} has no reasoner {name!r}.",
        f"Did you mean {agent}.{near[0]}?" if near else f"It has: {names}." if names else "",
    )
