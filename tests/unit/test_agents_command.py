"""An agent that is a program."""

from __future__ import annotations

import json
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runs.agents.call import AgentFailed, AgentRequest, AgentResult, call_agent
from runs.agents.errors import AgentMisconfigured
from runs.agents.setup import AgentSetup
from tests.processes import living


class Log:
    """What came, by stream, and a way to wait for it."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []
        self._came = threading.Condition()

    def __call__(self, text: str, stream: str) -> None:
        with self._came:
            self.parts.append((stream, text))
            self._came.notify_all()

    def of(self, stream: str) -> str:
        return "".join(text for name, text in self.parts if name == stream)

    def wait_for(self, text: str) -> bool:
        with self._came:
            return self._came.wait_for(lambda: any(text in part for _, part in self.parts), 60)


@pytest.fixture
def log() -> Log:
    return Log()


def script(folder: Path, body: str) -> AgentSetup:
    """An agent whose program is this Python."""
    file = folder / "agent.py"
    file.write_text("import json, os, sys, time\n" + textwrap.dedent(body))
    return AgentSetup("tester", "agent", "command", command=(sys.executable, str(file)))


def ask(setup: AgentSetup, folder: Path, log: Log | None = None, **more: Any) -> AgentResult:
    asked = AgentRequest(
        prompt=more.pop("prompt", ""),
        context=more.pop("context", {}),
        schema=more.pop("schema", None),
        workspace=folder,
        run_id="run_1",
        execution_id="exec_1",
        attempt=2,
        timeout=more.pop("timeout", None),
        path="fix[2]/review",
    )
    more.setdefault("stopped", lambda: False)
    return call_agent(setup, asked, log=log or Log(), **more)


def failure(setup: AgentSetup, folder: Path, **more: Any) -> AgentFailed:
    with pytest.raises(AgentFailed) as caught:
        ask(setup, folder, **more)
    return caught.value


def test_the_prompt_comes_on_its_input_and_what_it_prints_is_the_answer(tmp_path, log) -> None:
    setup = script(tmp_path, "print(sys.stdin.read().upper())")
    result = ask(setup, tmp_path, log, prompt="hello")
    assert (result.output, result.text) == ("HELLO", "HELLO\n\n")
    assert log.of("stdout") == "HELLO\n\n"
    assert result.seconds > 0


def test_the_prompt_can_be_an_argument(tmp_path) -> None:
    setup = replace(script(tmp_path, "print(sys.argv[1:])"), prompt="argument", output="text")
    assert ask(setup, tmp_path, prompt="hello; $(x)").output == "['hello; $(x)\\n']"
    placed = replace(setup, command=(*setup.command, "-p", "<{prompt}>", "-q"))
    assert ask(placed, tmp_path, prompt="hello").output == "['-p', '<hello\\n>', '-q']"


def test_a_prompt_too_long_for_an_argument_is_refused_with_the_way_out(tmp_path) -> None:
    setup = replace(script(tmp_path, ""), prompt="argument")
    error = failure(setup, tmp_path, prompt="x" * 200_000)
    assert (error.code, error.permanent) == ("agent-not-started", True)
    assert "stdin" in error.hint


def test_a_long_prompt_that_nobody_reads_stops_nothing(tmp_path) -> None:
    assert ask(script(tmp_path, "print('done')"), tmp_path, prompt="x" * 2_000_000).output == "done"


def test_it_works_in_the_workspace_and_is_told_who_asks(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_KEY_OF_MINE", "hidden")
    setup = replace(
        script(tmp_path, "print(json.dumps({'env': dict(os.environ), 'cwd': os.getcwd()}))"),
        model="large",
        allowed_tools=("Read", "Edit"),
        env={"TOKEN": "${{ secrets.KEY_OF_MINE }}"},
    )
    said = ask(setup, tmp_path).output
    assert Path(said["cwd"]) == tmp_path.resolve()
    env = said["env"]
    told = {
        key: env[f"MAVERICK_{key}"] for key in ("RUN_ID", "EXECUTION_ID", "STEP_PATH", "ATTEMPT")
    }
    assert told == {
        "RUN_ID": "run_1",
        "EXECUTION_ID": "exec_1",
        "STEP_PATH": "fix[2]/review",
        "ATTEMPT": "2",
    }
    assert env["MAVERICK_AGENT_MODEL"] == "large"
    assert env["MAVERICK_AGENT_ALLOWED_TOOLS"] == "Read,Edit"
    assert env["TOKEN"] == "hidden"
    assert not [name for name in env if name.startswith("MAVERICK_SECRET_")]


def test_lines_are_in_the_log_while_it_still_works(tmp_path, log) -> None:
    setup = script(
        tmp_path,
        """
        print("begun", flush=True)
        print("thinking", file=sys.stderr, flush=True)
        while not os.path.exists("go on"): time.sleep(0.01)
        print("done")
        """,
    )

    def go_on() -> None:
        seen.append(log.wait_for("begun\n") and log.wait_for("thinking\n"))
        (tmp_path / "go on").touch()

    seen: list[bool] = []
    watcher = threading.Thread(target=go_on)
    watcher.start()
    assert ask(setup, tmp_path, log).output == "begun\ndone"
    watcher.join()
    assert seen == [True]
    assert log.of("stderr") == "thinking\n"


def test_a_secret_never_reaches_the_log_or_an_error(tmp_path, log) -> None:
    setup = replace(
        script(tmp_path, "print(os.environ['TOKEN']); sys.exit('key ' + os.environ['TOKEN'])"),
        env={"TOKEN": "${{ secrets.T }}"},
    )
    with pytest.raises(AgentFailed) as caught:
        ask(setup, tmp_path, log, secrets={"T": "s3cr3t-value"})
    told = f"{log.parts} {caught.value.message} {caught.value.detail} {caught.value.extra}"
    assert "s3cr3t-value" not in told
    assert "key •••" in caught.value.message


def test_a_secret_that_is_not_there_is_named(tmp_path) -> None:
    setup = replace(script(tmp_path, ""), env={"TOKEN": "${{ secrets.T }}"})
    with pytest.raises(AgentMisconfigured, match="no secret 'T'") as caught:
        ask(setup, tmp_path, secrets={})
    assert "MAVERICK_SECRET_T" in caught.value.hint


# -- the answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "mode", "output"),
    [
        ('{"a": 1}\n', "auto", {"a": 1}),
        ("[1, 2]\n", "auto", [1, 2]),
        ("{not json}\n", "auto", "{not json}"),
        ("12\n", "auto", "12"),
        ("12\n", "json", 12),
        ('working …\n{"a": 1}\n', "json", {"a": 1}),
        ('Here:\n\n```json\n{"a":\n 1}\n```\n', "json", {"a": 1}),
        ('{"a": 1}\n', "text", '{"a": 1}'),
        ("", "auto", ""),
    ],
)
def test_an_answer_is_json_or_text_as_its_settings_say(tmp_path, printed, mode, output) -> None:
    setup = replace(script(tmp_path, f"sys.stdout.write({printed!r})"), output=mode)
    assert ask(setup, tmp_path).output == output


@pytest.mark.parametrize(
    ("printed", "schema", "said"),
    [
        ("nothing\n", {"type": "object"}, "not JSON"),
        ("", {"type": "object"}, "empty"),
        ("NaN", {"type": "number"}, "NaN"),
        ("[" * 100_000, {"type": "array"}, "nested too deep"),
        ('{"a": "x"}\n', {"properties": {"a": {"type": "integer"}}}, 'a: "x" is not of type'),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_fails(tmp_path, printed, schema, said) -> None:
    error = failure(script(tmp_path, f"print({printed!r})"), tmp_path, schema=schema)
    assert (error.code, error.permanent) == ("agent-bad-output", False)
    assert said in error.message
    assert error.detail["answer"].startswith(printed[:10].strip())


def test_a_schema_that_is_none_or_wants_to_be_fetched_is_refused_before_the_call(tmp_path) -> None:
    setup = script(tmp_path, "open('called', 'w')")
    for schema in ({"type": "objekt"}, {"$ref": "http://127.0.0.1:1/schema"}):
        with pytest.raises(AgentMisconfigured, match="schema cannot be used"):
            ask(setup, tmp_path, schema=schema)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"success": False, "errors": ["one", {"message": "two"}]}, "tester: one; two"),
        ({"success": False, "error": "it broke"}, "tester: it broke"),
        ({"success": False}, "tester: it answered success: false."),
    ],
)
def test_an_answer_that_says_success_false_fails(tmp_path, said, message) -> None:
    error = failure(script(tmp_path, f"print(json.dumps({said!r}))"), tmp_path)
    assert (error.code, error.message) == ("agent-reported-failure", message)
    assert error.detail["answer"] == said


def test_too_much_is_an_error_and_not_half_an_answer(tmp_path, log) -> None:
    setup = script(tmp_path, "[print('x' * 100_000) for _ in range(100)]")
    with pytest.raises(AgentFailed, match="more than 8,388,608") as caught:
        ask(setup, tmp_path, log)
    assert caught.value.code == "agent-bad-output"
    assert len(log.of("stdout")) == 100 * 100_001


# -- how it ends ----------------------------------------------------------------------------------


def test_an_exit_code_fails_with_its_last_words(tmp_path) -> None:
    error = failure(script(tmp_path, "print('so far'); sys.exit('out of luck')"), tmp_path)
    assert (error.code, error.permanent) == ("agent-exit-status", False)
    assert error.message == "tester: exit code 1: out of luck"
    assert error.detail == {"exit_code": 1, "stdout": "so far\n", "stderr": "out of luck\n"}


def test_a_signal_has_its_name(tmp_path) -> None:
    error = failure(script(tmp_path, "os.kill(os.getpid(), 9)"), tmp_path)
    assert error.message == "tester: ended by SIGKILL"


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "./not/here", "."])
def test_a_program_that_is_not_there_is_a_permanent_failure(tmp_path, command) -> None:
    error = failure(AgentSetup("tester", "agent", "command", command=(command,)), tmp_path)
    assert (error.code, error.permanent) == ("agent-not-started", True)


def test_a_path_starts_at_the_workspace(tmp_path) -> None:
    file = tmp_path / "tools" / "say"
    file.parent.mkdir()
    file.write_text("#!/bin/sh\necho here\n")
    file.chmod(0o755)
    setup = AgentSetup("tester", "agent", "command", command=("tools/say",))
    assert ask(setup, tmp_path).output == "here"


FAMILY = """
import subprocess
child = subprocess.Popen(["sleep", "600"])
deaf = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"])
time.sleep(600)
"""


def test_its_time_out_ends_it_with_everything_that_it_started(tmp_path, log, request) -> None:
    mark = f"MARK_{request.node.name}"
    setup = replace(script(tmp_path, FAMILY), env={mark: "1"}, timeout=0.8)
    with pytest.raises(AgentFailed, match=r"longer than 0\.8 s") as caught:
        ask(setup, tmp_path, log, timeout=30)
    assert caught.value.code == "agent-timeout"
    assert living(f"{mark}=1") == {}


@pytest.mark.parametrize("way", ["asked", "told"])
def test_a_stop_ends_it_with_everything_that_it_started(tmp_path, log, way) -> None:
    mark = f"MARK_{way}_{tmp_path.name}"
    setup = replace(script(tmp_path, FAMILY), env={mark: "1"})
    stop = threading.Event()
    commands: list[Any] = []

    def stop_it() -> None:
        if log.wait_for("deaf"):
            stop.set() if way == "asked" else commands[0].stop()

    threading.Thread(target=stop_it).start()
    with pytest.raises(AgentFailed) as caught:
        ask(setup, tmp_path, log, stopped=stop.is_set, on_process=commands.append)
    assert caught.value.code == ("agent-stopped" if way == "asked" else "agent-exit-status")
    assert living(f"{mark}=1") == {}


def test_what_it_leaves_in_the_background_does_not_outlive_it(tmp_path, request) -> None:
    mark = f"MARK_{request.node.name}"
    body = "import subprocess; subprocess.Popen(['sleep', '600']); print('done')"
    setup = replace(script(tmp_path, body), env={mark: "1"})
    assert ask(setup, tmp_path).output == "done"
    assert living(f"{mark}=1") == {}


# -- the prompt -----------------------------------------------------------------------------------


def test_the_prompt_s_text_is_the_one_that_the_docs_show(tmp_path) -> None:
    setup = replace(
        script(tmp_path, "print(sys.stdin.read())"),
        output="text",
        instructions="You are careful.",
        prompt_suffix="Be brief.",
    )
    context = {"task": "Fix it.", "files": ["b", "a"], "all": {"x": "```\nend"}}
    said = ask(setup, tmp_path, context=context, schema=None).output
    assert said == textwrap.dedent(
        """\
        You are careful.

        Fix it.

        Context:

        ```json
        {
          "all": {
            "x": "```\\nend"
          },
          "files": [
            "b",
            "a"
          ]
        }
        ```

        Be brief."""
    )


def test_a_schema_is_told_at_the_end_of_the_prompt(tmp_path) -> None:
    setup = script(tmp_path, "print(json.dumps({'prompt': sys.stdin.read()}))")
    said = ask(setup, tmp_path, prompt="Count.", schema={"type": "object"}).output["prompt"]
    assert said.startswith("Count.\n\nAnswer with one JSON value and nothing else.")
    assert json.loads(said.partition("```json\n")[2].partition("```")[0]) == {"type": "object"}
