"""Regular expressions that others write, held against texts that others wrote.

Python's own engine tries one way after another: ``^(a+)+$`` keeps it, and the whole process with
it, busy for years over forty letters. This one goes through a text once, whatever the expression
is; what it cannot do that way (looking around, referring back) is refused when it is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LONGEST = 1000  # characters of an expression
LONGEST_TEXT = 100_000  # characters that are looked at
# Bytes of a compiled expression: `((a{99}){99}){99}` is short and would be large. With this and the
# longest text the worst that was found takes a second.
_LARGEST = 100_000


class PatternFault(ValueError):
    """This is no expression that can be used here; the message says why."""


class Pattern:
    """A regular expression that takes time in proportion to the text."""

    def __init__(self, expression: str) -> None:
        """Raises PatternFault."""
        if len(expression) > LONGEST:
            raise PatternFault(f"it has more than {LONGEST:,} characters")
        self._validator = _validator(expression)

    def is_in(self, text: str) -> bool:
        """Whether it matches somewhere in the text, or in the beginning of one that is too long."""
        return bool(self._validator.is_valid(text[:LONGEST_TEXT]))


@lru_cache(256)
def _validator(expression: str) -> Any:
    import jsonschema_rs  # a tenth of a second that only those pay who have an expression

    bounds = jsonschema_rs.RegexOptions(size_limit=_LARGEST, dfa_size_limit=10 * _LARGEST)
    try:
        return jsonschema_rs.validator_for({"pattern": expression}, pattern_options=bounds)
    except ValueError:
        raise PatternFault(_fault(expression)) from None


def _fault(expression: str) -> str:
    """What is wrong, in words; the engine itself does not say."""
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return (
        "looking around, references back to a group, `\\A` and `\\Z` are not known here,"
        " and neither is what grows too large"
    )
