"""Every setting: its name, its default and one line of meaning; and the values, typed.

The environment is read in one place, `maverick_site/settings.py`. Code asks here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class _Settings:
    """Django's, imported with the first question: who only checks a text must not pay for it."""

    def __getattr__(self, name: str) -> Any:
        from django.conf import settings

        return getattr(settings, name)


settings = _Settings()


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str


_ALL = (
    Setting("PORT", "8000", "The port of `maverick up`."),
    Setting("MAVERICK_HOST", "127.0.0.1", "The address that `maverick up` binds to."),
    Setting("MAVERICK_HOME", "~/.maverick", "Database, broker, logs, token and secret key."),
    Setting("DATABASE_URL", "", "A PostgreSQL to use; unset, the embedded one is started."),
    Setting("CELERY_BROKER_URL", "", "Redis or RabbitMQ; unset, files under MAVERICK_HOME."),
    Setting("MAVERICK_PROJECT", "", "The folder of pages' and API's runs; unset, the working one."),
    Setting("MAVERICK_WORKERS", "2", "Worker processes that `maverick up` keeps running."),
    Setting("MAVERICK_DEMO", "1", "Whether an empty database gets the demo workflow."),
    Setting("MAVERICK_AUTH", "on", "`off` lets everybody in; accepted on loopback only."),
    Setting("MAVERICK_ALLOWED_HOSTS", "", "More host names to answer to, with commas between."),
    Setting("MAVERICK_PUBLIC_URL", "", "The address that a proxy in front is reached at."),
    Setting("MAVERICK_SECRET_KEY", "", "Signs sessions; unset, made once and kept in the home."),
    Setting("MAVERICK_SERVER", "", "A server that the command line speaks to."),
    Setting("MAVERICK_TOKEN", "", "The API token that the command line shows to the server."),
    Setting("MAVERICK_DEBUG", "0", "Django's error pages. Never where others can reach it."),
    Setting("MAVERICK_LEASE_SECONDS", "6", "How long a silent worker keeps a run."),
    Setting("MAVERICK_SWEEP_SECONDS", "1", "How often lost work is looked for."),
    Setting("MAVERICK_MAX_TAKEOVERS", "3", "Lost workers after which their step has failed."),
    Setting(
        "MAVERICK_STANDSTILL_SECONDS",
        "15",
        "How long a step may hold the interpreter before its worker ends itself; 0: for ever.",
    ),
    Setting("MAVERICK_STEP_TIMEOUT", "21600", "Seconds for a step that names no timeout."),
    Setting("MAVERICK_MAX_BODY_BYTES", "10485760", "A larger request is answered with 413."),
    Setting("MAVERICK_AGENT_BODY_BYTES", "33554432", "The same for what agents send and get."),
    Setting(
        "MAVERICK_AGENT_GRACE_SECONDS", "30", "How long work of a lost agent may still report."
    ),
    Setting(
        "MAVERICK_AGENTS_ALLOW_PRIVATE",
        "",
        "Private networks that agents may be in, with commas; unset, loopback where only it is served.",
    ),
    Setting("MAVERICK_CALL_WAIT_SECONDS", "90", "How long a synchronous call waits for its end."),
    Setting("MAVERICK_INLINE_BYTES", "65536", "A larger output is stored once, under its hash."),
    Setting(
        "MAVERICK_SNAPSHOT_FILE_MB", "100", "Larger files are in no snapshot; 0: no snapshots."
    ),
    Setting("MAVERICK_RETENTION_DAYS", "0", "Runs that ended longer ago are deleted; 0: none is."),
    Setting(
        "MAVERICK_WEBHOOKS_ALLOW_PRIVATE",
        "off",
        "Private networks that webhooks may go to, with commas; `on`: any address.",
    ),
    Setting(
        "MAVERICK_WEBHOOKS_KEEP_DAYS", "30", "Messages that ended longer ago are deleted; 0: none."
    ),
    Setting("MAVERICK_ENVIRONMENT", "", "The name of this installation in the frame of each page."),
    Setting(
        "MAVERICK_ENVIRONMENT_COLOR", "grey", "Its colour, so that nobody takes one for another."
    ),
    Setting("MAVERICK_SECRET_KEYS", "", "More key patterns whose values are never written down."),
    Setting("MAVERICK_ENV_ALLOW", "", "Environment variables that expressions may read."),
)
SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _ALL}


def max_takeovers() -> int:
    """How many workers one step may lose before it has failed."""
    return int(settings.MAVERICK_MAX_TAKEOVERS)


def home() -> Path:
    return Path(settings.MAVERICK_HOME)


def lease_seconds() -> float:
    return float(settings.MAVERICK_LEASE_SECONDS)


def renew_seconds() -> float:
    """A third of the lease: two renewals may be lost before the run is taken over."""
    return lease_seconds() / 3


def standstill_seconds() -> float:
    """A worker whose Python stands still for longer ends itself; 0: never."""
    return float(settings.MAVERICK_STANDSTILL_SECONDS)


def sweep_seconds() -> float:
    return float(settings.MAVERICK_SWEEP_SECONDS)


def worker_silence_seconds() -> float:
    """A worker that has been silent for longer counts as gone."""
    return max(10.0, 2 * lease_seconds())


def max_body_bytes() -> int:
    return int(settings.MAVERICK_MAX_BODY_BYTES)


def agent_body_bytes() -> int:
    return int(settings.MAVERICK_AGENT_BODY_BYTES)


def agent_grace_seconds() -> float:
    """After an agent's process was replaced, or the worker that called it died: so long may a
    report still come."""
    return float(settings.MAVERICK_AGENT_GRACE_SECONDS)


def agent_networks() -> tuple[str, ...]:
    """Networks that agents may be in though they are not public."""
    return tuple(settings.MAVERICK_AGENTS_ALLOW_PRIVATE)


def call_wait_seconds() -> float:
    return float(settings.MAVERICK_CALL_WAIT_SECONDS)


def inline_bytes() -> int:
    return int(settings.MAVERICK_INLINE_BYTES)


def snapshot_file_bytes() -> int:
    """Files above this size are in no snapshot of a workspace; 0: there are no snapshots."""
    return int(settings.MAVERICK_SNAPSHOT_FILE_MB) * 2**20


def retention_days() -> float:
    """Runs that ended so many days ago are deleted by the sweep; 0: it deletes none."""
    return float(settings.MAVERICK_RETENTION_DAYS)


def webhook_networks() -> tuple[str, ...]:
    """Networks that webhooks may go to though they are not public."""
    return tuple(settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE)


def webhook_keep_days() -> float:
    """Webhook messages that ended so many days ago are deleted by the sweep; 0: none is."""
    return float(settings.MAVERICK_WEBHOOKS_KEEP_DAYS)


def public_url() -> str:
    """The address that this installation is reached at; empty when nobody has said it."""
    return str(settings.MAVERICK_PUBLIC_URL)


def secret_keys() -> tuple[str, ...]:
    return tuple(settings.MAVERICK_SECRET_KEYS)


def env_allow() -> tuple[str, ...]:
    return tuple(settings.MAVERICK_ENV_ALLOW)


def auth_required() -> bool:
    return bool(settings.MAVERICK_AUTH)


def demo_wanted() -> bool:
    return bool(settings.MAVERICK_DEMO)
