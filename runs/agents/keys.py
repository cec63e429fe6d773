"""The keys of an agent's settings: which there are, and which values they take."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from runs.agents.setup import is_secret_reference, other_expressions
from runs.definition.durations import parse_duration

Parse = Callable[[Any], Any]  # the value, or ValueError with the rest of a sentence

AUTONOMY = ("operator", "collaborator", "consultant", "approver")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("has to be a text")
    if "\0" in value:
        raise ValueError("cannot hold a NUL character")
    return value


def _plain_text(value: Any) -> str:
    if other_expressions(_text(value)) or is_secret_reference(value):
        raise ValueError("is taken as it is: no ${{ … }} can be used here")
    return str(value)


def _one_of(*words: str) -> Parse:
    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError(f"is one of {', '.join(words)}")
        return str(value)

    return parse


def _number(least: float, most: float) -> Parse:
    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("has to be a number")
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError(f"has to be between {least:g} and {most:g}")
        return value

    return parse


def _whole(least: int, most: int) -> Parse:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"has to be a whole number from {least} to {most}")
        return value

    return parse


def _duration(value: Any) -> float:
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError("has to be more than 0")
    return seconds


def _command(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError as error:
            raise ValueError(f"cannot be split into words: {error}") from None
    if not isinstance(value, list) or not value or not all(isinstance(w, str) for w in value):
        raise ValueError('has to be a text or a list of words, as in ["my-agent", "--flag"]')
    return tuple(_command_word(word) for word in value)


def _command_word(word: str) -> str:
    if other_expressions(word) or is_secret_reference(word):
        # Everybody on the machine can read the words of a running program.
        raise ValueError("cannot hold ${{ … }}; hand a secret over in env")
    return _text(word) if word else word


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("has to be a list of texts")
    return tuple(value)


def _environment(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError('has to be a table, as in {NAME = "value"}')
    env = {}
    for name, one in value.items():
        if "=" in name or not name:
            raise ValueError(f"has {name!r}, which cannot be the name of a variable")
        if isinstance(one, bool) or not isinstance(one, str | int | float):
            raise ValueError(f"has {name}, which has to be a text or a number")
        if other_expressions(str(one)):
            raise ValueError(f"has {name}, in which only ${{{{ secrets.NAME }}}} can be used")
        env[name] = str(one)
    return env


def _url(value: Any) -> str:
    if not _plain_text(value).startswith(("http://", "https://")):
        raise ValueError("has to begin with http:// or https://")
    if "@" in str(value).partition("://")[2].partition("/")[0]:
        raise ValueError("cannot hold a user or a password; use api_key")
    return str(value).rstrip("/")


def _secret(value: Any) -> str:
    if not isinstance(value, str) or not is_secret_reference(value):
        raise ValueError("has to be ${{ secrets.NAME }}: a key in a file is read by everybody")
    return value.strip()


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("has to be a table")
    return dict(value)


# What a step's `config`, [steps.NAME] and [agent_defaults] may say of an agent of any kind.
TUNING: dict[str, Parse] = {
    "model": _plain_text,
    "temperature": _number(0, 2),
    "max_tokens": _whole(1, 1_000_000),
    "timeout": _duration,
    "max_retries": _whole(0, 20),
    "wait_min": _duration,
    "wait_max": _duration,
    "prompt_file": _plain_text,
    "prompt_suffix": _text,
    "allowed_tools": _texts,
    "autonomy": _one_of(*AUTONOMY),
}
COMMAND: dict[str, Parse] = {
    "command": _command,
    "prompt": _one_of("stdin", "argument"),
    "env": _environment,
}
CHAT: dict[str, Parse] = {
    "base_url": _url,
    "api_key": _secret,
    "api_key_env": _plain_text,
    "price_in": _number(0, 1e6),
    "price_out": _number(0, 1e6),
    "options": _table,
}
OWN: dict[str, Parse] = {
    "kind": _one_of("command", "chat", "http"),
    "output": _one_of("text", "json", "auto"),
    "version": _plain_text,
    "url": _url,
}
AGENT: dict[str, Parse] = {**TUNING, **COMMAND, **CHAT, **OWN}
# The endpoint may be said once for all agents.
DEFAULTS: dict[str, Parse] = {**TUNING, **CHAT}
EXCLUSIVE = (("prompt_file", "prompt_suffix"), ("api_key", "api_key_env"))
# What means nothing to a chat endpoint that has no tools of its own.
NOT_FOR_CHAT = ("allowed_tools", "autonomy")


def old_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A step's `config` with its old spellings as ours. Raises ValueError for what is refused.

    `model_id` is `model`; `retry_policy: {max_attempts, wait_min, wait_max}` are three keys.
    """
    ours = dict(config)
    if "model_id" in ours:
        if "model" in ours:
            raise ValueError("model and model_id are the same: give one")
        ours["model"] = ours.pop("model_id")
    if "retry_policy" in ours:
        if "max_retries" in ours:
            raise ValueError("max_retries and retry_policy exclude each other")
        policy = ours.pop("retry_policy")
        if not isinstance(policy, Mapping) or set(policy) - {
            "max_attempts",
            "wait_min",
            "wait_max",
        }:
            raise ValueError("retry_policy takes max_attempts, wait_min and wait_max")
        attempts = policy.get("max_attempts")
        if attempts is not None:
            ours["max_retries"] = _whole(1, 21)(attempts) - 1
        ours |= {key: policy[key] for key in ("wait_min", "wait_max") if key in policy}
    if ours.pop("mode", "agent") != "agent":
        raise ValueError("mode: an agent step can only be in the mode `agent`")
    if "provider" in ours:
        raise ValueError("provider is not used: the agent's settings say who answers")
    return ours
