"""Large runs written straight through the models: their rows, as the engine would have left them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from runs import ids
from runs.models import Execution, Run
from tests.browser.rows import make_run

HEAD = 'version: "1.0"\nname: {name}\nsteps:\n'
Row = tuple[str, str, str, Any]  # path, type, status, input


def write(name: str, steps: str, rows: Sequence[Row], now: datetime, **fields: Any) -> Run:
    """A run of a workflow with these steps, and its executions in their order."""
    failed = sum(status == "failed" for _, _, status, _ in rows)
    counts = {"n_total": len(rows), "n_failed": failed, "n_succeeded": len(rows) - failed}
    run = make_run(
        name,
        now,
        yaml=HEAD.format(name=name) + steps,
        took=60,
        **{"status": "failed" if failed else "succeeded", **counts, **fields},
    )
    Execution.objects.bulk_create(
        (
            Execution(
                id=ids.execution_id(),
                run=run,
                path=path,
                name=path.rpartition("/")[2],
                type=kind,
                position=position,
                status=status,
                input=given,
                created_at=now,
                started_at=now,
                finished_at=now + timedelta(milliseconds=position + 1),
                duration_ms=position + 1,
            )
            for position, (path, kind, status, given) in enumerate(rows)
        ),
        batch_size=2000,
    )
    return run


def chain(now: datetime, count: int = 1000) -> Run:
    """One step after the other; the last failed."""
    steps = "".join(f"  - {{name: s{n}, type: python, action: files.read}}\n" for n in range(count))
    rows: list[Row] = [
        (f"s{n}", "python", "failed" if n == count - 1 else "succeeded", {}) for n in range(count)
    ]
    return write("chain", steps, rows, now)


def grid(now: datetime, columns: int = 40, lines: int = 25) -> Run:
    """Every step needs two of the column before: edges cross, and the drawing is high and wide."""

    def needs(x: int, y: int) -> str:
        return f"s{x - 1}_{y}, s{x - 1}_{(y + 7) % lines}" if x else ""

    places = [(x, y) for x in range(columns) for y in range(lines)]
    steps = "".join(
        f'  - {{name: s{x}_{y}, type: shell, run: "true", needs: [{needs(x, y)}]}}\n'
        for x, y in places
    )
    return write("grid", steps, [(f"s{x}_{y}", "shell", "succeeded", {}) for x, y in places], now)


def one_loop(now: datetime, turns: int = 2499) -> Run:
    """Ten thousand executions and three nodes: a loop is one node."""
    steps = (
        "  - {name: before, type: python, action: files.read}\n"
        f'  - name: turns\n    type: loop\n    for_each: "${{{{ range({turns}) }}}}"\n    steps:\n'
        + "".join(f"      - {{name: {x}, type: python, action: files.read}}\n" for x in "abcd")
        + "  - {name: after, type: python, action: files.read}\n"
    )
    inside: list[Row] = [
        (f"turns[{n}]/{x}", "python", "succeeded", {}) for n in range(turns) for x in "abcd"
    ]
    loop = ("turns", "loop", "succeeded", {"items": list(range(turns))})
    ends: list[Row] = [(name, "python", "succeeded", {}) for name in ("before", "after")]
    return write("one-loop", steps, [ends[0], loop, *inside, ends[1]], now)


def many_loops(now: datetime, loops: int = 250, turns: int = 39) -> Run:
    """Ten thousand executions in 250 nodes, each with a cell for every turn."""
    steps = "".join(
        f'  - name: l{n}\n    type: loop\n    for_each: "${{{{ range({turns}) }}}}"\n    steps:\n'
        "      - {name: a, type: python, action: files.read}\n"
        for n in range(loops)
    )
    rows: list[Row] = []
    for n in range(loops):
        rows.append((f"l{n}", "loop", "succeeded", {"items": list(range(turns))}))
        rows += [(f"l{n}[{turn}]/a", "python", "succeeded", {}) for turn in range(turns)]
    return write("many-loops", steps, rows, now)
