"""A run with every kind of group, as rows: a loop of 500 turns, a sub-workflow, an agent that made
130 calls, one of which made calls of its own."""

from datetime import datetime, timedelta
from typing import Any

from runs import ids
from runs.models import Execution, Run
from tests.browser.rows import make_run

MAIN = """\
version: "1.0"
name: groups
steps:
  - {name: plan, type: agent, agent: planner}
  - name: files
    type: loop
    for_each: "${{ range(500) }}"
    max_concurrency: 20
    steps:
      - {name: read, type: python, action: files.read}
      - {name: write, type: python, action: files.write}
    needs: [plan]
    on_error: continue
  - {name: docs, type: subworkflow, workflow: docs, needs: [plan]}
  - {name: last, type: shell, run: "true", needs: [files, docs]}
"""
DOCS = """\
version: "1.0"
name: docs
steps:
  - {name: outline, type: python, action: docs.outline}
  - name: pages
    type: loop
    for_each: "${{ range(3) }}"
    steps:
      - {name: page, type: python, action: docs.page}
  - {name: bind, type: python, action: docs.bind}
"""
CALLS = 130


def groups(now: datetime, turns: int = 500) -> Run:
    """Fifteen turns were reused, five failed; one page of the docs failed too."""
    run = make_run(
        "groups",
        now,
        yaml=MAIN.replace("range(500)", f"range({turns})"),
        bundle={"docs": {"source": DOCS, "file": "workflows/docs.yaml"}},
        status="failed",
        took=60,
        status_reason="docs/pages[1]/page: step-failed: no such page",
    )
    made: list[Execution] = []

    def add(path: str, kind: str, status: str, after: float, took: float, **given: Any) -> None:
        began = now + timedelta(seconds=after)
        made.append(
            Execution(
                id=ids.execution_id(),
                run=run,
                path=path,
                name=path.rpartition("/")[2].partition("~")[0],
                type=kind,
                position=given.pop("position", len(made)),
                status=status,
                created_at=began,
                started_at=began,
                finished_at=began + timedelta(seconds=took),
                duration_ms=round(took * 1000),
                **given,
            )
        )

    add("plan", "agent", "succeeded", 0, 10, position=0)
    add("files", "loop", "succeeded", 10, 30, position=1, input={"items": list(range(turns))})
    for n in range(turns):
        kept = {"reused_run": "run_1", "reused_from": "exec_1"} if n < 15 else {}
        failed = n >= turns - 5
        add(f"files[{n}]/read", "python", "succeeded", 10, 1, position=0, **kept)
        if failed:
            add(f"files[{n}]/write", "python", "failed", 11, 1 + n / 100, position=1)
        else:
            add(f"files[{n}]/write", "python", "succeeded", 11, 1, position=1, **kept)
    add("docs", "subworkflow", "failed", 10, 50, position=2)
    add("docs/outline", "python", "succeeded", 10, 5, position=0)
    add("docs/pages", "loop", "failed", 15, 45, position=1, input={"items": [0, 1, 2]})
    for n in range(2):
        add(f"docs/pages[{n}]/page", "python", ("succeeded", "failed")[n], 15 + n * 5, 5 + n * 40)
    for n in range(CALLS):
        path = "plan/planner.ask" + (f"~{n}" if n else "")
        add(path, "call", "succeeded", n / 20, 0.5)
    for n in range(3):
        add(f"plan/planner.ask~120/planner.look~{n}", "call", "succeeded", 6, 0.1)
    Execution.objects.bulk_create(made)
    counts = {"n_total": len(made), "n_failed": sum(one.status == "failed" for one in made)}
    Run.objects.filter(pk=run.pk).update(**counts)
    return run
