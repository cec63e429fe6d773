"""What the players of scenario.json got, held against what the scenario expects."""

import json
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("scenario.json")
_PART = re.compile(r"\[(\w+)=([^\]]*)\]|([^.\[\]]+)")


def steps() -> list[dict[str, Any]]:
    """The steps of the scenario."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text())["steps"]
    return found


def pick(document: Any, place: str) -> Any:
    """The value at a place such as ``nodes[path=gate].status``."""
    for key, value, name in _PART.findall(place):
        if name:
            document = document[name]
        else:
            document = next(item for item in document if str(item[key]) == value)
    return document


def judged(said: str) -> list[str]:
    """What a player's output has otherwise than expected; empty is as it should be."""
    documents = [json.loads(line) for line in said.splitlines()]
    ids: dict[str, str] = {}
    wrong = []
    for number, (step, document) in enumerate(zip(steps(), documents, strict=True), 1):
        if "as" in step:
            ids[step["as"]] = document.get("plan_id") or document["id"]
        for place, value in step["expect"].items():
            wanted = _named(value, ids)
            try:
                got = pick(document, place)
            except (KeyError, TypeError, StopIteration):
                got = "(nothing there)"
            if got != wanted:
                wrong.append(f"{number} {step['do']}: {place} is {got!r}, not {wanted!r}")
    return wrong


def _named(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(one, ids) for one in value]
    is_name = isinstance(value, str) and value.startswith("$")
    return ids.get(value[1:], value) if is_name else value
