"""The store of the sessions: Django's, reading the user with the session. Set as SESSION_ENGINE."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from runs.models import Session, User


class SessionStore(db.SessionStore):
    """One session. ``user`` is who its row names, once it is loaded; whether the login is still
    good, `maverick_site.person` looks after."""

    user: User | None = None

    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def load(self) -> dict[str, Any]:
        row: Session | None = self._get_session_from_db()  # type: ignore[attr-defined]
        self.user = row.user if row is not None else None
        return self.decode(row.session_data) if row is not None else {}

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        return row
