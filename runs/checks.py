"""System checks: what would make Maverick lose its promises is said at start-up."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from runs import conf


@register(Tags.database)
def postgresql_only(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine in ("maverick_site.database", "django.db.backends.postgresql"):
        return []
    return [
        Error(
            f"Maverick needs PostgreSQL, and the database engine is {engine}.",
            hint="Set DATABASE_URL to postgresql://…, or unset it for the embedded one.",
            id="runs.E001",
        )
    ]


@register()
def lease_is_longer_than_its_renewal(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if conf.lease_seconds() >= 2 * conf.sweep_seconds():
        return []
    return [
        Warning(
            "MAVERICK_LEASE_SECONDS is less than twice MAVERICK_SWEEP_SECONDS.",
            hint="A worker that pauses for a moment would lose its run. Lengthen the lease.",
            id="runs.W001",
        )
    ]


@register(Tags.security)
def open_doors(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if conf.auth_required() or settings.MAVERICK_HOST in settings.LOOPBACK:
        return []
    return [
        Error(
            f"MAVERICK_AUTH=off while bound to {settings.MAVERICK_HOST}.",
            hint="Bind to 127.0.0.1, or leave logins on.",
            id="runs.E002",
        )
    ]
