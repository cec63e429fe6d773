"""Task lists in Markdown: the phases of an implementation."""

import re
from typing import TypedDict

from runs.actions import StepContext, action
from runs.errors import StepFailure
from runs.library.actions.git_program import Git
from runs.library.actions.workspace import inside

TASK_FILE = "tasks.md"

MAX_BYTES = 4 * 1024 * 1024
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_TASK = re.compile(r"^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+\S")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


class Tasks(TypedDict):
    """A task file."""

    task_file: str
    text: str
    phases: list[str]


class NoTasks(StepFailure):
    """There is no task file."""

    code = "no-tasks"
    permanent = True


@action("get_phase_names", effect="pure")
def get_phase_names(task_file: str | None, context: StepContext) -> list[str]:
    """The headings of a task file that have tasks (`- [ ] …`) below them; no file: none.

    Those of the second level, with all that is below them; where none of these has tasks, those of
    the next level that has.
    """
    if not task_file:
        return []
    text = _read(context, task_file)
    if text is None:
        context.log(f"There is no file {task_file}: no phases.", "warning")
        return []
    return phases(text)


@action("read_tasks", effect="pure")
def read_tasks(
    context: StepContext, task_file: str | None = None, branch_name: str | None = None
) -> Tasks:
    """A task file with its phases: `{task_file, text, phases}`. None there: it fails.

    Without a name it is `specs/BRANCH/tasks.md` or `tasks.md`, in the working tree or, for a branch
    that is not checked out, on the branch.
    """
    branch = branch_name or ""
    names = (
        [task_file] if task_file else [f"specs/{branch}/{TASK_FILE}"] * bool(branch) + [TASK_FILE]
    )
    for name in names:
        text = _read(context, name)
        if text is not None:
            return {"task_file": name, "text": text, "phases": phases(text)}
    git = Git(context)
    if branch and git.has_branch(branch):
        for name in names:
            shown = git.ask("show", f"refs/heads/{branch}:{name}")
            if shown is not None:
                return {"task_file": name, "text": shown, "phases": phases(shown)}
    raise NoTasks(
        f"There is no task file {' or '.join(names)}.",
        hint="Name the one that says what to do as `task_file`.",
    )


def _read(context: StepContext, name: str) -> str | None:
    path = inside(context.workspace, name)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(MAX_BYTES).decode("utf-8", "replace")


def phases(text: str) -> list[str]:
    """The names of the phases of a Markdown text."""
    open_at: dict[int, int] = {}  # level → the heading that is open there
    headings: list[tuple[int, str]] = []
    with_tasks: set[int] = set()
    fenced = ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence and (not fenced or fence[1] == fenced):
            fenced = "" if fenced else fence[1]
        elif fenced:
            continue
        elif heading := _HEADING.match(line):
            level = len(heading[1])
            open_at = {known: at for known, at in open_at.items() if known < level}
            open_at[level] = len(headings)
            headings.append((level, heading[2]))
        elif _TASK.match(line):
            with_tasks |= set(open_at.values())
    levels = {headings[at][0] for at in with_tasks}
    if not levels:
        return []
    # A title above everything has all tasks below it, but is no phase.
    level = min(levels - {1} or levels)
    return [name for at, (its, name) in enumerate(headings) if its == level and at in with_tasks]
