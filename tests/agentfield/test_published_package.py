"""The published `agentfield` package, unmodified, against a real server and real workers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runs.models import AgentCall, Execution, Run

CLIENT = """
import asyncio, json, os, sys
from agentfield.client import AgentFieldClient
client = AgentFieldClient(base_url=os.environ["AGENTFIELD_SERVER"])
{code}
print("ANSWER" + json.dumps(answer, default=str))
"""


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return tmp_path / "works"


@pytest.fixture
def env(works: Path, tmp_path: Path) -> dict[str, str]:
    return {"WORKS": str(works), "FAIL_WHILE": str(tmp_path / "fail")}


def ask(python: str, url: str, code: str) -> Any:
    """What the package's own client answers."""
    done = subprocess.run(
        [python, "-c", CLIENT.replace("{code}", code)],
        env={"PATH": "/usr/bin:/bin", "AGENTFIELD_SERVER": url, "HOME": "/tmp"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert lines, done.stdout[-2000:] + done.stderr[-3000:]
    return json.loads(lines[-1].removeprefix("ANSWER"))


def test_an_agent_registers_is_called_and_reports(plane, api, run_agent, sdk_python, works, env):
    run_agent("solo", **env)
    told = ask(
        sdk_python,
        plane.url,
        'answer = asyncio.run(client.execute("solo.plan", {"topic": "owls"}))',
    )
    assert told["status"] == "succeeded"
    assert told["result"] == {"topic": "owls", "parts": ["a", "b"]}
    assert works.read_text().split() == ["plan"]
    listed = api.get("/api/v1/runs").json()["items"]
    run = next(one for one in listed if one["workflow"] == "solo.plan")
    assert run["status"] == "succeeded"
    assert run["counts"]["total"] == run["counts"]["succeeded"] == 1
    page = api.get(f"/runs/{run['id']}")
    assert page.status_code == 200, plane.said()
    assert "solo.plan" in page.text


def test_a_skill_answers_at_once(plane, run_agent, env):
    run_agent("skilled", **env)
    made = plane.submit("skilled.add", {"a": 2, "b": 3})
    assert plane.ended(made["execution_id"])["result"] == {"sum": 5}


def test_a_restart_answers_what_succeeded_and_runs_the_rest(
    plane, api, run_agent, sdk_python, works, env
):
    Path(env["FAIL_WHILE"]).touch()
    run_agent("research", **env)
    made = plane.submit("research.pipeline", {"topic": "owls"})
    told = plane.ended(made["execution_id"], 60)
    assert told["status"] == "failed"
    assert "the judge is out" in told["error"]
    first = works.read_text().splitlines()
    assert first == ["pipeline", "plan", "search a", "search b", "summarise", "judge"]
    source = Run.objects.get(pk=made["run_id"])
    paths = set(Execution.objects.filter(run=source).values_list("path", flat=True))
    assert {"pipeline", "pipeline/research.plan", "pipeline/research.search~2"} <= paths
    assert source.status == "failed"

    Path(env["FAIL_WHILE"]).unlink()
    judge = AgentCall.objects.get(run=source, name="judge")
    again = ask(
        sdk_python,
        plane.url,
        f'answer = asyncio.run(client.restart_execution("{judge.pk}", reason="retry"))',
    )
    assert again["kind"] == "restart"
    assert again["source_run_id"] == source.pk
    told = plane.ended(again["execution_id"], 60)
    assert told["result"] == {"topic": "owls", "verdict": {"good": True}}
    assert works.read_text().splitlines()[len(first) :] == ["pipeline", "judge"]
    dag = api.get(f"/api/ui/v1/workflows/{again['run_id']}/dag?lightweight=1").json()
    hits = [node["reasoner_id"] for node in dag["timeline"] if "reuse" in node]
    assert hits == ["plan", "search", "search", "summarise"]
    assert dag["lineage"]["restarted_execution_id"] == made["execution_id"]
    run = api.get(f"/api/v1/runs/{again['run_id']}").json()
    assert run["kind"] == "restart"
    assert run["counts"]["reused"] == 4
    page = api.get(f"/runs/{again['run_id']}")
    assert page.status_code == 200, plane.said()
