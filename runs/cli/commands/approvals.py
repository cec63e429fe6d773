"""`maverick approvals`: what a run waits for, and how it is answered."""

import click

from runs.cli.backend import Json, find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("approvals")
@run_argument
@json_option
@click.pass_context
def command(ctx: click.Context, run: str, as_json: bool) -> None:
    """Show what a run waits for a decision about: the question, the form, who may decide.

    `maverick approve RUN STEP` and `maverick reject RUN STEP` decide.
    """
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    run_id = find_run(side, run)
    found = side.approvals(run_id)
    if as_json:
        print_json({"items": found})
        return
    for number, one in enumerate(found):
        if number:
            say()
        _print(run_id, one)
    if not found:
        say("Nothing waits for a decision.")


def _print(run_id: str, one: Json) -> None:
    import shlex

    from runs.cli.printing import mark, one_line, print_table, say
    from runs.cli.run_words import ago

    say(f"{mark('waiting')} {one['path']}  {one_line(one['prompt'], 500)}", style="bold")
    who = " or ".join(one["approvers"])
    say(f"  may     {who}" + (", so you" if one["may_decide"] else "; you may not"))
    if one["since"]:
        say(f"  since   {ago(one['since'])}")
    if one["due"]:
        say(f"  until   {one['due']}")
    if one["form"]:
        print_table(
            ("  field", "type", "default", "meaning"),
            [(f"  {f['name']}", kind_of(f), default_of(f), f["description"]) for f in one["form"]],
        )
    if one["may_decide"]:
        needed = "".join(f" -i {f['name']}=…" for f in one["form"] if f["required"])
        where = f"{run_id} {shlex.quote(one['path'])}"
        say(f"  yes     maverick approve {where}{needed}")
        say(f"  no      maverick reject {where} --comment …")


def kind_of(field: Json) -> str:
    """``string``, or the values that there are to choose from."""
    import json

    if field["enum"] is None:
        return str(field["type"])
    return " | ".join(one if isinstance(one, str) else json.dumps(one) for one in field["enum"])


def default_of(field: Json) -> str:
    """What is taken when nobody says anything."""
    import json

    if field["required"]:
        return "(needed)"
    value = field["default"]
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
