"""The clients against a real server with a real worker."""

import json
import sys
from pathlib import Path

import pytest

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


def by_python(file: Path) -> list[str]:
    return alone(PLAYERS / "by_python.py", str(file))


def by_typescript(file: Path) -> list[str]:
    return typescript.node(str(typescript.build() / "build" / "test" / "player.js"), str(file))


def by_command_line(file: Path) -> list[str]:
    return [sys.executable, str(PLAYERS / "by_command_line.py"), str(file)]


@pytest.mark.parametrize("player", [by_python, by_typescript, by_command_line])
def test_one_scenario_is_played_by_every_client(served: Served, player) -> None:
    assert scenario.judged(served.play(*player(scenario.FILE))) == []


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
    said = served.play(*typescript.node("--test", "--test-timeout=30000", *files), cwd=folder)
    assert "# fail 0" in said or "ℹ fail 0" in said, said
