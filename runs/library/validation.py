"""Checks in stages: format, lint, typecheck, test. The first that fails ends it.

    [validation]                        in maverick.toml, or [tool.maverick.validation]
    lint_cmd = ["ruff", "check", "src"]
    docs_cmd = "make -C docs check"     a stage of the project's own, called docs
    timeout = "10m"                     for each command

A list is run as it is, a text by the shell.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runs import environment
from runs.definition.durations import parse_duration
from runs.errors import StepCancelled, StepFailure
from runs.library.check_output import find_errors, nothing_to_check
from runs.processes import Ended, GuardianLost, NotStarted, RunProgram
from runs.project_file import SettingsProblem, load_settings

DEFAULTS: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "typecheck": ("mypy", "."),
    "test": ("pytest", "-q"),
}
TIMEOUT = 300.0  # seconds for each command
OUTPUT = 1000  # characters of a stage's output in the result; all of it is in the log
_READ = 256 * 1024  # characters that are looked through for errors
_COMMAND = "_cmd"
_PYTHON_TOOLS = frozenset({"ruff", "mypy", "pytest", "black", "flake8", "pylint", "pyright"})
_NOT_SOURCES = frozenset({"node_modules", "__pycache__", "venv", "build", "dist"})

Log = Callable[[str, str], None]
Words = tuple[str, ...] | str


class BadStages(StepFailure):
    """The stages of a validation cannot be understood."""

    code = "bad-stages"
    permanent = True


@dataclass(frozen=True)
class ValidationSettings:
    """Which command is behind a stage's name."""

    commands: Mapping[str, Words] = field(default_factory=lambda: dict(DEFAULTS))
    timeout: float = TIMEOUT
    project_root: str = ""
    problems: tuple[SettingsProblem, ...] = ()

    def folder(self, workspace: Path, cwd: str | None = None) -> Path:
        """Where commands run: what the step says, else project_root, else the workspace."""
        return (workspace / (cwd or self.project_root or ".")).resolve()


def load_validation(project: Path, user: Path | None) -> ValidationSettings:
    """The settings of a project folder and of a user's home; bad ones are `problems`."""
    settings = load_settings(project, user)
    problems = list(settings.problems)
    commands: dict[str, Words] = dict(DEFAULTS)
    timeout, root = TIMEOUT, ""
    for file in reversed(settings.files):  # the project's last: it wins
        for key, value in file.table("validation").items():
            try:
                if key in ("timeout", "timeout_seconds"):
                    timeout = _more_than_nothing(parse_duration(value))
                elif key == "project_root":
                    root = _text(value)
                elif key.endswith(_COMMAND) and key != _COMMAND:
                    commands[key.removesuffix(_COMMAND)] = _command(value)
                else:
                    raise ValueError("there is no such key; a command's ends in _cmd")
            except ValueError as error:
                problems.append(file.problem(f"validation.{key}", f"{error}."))
    return ValidationSettings(commands, timeout, root, tuple(problems))


def run_stages(
    stages: Sequence[str | Mapping[str, Any]] | str,
    settings: ValidationSettings,
    cwd: Path,
    *,
    log: Log,
    run_command: RunProgram,
) -> dict[str, Any]:
    """Run the stages in order: `{success, passed, stages, stage_results}`.

    A stage is a name, or `{name, run, timeout, cwd}`. One that there is no command for, or nothing
    to check for, is skipped and passes. Raises BadStages, and StepCancelled when a command was
    stopped.
    """
    todo = _stages(stages, settings)
    results: dict[str, dict[str, Any]] = {}
    failed = False
    for stage in todo:
        if failed:
            results[stage.name] = _skipped("prior stage failed", passed=False)
            continue
        results[stage.name] = _run(stage, cwd, log, run_command)
        failed = not results[stage.name]["passed"]
    return {
        "success": not failed,
        "passed": not failed,
        "stages": [stage.name for stage in todo],
        "stage_results": results,
    }


@dataclass(frozen=True)
class _Stage:
    name: str
    command: Words | None  # None: there is no such stage
    timeout: float
    cwd: str = "."

    @property
    def shown(self) -> str:
        return self.command if isinstance(self.command, str) else " ".join(self.command or ())

    @property
    def words(self) -> tuple[str, ...]:
        if not isinstance(self.command, str):
            return self.command or ()
        if shutil.which("bash"):
            return ("bash", "-e", "-o", "pipefail", "-c", self.command)
        return ("sh", "-e", "-c", self.command)


def _run(stage: _Stage, folder: Path, log: Log, run_command: RunProgram) -> dict[str, Any]:
    if stage.command is None:
        log(f"{stage.name}: there is no such stage; set {stage.name}{_COMMAND}.\n", "log")
        return _skipped(f"there is no stage {stage.name!r}", passed=True)
    cwd = (folder / stage.cwd).resolve()
    if _is_for_python(stage.command) and not _has_python(cwd):
        log(f"{stage.name}: there is no Python file to check.\n", "log")
        return _skipped("nothing to check", passed=True)
    log(f"$ {stage.shown}\n", "log")
    printed = _Printed(log)
    began = time.monotonic()
    try:
        ended = run_command(
            stage.words,
            cwd=cwd,
            env=_environment(),
            out=lambda text: printed.add(text, "stdout"),
            err=lambda text: printed.add(text, "stderr"),
            timeout=stage.timeout,
        )
    except NotStarted as error:
        return _failed(stage, began, "", f"{stage.shown} could not be started: {error}.")
    except GuardianLost:
        return _failed(stage, began, printed.text, "The command was killed from outside.")
    return _judged(stage, ended, printed.text, began, cwd)


