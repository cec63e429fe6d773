"""Runs as pages meet them: those of the design's pictures, and the oddest that are legal."""

from datetime import datetime
from typing import Any

from runs.models import Run
from tests.browser.rows import add, make_run
from tests.browser.sample_ship_feature import ship_feature, ship_feature_before


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


def odd(now: datetime) -> Run:
    """Names, reasons and inputs that are longer than any page is wide, and in many scripts."""
    name = "a-workflow-with-the-longest-name-that-anybody-could-give-it-here"  # 64 signs
    step = "step_with_a_name_that_is_longer_than_anybody_needs"
    yaml = f"""\
version: "1.0"
name: {name}
description: "{"Words without end. " * 20}"
inputs:
  {step}: {{type: string, default: "{"x" * 300}", description: "{"word " * 40}"}}
steps:
  - {{name: {step}, type: shell, run: "true"}}
  - name: either
    type: branch
    options:
      - when: ${{{{ inputs.{step} == '{"y" * 60}' }}}}
        step: {{name: {step}_2, type: shell, run: "true"}}
  - name: each_{step}
    type: loop
    for_each: ${{{{ range(3) }}}}
    steps: [{{name: inner_{step}, type: shell, run: "true"}}]
"""
    why = "step-failed: " + "no room for this " * 40 + "x" * 300
    run = make_run(
        name,
        now,
        yaml=yaml,
        ago=400_000,
        took=100_000,
        status="failed",
        status_reason=why,
        n_total=4,
        n_succeeded=1,
        n_failed=2,
        created_by="somebody.with.a.long.name@an-organisation-with-a-long-name.example",
        labels={f"label-{n}": "value " * 6 for n in range(9)},
        inputs={step: "x" * 3000, "<b>tags</b>": "<script>alert(1)</script>", "שלום": "مرحبا"},
        reason="because " * 40,
    )
    error = {"code": "odd", "message": "no room for this " * 40, "hint": "hint " * 80}
    failed = {"took": 9, "status_reason": why, "error": error}
    add(run, step, "shell", "succeeded", now, took=99_999, output={"text": "line\n" * 50})
    add(run, "either", "branch", "failed", now, position=1, **failed)
    tries = [{"n": n, "outcome": "failed", "reason": why} for n in range(1, 13)]
    add(run, f"either/{step}_2", "shell", "failed", now, tries=tries, **failed)
    for n in range(6):
        make_run(
            name,
            now,
            yaml=yaml,
            ago=60 - n,
            took=1,
            status="succeeded",
            kind="restart",
            source=run,
            family_id=run.pk,
            n_total=4,
            n_succeeded=4,
            n_reused=3,
            golden_name="a golden name " * 4 if not n else None,
        )
    return run
