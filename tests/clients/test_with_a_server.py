"""The clients against a real server with a real worker."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from maverick_client import Client

from tests.clients import scenario
from tests.clients.conftest import Served
from tests.docs.pages import ROOT, blocks
from tools import typescript

PLAYERS = Path(__file__).with_name("players")
PYTHON_CLIENT = ROOT / "clients" / "python"
ALONE = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
assert not {"django", "runs"} & set(sys.modules)
"""


def alone(program: Path, *words: str) -> list[str]:
    """A program that uses the Python client, and may use nothing of the server."""
    return [sys.executable, "-c", ALONE, str(PYTHON_CLIENT), str(program), *words]


REPORT = """
version: "1.0"
name: press
steps:
  - {name: press, type: agent, agent: report.write, context: {topic: rain}}
"""


def bearer(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"}


@contextmanager
def running_agent(served: Served, command: list[str], folder: Path) -> Iterator[None]:
    """An agent in a process of its own, until it says that it listens; then SIGTERM."""
    with subprocess.Popen(
        command, cwd=folder, env=served.env(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert " listens at http://127.0.0.1:" in said, said + process.stdout.read()
            yield
        finally:
            process.terminate()
        assert process.wait(60) == 0


def in_typescript(name: str, *words: str) -> list[str]:
    return typescript.node(str(typescript.build() / "build" / "test" / f"{name}.js"), *words)


Player = tuple[list[str], list[str]]  # what plays, and the agent that it calls
FIVE = alone(PLAYERS / "five.py")


def by_python(file: str) -> Player:
    return alone(PLAYERS / "by_python.py", file), FIVE


def by_typescript(file: str) -> Player:
    return in_typescript("player", file), in_typescript("five")


def by_command_line(file: str) -> Player:
    return [sys.executable, str(PLAYERS / "by_command_line.py"), file], FIVE


@pytest.mark.parametrize("player", [by_python, by_typescript, by_command_line])
def test_one_scenario_is_played_by_every_client(served: Served, tmp_path: Path, player) -> None:
    command, agent = player(str(scenario.FILE))
    with running_agent(served, agent, tmp_path):
        assert scenario.judged(served.play(*command)) == []


def test_a_player_that_gets_something_else_is_told_at_every_step() -> None:
    """Else three players that get nothing would pass as well."""
    said = "\n".join(json.dumps({"id": f"run_{number}"}) for number in range(len(scenario.steps())))
    wrong = scenario.judged(said)
    assert {int(line.split()[0]) for line in wrong} == set(range(1, len(scenario.steps()) + 1))
    assert "2 wait: status is '(nothing there)', not 'failed'" in wrong


def test_the_readme_of_the_python_client_does_what_it_says(served: Served, tmp_path: Path) -> None:
    text = (PYTHON_CLIENT / "README.md").read_text()
    example = tmp_path / "example.py"
    example.write_text("\n".join(blocks(text, "python")))
    assert served.play(*alone(example), cwd=tmp_path) == "".join(blocks(text, "text"))


def test_the_readme_of_the_typescript_client_does_what_it_says(served: Served) -> None:
    folder = typescript.build()
    text = (folder / "README.md").read_text()
    example = folder / "build" / "example.mts"  # inside the package, which is found by its name
    example.write_text("\n".join(blocks(text, "ts")))
    compiler = str(folder / "node_modules" / "typescript" / "bin" / "tsc")
    options = [
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--types",
        "node",
        "--skipLibCheck",
    ]
    served.play(*typescript.node(compiler, *options, str(example)), cwd=folder)
    said = served.play(*typescript.node(str(example.with_suffix(".mjs"))), cwd=folder)
    assert said == "".join(blocks(text, "text"))


def test_the_tests_of_the_typescript_client_pass(served: Served) -> None:
    folder = typescript.build()
    files = sorted(map(str, (folder / "build" / "test").glob("*.test.js")))
    said = served.play(*typescript.node("--test", "--test-timeout=120000", *files), cwd=folder)
    assert "# fail 0" in said or "ℹ fail 0" in said, said


def test_the_example_of_five_reasoners_reuses_four_calls(served: Served, tmp_path: Path) -> None:
    """And stops on SIGTERM, after which Maverick knows that it is gone."""
    assert len((ROOT / "examples" / "five_reasoners_client.py").read_text().splitlines()) <= 60
    (tmp_path / "press-is-down").touch()
    with Client(served.address, served.token) as client:
        with running_agent(served, alone(ROOT / "examples" / "five_reasoners_client.py"), tmp_path):
            first = client.wait(client.start_run(definition=REPORT)["id"], timeout=120)
            assert (first["status"], first["counts"]["failed"]) == ("failed", 2), first
            assert "the press is down" in first["status_reason"]
            (tmp_path / "press-is-down").unlink()
            again = client.wait(client.restart_run(first["id"])["id"], timeout=120)
        assert again["status"] == "succeeded"
        found = {one["path"]: one for one in client.executions(again["id"])}
        reused = sorted(path for path, one in found.items() if one["reuse"])
        assert reused == [f"press/report.{name}" for name in ("draft", "draft~2", "plan", "review")]
        assert found["press/report.publish"]["output"] == "published 24 words"
        assert found["press"]["output"]["topic"] == "rain"
        source = found["press/report.draft"]["reuse"]["source_execution_id"]
        lines = "".join(part["text"] for part in client.log(first["id"], source))
        assert lines == "drafting title='rain, part 1'\n"
    answer = httpx.get(f"{served.address}/api/v1/nodes/report", headers=bearer(served))
    assert answer.json()["lifecycle_status"] == "offline"
