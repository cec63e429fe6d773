"""Saved views of the run list."""

from collections.abc import Iterable
from typing import Any, cast

from maverick_client.models import View
from maverick_client.sending import Sending, items


class ViewCalls(Sending):
    """Methods of Client."""

    def views(self) -> list[View]:
        """One's own views of the run list, then what others share."""
        return cast(list[View], items(self._json("GET", "views")))

    def create_view(
        self,
        name: str,
        search: str = "",
        *,
        columns: Iterable[str] = (),
        shared: bool = False,
        default: bool = False,
    ) -> View:
        """Save a search of the run list under a name. `default`: the list opens with it."""
        body = {
            "name": name,
            "search": search,
            "columns": list(columns),
            "shared": shared,
            "default": default,
        }
        return cast(View, self._json("POST", "views", json=body))

    def change_view(self, view_id: int, **changes: Any) -> View:
        """Give a view another name, search, columns, shared or default; the rest stays."""
        return cast(View, self._json("PATCH", f"views/{view_id}", json=changes))

    def delete_view(self, view_id: int) -> None:
        """Delete a view. Runs are not touched."""
        self._json("DELETE", f"views/{view_id}")
