"""Agents and a run of a workflow whose step is an agent that calls others, as rows."""

from datetime import datetime, timedelta
from typing import Any

from runs.agentfield import Caller
from runs.models import Agent, AgentCall, Execution, Run
from runs.record.agent_calls import Target
from tests.browser.rows import add, make_run

BRIEF = """\
version: "1.0"
name: market-brief
inputs:
  topic: {type: string}
steps:
  - {name: collect, type: shell, run: ./collect.sh}
  - name: research
    type: agent
    agent: research.pipeline
    context: {topic: "${{ inputs.topic }}"}
  - {name: publish, type: shell, run: ./publish.sh, when: "${{ steps.research.output.good }}"}
"""
PLAN: dict[str, Any] = {
    "id": "plan",
    "description": "Splits a topic into parts that can be searched one by one.",
    "tags": ["planning"],
    "input_schema": {
        "type": "object",
        "properties": {
            "topic": {"type": "string", "description": "What the brief is about"},
            "depth": {"type": "integer", "default": 2},
            "tone": {"type": "string", "enum": ["dry", "warm"]},
            "sources": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["topic"],
    },
    "output_schema": {"type": "object", "properties": {"parts": {"type": "array"}}},
}


def agents(now: datetime) -> None:
    """One that is well, one that lacks something, one that says nothing, one that has stopped."""
    told = [
        ("research", "ready", -3600, [PLAN, *({"id": n} for n in ("search", "summarise", "judge", "pipeline"))]),
        ("reviewer", "degraded", -3600, [{"id": "review"}]),
        ("mailer", "ready", 700, [{"id": "send"}]),
        ("old-indexer", "offline", 90_000, []),
    ]  # fmt: skip
    for name, status, seen, reasoners in told:
        Agent.objects.create(
            id=name,
            base_url=f"http://127.0.0.1:93{len(name):02}",
            version="1.4.0" if name == "research" else "0.9.2",
            instance_id=name * 2,
            instance_since=now - timedelta(hours=3),
            status=status,
            last_heartbeat=now - timedelta(seconds=seen),
            registered_at=now - timedelta(hours=4),
            reasoners=reasoners,
            skills=[{"id": "add"}] if name == "research" else [],
        )


def nested_calls(now: datetime) -> Run:
    """A run, restarted from a failed one: two of its agent's calls are reused, one goes on."""
    source = make_run(
        "market-brief", now, ago=600, took=90, status="failed", yaml=BRIEF, n_total=3, n_failed=1,
        n_succeeded=1, status_reason="step-failed: research: the judge is out",
    )  # fmt: skip
    run = make_run(
        "market-brief", now, ago=40, status="running", yaml=BRIEF, kind="restart", source=source,
        family_id=source.pk, n_total=9, n_succeeded=6, n_reused=4, n_running=1,
        inputs={"topic": "owls"}, created_by="mira.k",
    )  # fmt: skip
    again = {"reused_run": source.pk, "origin_run": source.pk}

    def reused(path: str, kind: str, position: int, **more: Any) -> Execution:
        done = add(source, path, kind, "succeeded", now, position=position, took=9)
        return add(
            run, path, kind, "succeeded", now, position=position, took=0, reused_from=done.pk,
            origin_execution=done.pk, **again, **more,
            decision={"action": "reuse", "because": "the same call succeeded in the source run"},
        )  # fmt: skip

    reused("collect", "shell", 0)
    step = add(
        run, "research", "agent", "waiting", now, position=1, input={"topic": "owls"},
        status_reason="agent: research.pipeline",
    )  # fmt: skip
    found = [
        reused("research/research.plan", "call", 1_000_001, parent_id=step.pk),
        reused("research/research.search", "call", 1_000_002, parent_id=step.pk),
        reused("research/research.search~2", "call", 1_000_003, parent_id=step.pk),
        add(run, "research/research.summarise", "call", "succeeded", now, position=1_000_004,
            after=2, took=14, parent_id=step.pk, output={"summary": "Owls see at night."}),
    ]  # fmt: skip
    judge = add(run, "research/research.judge", "call", "running", now, position=1_000_005,
                after=17, parent_id=step.pk)  # fmt: skip
    second = add(run, "research/research.judge/reviewer.review", "call", "succeeded", now,
                 position=1_000_006, after=18, took=6, parent_id=judge.pk)  # fmt: skip
    for number, one in enumerate([step, *found, judge, second], 1):
        _call(run, one, number, now)
    return run


def _call(run: Run, execution: Execution, number: int, now: datetime) -> None:
    target = "research.pipeline" if execution.type == "agent" else execution.name.partition("~")[0]
    node, _, name = target.partition(".")
    over = execution.finished_at
    AgentCall.objects.create(
        id=execution.pk, run=run, execution_id=execution.pk, number=number, node=node, name=name,
        role="step" if execution.type == "agent" else "nested", kind="reasoner",
        parent=execution.parent_id or "", match_key=Target(node, name, "reasoner", {}).key,
        state="over" if over else "begun", status=execution.status if over else "running",
        status_reason=f"replayed_from_execution:{execution.reused_from}"
        if execution.reused_from else "",
        has_result=over is not None, created_at=execution.created_at,
        dispatched_at=execution.started_at, ended_at=over,
        replay_run=run.source_id or Caller().replay_run,
    )  # fmt: skip
