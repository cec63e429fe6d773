"""Is everything there that a run needs? One function for each question."""

import os
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from runs import conf
from runs.actions import ActionImportError, load_package_actions, load_project_actions
from runs.agents.settings import load_agents
from runs.library.validation import load_validation
from runs.operations.places import project_folder, user_folder
from runs.operations.tokens import authenticate
from runs.record import workers

LEAST_SPACE = 500 * 2**20
MOST_SKEW = 5.0  # seconds between our clock and the database's


class Finding(NamedTuple):
    name: str
    ok: bool
    detail: str
    hint: str = ""


def doctor() -> list[Finding]:
    """All of them; one that breaks is a finding, not the end."""
    found: list[Finding] = []
    for name, question in _QUESTIONS:
        if name in _NEED_DATABASE and not found[0].ok:
            found.append(Finding(name, False, "cannot be asked without the database"))
            continue
        try:
            found.append(question())
        except Exception as error:
            # A doctor looks at what is broken, in ways that nobody has foreseen.
            line = (str(error).strip().splitlines() or [""])[0]
            found.append(Finding(name, False, f"{type(error).__name__}: {line}"))
    return found


def database() -> Finding:
    embedded = not os.environ.get("DATABASE_URL", "").strip()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as error:
        line = (str(error).strip().splitlines() or [""])[0]
        hint = (
            f"See {conf.home() / 'pg' / 'postgres.log'}."
            if embedded
            else "Check DATABASE_URL, and that the server runs."
        )
        return Finding("database", False, line, hint)
    kind = "embedded" if embedded else "DATABASE_URL"
    good = int(version.split(".")[0].split()[0]) >= 14
    return Finding(
        "database", good, f"PostgreSQL {version}, {kind}", "Maverick needs PostgreSQL 14 or newer."
    )


def migrations() -> Finding:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    detail = f"{missing} not applied" if missing else "all applied"
    return Finding("migrations", not missing, detail, "`maverick up` applies them.")


def clock() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    skew = abs((timezone.now() - theirs).total_seconds())
    hint = "Leases go by the database's clock, shown times by ours. Set both by NTP."
    return Finding("clock", skew < MOST_SKEW, f"{skew:.1f} s from the database's", hint)


def broker() -> Finding:
    if not os.environ.get("CELERY_BROKER_URL", "").strip():
        folder = conf.home() / "broker"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        good = os.access(folder, os.W_OK | os.X_OK)
        return Finding("broker", good, f"files in {folder}", "Make that folder writable.")
    with current_app.connection_for_write(connect_timeout=2) as wire:
        shown = wire.as_uri()  # without the password
        try:
            wire.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        except Exception as error:
            # Redis, RabbitMQ and kombu each raise errors of their own.
            hint = "Runs still go on: workers look for work by themselves, only later."
            return Finding("broker", False, f"{shown}: {error}", hint)
    return Finding("broker", True, shown)


def worker() -> Finding:
    living = workers.living(conf.worker_silence_seconds())
    count = f"{len(living)} alive" if living else "none alive"
    return Finding("workers", bool(living), count, "Start some: `maverick up`.")


def folders() -> Finding:
    home = conf.home()
    for name in ("secret_key", "token"):
        path = home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Finding("home", False, f"others can read {path}", f"chmod 600 {path}")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", False, f"cannot write to {home}", "Set another MAVERICK_HOME.")
    free = shutil.disk_usage(home).free
    detail = f"{home}, {free / 2**30:.1f} GB free"
    return Finding("home", free >= LEAST_SPACE, detail, "Make room: outputs and logs grow.")


def token() -> Finding:
    path = conf.home() / "token"
    if not path.exists():
        return Finding("token", False, f"{path} does not exist", "`maverick up` makes it.")
    actor = authenticate(path.read_text().strip())
    if actor is None:
        detail = f"the one in {path} is unknown, expired or revoked"
        return Finding("token", False, detail, "Delete the file; `maverick up` makes another.")
    return Finding("token", True, f"{actor.name}, {actor.role}")


def doors() -> Finding:
    host = settings.MAVERICK_HOST
    if not conf.auth_required():
        return Finding("logins", True, f"off, on {host} only")
    return Finding("logins", True, "on")


def programs() -> Finding:
    missing = [name for name in ("git", "sh") if shutil.which(name) is None]
    detail = f"{' and '.join(missing)} not found" if missing else "git and sh found"
    return Finding("programs", not missing, detail, "Steps and snapshots use them.")


def project_settings() -> Finding:
    project, user = project_folder(), user_folder()
    book = load_agents(project, user)
    wrong = [str(one) for one in book.problems]
    wrong += [str(one) for one in load_validation(project, user).problems]
    wrong += [f"package {name}: {why}" for name, why in load_package_actions().items()]
    try:
        load_project_actions(project)
    except ActionImportError as error:
        wrong.append(str(error))
    told = list(dict.fromkeys(wrong))  # both read the same files
    if told:
        return Finding("settings", False, " ".join(told), "See docs/agents.md.")
    count = len(book.names("agent")) + len(book.names("generator"))
    return Finding("settings", True, f"{count} agents and generators in {project}")


_QUESTIONS: tuple[tuple[str, Callable[[], Finding]], ...] = (
    ("database", database),
    ("migrations", migrations),
    ("clock", clock),
    ("broker", broker),
    ("workers", worker),
    ("home", folders),
    ("token", token),
    ("logins", doors),
    ("programs", programs),
    ("settings", project_settings),
)
_NEED_DATABASE = ("migrations", "clock", "workers", "token")
