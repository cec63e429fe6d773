"""Timers and approvals: the run waits, no worker does."""

from pathlib import Path

import pytest
from django.db import connection

from runs.actor import SYSTEM, Actor
from runs.engine import driver
from runs.engine.sweep import wake_due
from runs.errors import Conflict, InvalidInputs, NotAllowed, Refused, UnknownExecution
from runs.models import Run
from runs.operations.cancel_run import cancel_run
from runs.operations.decide_approval import decide_approval

from .here import do, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("user", "olga", "operator")
VIEWER = Actor("user", "vera", "viewer")

TIMER = """
version: "1.0"
name: timer
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: pause, type: wait, seconds: 1h}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ steps.pause.output.seconds }}"}}
"""
ASKED = """
version: "1.0"
name: asked
steps:
  - name: ask
    type: approval
    prompt: "Ship ${{ 1 + 1 }}?"
    form:
      where: {type: string, enum: [here, there]}
      times: {type: integer, default: 1}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ steps.ask.output.where }}"}}
"""


def parked(project: Path, text: str) -> Run:
    run = start(project, text)
    while driver.work(run.pk):
        pass
    run.refresh_from_db()
    assert run.status == "waiting"
    return run


def pass_time(run: Run) -> None:
    """As if the time of everything that waits in the run had come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_execution SET due_at = now() WHERE run_id = %s AND due_at IS NOT NULL",
            [run.pk],
        )
    wake_due(run.pk)


def test_a_timer_parks_the_run_and_goes_on_when_its_time_has_come(project: Path) -> None:
    run = parked(project, TIMER)
    assert run.status_reason == "step-waiting: pause"
    pause = steps(run)["pause"]
    assert pause.status_reason.startswith("timer: until ")
    assert pause.lease_until is None
    assert effects(project, run) == ["a"]
    assert wake_due(run.pk) == 0
    pass_time(run)
    assert do(run).status == "succeeded"
    assert steps(run)["b"].input == {"value": 3600.0}
    assert len(steps(run)["pause"].tries) == 1
    assert (run.n_running, run.n_failed, run.n_succeeded) == (0, 0, 3)


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2020-01-01"])
def test_a_moment_that_has_passed_does_not_wait(project: Path, until: str) -> None:
    run = do(start(project, TIMER.replace("seconds: 1h", f'until: "{until}"')))
    assert run.status == "succeeded"
    assert steps(run)["b"].input == {"value": 0.0}


@pytest.mark.parametrize(
    "written", ['seconds: "${{ 1 / 4 * -8 }}"', "until: \"${{ 'tomorrow' }}\""]
)
def test_what_is_no_time_fails_the_step_in_words(project: Path, written: str) -> None:
    run = do(start(project, TIMER.replace("seconds: 1h", written)))
    assert run.status == "failed"
    assert steps(run)["pause"].error["code"] == "bad-time"


def test_a_waiting_run_can_be_cancelled(project: Path) -> None:
    run = parked(project, TIMER)
    cancel_run(run.pk, by=SYSTEM)
    assert steps(run)["pause"].status == "cancelled"
    pass_time(run)
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_an_approval_waits_for_somebody_who_may_decide(project: Path) -> None:
    run = parked(project, ASKED)
    assert steps(run)["ask"].status_reason == "approval: Ship 2?"
    with pytest.raises(NotAllowed, match="vera may not decide about ask; operators may"):
        decide_approval(run.pk, "ask", approve=True, by=VIEWER)
    with pytest.raises(InvalidInputs) as wrong:
        decide_approval(run.pk, "ask", approve=True, by=OPERATOR, values={"where": "nowhere"})
    assert "where" in str(wrong.value.problems[0])
    with pytest.raises(Refused, match="no colour"):
        decide_approval(run.pk, "ask", approve=True, by=OPERATOR, values={"colour": "red"})
    decide_approval(run.pk, "ask", approve=True, by=OPERATOR, values={"where": "there"})
    with pytest.raises(Conflict, match="does not wait"):
        decide_approval(run.pk, "ask", approve=False, by=OPERATOR)
    assert do(run).status == "succeeded"
    said = steps(run)["ask"].output
    assert (said["approved"], said["by"]) == (True, "olga")
    assert (said["where"], said["times"]) == ("there", 1)
    assert steps(run)["b"].input == {"value": "there"}


def test_a_rejection_fails_the_step_and_says_who(project: Path) -> None:
    run = parked(project, ASKED)
    ask = steps(run)["ask"]
    decide_approval(run.pk, ask.pk, approve=False, by=OPERATOR, comment="not on a Friday")
    assert do(run).status == "failed"
    assert run.status_reason == "step-failed: ask: olga rejected it: not on a Friday"
    assert steps(run)["ask"].error["code"] == "rejected"


def test_nobody_decides_in_time(project: Path) -> None:
    run = parked(project, ASKED.replace("type: approval", "type: approval\n    timeout: 2h"))
    pass_time(run)
    assert do(run).status == "timeout"
    assert steps(run)["ask"].status == "timeout"


@pytest.mark.parametrize(
    ("approvers", "who", "may"),
    [
        ("[vera]", VIEWER, True),
        ("[vera]", OPERATOR, False),
        ("[admin]", OPERATOR, False),
        ("[viewer]", VIEWER, True),
        ("[operator]", Actor("user", "adam", "admin"), True),
    ],
)
def test_who_may_decide(project: Path, approvers: str, who: Actor, may: bool) -> None:
    text = ASKED.replace("type: approval", f"type: approval\n    approvers: {approvers}")
    run = parked(project, text)
    if may:
        decide_approval(run.pk, "ask", approve=True, by=who, values={"where": "here"})
        assert do(run).status == "succeeded"
    else:
        with pytest.raises(NotAllowed):
            decide_approval(run.pk, "ask", approve=True, by=who, values={"where": "here"})


def test_only_approvals_are_decided_about(project: Path) -> None:
    run = parked(project, TIMER)
    with pytest.raises(Refused, match="a is a python step"):
        decide_approval(run.pk, "a", approve=True, by=OPERATOR)
    with pytest.raises(UnknownExecution):
        decide_approval(run.pk, "nobody", approve=True, by=OPERATOR)
