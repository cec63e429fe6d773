"""The settings that `config` may hold, and the prerequisites that `requires` may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.definition.durations import parse_duration
from runs.definition.fields import has_expression

# As old files write them → as they are called now.
OLD_NAMES = {"model": "model_id"}
_WORDS = {
    "mode": ("deterministic", "agent"),
    "autonomy": ("operator", "collaborator", "consultant", "approver"),
}
_RETRY_POLICY = ("max_attempts", "wait_min", "wait_max")
CONFIG_KEYS = (
    "mode",
    "autonomy",
    "provider",
    "model_id",
    "temperature",
    "max_tokens",
    "timeout",
    "max_retries",
    "allowed_tools",
    "prompt_suffix",
    "prompt_file",
    "retry_policy",
)
EXCLUSIVE = (("max_retries", "retry_policy"), ("prompt_suffix", "prompt_file"))

# Prerequisite → what it needs itself, as the original language had them.
PREREQUISITES: Mapping[str, tuple[str, ...]] = {
    "git": (),
    "git_repo": ("git",),
    "git_identity": ("git",),
    "git_remote": ("git_repo",),
    "bd": ("git",),
    "jj": (),
    "gh": (),
    "gh_auth": ("gh",),
    "github_token": (),
    "anthropic_key": (),
    "anthropic_api": ("anthropic_key",),
}


def config_fault(key: str, value: Any) -> str:
    """What is wrong with one setting, as the end of a sentence; empty when it is right.

    A text with an expression in it is right: it is looked at when the step runs.
    """
    if has_expression(value):
        return ""
    match key:
        case "mode" | "autonomy":
            words = _WORDS[key]
            return "" if value in words else f"must be one of {', '.join(words)}"
        case "provider" | "model_id" | "prompt_suffix" | "prompt_file":
            return "" if isinstance(value, str) and value else "must be a text"
        case "temperature":
            return "" if _number(value) and 0 <= value <= 1 else "must be a number from 0 to 1"
        case "max_tokens":
            right = _whole(value) and 1 <= value <= 200_000
            return "" if right else "must be a whole number from 1 to 200000"
        case "max_retries":
            return "" if _whole(value) and value >= 0 else "must be a whole number, 0 or more"
        case "timeout":
            return _timeout_fault(value)
        case "allowed_tools":
            right = isinstance(value, list) and all(isinstance(each, str) for each in value)
            return "" if right else "must be a list of names"
        case "retry_policy":
            return _policy_fault(value)
    return ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _timeout_fault(value: Any) -> str:
    try:
        return "" if parse_duration(value) > 0 else "must be more than 0"
    except ValueError as error:
        return f"is no duration: {error}"


def _policy_fault(value: Any) -> str:
    if not isinstance(value, Mapping) or not set(value) <= set(_RETRY_POLICY):
        return f"must be a mapping of {', '.join(_RETRY_POLICY)}"
    if not all(_number(each) and each >= 0 for each in value.values()):
        return "must hold numbers"
    return ""


def config_schema() -> dict[str, Any]:
    """The properties of `config` for the JSON Schema: each setting, or an expression."""
    text = {"type": "string"}
    whole: dict[str, Any] = {"type": "integer", "minimum": 0}
    settings: dict[str, dict[str, Any]] = {
        "mode": {"enum": list(_WORDS["mode"])},
        "autonomy": {"enum": list(_WORDS["autonomy"])},
        "provider": text,
        "model_id": text,
        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 200_000},
        "timeout": {"type": ["number", "string"], "description": "Of one call."},
        "max_retries": whole,
        "allowed_tools": {"type": "array", "items": text},
        "prompt_suffix": text,
        "prompt_file": text,
        "retry_policy": {"type": "object", "deprecated": True},
    }
    expression = {"type": "string", "pattern": r"\$\{\{"}
    written = {name: {"anyOf": [schema, expression]} for name, schema in settings.items()}
    return written | {old: {**written[new], "deprecated": True} for old, new in OLD_NAMES.items()}
