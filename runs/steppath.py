"""Step paths: where an execution stands in its run, for example ``fix[2]/review``.

A path is a list of segments joined by ``/``. A segment is a step name, with ``[n]`` behind it
when what follows happens in turn ``n`` of that loop. ``fix`` is the loop itself, ``fix[2]`` its
third turn (a turn has no execution of its own), ``fix[2]/review`` a step of that turn.
"""

import re

_TURN = re.compile(r"\[\d+\]")
_NAME = r"[^./\[\]\x00-\x1f\x7f][^/\[\]\x00-\x1f\x7f]*"
_PATH = re.compile(rf"(?:{_NAME}(?:\[[0-9]{{1,9}}\])?/){{0,99}}{_NAME}")
MOST = 4000  # characters of a path


def is_path(text: str) -> bool:
    """Whether this can be the path of an execution; for what comes from elsewhere."""
    return len(text) <= MOST and bool(_PATH.fullmatch(text))


def child(scope: str, name: str) -> str:
    """The path of step ``name`` in ``scope`` (``""`` is the top of the run)."""
    return f"{scope}/{name}" if scope else name


def turn(loop_path: str, index: int) -> str:
    """The scope of turn ``index`` (from 0) of the loop at ``loop_path``."""
    return f"{loop_path}[{index}]"


def scope_of(path: str) -> str:
    """The scope in which the step at ``path`` stands: ``fix[2]/review`` gives ``fix[2]``."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The step's own name: ``fix[2]/review`` gives ``review``."""
    return path.rpartition("/")[2]


def split_turn(scope: str) -> tuple[str, int | None]:
    """The container's path and the turn: ``fix[2]`` gives ``("fix", 2)``, ``call`` ``("call", None)``."""
    if scope.endswith("]"):
        container, _, index = scope[:-1].rpartition("[")
        return container, int(index)
    return scope, None


def parent_of(path: str) -> str:
    """The path of the container that holds ``path``, or ``""`` at the top."""
    return split_turn(scope_of(path))[0]


def below(container: str) -> tuple[str, str]:
    """How the path of everything inside ``container`` begins, in its turns as well: for `startswith`."""
    return f"{container}/", f"{container}["


def pattern(path: str) -> str:
    """The path without turns, as it stands in the definition: ``fix[2]/review`` → ``fix/review``."""
    return _TURN.sub("", path) if "[" in path else path


def depth(path: str) -> int:
    """How many containers are around the step."""
    return path.count("/")


def sort_key(path: str) -> tuple[tuple[str, int], ...]:
    """Sorts turn 10 after turn 9 (plain text would put it after turn 1)."""
    key = []
    for segment in path.split("/"):
        name, index = split_turn(segment)
        key.append((name, -1 if index is None else index))
    return tuple(key)
