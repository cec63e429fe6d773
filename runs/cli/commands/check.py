"""`maverick check RUN --against golden:NAME`."""

from pathlib import Path

import click

from runs.cli.backend import find_run
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend


@click.command("check")
@run_argument
@click.option(
    "--against",
    required=True,
    metavar="golden:NAME|RUN",
    help="A golden run, or any run by its id.",
)
@click.option(
    "--assertions", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="YAML or JSON; instead of the assertions kept with the golden run.",
)  # fmt: skip
@click.option(
    "--junit", "junit_file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE", help="Also write the result as JUnit XML.",
)  # fmt: skip
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    against: str,
    assertions: Path | None,
    junit_file: Path | None,
    as_json: bool,
) -> int:
    """Check what a run gave against a golden run, node by node.

    Exit codes: 0 it passed, 1 it did not, 2 refused.
    """
    from runs.cli.junit import junit, lines_of
    from runs.cli.printing import mark, print_json, print_table, say

    side = backend(ctx)
    run_id = find_run(side, run)
    if not against.startswith("golden:"):
        against = find_run(side, against)
    text = None if assertions is None else assertions.read_text(encoding="utf-8", errors="replace")
    found = side.check(run_id, against, text, str(assertions or ""))
    if junit_file is not None:
        junit_file.write_bytes(junit(found))
    if as_json:
        print_json(found, last_line=True)
        return 0 if found["passed"] else 1
    baseline, counts = found["baseline"], found["counts"]
    name = f"golden:{baseline['name']}" if baseline["name"] else baseline["run_id"]
    wrong = [node for node in found["nodes"] if node["verdict"] in ("failed", "missing", "extra")]
    if wrong:
        print_table(
            ("node", "verdict", "because"),
            [(node["path"], (node["verdict"], "bold red"), node["because"]) for node in wrong],
        )
        say()
        for node in wrong:
            for line in lines_of(node):
                say(f"  {node['path']}: {line}")
        say()
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    word = "passed" if found["passed"] else "failed"
    sign = mark("succeeded" if found["passed"] else "failed")
    say(f"{sign} {run_id} {word} against {name}: {told or 'nothing to check'}")
    return 0 if found["passed"] else 1