def _judged(stage: _Stage, ended: Ended, text: str, began: float, cwd: Path) -> dict[str, Any]:
    if ended.how == "stopped":
        raise StepCancelled(f"The check {stage.name} was stopped.")
    if ended.how == "timeout":
        return _failed(stage, began, text, f"{stage.shown} took longer than {stage.timeout:g} s.")
    if nothing_to_check(stage.shown, ended.code, text):
        return _skipped("nothing to check", passed=True)
    result = _result(stage, began, text, ended.code == 0)
    result["exit_code"] = ended.code
    if ended.code != 0:
        result["errors"] = find_errors(text, cwd) or [_last_words(text, ended)]
    return result


def _result(stage: _Stage, began: float, text: str, passed: bool) -> dict[str, Any]:
    text = text.strip()
    return {
        "passed": passed,
        "duration_ms": round((time.monotonic() - began) * 1000),
        # The end of it: that is where tools say what they found.
        "output": text if len(text) <= OUTPUT else "…" + text[-(OUTPUT - 1) :],
        "errors": [],
        "command": stage.shown,
    }


def _failed(stage: _Stage, began: float, text: str, message: str) -> dict[str, Any]:
    errors = [{"file": "", "line": None, "message": message}]
    return {**_result(stage, began, text or message, False), "errors": errors}


def _skipped(why: str, *, passed: bool) -> dict[str, Any]:
    return {
        "passed": passed,
        "duration_ms": 0,
        "output": f"skipped: {why}",
        "errors": [],
        "skipped": why,
    }


def _last_words(text: str, ended: Ended) -> dict[str, Any]:
    # A stage that failed with "0 errors" would tell a fixer nothing.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = f": {lines[-1][:300]}" if lines else ""
    return {"file": "", "line": None, "message": f"{ended.words}{said}"}


class _Printed:
    """What a command prints, in the order it came: to the log, and the end of it kept."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.text = ""

    def add(self, text: str, stream: str) -> None:
        self._log(text, stream)
        self.text += text
        if len(self.text) > 2 * _READ:
            self.text = self.text[-_READ:]


def _stages(
    stages: Sequence[str | Mapping[str, Any]] | str, settings: ValidationSettings
) -> list[_Stage]:
    if isinstance(stages, str):
        stages = [stages]
    if not isinstance(stages, Sequence) or not stages:
        raise BadStages("stages has to be a list of names or commands.")
    found = [_stage(one, settings) for one in stages]
    names = [stage.name for stage in found]
    for name in names:
        if names.count(name) > 1:
            raise BadStages(f"Two stages are called {name!r}.", hint="Each has its own result.")
    return found


def _stage(given: str | Mapping[str, Any], settings: ValidationSettings) -> _Stage:
    if isinstance(given, str) and given.strip():
        name = given.strip()
        return _Stage(name, settings.commands.get(name), settings.timeout)
    if not isinstance(given, Mapping):
        raise BadStages(f"A stage is a name or a mapping with name and run, not {given!r}.")
    name = str(given.get("name") or given.get("run") or "").strip()
    if not name:
        raise BadStages("A stage has neither name nor run.")
    try:
        timeout = given.get("timeout")
        seconds = (
            settings.timeout if timeout is None else _more_than_nothing(parse_duration(timeout))
        )
        run = given.get("run")
        command = settings.commands.get(name) if run is None else _command(run)
    except ValueError as error:
        raise BadStages(f"The stage {name!r}: {error}.") from None
    return _Stage(name, command, seconds, str(given.get("cwd") or "."))


def _is_for_python(command: Words) -> bool:
    words = command.split() if isinstance(command, str) else command
    if "-m" in words[1:2] and Path(words[0]).name.startswith("python"):
        words = words[2:]
    return bool(words) and Path(words[0]).name in _PYTHON_TOOLS


def _has_python(folder: Path) -> bool:
    return any(_python_files(folder))


def _python_files(folder: Path) -> Iterator[str]:
    for _, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in _NOT_SOURCES]
        yield from (file for file in files if file.endswith((".py", ".pyi", ".ipynb")))


def _environment() -> dict[str, str]:
    """Without colours: what tools print is read by us, and by agents."""
    env = {**environment.for_commands(), "NO_COLOR": "1", "TERM": "dumb", "PY_COLORS": "0"}
    env.pop("FORCE_COLOR", None)
    env.pop("CLICOLOR_FORCE", None)
    return env


def _command(value: Any) -> Words:
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(w, str) for w in value):
        return tuple(value)
    raise ValueError('has to be a text or a list of words, as in ["ruff", "check", "."]')


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("has to be a text")
    return value


def _more_than_nothing(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError("has to be more than 0")
    return seconds
