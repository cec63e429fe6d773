"""The command line starts fast because it imports late."""

import subprocess
import sys

import pytest

from runs.cli.main import COMMANDS, maverick
from tests.cli.conftest import ROOT, Maverick

HEAVY = ("django", "rich", "httpx", "pydantic", "networkx", "psycopg", "celery", "yaml", "asyncio")


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    code = (
        "import sys; from runs.cli.main import main; main(sys.argv[1:]);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "[]", done.stderr


def test_help_takes_little_more_than_click_itself() -> None:
    """Modules are counted: a time would depend on what else the machine does."""

    def modules(code: str) -> int:
        words = [sys.executable, "-c", f"import sys; {code}; print(len(sys.modules))"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(done.stdout.splitlines()[-1])

    ours = modules("from runs.cli.main import main; main(['--help'])")
    assert ours < modules("import click") + 90


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_is_for(name: str) -> None:
    command = maverick.get_command(maverick.make_context("maverick", [name]), name)
    assert command is not None
    assert command.get_short_help_str()


def test_an_unknown_command_is_refused_with_the_nearest_one(maverick: Maverick) -> None:
    done = maverick("rnus")
    assert done.code == 2
    assert "Did you mean 'runs'?" in done.err


def test_a_server_that_is_not_there_is_one_line_and_1(maverick: Maverick) -> None:
    done = maverick("--server", "http://127.0.0.1:9", "runs", "list")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "[server-unreachable]" in done.err


def test_an_odd_setting_is_one_line_and_2(maverick: Maverick) -> None:
    done = maverick("runs", "list", MAVERICK_WORKERS="many")
    assert done.code == 2
    assert done.err.startswith("maverick: MAVERICK_WORKERS")


def test_manage_py_has_the_same_command_line(maverick: Maverick) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "maverick", "runs", "list", "--json"],
        cwd=ROOT, env=maverick.env(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"items"' in done.stdout
