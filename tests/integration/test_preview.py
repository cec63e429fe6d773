"""The preview of a restart: what each step took, what it saves, and when it no longer holds."""

from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from runs.actor import SYSTEM
from runs.cli.here import preview as in_json
from runs.cli.plan_table import print_plan
from runs.errors import Refused, StalePlan, UnknownExecution
from runs.models import Event, Execution, Run
from runs.operations.golden import mark_golden, set_assertions, unmark_golden
from runs.operations.restart_execution import plan_execution, restart_execution
from runs.operations.restart_run import NotConfirmed, RestartRequest, plan_restart, restart_run
from runs.planning.plan import Action

from .here import do, done, effects, steps

pytestmark = pytest.mark.django_db(transaction=True)

SHAPE = """
version: "1.0"
name: previewed
steps:
  - {name: a, type: python, action: mark}
  - {name: told, type: python, action: mark, effect: ask}
  - {name: sent, type: python, action: mark, effect: once}
  - {name: gate, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: maybe, type: python, action: mark, when: "steps.gate.output.ok"}
"""
KEEPS = """
version: "1.0"
name: keeps
steps:
  - {name: a, type: python, action: mark}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: mark}
  - {name: c, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
NAMED = """
version: "1.0"
name: named
steps:
  - {name: condition, type: python, action: mark}
  - {name: maybe, type: python, action: mark, when: "default(steps.condition.output.no, false)"}
