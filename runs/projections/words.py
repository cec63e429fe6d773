"""Numbers, times and reasons in words, as the pages say them. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from runs.projections.usage import Usage

STATUS_WORDS: Mapping[str, str] = {
    "queued": "Queued",
    "pending": "Pending",
    "running": "Running",
    "waiting": "Waiting",
    "paused": "Paused",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "timeout": "Timed out",
    "skipped": "Skipped",
    "reused": "Reused",
}
KIND_WORDS: Mapping[str, str] = {"restart": "Restarted", "fork": "Forked", "resume": "Resumed"}
_KIND_PAGES = {"restarted": "restart", "forked": "fork", "resumed": "resume"}


def status(value: str, handled: bool = False) -> str:
    """The word of a status; ``Failed (handled)`` when the run went on from it."""
    word = STATUS_WORDS.get(value, value)
    return f"{word} (handled)" if handled else word


def kind_of_chip(chip: str) -> str:
    """``restarted`` → ``restart``: the chip's word in an address → the run's kind."""
    return _KIND_PAGES.get(chip, "")


def duration(ms: float | None) -> str:
    """``8.4 s``, ``47 s``, ``4 min 58 s``, ``1 h 52 min``; an en dash when there is none."""
    if ms is None:
        return "–"
    if ms < 1000:
        return f"{max(0, round(ms))} ms"
    if ms < 9950:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02} h"


def clock(ms: float | None) -> str:
    """The short form of graph and axis: ``2.1 s``, ``0:48``, ``4:58``, ``1:52:07``, ``2 d 03 h``."""
    if ms is None:
        return ""
    if ms < 9950:
        return duration(ms)
    minutes, seconds = divmod(round(ms / 1000), 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02}"
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return duration(ms)
    return f"{hours}:{minutes:02}:{seconds:02}"


def ago(then: datetime, now: datetime) -> str:
    """``5 min ago``; within ten seconds ``now``."""
    seconds = int((now - then).total_seconds())
    if seconds < 10:
        return "now"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "now"


def at(then: datetime, now: datetime) -> str:
    """``14:32``; on another day ``21 Nov 14:32``, in another year ``21 Nov 2025``. Both in the zone
    that they are in."""
    if then.date() == now.date():
        return f"{then:%H:%M}"
    day = f"{then.day} {then:%b}"
    return f"{day} {then:%H:%M}" if then.year == now.year else f"{day} {then.year}"


def size(count: int) -> str:
    """``312 B``, ``6.2 KB``, ``4.0 MB``."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.1f} KB"
    return f"{count / 1_000_000:.1f} MB"


def usage(used: Usage) -> str:
    """``gpt-5, 1,240 in, 312 out, cost 0.0123``; what nobody said is left out."""
    parts = [used.model]
    if used.tokens_in is not None:
        parts.append(f"{used.tokens_in:,} in")
    if used.tokens_out is not None:
        parts.append(f"{used.tokens_out:,} out")
    if used.cost is not None:
        parts.append(f"cost {cost(used.cost)}")
    return ", ".join(part for part in parts if part) or "not told"


def cost(value: float) -> str:
    """``12.40``, ``0.0123``, ``0.000020``: two digits that say something, at least."""
    if not value:
        return "0"
    digits = 2
    while digits < 9 and value < 10.0 ** (1 - digits):
        digits += 1
    return f"{value:,.{digits}f}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 step``, ``12 steps``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def known_later(paths: Sequence[str]) -> str:
    """Of what a preview cannot count: ``and more in `each` ``; empty for none."""
    if not paths:
        return ""
    if len(paths) == 1:
        return f"and more in `{paths[0]}`"
    return f"and more in {len(paths):,} places"


def initials(name: str) -> str:
    """``mira.k`` → ``MK``, ``alice`` → ``AL``."""
    parts = [part for part in name.replace("_", ".").replace("-", ".").split(".") if part]
    if not parts:
        return "?"
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return letters.upper()


CONTAINERS = frozenset({"loop", "branch", "subworkflow"})  # kinds that do no work of their own
# Which icon of the sprite stands for a kind of step; others are called like their kind.
KIND_ICONS: Mapping[str, str] = {
    "subworkflow": "workflows",
    "generate": "agents",
    "call": "agents",
    "validate": "once",
    "wait": "clock",
    "": "workflows",
}


def until(moment: datetime, now: datetime) -> str:
    """``14:32 UTC``; on another day ``3 Dec, 14:32 UTC``. Both in the zone of ``now``."""
    local = moment.astimezone(now.tzinfo)
    if local.date() == now.date():
        soon = (moment - now).total_seconds() < 600
        return f"{local:%H:%M:%S %Z}" if soon else f"{local:%H:%M %Z}"
    return f"{local.day} {local:%b, %H:%M %Z}"


# Stable words that say nothing beside their detail: status and step already stand there.
_SILENT = frozenset(
    {"step-failed", "step-timeout", "action-failed", "command-failed", "failed", "error"}
)


def reason(status_reason: str) -> str:
    """A stored reason, ``one-stable-word: detail``, as a reader likes it."""
    status_reason = printed(status_reason)
    word, colon, detail = status_reason.partition(":")
    if " " in word:
        return status_reason
    detail = detail.strip()
    if colon and detail and word in _SILENT:
        return detail
    said = word.replace("-", " ").replace("_", " ")
    return f"{said}: {detail}" if detail else said


def shorten(text: str, most: int) -> str:
    """A long name cut in the middle, so that both its ends can still be told from others."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[-(most - 1 - head) :]}"


# Signs that turn the direction of what follows, or that nobody sees: shown as they are, they would
# let a value look like another one.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
# What a program says to a terminal and not to a reader: colours, titles, where to write next.
_TO_TERMINAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])"
)


def printed(text: str) -> str:
    """What a step printed, as a terminal would show it and no sign turns it round: without colours,
    of a line that was written over the last state, and ``\\u202e`` for what nobody sees."""
    if "\x1b" in text:
        text = _TO_TERMINAL.sub("", text)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return seen(text)


def seen(text: str) -> str:
    """The text with an escape for every sign that cannot be seen."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def json_text(value: Any) -> str:
    """A value as JSON for people: every sign as it is, except those that cannot be seen."""
    return seen(json.dumps(value, ensure_ascii=False))


def json_short(value: Any, most: int = 60) -> str:
    """A value as JSON, cut in the middle when it is long."""
    return shorten(json_text(value), most)


def sum_of_turns(turns: Sequence[str], done: str = "done") -> str:
    """``9 reused · 2 done · 1 failed``."""
    names = (
        ("reused", ("reused",)),
        ("not passed", ("missed",)),
        (done, ("succeeded",)),
        ("failed", ("failed", "timeout")),
        ("cancelled", ("cancelled",)),
        ("running", ("running",)),
        ("waiting", ("waiting", "queued", "paused")),
        ("to come", ("pending",)),
        ("skipped", ("skipped",)),
    )
    parts = []
    for word, statuses in names:
        number = sum(1 for turn in turns if turn in statuses)
        if number:
            parts.append(f"{number} {word}")
    return " · ".join(parts)
