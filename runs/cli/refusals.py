"""Any exception → one clear line on stderr, the problems below it, and an exit code."""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


class CliRefusal(Exception):
    """A request that the command line itself cannot carry out."""

    def __init__(self, code: str, message: str, hint: str = "", exit_code: int = REFUSED) -> None:
        self.told = Told(code, message, hint, exit_code)
        super().__init__(message)


@dataclass(frozen=True)
class Told:
    """What is said of an error, to people and to programs."""

    code: str
    message: str
    hint: str = ""
    exit_code: int = REFUSED
    problems: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The error as a program reads it."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "hint": self.hint,
                "problems": self.problems,
            }
        }


def tell(error: BaseException) -> Told:
    """What to say of ``error``. Imports nothing that the error did not bring along."""
    if isinstance(error, CliRefusal):
        return error.told
    if "click" in sys.modules:
        from click import ClickException, UsageError

        if isinstance(error, ClickException):
            context = error.ctx if isinstance(error, UsageError) else None
            hint = f"See `{context.command_path} --help`." if context else ""
            return Told("usage", error.format_message(), hint)
    if "runs.errors" in sys.modules:
        from runs.errors import MaverickError

        if isinstance(error, MaverickError):
            problems = [problem_of(one) for one in getattr(error, "problems", ())]
            return Told(error.code, error.message, error.hint, error.exit_code, problems)
    if "maverick_client" in sys.modules:
        from maverick_client import ApiError, ClientError

        if isinstance(error, ApiError):
            refused = error.status < 500
            problems = [problem_of(one) for one in error.problems]
            code = REFUSED if refused else FAILED
            return Told(error.code, error.message, error.hint, code, problems)
        if isinstance(error, ClientError):
            hint = "Is the server running? `maverick up` starts one."
            return Told("server-unreachable", str(error), hint, FAILED)
    return _foreign(error)


def _foreign(error: BaseException) -> Told:
    kind = type(error).__name__
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):  # a setting that cannot be used; see maverick_site.env
        return Told("odd-setting", text.removeprefix("maverick: "))
    if kind in ("OperationalError", "InterfaceError", "EmbeddedError"):
        hint = "`maverick doctor` looks for what is wrong."
        return Told("database-unavailable", f"The database does not answer: {text}", hint, FAILED)
    if isinstance(error, OSError) and error.filename is not None:
        return Told("file", f"{error.filename}: {error.strerror or kind}")
    hint = "`maverick --traceback …` shows where."
    return Told("unexpected", f"{kind}: {text}" if text else kind, hint, FAILED)


_FIELDS = ("file", "line", "column", "code", "message", "hint", "path", "severity")


def problem_of(problem: Any) -> dict[str, Any]:
    """One problem as a mapping, whether the definition or a server told it."""
    if isinstance(problem, Mapping):
        found = {name: problem.get(name) for name in _FIELDS}
    else:
        found = {name: getattr(problem, name, None) for name in _FIELDS}
    return {name: value for name, value in found.items() if value not in (None, "")}


def problem_line(problem: Mapping[str, Any], default_file: str = "") -> str:
    """``release.yaml:12:5: D203 message (hint)``."""
    file = problem.get("file") or ""
    if file in ("", "<text>"):
        file = default_file or problem.get("path") or ""
    parts = (_near(str(file)), problem.get("line"), problem.get("column"))
    place = ":".join(str(part) for part in parts if part)
    warning = "warning " if problem.get("severity") == "warning" else ""
    hint = f" ({problem['hint']})" if problem.get("hint") else ""
    said = f"{warning}{problem.get('code', '')} {problem.get('message', '')}{hint}".strip()
    return f"{place}: {said}" if place else said


def _near(file: str) -> str:
    """The file as seen from the working folder, when it is in there."""
    return file.removeprefix(f"{os.getcwd()}/")


def lines(told: Told, default_file: str = "") -> Iterable[str]:
    """The line that says what is wrong, then one line for each problem."""
    # With problems below, each of them has its own hint.
    hint = f" {told.hint}" if told.hint and not told.problems else ""
    yield f"maverick: {told.message}{hint} [{told.code}]"
    for problem in told.problems:
        yield "  " + problem_line(problem, default_file)
