"""Views of the run list: saved, renamed, shared, made the default, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from runs.actor import Actor
from runs.errors import NotAllowed, NotFound, Refused
from runs.models import SavedView
from runs.record import audit
from runs.record import saved_views as record

MOST_VIEWS = 100  # of one owner: they stand as tabs over the list
LONGEST_NAME, LONGEST_SEARCH = 80, 2000


class UnknownView(NotFound):
    """There is no such view, or it is somebody else's own."""

    code = "view-not-found"


@dataclass(frozen=True, slots=True)
class ViewChange:
    """What is to be different; None leaves it as it is."""

    name: str | None = None
    search: str | None = None
    columns: Sequence[str] | None = None
    shared: bool | None = None
    default: bool | None = None


def save_view(asked: ViewChange, by: Actor) -> SavedView:
    """A new view of who asks. Raises ViewNameTaken, Refused, NotAllowed."""
    if asked.shared:
        _may_share(by)
    if SavedView.objects.filter(owner=str(by)).count() >= MOST_VIEWS:
        raise Refused(f"There are {MOST_VIEWS} views already.", hint="Delete one first.")
    with transaction.atomic():
        row = record.add_view(
            name=_name(asked.name or ""),
            owner=str(by),
            shared=bool(asked.shared),
            search=_search(asked.search or ""),
            columns=list(asked.columns or ()),
        )
        if asked.default:
            record.set_default(str(by), row)
        audit.note(by, "view.save", row.name, shared=row.shared)
    return row


def change_view(view_id: int, asked: ViewChange, by: Actor) -> SavedView:
    """Another name, search or columns; shared or no longer; the default of who asks.

    A shared view is changed by its owner and by admins; the default is everybody's own.
    """
    with transaction.atomic():
        row = _seen(view_id, by)
        changes = {
            "name": None if asked.name is None else _name(asked.name),
            "search": None if asked.search is None else _search(asked.search),
            "columns": None if asked.columns is None else list(asked.columns),
            "shared": asked.shared,
        }
        told = {key: value for key, value in changes.items() if value is not None}
        if told:
            _may_change(row, by)
            if asked.shared and not row.shared:
                _may_share(by)
            for key, value in told.items():
                setattr(row, key, value)
            record.change_view(row)
            audit.note(by, "view.change", row.name, changed=sorted(told))
        if asked.default is not None:
            record.set_default(str(by), row if asked.default else None)
    return row


def delete_view(view_id: int, by: Actor) -> None:
    """By its owner, a shared one by admins as well."""
    with transaction.atomic():
        row = _seen(view_id, by)
        _may_change(row, by)
        audit.note(by, "view.delete", row.name)
        record.delete_view(row)


def choose_columns(columns: Sequence[str], by: Actor) -> None:
    """Which columns the list has for who asks, where no view says otherwise."""
    record.set_columns(str(by), columns)


def forget_default(by: Actor) -> None:
    """The list opens with all runs again."""
    record.set_default(str(by), None)


def _seen(view_id: int, by: Actor) -> SavedView:
    row = SavedView.objects.select_for_update().filter(pk=view_id).first()
    if row is None or (row.owner != str(by) and not row.shared):
        raise UnknownView(f"There is no view {view_id} for you.")
    return row


def _may_change(row: SavedView, by: Actor) -> None:
    if row.owner != str(by) and not by.may("admin"):
        raise NotAllowed(
            f"The view {row.name!r} is {row.owner.partition(':')[2]}'s.",
            hint="Save it under a name of your own, or ask an admin.",
        )


def _may_share(by: Actor) -> None:
    if not by.may("operator"):
        raise NotAllowed("A viewer cannot share views.", hint="Keep it for yourself.")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(f"A view's name has 1 to {LONGEST_NAME} printable characters.")
    return name


def _search(search: str) -> str:
    search = " ".join(search.split())
    if len(search) > LONGEST_SEARCH:
        raise Refused(f"A view's search has at most {LONGEST_SEARCH} characters.")
    return search
