"""The text that an agent gets. The same context makes the same text; docs/agents.md shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runs.agents.setup import AgentSetup

TASK_KEYS = ("prompt", "task")  # of the context: the first that is a text stands first


def prompt_text(
    setup: AgentSetup,
    prompt: str,
    context: Mapping[str, Any],
    schema: Mapping[str, Any] | None,
) -> str:
    """The task, the rest of the context as JSON, the suffix, and what shape is asked for.

    A command gets the instructions before it; a chat endpoint has a message of its own for them.
    """
    rest = dict(context)
    parts = [setup.instructions] if setup.kind == "command" else []
    if prompt:
        parts.append(prompt)
    else:
        key = next((k for k in TASK_KEYS if isinstance(rest.get(k), str) and rest[k]), None)
        if key:
            parts.append(rest.pop(key))
    if rest:
        # Line ends inside texts are written \n, so no value can end the fence.
        parts.append(f"Context:\n\n```json\n{_json(rest)}\n```")
    parts.append(setup.prompt_suffix)
    if schema is not None:
        parts.append(
            "Answer with one JSON value and nothing else. It has to satisfy this JSON Schema:"
            f"\n\n```json\n{_json(schema)}\n```"
        )
    elif setup.output == "json":
        parts.append("Answer with one JSON value and nothing else.")
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def repair_text(wrong: list[str]) -> str:
    """What a chat endpoint is told whose answer was not what it had been asked for."""
    return (
        "That answer cannot be used:\n\n"
        + "\n".join(f"- {one}" for one in wrong)
        + "\n\nAnswer again, with one JSON value and nothing else."
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
