"""`maverick runs compare A B`: what differs between two runs, and what came first."""

from typing import Any

import click

from runs.cli.backend import Json, find_run
from runs.cli.options import json_option
from runs.cli.side import backend

SAME, DIFFERENT = 0, 1
_VERDICTS = {
    "same": "same",
    "changed": "changed",
    "only_a": "only A",
    "only_b": "only B",
    "reused": "reused",
}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command("compare")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--path", default="", metavar="PATH", help="Only this step, with all its values.")
@click.option("--all", "everything", is_flag=True, help="Also the steps that are the same.")
@json_option
@click.pass_context
def command(ctx: click.Context, a: str, b: str, path: str, everything: bool, as_json: bool) -> int:
    """Compare two runs: which steps differ, which of them first, and in what.

    A and B are ids of runs, beginnings of one, or @last. Exit code 0: the same, 1: different.
    """
    from runs.cli.printing import print_json

    side = backend(ctx)
    found = side.compare(find_run(side, a), find_run(side, b), path)
    if as_json:
        print_json(found)
    else:
        _print(found, everything=everything or bool(path))
    return SAME if found["same"] else DIFFERENT


def _print(found: Json, *, everything: bool) -> None:
    from runs.cli.printing import print_table, say, status_cell
    from runs.projections.words import duration

    for letter in ("a", "b"):
        run = found[letter]
        took = "" if run["duration_ms"] is None else f" in {duration(run['duration_ms'])}"
        say(
            f"{letter.upper()}  {run['id']}  {run['workflow']} version {run['version']}  "
            f"{run['status']}{took}"
        )
    counts = found["counts"]
    numbers = [f"{counts[name]} {word}" for name, word in _VERDICTS.items() if counts[name]]
    say(" · ".join(numbers) or "Neither has begun a step.")
    if found["first_divergence"]:
        say(f"First divergence: {found['first_divergence']} ({found['because']})", style="bold")
    elif found["same"]:
        say("They are the same.")
    for name in ("inputs", "context", "outputs"):
        _places(name, found[name], "")
    if found["definition"]:
        said = ", ".join(found["definition"]["steps"]) or "no step changed"
        say(f"definition: {said}")
    nodes = [
        node for node in found["nodes"] if everything or node["verdict"] not in ("same", "reused")
    ]
    if not nodes:
        return
    say()
    print_table(
        ("step", "A", "B", "verdict", "in", "took", "because"),
        [
            (
                _where(node),
                _status(node["a"], status_cell),
                _status(node["b"], status_cell),
                (_VERDICTS[node["verdict"]], "bold" if node["role"] == "cause" else ""),
                ", ".join(node["differs"]),
                _difference(node["duration_difference_ms"]),
                (node["because"], "bold" if node["role"] == "cause" else "dim"),
            )
            for node in nodes
        ],
    )
    for node in nodes:
        if node["role"] == "cause" or everything:
            for name in ("input", "output", "error"):
                if node[name]:
                    _places(f"{node['path']} {name}", node[name], "  ")


def _where(node: Json) -> str:
    if node["a"] and node["b"] and node["a"]["path"] != node["b"]["path"]:
        return f"{node['a']['path']} → {node['b']['path']}"
    return str(node["path"])


def _status(step: Json | None, cell: Any) -> Any:
    if step is None:
        return ("–", "dim")
    return cell("reused" if step["reused"] else step["status"])


def _difference(ms: int | None) -> str:
    from runs.projections.words import duration

    if ms is None or not ms:
        return ""
    return f"{'+' if ms > 0 else '-'}{duration(abs(ms))}"


def _places(title: str, places: Json, lead: str) -> None:
    from runs.cli.printing import say, short

    if not places["items"] and not places["note"]:
        return
    say(f"{lead}{title}: {places['note']}".rstrip())
    for one in places["items"]:
        sign, path = _SIGNS[one["kind"]], one["path"] or "the whole value"
        if one["kind"] == "changed":
            said = f"{short(one['a'])} → {short(one['b'])}"
        else:
            said = short(one["b"] if one["kind"] == "added" else one["a"])
        say(f"{lead}  {sign} {path}: {said}")
    if places["more"] and not places["note"]:
        say(f"{lead}  … and more places; --json and --path tell them.")
