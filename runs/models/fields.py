"""Fields of our own."""

from typing import Any

from django.db import models

from runs import ids


class IdField(models.CharField):  # type: ignore[type-arg]
    """A public id (``run_…``, ``exec_…``): short ASCII text, compared byte by byte.

    Spelled ``character varying``, because for a ``varchar`` Django adds a second index (for LIKE
    patterns) to each id and each reference to it; a step's record would pay for six of them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", ids.MOST)
        kwargs.setdefault("db_collation", "C")
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        """The column's type, without collation (Django adds that itself)."""
        return f"character varying({self.max_length})"

    def cast_db_type(self, connection: Any) -> str:
        """The type in a cast."""
        return self.db_type(connection)
