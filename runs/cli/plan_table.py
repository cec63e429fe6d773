"""A restart's preview for people: what will run, what is not known yet, what is reused, and why."""

from collections.abc import Iterator, Mapping
from typing import Any

from runs.cli.printing import Cell, print_table, say
from runs.projections.plan_beside import later, rows_beside
from runs.projections.words import cost, duration

_GROUPS = (
    ("run", "Will run", "cyan"),
    ("unknown", "Not known yet", "magenta"),
    ("reuse", "Reused", "dim"),
)


def print_plan(plan: Mapping[str, Any]) -> None:
    """The steps in groups, the sum, and how to start exactly this."""
    items, counts = plan["items"], plan["counts"]
    if not items:
        say("There is nothing to decide.")
    for action, title, style in _GROUPS:
        rows = [(_path(item, style), _time(item), item["because"])
                for item in items if item["action"] == action]  # fmt: skip
        beside = rows_beside(plan["not_begun"], action)
        rows.extend(((path, style), "", because) for path, because in beside)
        if rows:
            say(f"{title} ({counts[action]:,})", style="bold")
            print_table(("step", "time", "because"), rows)
            say()
    for path in plan["confirm"]:
        say(f"{path} asks first: it has succeeded and would happen again. --confirm {path}")
    say(f"{', '.join(_sum(counts, plan))}. Nothing was started.")
    say(f"Start exactly this: --plan-id {plan['plan_id']}", style="dim")


def _path(item: Mapping[str, Any], style: str) -> Cell:
    return item["path"], style


def _time(item: Mapping[str, Any]) -> str:
    if item["saved_ms"]:
        return f"{duration(item['saved_ms'])} saved"
    return f"about {duration(item['expected_ms'])}" if item["expected_ms"] else ""


def _sum(counts: Mapping[str, int], plan: Mapping[str, Any]) -> Iterator[str]:
    yield f"{counts['reuse']} reused"
    yield f"{counts['run']} run"
    if counts["unknown"]:
        yield f"{counts['unknown']} decided on the way"
    more = later(plan["not_begun"])
    if more:
        yield f"{more.replace('`', '')} (known when it runs)"
    if plan["saved_ms"]:
        yield f"saves {duration(plan['saved_ms'])}"
    if plan["saved_cost"]:
        yield f"saves a cost of {cost(plan['saved_cost'])}"
