"""What exists around a workflow, as far as whoever loads it can say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from runs.definition.spec import WorkflowSpec


@dataclass(frozen=True)
class Known:
    """What a workflow may name. None means: not known, so not checked.

    `actions`: the names of the registered actions; if it is a mapping whose values have
    `check_kwargs` (as `runs.actions.Action` has), arguments are checked too. `workflows`: answers
    the spec of a workflow by its name, or None when there is none. `agents`, `generators`: the
    names of those that are set up. `stages`: the names of a validation's stages. `broken`: names
    of workflows that are there and have problems of their own, told elsewhere. `expected`: agents
    and generators that come as a name only, for the project to set up: a warning while it has not.
    """

    actions: Mapping[str, Any] | Collection[str] | None = None
    workflows: Callable[[str], WorkflowSpec | None] | None = None
    agents: Collection[str] | None = None
    generators: Collection[str] | None = None
    stages: Collection[str] | None = None
    broken: Collection[str] = ()
    expected: Collection[str] = ()