"""
AGENT = """
version: "1.0"
name: previewed-agent
steps:
  - {name: write, type: agent, agent: writer, context: {task: now}}
  - {name: gate, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


HALF = """
version: "1.0"
name: previewed-half
inputs:
  names: {type: array, default: [p, q]}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: [1, 2, 3]}}
  - name: begun
    type: loop
    for_each: ${{ steps.a.output.value }}
    steps:
      - {name: first, type: python, action: mark}
      - {name: gate, type: python, action: fails_unless, kwargs: {name: fixed}}
  - name: known
    type: loop
    for_each: ${{ steps.a.output.value }}
    steps:
      - {name: one, type: python, action: mark, kwargs: {value: [7, 8]}}
      - {name: two, type: python, action: mark, when: "item > 1"}
      - {name: inner, type: loop, for_each: "${{ range(item) }}",
         steps: [{name: deep, type: python, action: mark}]}
      - {name: later, type: loop, for_each: "${{ steps.one.output.value }}",
         steps: [{name: deep, type: python, action: mark}]}
  - {name: last, type: loop, for_each: "${{ inputs.names }}",
     steps: [{name: one, type: python, action: mark}]}
  - {name: open, type: loop, for_each: "${{ default(steps.last.output, []) }}",
     steps: [{name: one, type: python, action: mark}]}
"""


def told(run: Run, **asked: object) -> dict[str, str]:
    preview = plan_restart(run.pk, RestartRequest(**asked))  # type: ignore[arg-type]
    return {item.path: item.action.value for item in preview.items}


def test_each_step_says_what_it_takes_or_saves(project: Path) -> None:
    first = done(project, SHAPE)
    Execution.objects.filter(run=first, path="a").update(duration_ms=4000)
    Execution.objects.filter(run=first, path="gate").update(duration_ms=700)
    preview = plan_restart(first.pk)
    items = {item.path: item for item in preview.items}
    assert (items["a"].saved_ms, items["a"].expected_ms) == (4000, None)
    assert (items["gate"].saved_ms, items["gate"].expected_ms) == (None, 700)
    assert items["maybe"].expected_ms is None
    assert preview.saved_ms == sum(item.saved_ms or 0 for item in preview.items) >= 4000
    assert preview.saved_cost is None


def test_what_a_condition_decides_is_not_known(project: Path) -> None:
    first = done(project, SHAPE)
    assert told(first) == {
        "a": "reuse", "told": "reuse", "sent": "reuse", "gate": "run", "maybe": "unknown",
    }  # fmt: skip
    last = plan_restart(first.pk).items[-1]
    assert last.because == "depends on `gate`, which runs again; its condition decides"


def test_that_a_condition_decides_is_said_whatever_the_step_above_is_called(project: Path) -> None:
    first = done(project, NAMED)
    last = plan_restart(first.pk, RestartRequest(from_="condition")).items[-1]
    assert last.because == "depends on `condition`, which runs again; its condition decides"


def test_what_had_not_begun_is_counted_or_told_in_words(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = done(project, HALF)
    with CaptureQueriesContext(connection) as asked:
        preview = plan_restart(first.pk)
    assert sum('"output"' in one["sql"] for one in asked) == 1  # all that lists read, at once
    beside = {more.path: more for more in preview.not_begun}
    counted = {path: (one.turns, one.run, one.unknown) for path, one in beside.items()}
    assert counted == {
        "begun": (2, 4, 0),
        "known": (3, 15, 3),  # of each turn `one`, `inner`, `later`, and `deep` 1, 2 and 3 times
        "known/later": (None, 0, 0),
        "last": (2, 2, 0),
        "open": (None, 0, 0),
    }
    assert beside["begun"].because == "2 more turns that had not begun"
    assert [path for path, one in beside.items() if one.is_open] == ["known/later", "open"]
    # Beside them: the loops that open, and the turn that failed.
    assert preview.counts == {"reuse": 2, "run": 5 + 4 + 15 + 2, "unknown": 3}
    print_plan(in_json(preview))
    said = " ".join(capsys.readouterr().out.split())
    assert "Will run (26)" in said
    assert "2 turns that had not begun: 2 steps" in said
    assert "how many turns it has is known when it runs" in said
    assert "26 run, 3 decided on the way, and more in 2 places (known when it runs)" in said
    (project / "fixed").touch()
    second = do(restart_run(first.pk, RestartRequest(plan_id=preview.plan_id), by=SYSTEM))
    fresh = [path for path, row in steps(second).items() if not row.reused_from]
    more = [path for path in fresh if path.startswith("open[") or "/later[" in path]
    skipped = [path for path, row in steps(second).items() if row.status == "skipped"]
    assert len(fresh) - len(more) == 26 + 3
    assert skipped == ["known[0]/two"]


def test_a_preview_is_committed_as_it_is(project: Path) -> None:
    first = done(project, SHAPE)
    preview = plan_restart(first.pk)
    (project / "fixed").touch()
    second = do(restart_run(first.pk, RestartRequest(plan_id=preview.plan_id), by=SYSTEM))
    assert effects(project, second)[0] == "gate"
    for item in preview.items:
        row = steps(second)[item.path]
        if item.action is not Action.UNKNOWN:
            assert bool(row.reused_from) == (item.action is Action.REUSE), item.path


def test_a_source_that_went_on_makes_the_preview_stale(project: Path) -> None:
    first = done(project, SHAPE)
    preview = plan_restart(first.pk)
    Event.objects.create(run=first, seq=first.event_seq + 1, kind="step.succeeded", at=Now())
    Run.objects.filter(pk=first.pk).update(event_seq=first.event_seq + 1)
    with pytest.raises(StalePlan):
        restart_run(first.pk, RestartRequest(plan_id=preview.plan_id), by=SYSTEM)


def test_a_star_on_the_source_leaves_the_preview_as_it_is(project: Path) -> None:
    (project / "fixed").touch()
    first = done(project, KEEPS)
    asked = RestartRequest(from_="c")
    preview = plan_restart(first.pk, asked)
    mark_golden(first.pk, "base", by=SYSTEM, tags=["nightly"])
    set_assertions(first.pk, "nodes: {a: ignore}", by=SYSTEM)
    assert plan_restart(first.pk, asked).plan_id == preview.plan_id
    unmark_golden(first.pk, by=SYSTEM)
    named = RestartRequest(from_="c", plan_id=preview.plan_id)
    assert restart_run(first.pk, named, by=SYSTEM).source_id == first.pk


def test_another_body_makes_the_preview_stale(project: Path) -> None:
    first = done(project, SHAPE)
    named = plan_restart(first.pk).plan_id
    for other in (
        {"reuse": "none", "confirm": ("told",)},
        {"from_": "a", "confirm": ("told",)},
        {"scope": "execution", "from_": "gate"},
        {"context": {"model": "large"}},
    ):
        with pytest.raises(StalePlan):
            restart_run(first.pk, RestartRequest(plan_id=named, **other), by=SYSTEM)  # type: ignore[arg-type]


def test_another_version_of_the_code_makes_the_preview_stale(project: Path) -> None:
    settings = project / "maverick.toml"
    settings.write_text('[agents.writer]\ncommand = ["sh", "-c", "echo 1"]\noutput = "json"\n')
    first = done(project, AGENT)
    preview = plan_restart(first.pk)
    assert preview.items[0].action is Action.REUSE
    settings.write_text('[agents.writer]\ncommand = ["sh", "-c", "echo 2"]\noutput = "json"\n')
    with pytest.raises(StalePlan):
        restart_run(first.pk, RestartRequest(plan_id=preview.plan_id), by=SYSTEM)


def test_the_cost_of_reused_agents_is_saved_over_generations(project: Path) -> None:
    settings = project / "maverick.toml"
    settings.write_text('[agents.writer]\ncommand = ["sh", "-c", "echo 1"]\noutput = "json"\n')
    first = done(project, AGENT)
    row = steps(first)["write"]
    tries = [{**row.tries[0], "usage": {"model": "m", "cost": 0.25}}]
    Execution.objects.filter(pk=row.pk).update(tries=tries)
    assert plan_restart(first.pk).saved_cost == 0.25
    second = do(restart_run(first.pk, by=SYSTEM))
    assert plan_restart(second.pk).saved_cost == 0.25


def test_what_asks_is_named_and_wants_to_be_confirmed(project: Path) -> None:
    first = done(project, SHAPE)
    asked = RestartRequest(from_="a")
    assert plan_restart(first.pk, asked).confirm == ("told",)
    with pytest.raises(NotConfirmed) as refused:
        restart_run(first.pk, asked, by=SYSTEM)
    assert refused.value.paths == ("told",)
    confirmed = RestartRequest(from_="a", confirm=("told",))
    again = effects(project, do(restart_run(first.pk, confirmed, by=SYSTEM)))
    assert [path for path in again if path != "gate"] == ["a", "told"]


def test_what_asks_and_may_happen_again_wants_to_be_confirmed_too(project: Path) -> None:
    first = done(project, SHAPE)
    asked = RestartRequest(from_="a", reuse="all-succeeded")
    assert told(first, from_="a", reuse="all-succeeded")["told"] == "unknown"
    with pytest.raises(NotConfirmed):
        restart_run(first.pk, asked, by=SYSTEM)


def test_a_receipt_is_reused_whatever_was_chosen(project: Path) -> None:
    first = done(project, SHAPE)
    preview = plan_restart(first.pk, RestartRequest(from_="a"))
    sent = next(item for item in preview.items if item.path == "sent")
    assert (sent.action, sent.effect) == (Action.REUSE, "once")
    assert "its receipt is reused" in sent.because


def test_reuse_of_a_checkpoint_keeps_what_it_holds(project: Path) -> None:
    first = done(project, KEEPS)
    assert told(first, reuse="checkpoint") == {
        "a": "reuse", "save": "reuse", "b": "run", "c": "run",
    }  # fmt: skip
    with pytest.raises(Refused, match="no checkpoint"):
        plan_restart(done(project, SHAPE).pk, RestartRequest(reuse="checkpoint"))


def test_an_execution_is_restarted_by_its_id(project: Path) -> None:
    first = done(project, KEEPS)
    b = steps(first)["b"].pk
    actions = {i.path: i.action.value for i in plan_execution(b, RestartRequest()).items}
    assert actions == {"a": "reuse", "save": "reuse", "b": "run", "c": "run"}
    second = do(restart_execution(b, RestartRequest(), by=SYSTEM))
    assert (second.source_id, effects(project, second)[0]) == (first.pk, "b")
    alone = do(restart_execution(b, RestartRequest(scope="execution"), by=SYSTEM))
    assert effects(project, alone) == ["b"]
    with pytest.raises(UnknownExecution):
        plan_execution("exec_nobody", RestartRequest())
    with pytest.raises(Refused):
        plan_execution(b, RestartRequest(from_="a"))
