"""The published `agentfield` package, unmodified, against a real server and real workers."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runs.models import AgentCall, Execution, Run
from tests.interruption.harness import wait_for

if TYPE_CHECKING:
    from tests.agentfield.plane import Plane

CLIENT = """
import asyncio, json, os, sys
from agentfield.client import AgentFieldClient
client = AgentFieldClient(base_url=os.environ["AGENTFIELD_SERVER"])
for line in sys.stdin:
    answer = asyncio.run(eval(json.loads(line)))
    print("ANSWER" + json.dumps(answer, default=str), flush=True)
"""
Ask = Callable[[str], Any]


@dataclass(frozen=True)
class Works:
    """What the agent has done, and whether its fourth reasoner fails."""

    done: Path
    fails: Path

    def lines(self) -> list[str]:
        return self.done.read_text().splitlines() if self.done.exists() else []


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, run_agent: Callable[..., Any]) -> Works:
    """The example of the docs, as one process for this file: importing the package is slow."""
    folder = tmp_path_factory.mktemp("works")
    made = Works(folder / "works", folder / "fail")
    run_agent("research", WORKS=str(made.done), FAIL_WHILE=str(made.fails))
    return made


@pytest.fixture(scope="module")
def ask(plane: "Plane", sdk_python: str) -> Iterator[Ask]:
    """What the package's own client answers, in a process of its own."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sdk_python, "-c", CLIENT],
            env={"PATH": "/usr/bin:/bin", "AGENTFIELD_SERVER": plane.url, "HOME": "/tmp"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )

        def asked(code: str) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(code) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith("ANSWER"):
                    return json.loads(line.removeprefix("ANSWER"))
            said.seek(0)
            raise AssertionError(said.read()[-3000:])

        yield asked
        process.kill()
        process.communicate()


def test_an_agent_registers_is_called_and_reports(plane, api, works, ask):
    told = ask('client.execute("research.plan", {"topic": "owls"})')
    assert told["status"] == "succeeded"
    assert told["result"] == {"topic": "owls", "parts": ["a", "b"]}
    assert works.lines() == ["plan"]
    listed = api.get("/api/v1/runs").json()["items"]
    run = next(one for one in listed if one["workflow"] == "research.plan")
    assert run["status"] == "succeeded"
    assert run["counts"]["total"] == run["counts"]["succeeded"] == 1
    page = api.get(f"/runs/{run['id']}")
    assert page.status_code == 200, plane.said()
    assert "research.plan" in page.text


def test_a_skill_answers_at_once(plane, works):
    made = plane.submit("research.add", {"a": 2, "b": 3})
    assert plane.ended(made["execution_id"])["result"] == {"sum": 5}


def test_a_restart_answers_what_succeeded_and_runs_the_rest(plane, api, works, ask):
    works.fails.touch()
    begun = len(works.lines())
    made = plane.submit("research.pipeline", {"topic": "owls"})
    told = plane.ended(made["execution_id"], 60)
    assert told["status"] == "failed"
    assert "the judge is out" in told["error"]
    first = works.lines()
    assert first[begun:] == ["pipeline", "plan", "search a", "search b", "summarise", "judge"]
    source = Run.objects.get(pk=made["run_id"])
    paths = set(Execution.objects.filter(run=source).values_list("path", flat=True))
    assert {"pipeline", "pipeline/research.plan", "pipeline/research.search~2"} <= paths
    assert source.status == "failed"

    works.fails.unlink()
    judge = AgentCall.objects.get(run=source, name="judge")
    again = ask(f'client.restart_execution("{judge.pk}", reason="retry")')
    assert again["kind"] == "restart"
    assert again["source_run_id"] == source.pk
    told = plane.ended(again["execution_id"], 60)
    assert told["result"] == {"topic": "owls", "verdict": {"good": True}}
    assert works.lines()[len(first) :] == ["pipeline", "judge"]
    dag = api.get(f"/api/ui/v1/workflows/{again['run_id']}/dag?lightweight=1").json()
    hits = [node["reasoner_id"] for node in dag["timeline"] if "reuse" in node]
    assert hits == ["plan", "search", "search", "summarise"]
    assert dag["lineage"]["restarted_execution_id"] == made["execution_id"]
    run = api.get(f"/api/v1/runs/{again['run_id']}").json()
    assert run["kind"] == "restart"
    assert run["counts"]["reused"] == 4
    page = api.get(f"/runs/{again['run_id']}")
    assert page.status_code == 200, plane.said()


def test_a_pause_is_decided_and_the_agent_goes_on(plane, api, works):
    made = plane.submit("research.careful", {"topic": "owls"})
    path = f"/api/v1/runs/{made['run_id']}/approvals"
    (item,) = wait_for(lambda: api.get(path).json()["items"], 60, "the question")
    assert "ask owls" in item["prompt"]
    assert api.get(f"/api/v1/executions/{made['execution_id']}").json()["status"] == "waiting"
    decided = api.post(f"{path}/careful", json={"approve": True, "comment": "go on"})
    assert decided.status_code == 200, decided.text
    told = plane.ended(made["execution_id"], 60)
    assert told["result"] == {"approved": True, "feedback": "go on"}


def test_an_agent_that_was_killed_leaves_nothing_open(plane, api, works, run_agent):
    """The last of this file: afterwards there is no agent any more."""
    made = plane.submit("research.endless")
    wait_for(lambda: "endless" in works.lines(), 60, "the work's begin")
    run_agent.processes[0].kill()
    told = plane.ended(made["execution_id"], 90)
    assert (told["status"], told["status_reason"]) == ("failed", "agent_restart_orphaned")
    again = api.post(f"/api/v1/executions/{made['execution_id']}/restart", json={})
    assert again.status_code == 202
    api.post(f"/api/v1/executions/{again.json()['execution_id']}/cancel", json={})
