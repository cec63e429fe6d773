"""`maverick runs show`: one run with its steps, what failed, and a step's log."""

from typing import Any

import click

from runs.cli.backend import Backend, Json, find_execution, find_run
from runs.cli.options import json_option, run_argument
from runs.cli.run_words import ago, chips, took
from runs.cli.side import backend


@click.command("show")
@run_argument
@click.option("--log", "log_path", metavar="PATH", help="Also what this step printed.")
@click.option(
    "--tail", type=click.IntRange(0), default=50, show_default=True,
    help="Lines of the log; 0 for all.",
)  # fmt: skip
@json_option
@click.pass_context
def show(ctx: click.Context, run: str, log_path: str | None, tail: int, as_json: bool) -> None:
    """Show a run: its steps, what was reused and why, and what failed."""
    from runs.cli.printing import print_json

    side = backend(ctx)
    run_id = find_run(side, run)
    found, graph = side.get_run(run_id), side.graph(run_id)
    errors = {
        node["path"]: side.execution(run_id, node["id"])["error"]
        for node in graph["nodes"]
        if node["id"] and node["status"] in ("failed", "timeout")
    }
    log = _log(side, run_id, log_path, tail) if log_path else None
    if as_json:
        steps = [{**node, "error": errors.get(node["path"])} for node in graph["nodes"]]
        document: dict[str, Any] = {**found, "steps": steps}
        if log is not None:
            document["log"] = log
        print_json(document)
        return
    _print_run(side, found, graph["nodes"])
    _print_steps(graph)
    _print_errors(errors, {node["path"] for node in graph["nodes"] if node["handled"]})
    if log is not None:
        _print_log(log_path or "", log)


def _log(side: Backend, run_id: str, path: str, tail: int) -> list[str]:
    from collections import deque

    execution = find_execution(side, run_id, path)
    # Only the end is kept, however much a step printed.
    kept: deque[str] = deque(maxlen=tail or None)
    rest = ""
    for part in side.log(run_id, execution):
        *whole, rest = (rest + part["text"]).split("\n")
        kept.extend(whole)
    if rest:
        kept.append(rest)
    return list(kept)


def _print_run(side: Backend, run: Json, nodes: list[Json]) -> None:
    from runs.cli.printing import STYLES, mark, one_line, output_lines, say, short
    from runs.projections.usage import Usage, total
    from runs.projections.words import usage

    status = run["status"]
    duration = took(run["duration_ms"])
    words = f"{mark(status)} {run['workflow']} {status}" + (f" in {duration}" if duration else "")
    handled = run["counts"]["failed"] if status == "succeeded" else 0
    words += f", {handled} failed and handled" if handled else ""
    say(f"{words}  {chips(run)}".rstrip(), style=STYLES.get(status, ""))
    used = total(Usage(**node["usage"]) for node in nodes if node["usage"])
    facts = {
        "run": run["id"],
        "reason": run["status_reason"],
        "source": run["source_run_id"] or "",
        "created": f"{run['created_at']} ({ago(run['created_at'])})",
        "inputs": ", ".join(f"{k}={short(v)}" for k, v in run["inputs"].items()),
        "labels": ", ".join(f"{k}={v}" for k, v in run["labels"].items()),
        "agents": usage(used) if used else "",
        "page": side.page_url(run["id"]),
    }
    for name, value in facts.items():
        if value:
            say(f"  {name:<8}{one_line(value, 500)}")
    for line in output_lines(run):
        say(line)
    say()


