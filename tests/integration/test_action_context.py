"""What a step's context gives to an action: secrets, and a way to be stopped."""

import threading
import time
from pathlib import Path

import pytest

from runs.engine.heartbeat import heartbeat
from tests.interruption.harness import wait_for
from tests.processes import living

from .here import do, done, said, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

ACTIONS = """
@action("tell_secret")
def tell_secret(context, name):
    value = context.secret(name)
    context.log(f"the value is {value}")
    return {"value": value}

@action("looks", reports=True)
def looks():
    return {"success": False}

@action("fails")
def fails():
    return {"success": False, "error": "no"}

@action("sleeps")
def sleeps(context):
    from runs.library.actions.programs import run
    run(context, ["sh", "-c", "touch begun; sleep 600 & sleep 600"], env={"SLEEPS_IN": str(HERE)})
"""


def test_an_action_that_reports_may_say_success_false(project: Path) -> None:
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(ACTIONS)
    run = done(
        project,
        """
        version: "1.0"
        name: reports
        steps:
          - {name: looks, type: python, action: looks}
          - {name: fails, type: python, action: fails}
        """,
    )
    assert run.status == "failed"
    assert steps(run)["looks"].output == {"success": False}
    assert steps(run)["fails"].status == "failed"


def test_a_secret_that_an_action_asks_for_is_masked_everywhere(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_DOOR", "open-sesame-9")
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(ACTIONS)
    run = done(
        project,
        """
        version: "1.0"
        name: secrets
        steps:
          - {name: known, type: python, action: tell_secret, kwargs: {name: DOOR}}
          - {name: unknown, type: python, action: tell_secret, kwargs: {name: WINDOW}}
        """,
    )
    assert said(run, "known", "log") == "the value is •••\n"
    assert steps(run)["known"].output == {"value": "•••"}
    assert steps(run)["unknown"].output == {"value": None}


def test_a_program_of_an_action_is_ended_with_its_step(project: Path) -> None:
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(ACTIONS)
    run = start(
        project,
        """
        version: "1.0"
        name: sleepy
        steps:
          - {name: sleep, type: python, action: sleeps, timeout: 5m}
        """,
    )

    def stop() -> None:
        wait_for((project / "begun").exists)
        heartbeat.stop_all("timeout")

    thread = threading.Thread(target=stop)
    thread.start()
    began = time.monotonic()
    do(run)
    thread.join()
    assert time.monotonic() - began < 60
    assert steps(run)["sleep"].status == "timeout"
    assert living(f"SLEEPS_IN={project}") == {}
