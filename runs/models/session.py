"""Session: what is kept for one browser between its requests, and who is signed in there."""

from typing import ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

from runs.models.user import User


class SessionManager(BaseSessionManager["Session"]):
    """Every session comes with its user: one query for what every page asks for."""

    def get_queryset(self) -> "models.QuerySet[Session]":
        return super().get_queryset().select_related("user")


class Session(AbstractBaseSession):
    """Django's session with its user as a column, so that both are read at once."""

    # No constraint: a session that is saved while its user is deleted must not fail. Its user is
    # nobody then, and it is nobody's session.
    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, db_constraint=False, related_name="sessions"
    )

    objects: ClassVar[SessionManager] = SessionManager()
