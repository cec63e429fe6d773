"""From what an agent said to the value that its step gives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from runs.agents.errors import AgentFailed, AgentMisconfigured
from runs.agents.setup import AgentSetup
from runs.schemas import SchemaFault, schema_fault, violations

_FENCE = re.compile(r"^```(?:json)?[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
SHOWN = 2000  # characters of an answer in an error's detail


class NotUsable(ValueError):
    """The answer is not what was asked for. ``wrong`` says why, in sentences."""

    def __init__(self, wrong: list[str]) -> None:
        self.wrong = wrong
        super().__init__(" ".join(wrong))


def check_request(setup: AgentSetup, schema: Mapping[str, Any] | None) -> None:
    """Raises AgentMisconfigured for a schema that no answer could be held against."""
    if schema is None:
        return
    fault = schema_fault(schema)
    if fault:
        raise AgentMisconfigured(f"The output schema cannot be used: {fault}.")


def read_answer(text: str, setup: AgentSetup, schema: Mapping[str, Any] | None) -> Any:
    """The value in an answer: JSON where it is asked for, else text. Raises NotUsable."""
    if schema is None and setup.output != "json":
        if setup.output == "auto" and text.lstrip()[:1] in ("{", "["):
            try:
                return _loads(text)
            except ValueError:
                pass
        return text.strip()
    value = _find_json(text)
    if schema is not None:
        try:
            wrong = violations(value, schema)
        except SchemaFault as fault:  # checked before; a fault that shows with this value only
            raise NotUsable([str(fault)]) from None
        if wrong:
            raise NotUsable(wrong)
    return value


def _find_json(text: str) -> Any:
    """The whole text, else its last fenced block, else its last line: people print before it."""
    stripped = text.strip()
    if not stripped:
        raise NotUsable(["The answer is empty."])
    blocks = _FENCE.findall(text)
    for part in (stripped, *blocks[-1:], stripped.splitlines()[-1]):
        try:
            return _loads(part)
        except ValueError:
            continue
    try:
        return _loads(stripped)
    except ValueError as error:
        raise NotUsable([f"The answer is not JSON: {error}."]) from None


def _loads(text: str) -> Any:
    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def bad_output(name: str, wrong: list[str], text: str) -> AgentFailed:
    """The error for an answer that cannot be used."""
    return AgentFailed(
        "agent-bad-output",
        f"{name} did not answer as it was asked to: {' '.join(wrong)}",
        hint="The log has the whole answer.",
        detail={"problems": wrong, "answer": text[:SHOWN]},
    )


def check_success(name: str, value: Any) -> None:
    """Raises AgentFailed for a mapping with `success: false`."""
    if not isinstance(value, Mapping) or value.get("success") is not False:
        return
    errors = value.get("errors")
    if isinstance(errors, list) and errors:
        said = "; ".join(_words(one) for one in errors)
    else:
        said = _words(value.get("error")) if value.get("error") else "it answered success: false."
    raise AgentFailed("agent-reported-failure", f"{name}: {said}", detail={"answer": dict(value)})


def _words(error: Any) -> str:
    if isinstance(error, Mapping) and error.get("message"):
        return str(error["message"])
    return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)
