"""AgentSetup: everything that is known about an agent before it is called, but no secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from runs.agents.errors import AgentMisconfigured
from runs.canonical import digest

Role = Literal["agent", "generator"]
Kind = Literal["command", "chat", "http"]
ROLES: tuple[Role, ...] = ("agent", "generator")

_SECRET = re.compile(r"\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(frozen=True)
class AgentSetup:
    """An agent as it is to be called. Secrets stay the names they were written as."""

    name: str
    role: Role
    kind: Kind
    command: tuple[str, ...] = ()
    prompt: Literal["stdin", "argument"] = "stdin"
    output: Literal["text", "json", "auto"] = "auto"
    env: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    model: str = ""
    api_key: str = ""  # `${{ secrets.NAME }}`
    api_key_env: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # more of the request's body
    price_in: float | None = None  # per million tokens
    price_out: float | None = None
    instructions: str = ""  # the text of prompt_file
    prompt_suffix: str = ""
    allowed_tools: tuple[str, ...] | None = None
    autonomy: str = ""
    version: str = ""
    timeout: float | None = None  # seconds
    max_retries: int = 4  # after the first try, for 429, 5xx and broken connections
    wait_min: float = 1.0  # seconds before the first repetition; doubled each time
    wait_max: float = 60.0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides how the agent answers: part of a step's match key.

        Not in it: keys, prices, time-outs, retries. An agent with another of these is the same.
        """
        return digest(
            {
                "kind": self.kind,
                "command": list(self.command),
                "prompt": self.prompt,
                "output": self.output,
                "env": dict(self.env),
                "base_url": self.shown_url,
                "model": self.model,
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                "options": dict(self.options),
                "instructions": self.instructions,
                "prompt_suffix": self.prompt_suffix,
                "allowed_tools": self.allowed_tools and list(self.allowed_tools),
                "autonomy": self.autonomy,
                "version": self.version,
            }
        )

    @property
    def shown_url(self) -> str:
        """``base_url`` without its query, which may hold a secret."""
        return self.base_url.partition("?")[0]

    def key(self, secrets: Mapping[str, str]) -> str:
        """The API key, empty when there is none. Raises AgentMisconfigured."""
        if self.api_key_env:
            value = os.environ.get(self.api_key_env, "")
            if not value:
                raise AgentMisconfigured(
                    f"The environment variable {self.api_key_env} is not set.",
                    hint=f"It holds the key of {self.role} {self.name}; workers need it as well.",
                )
            return value
        return self.reveal(self.api_key, secrets)

    def reveal(self, text: str, secrets: Mapping[str, str]) -> str:
        """A text of the settings with its secrets. Raises AgentMisconfigured."""

        def value(found: re.Match[str]) -> str:
            try:
                return secrets[found[1]]
            except KeyError:
                raise AgentMisconfigured(
                    f"There is no secret {found[1]!r}, which {self.role} {self.name} needs.",
                    hint=f"Set MAVERICK_SECRET_{found[1]} in the environment of the workers.",
                ) from None

        return _SECRET.sub(value, text)

    def secret_values(self, secrets: Mapping[str, str]) -> list[str]:
        """Every secret value that a call will use, for a masker. Leaves out what is not set."""
        texts = [self.api_key, *self.env.values()]
        named = [found for text in texts for found in _SECRET.findall(text)]
        values = [secrets[name] for name in named if name in secrets]
        if self.api_key_env in os.environ:
            values.append(os.environ[self.api_key_env])
        return values


def is_secret_reference(text: str) -> bool:
    """Is the text `${{ secrets.NAME }}` and nothing else?"""
    return _SECRET.fullmatch(text.strip()) is not None


def other_expressions(text: str) -> bool:
    """Does the text hold `${{ … }}` that is no secret?"""
    return "${{" in _SECRET.sub("", text)
