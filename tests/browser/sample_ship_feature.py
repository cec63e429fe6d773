"""The run of the design's picture, and the failed one that it was restarted from."""

from datetime import datetime, timedelta
from typing import Any

from runs import ids
from runs.models import Checkpoint, Execution, LogChunk, Run
from tests.browser.rows import add, make_run

SHIP = """\
version: "1.0"
name: ship-feature
description: Plans a feature, implements it phase by phase, writes its documents, opens a request.
inputs:
  topic: {type: string, description: what to ship}
  model: {type: string, default: small}
steps:
  - {name: preflight, type: shell, run: git status --porcelain, needs: []}
  - {name: load_spec, type: python, action: files.read, kwargs: {path: spec.md}, needs: []}
  - {name: fetch_issues, type: python, action: http.get, kwargs: {url: x}, needs: []}
  - {name: baseline, type: shell, run: make test, needs: [preflight]}
  - name: plan
    type: python
    action: planner.plan
    needs: [preflight, load_spec, fetch_issues]
    kwargs: {topic: "${{ inputs.topic }}", model: "${{ inputs.model }}"}
  - {name: planned, type: checkpoint, needs: [plan]}
  - name: implement
    type: loop
    for_each: ${{ range(steps.plan.output.phases) }}
    max_concurrency: 4
    needs: [baseline, planned]
    steps:
      - {name: code, type: python, action: coder.write}
      - {name: validate, type: shell, run: make check}
  - name: docs_needed
    type: branch
    needs: [plan]
    options:
      - when: ${{ steps.plan.output.docs_needed }}
        step: {name: write_docs, type: subworkflow, workflow: docs}
    else: {name: keep_docs, type: python, action: files.read}
  - {name: validate, type: shell, run: make all, needs: [implement]}
  - {name: scan_deps, type: shell, run: make audit, needs: [implement]}
  - {name: create_pr, type: python, action: git.request, needs: [validate, scan_deps, docs_needed]}
  - {name: notify, type: python, action: http.post, needs: [docs_needed]}
"""
DOCS = """\
version: "1.0"
name: docs
steps:
  - {name: outline, type: python, action: docs.outline}
  - {name: draft, type: python, action: docs.draft}
  - {name: check_links, type: shell, run: make links}
"""


def ship_feature(now: datetime, source: Run) -> Run:
    """The run of the reference picture: restarted, one turn failed, documents in work."""
    run = make_run(
        "ship-feature",
        now,
        ago=298,
        status="running",
        kind="restart",
        source=source,
        family_id=source.family_id,
        yaml=SHIP,
        bundle={"docs": {"source": DOCS, "file": "workflows/docs.yaml"}},
        n_total=29,
        n_running=2,
        n_succeeded=20,
        n_failed=2,
        n_reused=15,
        created_by="mira.k",
        labels={"env": "staging", "team": "platform"},
        inputs={"topic": "search", "model": "small"},
    )
    again = {
        "reused_run": source.pk,
        "origin_run": source.pk,
        "decision": {"action": "reuse", "because": "input and definition are unchanged"},
    }

    def reused(path: str, kind: str, took: float | None, **fields: Any) -> Execution:
        old = Execution.objects.filter(run=source, path=path).first()
        return add(
            run,
            path,
            kind,
            "succeeded",
            now,
            took=took,
            **again,
            **fields,
            reused_from=old.pk if old else "exec_gone",
            origin_execution=old.pk if old else "exec_gone",
        )

    reused("preflight", "shell", 2.1, position=0)
    reused("load_spec", "python", 0.4, position=1)
    reused("fetch_issues", "python", 3.8, position=2)
    add(run, "baseline", "shell", "succeeded", now, took=62, position=3)
    plan = {
        "phases": 12,
        "docs_needed": True,
        "risk": "low",
        "tasks": [f"task {n}" for n in range(12)],
    }
    reused(
        "plan",
        "python",
        48,
        position=4,
        output=plan,
        output_size=6200,
        input={
            "topic": "search",
            "issues": [{"n": n} for n in range(12)],
            "model": "small",
            "api_key": "•••",
        },
    )
    reused("planned", "checkpoint", 0.1, position=5)
    loop = add(
        run,
        "implement",
        "loop",
        "failed",
        now,
        took=176,
        after=62,
        position=6,
        input={"items": list(range(12))},
    )
    for turn in range(12):
        for n, name in enumerate(("code", "validate")):
            path = f"implement[{turn}]/{name}"
            if turn < 9:
                reused(
                    path, "python" if not n else "shell", 12 + turn, position=n, parent_id=loop.pk
                )
            elif turn == 11 and n:
                add(
                    run,
                    path,
                    "shell",
                    "failed",
                    now,
                    took=31,
                    after=180,
                    position=n,
                    parent_id=loop.pk,
                    status_reason="step-failed: 2 tests failed",
                    error={
                        "code": "exit-code",
                        "message": "2 tests failed",
                        "hint": "The log has the names of the tests.",
                    },
                    tries=[
                        {"n": 1, "outcome": "failed", "reason": "step-failed: 2 tests failed"},
                        {"n": 2, "outcome": "failed", "reason": "step-failed: 2 tests failed"},
                    ],
                )
            else:
                add(
                    run,
                    path,
                    "python",
                    "succeeded",
                    now,
                    took=40,
                    after=90,
                    position=n,
                    parent_id=loop.pk,
                )
    add(run, "docs_needed", "branch", "running", now, after=62, position=7)
    docs = add(run, "docs_needed/write_docs", "subworkflow", "running", now, after=102, position=0)
    reused("docs_needed/write_docs/outline", "python", 12, position=0, parent_id=docs.pk)
    add(
        run,
        "docs_needed/write_docs/draft",
        "python",
        "succeeded",
        now,
        took=104,
        after=114,
        position=1,
        parent_id=docs.pk,
    )
    add(
        run,
        "docs_needed/write_docs/check_links",
        "shell",
        "running",
        now,
        after=228,
        position=2,
        parent_id=docs.pk,
        tries=[{"n": 1, "outcome": "interrupted", "reason": ""}, {"n": 2}],
    )
    add(run, "docs_needed/keep_docs", "python", "skipped", now, position=1)
    return run


