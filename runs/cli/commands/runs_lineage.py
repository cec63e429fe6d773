"""`maverick runs lineage RUN`: the family of a run, and where the output of a step comes from."""

import click

from runs.cli.backend import Json, find_execution, find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("lineage")
@run_argument
@click.option(
    "--step", default="", metavar="PATH", help="Where this step's output comes from instead."
)
@json_option
@click.pass_context
def command(ctx: click.Context, run: str, step: str, as_json: bool) -> None:
    """Show a run's family over all generations, with the change on the way to each.

    RUN is a run's id, the beginning of one, or @last.
    """
    from runs.cli.printing import print_json

    side = backend(ctx)
    run_id = find_run(side, run)
    if step:
        found = side.origin(find_execution(side, run_id, step))
    else:
        found = side.lineage(run_id)
    if as_json:
        print_json(found)
    elif step:
        _print_origin(found)
    else:
        _print_family(found)


def _print_family(found: Json) -> None:
    from runs.cli.printing import print_table, say, status_cell

    items = {one["run"]["id"]: one for one in found["items"]}
    below: dict[str, list[Json]] = {}
    tops = []
    for one in found["items"]:
        source = one["run"]["source_run_id"]
        if source in items:
            below.setdefault(source, []).append(one)
        else:
            tops.append(one)
    rows = []
    stack = [(one, 0) for one in reversed(tops)]
    while stack:
        one, depth = stack.pop()
        run = one["run"]
        mark = " *" if run["id"] == found["run_id"] else ""
        golden = f"golden ({run['golden']['name']})" if run["golden"] else ""
        said = [(one["change"] or {}).get("words", ""), one["reason"], golden]
        rows.append(
            (
                "  " * min(depth, 12) + run["id"] + mark,
                status_cell(run["status"]),
                str(run["counts"]["reused"] or ""),
                "; ".join(part for part in said if part),
            )
        )
        stack.extend((child, depth + 1) for child in reversed(below.get(run["id"], [])))
    print_table(("run", "status", "reused", "change"), rows)
    if found["more"]:
        say("The family has more members than are shown.")


def _print_origin(found: Json) -> None:
    from runs.cli.printing import say
    from runs.projections.words import count

    say(f"{found['run_id']}/{found['path']}", style="bold")
    if not found["chain"]:
        say("It did the work itself.")
    for one in found["chain"]:
        how = "reused" if one["reused"] else "did the work"
        where = f"{one['run_id']}/{one['path']}"
        if one["deleted"]:
            where, how = "a deleted run", "source deleted"
        say(f"  from {where}  {one['execution_id']}  {how}")
    if found["reused_by"]:
        others = ", ".join(found["reused_by_runs"][:5])
        more = ", …" if found["reused_by"] > 5 else ""
        who = count(found["reused_by"], "other run has", "other runs have")
        say(f"{who} this output: {others}{more}")
