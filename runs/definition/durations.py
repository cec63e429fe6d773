"""Lengths of time as people write them."""

from __future__ import annotations

import math
import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)\s*")


def parse_duration(value: Any) -> float:
    """Seconds from a number (seconds) or from text such as `"250ms"`, `"30s"`, `"1h30m"`.

    Raises ValueError for anything else, truth values and negative numbers included.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("a duration is a finite number of seconds, not below 0")
        return seconds
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text):
            return float(text)
        total, position = 0.0, 0
        while part := _PART.match(text, position):
            total += float(part[1]) * _UNITS[part[2]]
            position = part.end()
        if text and position == len(text):
            return total
    raise ValueError("a duration is a number of seconds or a text such as '30s', '5m', '1h30m'")
