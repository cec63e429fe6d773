"""Stored reasons as clauses of an English sentence. Pure.

What is stored is short (``failed last time``): it stands beside a step's name in tables. After
*because* it needs a subject: ``it failed last time``.
"""

import re
from collections.abc import Mapping
from typing import Any

from runs.planning.stopping import TIME_OF
from runs.projections import words

# How a stored reason begins, and what makes a clause of it; the first that fits.
_CLAUSES = (
    (re.compile(r"(skipped last time)\b"), r"it was \1"),
    (re.compile(r"(chosen to run again)\b"), r"it was \1"),
    (re.compile(r"(checked before every run)\b"), r"it is \1"),
    (re.compile(r"reuse is (`none`)$"), r"nothing is to be reused (\1)"),
    (
        re.compile(
            r"((?:failed|timed out|was|were|did not|never ran|comes after|depends on|started after"
            r"|runs only if|follows from)\b)"
        ),
        r"it \1",
    ),
    (re.compile(r"((?:definition|condition|code version) changed|input and definition)\b"), r"its \1"),
    (re.compile(r"((?:input|context) `)"), r"the \1"),
)  # fmt: skip


def clause(because: str) -> str:
    """``failed last time`` → ``it failed last time``; what is a clause already stays as it is."""
    made = because
    for begins, with_subject in _CLAUSES:
        if begins.match(because):
            made = begins.sub(with_subject, because, count=1)
            break
    return made.replace("; reused if ", "; it is reused if ")


def skipped(status_reason: str) -> str:
    """Why a step was skipped, as a sentence."""
    word, _, rest = status_reason.partition(": ")
    if status_reason.startswith(TIME_OF):
        return f"It was skipped because the time of {status_reason.removeprefix(TIME_OF)} was over"
    if word == "on-error-skip":
        said = words.reason(rest) or "it failed"
        return f"It failed, and the run went on from that (`on_error: skip`): {said}"
    if not status_reason:
        return "It was skipped because it was skipped last time"
    if word == "not taken":
        taken = "the branch took another way"
        return f"It was skipped because {_condition(rest) if rest else taken}"
    return f"It was skipped because {_condition(words.reason(status_reason))}"


def _condition(reason: str) -> str:
    return f"its {reason}" if reason.startswith("condition ") else clause(reason)


def cancelled(status_reason: str) -> str:
    """How it was cancelled, as a sentence."""
    if status_reason.startswith(TIME_OF):
        return f"It was stopped because the time of {status_reason.removeprefix(TIME_OF)} was over"
    said = words.reason(status_reason)
    if not said:
        return "It was cancelled"
    return f"It was {said}" if said.startswith("cancelled") else f"It was cancelled: {said}"


ENDED = {
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "was cancelled",
    "timeout": "ran out of time",
}


def ended(status: str) -> str:
    """How a run or a step ended, as the predicate of a sentence."""
    return ENDED.get(status, f"is {status}")


def because(decision: Mapping[str, Any] | None, status: str) -> tuple[str, str]:
    """The sentence of the panel in two parts: how it begins, and what is to stand out in it."""
    why = clause(str((decision or {}).get("because") or ""))
    action = str((decision or {}).get("action") or "")
    if action == "reuse":
        return "Reused because", why or UNTOUCHED
    if action == "run" and why:
        open_ = status in ("running", "queued", "pending", "waiting")
        return "Runs again because" if open_ else "Ran again because", why
    return "", ""


UNTOUCHED = "nothing it depends on has changed"
