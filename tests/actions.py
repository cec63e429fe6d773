"""Calling actions as a step does, without a run around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import runs.library.actions  # noqa: F401
from runs.actions import find_action


@dataclass
class Context:
    """As much of a step as actions look at."""

    workspace: Path
    execution_id: str = "exec_1"
    run_id: str = "run_1"
    path: str = "step"
    attempt: int = 1
    secrets: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    stop: Callable[[], None] | None = None  # how it can be stopped at the moment

    def log(self, text: str, level: str = "info") -> None:
        self.lines.append(text)

    def secret(self, name: str) -> str | None:
        return self.secrets.get(name)

    @contextmanager
    def stops_by(self, stop: Callable[[], None]) -> Iterator[None]:
        self.stop = stop
        try:
            yield
        finally:
            self.stop = None

    @property
    def logged(self) -> str:
        return "\n".join(self.lines)


def call(name: str, where: Context | Path | None = None, /, **kwargs: Any) -> Any:
    """The action as a step calls it: names checked, context added."""
    action = find_action(name)
    assert action is not None, name
    assert action.check_kwargs(kwargs) == []
    if action.context_name:
        context = where if isinstance(where, Context) else Context(where or Path.cwd())
        kwargs[action.context_name] = context
    return action.function(**kwargs)
