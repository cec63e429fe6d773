"""Installing what a project depends on."""

import shlex
from pathlib import Path
from typing import TypedDict

from runs.actions import StepContext, action
from runs.library.actions.programs import ProgramFailed, run
from runs.library.actions.workspace import inside, settings

SECONDS = 1800.0
_OUTPUT = 2000  # characters of it in the result
# The first file that is there decides. Lock files only: they say exactly what to install.
KNOWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("uv.lock", ("uv", "sync", "--frozen")),
    ("poetry.lock", ("poetry", "install", "--no-interaction")),
    ("pdm.lock", ("pdm", "sync")),
    ("Pipfile.lock", ("pipenv", "sync", "--dev")),
    ("pnpm-lock.yaml", ("pnpm", "install", "--frozen-lockfile")),
    ("yarn.lock", ("yarn", "install", "--immutable")),
    ("package-lock.json", ("npm", "ci")),
    ("Cargo.lock", ("cargo", "fetch", "--locked")),
    ("go.sum", ("go", "mod", "download")),
    ("Gemfile.lock", ("bundle", "install")),
)
_REQUIREMENTS, _PYTHON = "requirements.txt", ".venv/bin/python"


class Synced(TypedDict):
    """What was installed how, or why nothing was."""

    success: bool
    command: str | None
    output: str
    skipped: bool
    reason: str | None
    error: str | None


@action("sync_dependencies")
def sync_dependencies(
    context: StepContext, cwd: str | None = None, sync_cmd: str | list[str] | None = None
) -> Synced:
    """Install the project's dependencies: `{success, command, output, skipped, reason, error}`.

    By `sync_cmd`, else by `sync_cmd` under `[actions]` in the settings, else by the lock file that
    is there (uv, poetry, pdm, pipenv, pnpm, yarn, npm, cargo, go, bundler, or requirements.txt for
    a `.venv`). Where nothing tells, it is skipped.
    """
    folder = inside(context.workspace, cwd) if cwd else context.workspace
    given = sync_cmd or settings(context, "actions").get("sync_cmd")
    words = _words(given) if given else detect(folder)
    if not words:
        context.log("Nothing says which dependencies there are.")
        return _synced(None, "", reason="no lock file was found")
    context.log(f"$ {shlex.join(words)}")
    ran = run(context, words, cwd=folder, timeout=SECONDS)
    if ran.code != 0:
        raise ProgramFailed(f"{shlex.join(words)}: {ran.last_line}")
    return _synced(shlex.join(words), (ran.out + ran.err).strip()[-_OUTPUT:])


def detect(folder: Path) -> tuple[str, ...]:
    """The command that a folder's files call for; empty when nothing does."""
    for name, words in KNOWN:
        if (folder / name).is_file():
            return words
    if (folder / _REQUIREMENTS).is_file() and (folder / _PYTHON).exists():
        return (_PYTHON, "-m", "pip", "install", "--quiet", "-r", _REQUIREMENTS)
    return ()


def _words(given: str | list[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        return ("sh", "-e", "-c", given)
    return tuple(map(str, given))


def _synced(command: str | None, output: str, reason: str | None = None) -> Synced:
    return {
        "success": True,
        "command": command,
        "output": output,
        "skipped": command is None,
        "reason": reason,
        "error": None,
    }
