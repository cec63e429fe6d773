"""What people write on a run."""

from typing import TypedDict


class Note(TypedDict):
    """A run's notes."""

    text: str  # Markdown; empty: there are none
    revision: int  # how often they were written
    by: str | None
    at: str | None
