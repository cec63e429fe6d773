"""The list of built-in actions in docs/actions.md, from the actions themselves.

python tools/actions_page.py      writes it anew; tests/docs/test_documented.py compares
"""

import inspect
import re
import sys
import typing
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "actions.md"
BEGIN, END = "<!-- actions: begin -->\n", "<!-- actions: end -->\n"
OWN = "runs.library.actions."


def table() -> str:
    """One heading for each file of actions, one row for each action."""
    import runs.library.actions
    from runs.actions import Action, known_actions

    groups: dict[str, list[Action]] = {name: [] for name in runs.library.actions.__all__}
    for action in known_actions().values():
        module = action.function.__module__
        if module.startswith(OWN):
            groups[module.removeprefix(OWN)].append(action)
    parts = []
    for name, actions in groups.items():
        told = (inspect.getdoc(sys.modules[OWN + name]) or "").partition("\n")[0]
        rows = [_row(one) for one in sorted(actions, key=lambda one: one.name)]
        parts.append(
            f"### {told.rstrip('.')}\n\n| Action | What it does | Answers |\n|---|---|---|\n"
            + "".join(rows)
        )
    return "\n".join(parts)


def renewed(page: str) -> str:
    """The page with the list as it is now."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def _row(action: typing.Any) -> str:
    pure = " _pure_" if action.effect == "pure" else ""
    return f"| `{action.name}({_arguments(action)})`{pure} | {_says(action)} | {_answers(action.function)} |\n"


def _arguments(action: typing.Any) -> str:
    shown = []
    for name, one in inspect.signature(action.function).parameters.items():
        if name == action.context_name:
            continue
        given = one.default
        if given is inspect.Parameter.empty:
            shown.append(name)
        elif given is None:
            shown.append(f"{name}?")
        else:
            text = str(given).lower() if isinstance(given, bool) else repr(given).replace("'", '"')
            shown.append(f"{name}={text}")
    return ", ".join(shown).replace("|", "\\|")


def _says(action: typing.Any) -> str:
    """The first line of the docstring without its result, which has a column of its own."""
    said = re.sub(r":? `\{[^`]*\}`", "", action.description).replace("|", "\\|").strip()
    return said if said.endswith(".") else f"{said}."


def _answers(function: typing.Any) -> str:
    hint = typing.get_type_hints(function).get("return")
    if typing.is_typeddict(hint):
        return f"`{', '.join(hint.__annotations__)}`"
    written = re.search(r"`\{([^`]*)\}`", inspect.getdoc(function) or "")
    if written:
        return f"`{written[1].replace('|', chr(92) + '|')}`"
    kinds: dict[typing.Any, str] = {str: "a text", list: "a list", dict: "a mapping"}
    return kinds.get(typing.get_origin(hint) or hint, "what it has")


if __name__ == "__main__":
    import os

    sys.path.insert(0, str(PAGE.parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    PAGE.write_text(renewed(PAGE.read_text()))
