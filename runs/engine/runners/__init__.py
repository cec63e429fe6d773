"""The table: step kind → runner. A runner takes a context and the resolved input, gives JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from runs.engine.runners.agent import run_agent, run_generate
from runs.engine.runners.approval import run_approval
from runs.engine.runners.checkpoint import run_checkpoint
from runs.engine.runners.python import run_python
from runs.engine.runners.shell import run_shell
from runs.engine.runners.validate import run_validate
from runs.engine.runners.wait import run_wait

# Containers (loop, branch, subworkflow) have no runner: they do no work of their own, and
# `planning.frontier` opens and closes them.
RUNNERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "agent": run_agent,
    "approval": run_approval,
    "checkpoint": run_checkpoint,
    "generate": run_generate,
    "python": run_python,
    "shell": run_shell,
    "validate": run_validate,
    "wait": run_wait,
}
