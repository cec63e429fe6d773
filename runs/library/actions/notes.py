"""What a workflow says about itself: messages, and what a dry run would have done."""

import json
from typing import Any, TypedDict

from runs.actions import StepContext, action

_LEVELS = ("debug", "info", "warning", "error")


class Logged(TypedDict):
    """A message that is in the log."""

    message: str
    logged: bool


class DryRun(TypedDict):
    """What would have been done."""

    dry_run: bool
    operation: str
    details: Any
    would_execute: bool


@action("log_message", effect="pure")
def log_message(message: str, context: StepContext, level: str = "info") -> Logged:
    """Write a message into the step's log: `{message, logged}`."""
    if level not in _LEVELS:
        raise ValueError(f"level is one of {', '.join(_LEVELS)}")
    context.log(str(message), level)
    return {"message": str(message), "logged": True}


@action("log_dry_run", effect="pure")
def log_dry_run(operation: str, context: StepContext, details: Any = None) -> DryRun:
    """Write down what would be done, and do nothing: `{dry_run, operation, details, would_execute}`."""
    said = details if isinstance(details, str) else json.dumps(details, ensure_ascii=False)
    context.log(f"Dry run: {operation}{f': {said}' if details else ''}")
    return {"dry_run": True, "operation": operation, "details": details, "would_execute": True}
