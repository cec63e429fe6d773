"""What an OpenAI-compatible endpoint sends: server-sent events, or one JSON body."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from runs.agents.request import Log

MOST_TEXT = 8 * 1024 * 1024  # characters of one answer


class Broken(Exception):
    """The answer broke off, or is none. Asking again may help."""


class EndpointError(Exception):
    """An error that came inside the stream."""


@dataclass
class Reply:
    """One answer, as far as it has come."""

    model: str = ""
    text: str = ""
    finish: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    _parts: list[str] = field(default_factory=list)
    _size: int = 0
    _line: str = ""

    def take(self, part: Any, log: Log) -> None:
        """One chunk of a stream, or a whole body. Raises Broken and EndpointError."""
        if not isinstance(part, dict):
            raise Broken("it sent something that is no JSON object")
        if part.get("error"):
            error = part["error"]
            said = error.get("message") if isinstance(error, dict) else error
            raise EndpointError(str(said))
        if isinstance(part.get("model"), str):
            self.model = part["model"]
        usage = part.get("usage")
        if isinstance(usage, dict):
            self.tokens_in = _count(usage.get("prompt_tokens"), self.tokens_in)
            self.tokens_out = _count(usage.get("completion_tokens"), self.tokens_out)
        choices = part.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        said = choice.get("delta") or choice.get("message") or {}
        if isinstance(said, dict):
            self._add(_text(said.get("content")), log)
            if isinstance(said.get("refusal"), str):
                self._add(said["refusal"], log)
                self.finish = "refusal"
        self.finish = self.finish or str(choice.get("finish_reason") or "")

    @property
    def began(self) -> bool:
        """Has anything of an answer come?"""
        return bool(self.finish or self._parts)

    def end(self, log: Log) -> None:
        """All has come: the last line goes to the log."""
        if self._line:
            log(self._line + "\n", "stdout")
        self.text = "".join(self._parts)

    def _add(self, text: str, log: Log) -> None:
        self._size += len(text)
        if self._size > MOST_TEXT:
            raise EndpointError(f"the answer is longer than {MOST_TEXT:,} characters")
        self._parts.append(text)
        whole, end, rest = (self._line + text).rpartition("\n")
        if end:
            log(whole + end, "stdout")
        self._line = rest


async def read_events(lines: AsyncIterator[str], reply: Reply, log: Log) -> None:
    """Read a stream to its end. Raises Broken when it ends before it says so."""
    data: list[str] = []
    async for line in lines:
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            if _event("\n".join(data), reply, log):
                return
            data = []
    if data and _event("\n".join(data), reply, log):
        return
    if not reply.finish:
        raise Broken("its answer broke off")


def _event(text: str, reply: Reply, log: Log) -> bool:
    """Take one event; is it the last?"""
    if text.strip() == "[DONE]":
        return True
    try:
        part = json.loads(text)
    except (ValueError, RecursionError):
        raise Broken("it sent an event that is not JSON") from None
    reply.take(part, log)
    return False


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts: only those of text are for us
        return "".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return ""


def _count(value: Any, known: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else known
