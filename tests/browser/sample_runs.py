"""Realistic runs written straight through the models, for screenshots and tests of pages.

No engine: the rows say what the reference pictures of the design show.
"""

from datetime import datetime, timedelta
from typing import Any

from runs import ids
from runs.canonical import digest
from runs.models import Checkpoint, Execution, LogChunk, Run, Workflow, WorkflowVersion

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
    for_each: ${{ steps.plan.output.phases }}
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
PLAIN = """\
version: "1.0"
name: %s
steps:
  - {name: one, type: shell, run: "true"}
  - {name: two, type: shell, run: "true"}
"""


def version(name: str, source: str, bundle: dict[str, Any] | None = None) -> WorkflowVersion:
    """A stored workflow version."""
    workflow, _ = Workflow.objects.get_or_create(name=name)
    made, _ = WorkflowVersion.objects.get_or_create(
        workflow=workflow,
        digest=digest([source, bundle or {}]),
        defaults={
            "number": workflow.versions.count() + 1,
            "source": source,
            "bundle": bundle or {},
            "file": f"workflows/{name}.yaml",
        },
    )
    return made


def make_run(name: str, now: datetime, **fields: Any) -> Run:
    """One run; counts and times as given."""
    source = fields.pop("yaml", None) or PLAIN % name
    bundle = fields.pop("bundle", None)
    ago = fields.pop("ago", 60)
    took = fields.pop("took", None)
    created = now - timedelta(seconds=ago)
    started = None if fields.get("status") == "queued" else created
    finished = created + timedelta(seconds=took) if took is not None else None
    run = Run(
        id=fields.pop("id", None) or ids.run_id(),
        workflow_name=name,
        version=version(name, source, bundle),
        created_at=created,
        started_at=started,
        finished_at=finished,
        **fields,
    )
    run.family_id = run.family_id or run.pk
    run.save(force_insert=True)
    return run


def add(run: Run, path: str, kind: str, status: str, now: datetime, **fields: Any) -> Execution:
    """One execution of a run."""
    at = run.started_at or now
    took = fields.pop("took", None)
    began = at + timedelta(seconds=fields.pop("after", 0))
    over = status in ("succeeded", "failed", "timeout", "cancelled")
    return Execution.objects.create(
        id=fields.pop("id", None) or ids.execution_id(),
        run=run,
        path=path,
        name=path.rpartition("/")[2],
        type=kind,
        status=status,
        created_at=began,
        started_at=None if status == "skipped" else began,
        finished_at=began + timedelta(seconds=took or 0) if over else None,
        duration_ms=round(took * 1000) if took is not None else None,
        **fields,
    )


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


def everything(now: datetime) -> tuple[Run, Run]:
    """A list as in the reference picture. Returns the running and the failed ship-feature."""

    def old(name: str, ago: float, **fields: Any) -> Run:
        return make_run(name, now, ago=ago, **fields)

    hour = 3600
    for n in range(60):
        old(
            ("fly-beads", "review-pr", "quick-fix", "cleanup")[n % 4],
            (4 + n * 0.33) * hour,
            took=20 + n,
            status="failed" if n % 7 == 3 else "succeeded",
            n_total=7 + n % 5,
            n_succeeded=(7 + n % 5) - (2 if n % 7 == 3 else 0),
            n_failed=2 if n % 7 == 3 else 0,
            created_by=("mira.k", "ci-token", "jonas.b")[n % 3],
        )
    issue = old(
        "process-issue",
        5 * hour,
        took=60,
        status="failed",
        n_total=14,
        n_succeeded=6,
        n_failed=1,
        created_by="ana.r",
    )
    base = old(
        "fly-beads",
        4.4 * hour,
        took=900,
        status="succeeded",
        n_total=96,
        n_succeeded=96,
        created_by="ana.r",
    )
    old(
        "cleanup",
        3 * hour,
        took=22,
        status="succeeded",
        n_total=7,
        n_succeeded=7,
        created_by="schedule:nightly",
    )
    old(
        "backfill-customer-accounts-eu-west",
        2.2 * hour,
        status="running",
        kind="resume",
        source=base,
        n_total=4100,
        n_succeeded=1970,
        n_reused=480,
        n_running=4,
        created_by="ana.r",
    )
    old(
        "review-pr",
        2.1 * hour,
        took=2.1,
        status="failed",
        kind="fork",
        source=base,
        status_reason="input_invalid: pr_number",
        n_total=9,
        n_succeeded=3,
        n_reused=2,
        n_failed=1,
        created_by="dario.v",
    )
    old(
        "release-train",
        2 * hour,
        took=566,
        status="succeeded",
        kind="fork",
        source=base,
        golden_name="release",
        n_total=31,
        n_succeeded=31,
        n_reused=19,
        created_by="jonas.b",
    )
    old(
        "nightly-refuel",
        1.9 * hour,
        took=191,
        status="cancelled",
        status_reason="cancelled by mira.k",
        n_total=18,
        n_succeeded=7,
        created_by="schedule:nightly",
    )
    old(
        "writer.summarise",
        1.5 * hour,
        took=8.4,
        status="succeeded",
        n_total=3,
        n_succeeded=3,
        created_by="api:writer",
    )
    old(
        "quick-fix",
        1.2 * hour,
        took=47,
        status="succeeded",
        n_total=6,
        n_succeeded=6,
        created_by="mira.k",
    )
    old(
        "embed-docs",
        1.1 * hour,
        took=1804,
        status="timeout",
        status_reason="step-timeout: crawl: no report within 30 min",
        n_total=12,
        n_succeeded=4,
        n_failed=1,
        created_by="schedule:hourly",
    )
    old(
        "fly-beads",
        55 * 60,
        took=151,
        status="succeeded",
        kind="restart",
        source=base,
        n_total=240,
        n_succeeded=240,
        n_reused=212,
        created_by="ana.r",
    )
    old(
        "process-issue",
        44 * 60,
        status="paused",
        kind="resume",
        source=issue,
        status_reason="paused by ana.r",
        n_total=14,
        n_succeeded=9,
        n_reused=6,
        created_by="ana.r",
    )
    old(
        "review-pr",
        38 * 60,
        took=72,
        status="succeeded",
        golden_name="",
        n_total=9,
        n_succeeded=9,
        created_by="dario.v",
    )
    failed = ship_feature_before(now)
    old(
        "release-train",
        23 * 60,
        status="waiting",
        kind="fork",
        source=base,
        status_reason="approval: deploy_prod, 1 of 2",
        n_total=31,
        n_succeeded=26,
        n_reused=22,
        created_by="jonas.b",
    )
    old(
        "nightly-refuel",
        14 * 60,
        status="queued",
        status_reason="no worker is free",
        n_total=18,
        created_by="schedule:nightly",
    )
    busy = old(
        "fly-beads",
        727,
        status="running",
        n_total=96,
        n_succeeded=41,
        n_running=3,
        created_by="ci-token",
    )
    add(busy, "implement[4]/validate", "shell", "running", now)
    return ship_feature(now, failed), failed
