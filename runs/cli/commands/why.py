"""`maverick why RUN/STEP`: why a step ran, was reused, waits, was skipped or failed."""

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option
from runs.cli.side import backend


@click.command("why")
@click.argument("run", metavar="RUN[/STEP]")
@click.argument("step", required=False, default="", metavar="[STEP]")
@json_option
@click.pass_context
def command(ctx: click.Context, run: str, step: str, as_json: bool) -> None:
    """Say why a run, or a step of it, is as it is.

    RUN is a run's id, the beginning of one, or @last. STEP is a step path (fix[2]/review) or an
    execution id. Without a step: the run's story.
    """
    from runs.cli.printing import one_line, print_json, say, short
    from runs.cli.refusals import CliRefusal

    given, slash, path = run.partition("/")
    if slash and step:
        raise CliRefusal("usage", "Name the step once: RUN/STEP or RUN STEP.")
    side = backend(ctx)
    found = side.why(find_run(side, given), path or step)
    if as_json:
        print_json(found)
        return
    where = found["run_id"] + (f"/{found['path']}" if found["path"] else "")
    say(f"{where}  {found['status']}", style="bold")
    for sentence in found["sentences"]:
        say(one_line(sentence, 1000))
    if found["values"]:
        say()
        for value in found["values"]:
            say(f"  {value['name']} = {short(value['value'], 160)}")
    if found["consequence_count"]:
        say()
        say("It kept from running:")
        for path in found["consequences"]:
            say(f"  {path}")
        more = found["consequence_count"] - len(found["consequences"])
        if more:
            say(f"  and {more} more")
