"""Saved views of the run list, and what the list is to one person."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from runs.errors import Conflict
from runs.models import ListSettings, SavedView


class ViewNameTaken(Conflict):
    """This owner has a view of this name."""

    code = "view-name-taken"


def add_view(
    *, name: str, owner: str, shared: bool, search: str, columns: Sequence[str]
) -> SavedView:
    """A new view. Raises ViewNameTaken."""
    row = SavedView(
        name=name,
        owner=owner,
        shared=shared,
        search=search,
        columns=list(columns),
        created_at=Now(),
        changed_at=Now(),
    )
    _write(row, new=True)
    return row


def change_view(row: SavedView) -> None:
    """Write a view that was changed. Raises ViewNameTaken."""
    row.changed_at = Now()
    _write(row, new=False)


def _write(row: SavedView, *, new: bool) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=new)
    except IntegrityError as error:
        if "one_view_a_name" not in str(error):
            raise
        raise ViewNameTaken(
            f"There is a view called {row.name!r} already.",
            hint="Choose another name, or change that view.",
        ) from None
    row.refresh_from_db()


def delete_view(row: SavedView) -> None:
    """Take a view away, from those who have it as their default as well."""
    row.delete()


def set_default(owner: str, view: SavedView | None) -> None:
    """What the list opens with."""
    ListSettings.objects.update_or_create(owner=owner, defaults={"default_view": view})


def set_columns(owner: str, columns: Sequence[str]) -> None:
    """Which columns the list has."""
    ListSettings.objects.update_or_create(owner=owner, defaults={"columns": list(columns)})