def _print_steps(graph: Json) -> None:
    from runs.cli.printing import Cell, print_table, status_cell

    handles = {e["target"]: e["source"] for e in graph["edges"] if e["kind"] == "on_error"}
    rows: list[tuple[Cell, ...]] = []
    for depth, label, node in in_tree(graph["nodes"]):
        status = "reused" if node["reused"] else node["status"]
        attempts = node["attempts"]
        rows.append(
            (
                "  " * depth + label,
                status_cell(status, "handled" if node["handled"] else ""),
                "" if node["reused"] else took(node["duration_ms"]),
                f"{attempts} attempts" if attempts > 1 else "",
                (_note(node, handles.get(node["path"], "")), "dim"),
            )
        )
    print_table(("step", "status", "took", "tries", "because"), rows, empty="No steps.")


def _note(node: Json, handles: str) -> str:
    """What is to be said of a step: why it runs, what it waits for, what it is there for."""
    from runs.projections.usage import Usage
    from runs.projections.words import usage
    from runs.steppath import name_of

    parts = [_because(node)]
    if node["status"] in ("waiting", "skipped"):
        parts.append(node["status_reason"])
    elif handles:
        parts.append(f"on error of {name_of(handles)}")
    if node["undoes"]:
        parts.append(f"undoes {name_of(node['undoes'])}")
    if node["usage"]:
        parts.append(usage(Usage(**node["usage"])))
    return "; ".join(part for part in parts if part)


def _because(node: Json) -> str:
    decision, reuse = node["decision"] or {}, node["reuse"]
    because = str(decision.get("because") or "")
    if reuse:
        origin = reuse["origin_run_id"]
        where = f"from {reuse['source_run_id'] or 'a deleted run'}"
        if origin != reuse["source_run_id"]:
            where += f", made by {origin or 'a deleted run'}"
        return f"{where}: {because}" if because else where
    return because


def in_tree(nodes: list[Json]) -> list[tuple[int, str, Json]]:
    """The nodes as a tree reads: (depth, label, node), turns of a loop one after the other."""
    from runs.steppath import name_of, scope_of, split_turn

    inside: dict[str, list[tuple[int, int, Json]]] = {}
    order: dict[tuple[str, str], int] = {}
    for node in nodes:
        scope = scope_of(node["path"])
        container, turn = split_turn(scope)
        # Every turn has its steps in the order of the file, whichever turn began first.
        place = order.setdefault((container, name_of(node["path"])), len(order))
        inside.setdefault(container, []).append((-1 if turn is None else turn, place, node))
    found: list[tuple[int, str, Json]] = []
    open_: list[tuple[int, Json, str]] = []

    def push(container: str, depth: int) -> None:
        children = sorted(inside.pop(container, ()), key=lambda one: one[:2], reverse=True)
        for turn, _place, node in children:
            name = name_of(node["path"])
            open_.append((depth, node, name if turn < 0 else f"[{turn}] {name}"))

    push("", 0)
    while open_:
        depth, node, label = open_.pop()
        found.append((depth, label, node))
        push(node["path"], depth + 1)
    return found


def _print_errors(errors: Json, handled: set[str]) -> None:
    from runs.cli.printing import clean, mark, say

    for path, error in errors.items():
        if not error:
            continue
        went_on = path in handled
        say()
        say(
            f"{mark('interrupted' if went_on else 'failed')} {path}: {error.get('message', '')} "
            f"[{error.get('code', '')}]" + (" (handled)" if went_on else ""),
            style="" if went_on else "bold red",
        )
        if error.get("hint"):
            say(f"  {error['hint']}")
        detail = error.get("detail")
        if detail:
            text = detail if isinstance(detail, str) else _indented(detail)
            for line in clean(text).splitlines()[-30:]:
                say(f"  {line}")


def _indented(detail: Any) -> str:
    import json

    if isinstance(detail, dict):
        return "\n".join(
            f"{key}: {value if isinstance(value, str) else json.dumps(value)}"
            for key, value in detail.items()
        )
    return json.dumps(detail, ensure_ascii=False, indent=2)


def _print_log(path: str, log: list[str]) -> None:
    from runs.cli.printing import say

    say()
    say(f"log of {path}", style="bold")
    for line in log or ["(nothing was printed)"]:
        say(line)
