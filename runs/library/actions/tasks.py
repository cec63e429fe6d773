"""Task lists in Markdown: the phases of an implementation."""

import re

from runs.actions import StepContext, action
from runs.library.actions.workspace import inside

MAX_BYTES = 4 * 1024 * 1024
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_TASK = re.compile(r"^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+\S")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


@action("get_phase_names", effect="pure")
def get_phase_names(task_file: str | None, context: StepContext) -> list[str]:
    """The headings of a task file that have tasks (`- [ ] …`) below them; no file: none.

    Those of the second level, with all that is below them; where none of these has tasks, those of
    the next level that has.
    """
    if not task_file:
        return []
    path = inside(context.workspace, task_file)
    if not path.is_file():
        context.log(f"There is no file {task_file}: no phases.", "warning")
        return []
    with path.open("rb") as file:
        return phases(file.read(MAX_BYTES).decode("utf-8", "replace"))


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
