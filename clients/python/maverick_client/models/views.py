"""Saved views of the run list."""

from typing import TypedDict


class View(TypedDict):
    """A saved view, as who asks sees it."""

    id: int
    name: str
    search: str  # as in the search of the run list: "status:failed started:today"
    columns: list[str]  # empty: the reader's own
    shared: bool
    owner: str
    mine: bool
    default: bool  # the list opens with it, for who asks
    created_at: str
    changed_at: str
