"""When a run was started, in words: ``<24h``, ``>7d``, ``today``, ``2026-11-20``, ``from..to``. Pure."""

import re
from datetime import UTC, datetime, time, timedelta

_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE = re.compile(r"([<>]?)\s*(\d{1,5})\s*(min|m|h|d|w)", re.IGNORECASE)
SHAPES = "is like <24h, >7d, today, yesterday, 2026-11-20, or 2026-11-20..2026-11-21"

Period = tuple[datetime | None, datetime | None]  # from (inclusive), to (exclusive)


def period(value: str, now: datetime) -> Period:
    """What the words mean at ``now``, whose zone is theirs. ValueError: what they should be like."""
    word = value.strip().lower()
    relative = _RELATIVE.fullmatch(word)
    if relative:
        then = now - timedelta(**{_UNITS[relative[3]]: int(relative[2])})
        return (None, then) if relative[1] == ">" else (then, None)
    day = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
    if word == "today":
        return day, None
    if word == "yesterday":
        return day - timedelta(days=1), day
    if ".." in word:
        first, _, last = word.partition("..")
        since = _moment(first, now)[0] if first else None
        until = _moment(last, now)[1] if last else None
        if since is None and until is None:
            raise ValueError(SHAPES)
        return since, until
    if word[:1] in "<>" and word[1:]:
        since, until = _moment(word[1:], now)
        return (None, since) if word[0] == "<" else (until, None)
    return _moment(word, now)


def _moment(text: str, now: datetime) -> tuple[datetime, datetime]:
    """A day as its two ends, a minute as a moment."""
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=now.tzinfo or UTC)
        whole_day = len(text.strip()) == len("2026-11-20")
        return found, found + timedelta(days=1) if whole_day else found
    except (ValueError, OverflowError):
        raise ValueError(SHAPES) from None
