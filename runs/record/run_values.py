"""What the rows of an exported run may say. The file comes from anywhere: what is let through here
becomes rows that pages, restarts and git work with. Each function answers the value, or raises
RunFileDamaged with the place that is wrong."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runs import ids, steppath
from runs.run_file import RunFileDamaged

MOST_NUMBER = 2**31 - 1
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
_EXECUTION = re.compile(r"exec_[0-9a-z][0-9a-z_]{5,34}")
_YEARS = range(2000, 2200)  # what every time zone and every driver can write down


def is_run_id(text: str) -> bool:
    """Whether this can be the id of a run: also of one that a client chose, as AgentField's
    package does."""
    return ids.is_run_id(text)


def is_execution_id(text: str) -> bool:
    """Whether this can be the id of an execution."""
    return bool(_EXECUTION.fullmatch(text))


def mapping(value: Any, what: str = "A part of the file") -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise RunFileDamaged(f"{what} is no JSON object.")
    return value


def mapping_or_none(value: Any, what: str) -> dict[str, Any] | None:
    """A JSON object, or nothing."""
    return None if value is None else mapping(value, what)


def number(value: Any, what: str, most: int = MOST_NUMBER) -> int:
    """A count or a position: never below zero; absent means zero."""
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= most:
        raise RunFileDamaged(f"{what} is {str(value)[:40]!r}, and no number that it can be.")
    return value


def text(value: Any, what: str) -> str:
    """Words for people; absent means none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RunFileDamaged(f"{what} is no text.")
    return value


def word(value: Any, what: str) -> str:
    """One of the program's own words. Pages and streams put them where no other text may stand."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise RunFileDamaged(f"{what} is {str(value)[:60]!r}, and no word of Maverick's.")
    return value


def one_of(value: Any, words: frozenset[str], what: str) -> str:
    """A word of a vocabulary."""
    if not isinstance(value, str) or value not in words:
        raise RunFileDamaged(f"{what} is {str(value)[:60]!r}.")
    return value


def run_id(value: Any, what: str) -> str:
    """The id of a run, "" for none. It stands in addresses of pages."""
    if value and not (isinstance(value, str) and is_run_id(value)):
        raise RunFileDamaged(f"{what} is {str(value)[:60]!r}, which is no id of a run.")
    return value or ""


def execution_id(value: Any, what: str) -> str:
    """The id of an execution, "" for none."""
    if value and not (isinstance(value, str) and is_execution_id(value)):
        raise RunFileDamaged(f"{what} is {str(value)[:60]!r}, which is no id of a step.")
    return value or ""


def path(value: Any) -> str:
    """The path of a step."""
    if not isinstance(value, str) or not steppath.is_path(value):
        raise RunFileDamaged(f"{str(value)[:60]!r} is no path of a step.")
    return value


def when(value: Any) -> datetime | None:
    """A time."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = datetime.min
    if found.year not in _YEARS:
        raise RunFileDamaged(f"{str(value)[:60]!r} is no time.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def labels(value: Any) -> dict[str, str]:
    """A run's labels."""
    found = mapping(value or {}, "The run's labels")
    if not all(isinstance(one, str) for one in found.values()):
        raise RunFileDamaged("The run has a label that is no text.")
    return found


def decisions(value: Any) -> dict[str, Any] | None:
    """What was planned: an object of objects of texts."""
    found = mapping_or_none(value, "What was planned")
    for one in (found or {}).values():
        if not all(isinstance(said, str) for said in mapping(one, "What was planned").values()):
            raise RunFileDamaged("What was planned cannot be read.")
    return found


def tries(value: Any, what: str) -> list[dict[str, Any]]:
    """The attempts at a step."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise RunFileDamaged(f"The attempts at {what} are no list.")
    for one in value:
        found = mapping(one, f"An attempt at {what}")
        number(found.get("n"), f"The number of an attempt at {what}")
        when(found.get("started_at"))
        when(found.get("finished_at"))
    return value


def step_input(value: Any, kind: str, what: str) -> dict[str, Any] | None:
    """What a step was given; of a loop its items, which a restart goes through."""
    found = mapping_or_none(value, f"The input of {what}")
    if kind == "loop" and not isinstance((found or {}).get("items", []), list):
        raise RunFileDamaged(f"The items of {what} are no list.")
    return found


def error(value: Any, what: str) -> dict[str, Any] | None:
    """Why a step failed."""
    found = mapping_or_none(value, f"The error of {what}")
    for key in ("code", "message", "hint"):
        text((found or {}).get(key), f"The {key} of the error of {what}")
    return found


def decision(value: Any, what: str) -> Mapping[str, Any] | None:
    """What was decided about a step, and why."""
    found = mapping_or_none(value, f"The decision about {what}")
    for key in ("action", "because"):
        text((found or {}).get(key), f"The decision about {what}")
    return found
