"""An agent that is a program: the prompt on its input, its answer on its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runs import environment
from runs.agents.answer import NotUsable, bad_output, read_answer
from runs.agents.errors import AgentFailed
from runs.agents.prompt import prompt_text
from runs.agents.request import AgentRequest, AgentResult, Log
from runs.agents.setup import AgentSetup
from runs.processes import Command, GuardianLost, NotStarted, run_program

PLACE = "{prompt}"
MOST_ARGUMENT = 120 * 1024  # bytes; Linux takes no longer word
MOST_OUTPUT = 8 * 1024 * 1024  # characters
_TAIL = 4000  # characters of each stream in an error's detail


def call_command(
    setup: AgentSetup,
    request: AgentRequest,
    *,
    timeout: float | None,
    secrets: Mapping[str, str],
    log: Log,
    stopped: Callable[[], bool],
    on_process: Callable[[Command], None] | None,
) -> AgentResult:
    """Run the program once. Raises AgentFailed."""
    prompt = prompt_text(setup, request.prompt, request.context, request.schema)
    words = _words(setup, prompt)
    out, err = _Kept("stdout", log), _Kept("stderr", log)
    env = _environment(setup, request, secrets)
    try:
        ended = run_program(
            words,
            cwd=request.workspace,
            env=env,
            stdin=prompt if setup.prompt == "stdin" else "",
            timeout=timeout,
            out=out.add,
            err=err.add,
            stopped=stopped,
            on_process=on_process,
        )
    except NotStarted as error:
        raise _not_started(setup, str(error)) from None
    except GuardianLost:
        raise AgentFailed(
            "agent-exit-status",
            f"The process that watches over {setup.name} was killed, and {setup.name} with it.",
            "The machine may be short of memory.",
        ) from None
    detail = {"exit_code": ended.code, "stdout": out.text[-_TAIL:], "stderr": err.text[-_TAIL:]}
    if ended.how == "timeout":
        raise AgentFailed(
            "agent-timeout", f"{setup.name} took longer than {timeout:g} s.", detail=detail
        )
    if ended.how == "stopped":
        raise AgentFailed("agent-stopped", f"{setup.name} was stopped.", detail=detail)
    if ended.code != 0:
        last = (err.text.strip() or out.text.strip()).splitlines()
        said = f": {last[-1][:300]}" if last else ""
        raise AgentFailed("agent-exit-status", f"{setup.name}: {ended.words}{said}", detail=detail)
    if out.cut:
        raise bad_output(setup.name, [f"It printed more than {MOST_OUTPUT:,} characters."], "")
    try:
        output = read_answer(out.text, setup, request.schema)
    except NotUsable as error:
        raise bad_output(setup.name, error.wrong, out.text) from None
    return AgentResult(output=output, text=out.text, model=setup.model, seconds=ended.seconds)


class _Kept:
    """What a program prints on one stream: to the log, and kept."""

    def __init__(self, stream: str, log: Log) -> None:
        self._stream, self._log = stream, log
        self._parts: list[str] = []
        self._size, self.cut = 0, False

    def add(self, text: str) -> None:
        self._log(text, self._stream)
        if self._size + len(text) > MOST_OUTPUT:
            self.cut = True
        else:
            self._parts.append(text)
            self._size += len(text)

    @property
    def text(self) -> str:
        return "".join(self._parts)


def _words(setup: AgentSetup, prompt: str) -> list[str]:
    if setup.prompt == "stdin":
        return list(setup.command)
    if len(prompt.encode()) > MOST_ARGUMENT:
        raise AgentFailed(
            "agent-not-started",
            f"The prompt of {setup.name} is too long for an argument ({MOST_ARGUMENT:,} bytes).",
            hint='Set prompt = "stdin" and let the program read its input.',
            permanent=True,
        )
    if any(PLACE in word for word in setup.command[1:]):
        first, *rest = setup.command
        return [first, *(word.replace(PLACE, prompt) for word in rest)]
    return [*setup.command, prompt]


def _not_started(setup: AgentSetup, why: str) -> AgentFailed:
    return AgentFailed(
        "agent-not-started",
        f"The program of {setup.name} could not be started: {why}.",
        hint="See `command` in its settings.",
        permanent=True,
    )


def _environment(
    setup: AgentSetup, request: AgentRequest, secrets: Mapping[str, str]
) -> dict[str, str]:
    told = {
        "MAVERICK_RUN_ID": request.run_id,
        "MAVERICK_EXECUTION_ID": request.execution_id,
        "MAVERICK_STEP_PATH": request.path,
        "MAVERICK_ATTEMPT": str(request.attempt),
        "MAVERICK_AGENT": setup.name,
        "MAVERICK_AGENT_MODEL": setup.model,
        "MAVERICK_AGENT_TEMPERATURE": "" if setup.temperature is None else f"{setup.temperature:g}",
        "MAVERICK_AGENT_MAX_TOKENS": str(setup.max_tokens or ""),
        "MAVERICK_AGENT_ALLOWED_TOOLS": ",".join(setup.allowed_tools or ()),
        "MAVERICK_AGENT_AUTONOMY": setup.autonomy,
    }
    own = {name: setup.reveal(value, secrets) for name, value in setup.env.items()}
    return {**environment.for_commands(), **{k: v for k, v in told.items() if v}, **own}
