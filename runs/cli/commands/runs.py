"""`maverick runs list|show|watch|cancel|pause|resume|compare`."""

from typing import Any

import click

from runs.cli.backend import RUN_OVER, Backend, Json, find_execution, find_run
from runs.cli.commands import runs_compare, runs_lineage, runs_notes, why
from runs.cli.commands.runs_bulk import bulk
from runs.cli.commands.runs_files import export, import_
from runs.cli.options import json_option, run_argument
from runs.cli.side import backend

STATUSES = (
    "queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout",
)  # fmt: skip


@click.group("runs")
def command() -> None:
    """List, show, compare, watch, pause and cancel runs."""


command.add_command(export)
command.add_command(bulk)
command.add_command(import_)
command.add_command(runs_notes.note)
command.add_command(runs_notes.label)


@command.command("list")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES),
    help="Only runs with this status; may be repeated.",
)  # fmt: skip
@click.option("--workflow", default="", metavar="NAME", help="Only runs of this workflow.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="At most so many.",
)
@click.option("--golden", is_flag=True, help="Only golden runs.")
@click.option(
    "--filter", "search", default="", metavar="SEARCH",
    help="As in the search of the run list: 'status:failed -workflow:probe-* started:<24h'.",
)  # fmt: skip
@json_option
@click.pass_context
def list_(
    ctx: click.Context,
    statuses: tuple[str, ...],
    workflow: str,
    limit: int,
    golden: bool,
    search: str,
    as_json: bool,
) -> None:
    """List runs, newest first."""
    from runs.cli.printing import print_json, print_table, status_cell

    side = backend(ctx)
    runs = side.list_runs(
        statuses=statuses,
        workflow=workflow,
        golden=True if golden else None,
        search=search,
        limit=limit,
    )
    if as_json:
        print_json({"items": runs})
        return
    print_table(
        ("run", "workflow", "status", "steps", "took", "created", "kind"),
        [
            (
                run["id"],
                run["workflow"],
                status_cell(run["status"]),
                steps_of(run["counts"]),
                took(run["duration_ms"]),
                (ago(run["created_at"]), "dim"),
                chips(run),
            )
            for run in runs
        ],
        empty="No runs.",
    )


def steps_of(counts: Json) -> str:
    """``7/9``: settled of all; ``9/9 ↷5``: five of them were reused."""
    from runs.cli.printing import mark

    done = counts["succeeded"] + counts["failed"] + counts["skipped"]
    reused = f" {mark('reused')}{counts['reused']}" if counts["reused"] else ""
    return f"{done}/{counts['total']}{reused}"


def took(milliseconds: float | None) -> str:
    """A duration in words; empty while there is none."""
    from runs.cli.progress import seconds

    return "" if milliseconds is None else seconds(milliseconds / 1000)


def ago(at: str) -> str:
    """How long ago, in words."""
    from datetime import UTC, datetime

    from runs.projections.words import ago as in_words

    return in_words(datetime.fromisoformat(at), datetime.now(UTC))


def chips(run: Json) -> str:
    """Golden, Restarted, Forked, Resumed."""
    words = {"restart": "restarted", "fork": "forked", "resume": "resumed"}
    found = [words.get(run["kind"] or "", "")]
    if run["golden"]:
        found.append(f"golden ({run['golden']['name']})")
    return " ".join(word for word in found if word)


@command.command("show")
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


@command.command("watch")
@run_argument
@json_option
@click.pass_context
def watch_(ctx: click.Context, run: str, as_json: bool) -> int:
    """Follow a run until it ends. Ctrl-C stops watching, not the run."""
    from runs.cli.driving import watch

    side = backend(ctx)
    return watch(side, find_run(side, run), as_json=as_json)


@command.command("cancel")
@run_argument
@click.option("--reason", default="", help="Why; it is kept with the run.")
@json_option
@click.pass_context
def cancel(ctx: click.Context, run: str, reason: str, as_json: bool) -> None:
    """Cancel a run: nothing new starts, what runs is told to stop."""
    from runs.cli.printing import print_json, say

    side = backend(ctx)
    cancelled = side.cancel(find_run(side, run), reason)
    if as_json:
        print_json(cancelled)
    else:
        over = "" if cancelled["status"] in RUN_OVER else " (its running steps are told to stop)"
        say(f"{cancelled['id']} {cancelled['status']}{over}")


@command.command("pause")
@run_argument
@click.option("--reason", default="", help="Why; it is kept with the run.")
@json_option
@click.pass_context
def pause(ctx: click.Context, run: str, reason: str, as_json: bool) -> None:
    """Pause a run: what runs goes on to its end, nothing new starts."""
    side = backend(ctx)
    _tell(side.pause(find_run(side, run), reason), as_json)


@command.command("resume")
@run_argument
@json_option
@click.pass_context
def resume(ctx: click.Context, run: str, as_json: bool) -> None:
    """Let a paused run go on."""
    side = backend(ctx)
    _tell(side.unpause(find_run(side, run)), as_json)


@command.command("retry")
@run_argument
@click.argument("step", metavar="PATH")
@json_option
@click.pass_context
def retry(ctx: click.Context, run: str, step: str, as_json: bool) -> None:
    """Try a step that waits for its next try now. PATH is a step path or an execution id."""
    side = backend(ctx)
    run_id = find_run(side, run)
    _tell(side.retry(run_id, find_execution(side, run_id, step)), as_json)


@command.command("golden")
@run_argument
@click.option("--name", default="", help="Its name as baseline. Default: the workflow's name.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--note", help="What is to be known of it.")
@click.option("--replace", is_flag=True, help="Take the name from the run that has it.")
@click.option("--remove", is_flag=True, help="It is no longer golden.")
@json_option
@click.pass_context
def golden(
    ctx: click.Context,
    run: str,
    name: str,
    tags: tuple[str, ...],
    note: str | None,
    replace: bool,
    remove: bool,
    as_json: bool,
) -> None:
    """Keep a run as a baseline; short for `maverick golden mark` and `unmark`."""
    side = backend(ctx)
    run_id = find_run(side, run)
    if remove:
        _tell(side.unmark_golden(run_id), as_json)
    else:
        wanted = list(tags) if tags else None
        _tell(side.mark_golden(run_id, name, wanted, note, replace), as_json)


@command.command("delete")
@run_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def delete(ctx: click.Context, run: str, yes: bool, as_json: bool) -> None:
    """Delete a run. What other runs reused from it stays with them."""
    from runs.cli.printing import print_json, say
    from runs.cli.refusals import CliRefusal

    side = backend(ctx)
    run_id = find_run(side, run)
    lost = side.deletion(run_id)
    if not yes and not lost["refused"]:
        from runs.projections.words import count

        asked = f"Delete run {run_id} with its {count(lost['steps'], 'step')}? {lost['words']}"
        try:
            agreed = click.confirm(asked, err=True)
        except click.Abort:
            agreed = False
        if not agreed:
            raise CliRefusal("not-confirmed", "Nothing was deleted.", "--yes does not ask.")
    side.delete_run(run_id)
    if as_json:
        print_json({"deleted": run_id})
    else:
        say(f"{run_id} is deleted. {lost['words']}")


def _tell(run: dict[str, Any], as_json: bool) -> None:
    from runs.cli.printing import print_json, say

    if as_json:
        print_json(run)
    else:
        say(f"{run['id']} {run['status']}")


command.add_command(runs_compare.command)
command.add_command(runs_lineage.command)
command.add_command(why.command)
