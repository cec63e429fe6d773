"""Runs of the later kinds of steps, as rows: one that waits for a decision, one that was undone."""

from datetime import datetime, timedelta
from typing import Any

from runs.models import Execution, Run
from tests.browser.rows import add, make_run

TRAIN = """\
version: "1.0"
name: release-train
steps:
  - {name: fetch, type: shell, run: git fetch, requires: [git]}
  - {name: mirror, type: shell, run: make mirror, on_error: continue}
  - name: sign
    type: shell
    run: make sign
    on_error: {name: sign_later, type: python, action: queue.sign}
  - name: notes
    type: generate
    generator: writer
    context: {prompt: Notes}
    on_error: {name: plain_notes, type: shell, run: git log}
  - name: check
    type: validate
    stages: [format, lint, test]
    on_failure: {name: fix, type: agent, agent: fixer}
  - name: deploy
    type: approval
    prompt: Release v1.4.0 to everybody?
    form:
      channel: {type: string, enum: [stable, beta], default: stable, description: Where it goes}
      percent: {type: integer, description: How many get it first}
      notify: {type: boolean, default: true}
      extra: {type: object, required: false}
    timeout: 2d
  - {name: settle, type: wait, seconds: 10m, needs: [notes]}
  - {name: publish, type: shell, run: make publish, needs: [deploy, settle]}
"""
UNDONE = """\
version: "1.0"
name: move-servers
steps:
  - {name: reserve, type: python, action: servers.reserve, rollback: servers.free}
  - name: start
    type: loop
    for_each: [eu, us]
    steps:
      - {name: boot, type: python, action: servers.boot, rollback: servers.stop}
  - {name: announce, type: python, action: mail.send}
"""
LINT: dict[str, Any] = {
    "passed": False,
    "duration_ms": 410,
    "output": "src/a.py:12:5: F401 `os` imported but unused",
    "errors": [
        {"file": "src/a.py", "line": 12, "message": "F401 `os` imported but unused"},
        {"file": "", "line": None, "message": "1 error in 40 files"},
    ],
    "command": "ruff check .",
    "exit_code": 1,
}
FINE: dict[str, Any] = {**LINT, "passed": True, "errors": [], "output": "", "exit_code": 0}
SKIPPED: dict[str, Any] = {
    "passed": False,
    "duration_ms": 0,
    "output": "skipped: prior stage failed",
    "errors": [],
    "skipped": "prior stage failed",
}


def said(lint: dict[str, Any], test: dict[str, Any]) -> dict[str, Any]:
    """The output of one check."""
    passed = bool(lint["passed"])
    results = {"format": FINE, "lint": lint, "test": test}
    return {
        "success": passed,
        "passed": passed,
        "stages": list(results),
        "stage_results": results,
    }


def tried(outcome: str, **more: Any) -> list[dict[str, Any]]:
    """One attempt."""
    return [{"n": 1, "outcome": outcome, **more}]


def waiting(now: datetime) -> Run:
    """A release that waits for somebody's decision; two failures were handled on the way."""
    run = make_run(
        "release-train", now, ago=400, status="waiting", yaml=TRAIN, n_total=18, n_succeeded=9,
        n_failed=2, n_skipped=2, status_reason="step-waiting: deploy", created_by="mira.k",
    )  # fmt: skip

    def step(path: str, kind: str, status: str, position: int, **more: Any) -> Execution:
        return add(run, path, kind, status, now, position=position, **more)

    down = {"code": "command-failed", "message": "exit code 3: mirror.example is down", "hint": ""}
    no_key = {"code": "command-failed", "message": "exit code 2: no key", "hint": ""}
    step("preflight", "python", "succeeded", 0, took=0.1)
    step("fetch", "shell", "succeeded", 1, after=1, took=3)
    step("mirror", "shell", "failed", 2, after=4, took=6, error=down,
         status_reason="command-failed: exit code 3: mirror.example is down",
         tries=tried("failed", reason="command-failed: exit code 3: mirror.example is down"))  # fmt: skip
    step("sign", "shell", "failed", 3, after=10, took=2, error=no_key,
         status_reason="command-failed: exit code 2: no key", tries=tried("failed"))  # fmt: skip
    step("sign_later", "python", "succeeded", 4, after=12, took=1)
    used = {"agent": "writer", "model": "small-2", "tokens_in": 12400, "tokens_out": 1310,
            "cost": 0.0231}  # fmt: skip
    step("notes", "generate", "succeeded", 5, after=13, took=18, output="# v1.4.0",
         tries=tried("succeeded", usage=used))  # fmt: skip
    step("plain_notes", "shell", "skipped", 6, status_reason="`notes` did not fail")
    check = step("check", "validate", "succeeded", 7, after=31, took=60, input={"last": 4},
                 output={**said(FINE, FINE), "attempts": 2})  # fmt: skip
    for turn, (lint, test) in enumerate([(LINT, SKIPPED), (FINE, FINE)]):
        step(f"check[{turn}]/check", "validate", "succeeded", 0, after=31 + 30 * turn, took=9,
             output=said(lint, test), parent_id=check.pk)  # fmt: skip
    step("check[0]/fix", "agent", "succeeded", 1, after=40, took=20, parent_id=check.pk,
         tries=tried("succeeded", usage={**used, "agent": "fixer", "cost": None}))  # fmt: skip
    step("check[1]/fix", "agent", "skipped", 1, status_reason="condition is false",
         parent_id=check.pk)  # fmt: skip
    asked = (now - timedelta(seconds=200)).isoformat()
    step("deploy", "approval", "waiting", 8, after=200, due_at=now + timedelta(days=2),
         input={"prompt": "Release v1.4.0 to everybody?"},
         status_reason="approval: Release v1.4.0 to everybody?",
         tries=tried("waiting", finished_at=asked))  # fmt: skip
    step("settle", "wait", "waiting", 9, after=100, due_at=now + timedelta(minutes=9),
         status_reason="timer: until 2026-11-21T09:00:00+00:00", tries=tried("waiting"))  # fmt: skip
    return run


def undone(now: datetime) -> Run:
    """A run that failed at its last step and took back what it had done."""
    run = make_run(
        "move-servers", now, ago=900, took=60, status="failed", yaml=UNDONE, n_total=8,
        n_succeeded=7, n_failed=1, status_reason="step-failed: announce: no such address",
    )  # fmt: skip

    def step(path: str, kind: str, status: str, position: int, **more: Any) -> Execution:
        return add(run, path, kind, status, now, position=position, took=4, **more)

    reserve = step("reserve", "python", "succeeded", 0)
    loop = step("start", "loop", "succeeded", 1, after=5, input={"items": ["eu", "us"], "limit": 1})
    for turn in range(2):
        boot = step(f"start[{turn}]/boot", "python", "succeeded", 0, after=6, parent_id=loop.pk)
        step(f"start[{turn}]/boot/rollback", "python", "succeeded", 0, after=40,
             parent_id=boot.pk)  # fmt: skip
    step("announce", "python", "failed", 2, after=20,
         error={"code": "action-failed", "message": "no such address", "hint": ""},
         status_reason="action-failed: no such address")  # fmt: skip
    step("reserve/rollback", "python", "succeeded", 0, after=50, parent_id=reserve.pk)
    return run