def ship_feature_before(now: datetime) -> Run:
    """The failed run that the picture's run was restarted from."""
    run = make_run(
        "ship-feature",
        now,
        ago=1860,
        took=380,
        status="failed",
        yaml=SHIP,
        bundle={"docs": {"source": DOCS, "file": "workflows/docs.yaml"}},
        status_reason="step-failed: implement[11]/validate: 2 tests failed",
        n_total=29,
        n_succeeded=21,
        n_failed=2,
        created_by="mira.k",
        labels={"env": "staging", "team": "platform"},
        inputs={"topic": "search", "model": "small"},
    )
    for n, (path, kind, took) in enumerate(
        (("preflight", "shell", 2.1), ("load_spec", "python", 0.4), ("fetch_issues", "python", 3.8))
    ):
        add(run, path, kind, "succeeded", now, took=took, position=n)
    plan = add(
        run,
        "plan",
        "python",
        "succeeded",
        now,
        took=48,
        after=4,
        position=4,
        output={"phases": 12, "docs_needed": True, "risk": "low"},
        output_size=6200,
        input={"topic": "search", "model": "small"},
        tries=[
            {
                "n": 1,
                "outcome": "timeout",
                "reason": "no report within 60 s",
                "started_at": now.isoformat(),
                "finished_at": (now + timedelta(seconds=60)).isoformat(),
            },
            {
                "n": 2,
                "outcome": "succeeded",
                "reason": "",
                "started_at": now.isoformat(),
                "finished_at": (now + timedelta(seconds=48)).isoformat(),
            },
        ],
    )
    loop = add(
        run,
        "implement",
        "loop",
        "failed",
        now,
        took=300,
        after=70,
        position=6,
        input={"items": list(range(12))},
    )
    for turn in range(12):
        for place, name in enumerate(("code", "validate")):
            bad = turn in (9, 11) and place
            add(
                run,
                f"implement[{turn}]/{name}",
                "shell" if place else "python",
                "failed" if bad else "succeeded",
                now,
                took=12 + turn,
                after=80 + 12 * turn,
                position=place,
                parent_id=loop.pk,
                **(
                    {
                        "status_reason": "step-failed: 2 tests failed",
                        "error": {"code": "exit-code", "message": "2 tests failed"},
                    }
                    if bad
                    else {}
                ),
            )
    for n, (level, text) in enumerate(
        (
            ("info", "12 issues, 3 linked"),
            ("warning", "#418 has no estimate"),
            ("info", "plan has 12 phases"),
        )
    ):
        LogChunk.objects.create(
            execution=plan,
            stream="log",
            level=level,
            text=text,
            at=now - timedelta(seconds=1800 - 24 * n),
        )
    Checkpoint.objects.create(
        id=ids.checkpoint_id(),
        run=run,
        execution_id=plan.pk,
        name="planned",
        path="planned",
        content={},
        digest="0" * 64,
        n_steps=5,
        created_at=now - timedelta(seconds=1790),
        file=".maverick/checkpoints/planned.json",
    )
    return run
