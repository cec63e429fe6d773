"""Cursors: where a page ended, opaque to the client, checked when it comes back."""

import base64
import binascii

from runs.errors import Refused


class BadCursor(Refused):
    """The cursor is not one of ours."""

    code = "invalid-cursor"


MAX_CURSOR = 4000


def encode(noun: str, place: str | None) -> str | None:
    """The cursor that goes on behind ``place`` in the list of ``noun``; None at the end."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(f"1:{noun}:{place}".encode()).decode().rstrip("=")


def decode(noun: str, cursor: str | None) -> str:
    """The place in a cursor that ``encode`` made for the same noun; "" when there is none."""
    if not cursor:
        return ""
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        version, its_noun, place = text.split(":", 2)
        if (version, its_noun) != ("1", noun) or not place or "\x00" in place:
            raise ValueError
    except (ValueError, binascii.Error):
        raise BadCursor(
            f"This is no cursor of the list of {noun}.", hint="Take `next_cursor` as it came."
        ) from None
    return place
