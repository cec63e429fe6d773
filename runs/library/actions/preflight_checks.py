"""What a workflow with agents, a repository and GitHub needs, checked before it costs anything."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

from runs import conf, environment
from runs.actions import StepContext, action
from runs.errors import StepFailure
from runs.library.actions.github_api import GitHub
from runs.library.actions.preflight import PreflightFailed, check_all
from runs.project_file import load_settings

_SECRET = re.compile(r"\$\{\{\s*secrets\.(\w+)\s*\}\}")
_STAGES = ("format", "lint", "test")


class Preflight(TypedDict):
    """What is there. What was not asked for is not looked at and counts as there."""

    success: bool
    api_available: bool
    git_available: bool
    github_available: bool
    jj_available: bool
    bd_available: bool
    validation_tools_available: bool
    errors: list[str]
    warnings: list[str]


@action("run_preflight_checks", effect="pure", reports=True)
def run_preflight_checks(
    context: StepContext,
    check_api: bool = True,
    check_git: bool = True,
    check_github: bool = True,
    check_jj: bool = False,
    check_bd: bool = False,
    check_validation_tools: bool = True,
    validation_stages: list[str] | None = None,
    fail_on_error: bool = True,
) -> Preflight:
    """Check agents, git, GitHub and the tools of the validation, all of them before the verdict.

    Answers `{success, …_available, errors, warnings}`. What is missing fails the step, naming all
    of it, unless `fail_on_error` is false.
    """
    warnings: list[str] = []
    stages = list(validation_stages) if validation_stages is not None else list(_STAGES)
    found = {
        "api": list(_agents(context, warnings)) if check_api else [],
        "git": _required(context, "git_repo", "git_identity") if check_git else [],
        "github": list(_github(context)) if check_github else [],
        "jj": _required(context, "jj") if check_jj else [],
        "bd": _required(context, "bd") if check_bd else [],
        "tools": list(_tools(context, stages, warnings)) if check_validation_tools else [],
    }
    errors = [error for wrong in found.values() for error in wrong]
    for text, level in [*((e, "error") for e in errors), *((w, "warning") for w in warnings)]:
        context.log(text, level)
    if errors and fail_on_error:
        raise PreflightFailed(
            " ".join(errors), hint="Mend it, then restart the run: nothing has been done yet."
        )
    return {
        "success": not errors,
        "api_available": not found["api"],
        "git_available": not found["git"],
        "github_available": not found["github"],
        "jj_available": not found["jj"],
        "bd_available": not found["bd"],
        "validation_tools_available": not found["tools"],
        "errors": errors,
        "warnings": warnings,
    }


def _required(context: StepContext, *names: str) -> list[str]:
    checks = check_all(context, names)
    return [
        f"{one['message'][:1].upper()}{one['message'][1:]}. {one['remedy']}"
        for one in checks
        if not one["ok"] and not one["message"].startswith("skipped")
    ]


def _agents(context: StepContext, warnings: list[str]) -> Iterator[str]:
    """What the agents that are configured need and have not."""
    settings = load_settings(context.workspace, conf.home())
    secrets = environment.secrets()
    tables = [
        (f"{section}.{name}", table)
        for section in ("agents", "generators")
        for name, table in settings.table(section).items()
        if isinstance(table, Mapping)
    ]
    if not tables:
        warnings.append("No agent is configured; see [agents] in maverick.toml.")
    for place, table in tables:
        for name in _SECRET.findall(" ".join(_texts(table))):
            if name not in secrets:
                yield f"{place} needs the secret {name}. Set MAVERICK_SECRET_{name}."
        variable = table.get("api_key_env")
        if isinstance(variable, str) and not os.environ.get(variable):
            yield f"{place} needs the variable {variable}."
        program = _first_word(table.get("command"))
        if program and _missing(program, context.workspace):
            yield f"{place} needs the program {program}, which is not on the PATH."


def _texts(table: Mapping[str, object]) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value)


def _github(context: StepContext) -> Iterator[str]:
    try:
        github = GitHub(context)
        if not github.has_token:
            yield "There is no GitHub token. Set the secret GITHUB_TOKEN."
        else:
            github.get(github.path)
    except StepFailure as error:
        yield f"{error.message} {error.hint}".strip()


def _tools(context: StepContext, stages: list[str], warnings: list[str]) -> Iterator[str]:
    # Not at the top: it brings the whole language along, and every process imports the actions.
    from runs.library.validation import load_validation

    settings = load_validation(context.workspace, conf.home())
    yield from map(str, settings.problems)
    told = set()
    for stage in stages:
        command = settings.commands.get(stage)
        if command is None:
            warnings.append(f"There is no stage {stage!r}; it will be skipped.")
            continue
        program = _first_word(command)
        if (
            program
            and program not in told
            and _missing(program, settings.folder(context.workspace))
        ):
            told.add(program)
            yield f"The stage {stage} needs the program {program}, which is not on the PATH."


def _first_word(command: object) -> str:
    """The program of a command; empty where a shell would have to be asked."""
    if isinstance(command, list | tuple) and command:
        return str(command[0])
    if isinstance(command, str) and not re.search(r"[|&;<>()$`\"'=]", command):
        return command.split()[0] if command.split() else ""
    return ""


def _missing(program: str, folder: Path) -> bool:
    if "/" in program:
        return not os.access(folder / os.path.expanduser(program), os.X_OK)
    return shutil.which(program) is None
