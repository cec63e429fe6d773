"""One embedded PostgreSQL for the whole test session, shared by pytest-xdist's workers.

Each worker has a database of its own in it, made by pytest-django. Nothing is written to the
checkout or to the real MAVERICK_HOME.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

BORN = "MAVERICK_TEST_HOME"  # set by the session's first process, inherited by xdist's workers
KEPT = (BORN, "MAVERICK_TEST_DATABASE_URL", "MAVERICK_TEST_ALL", "MAVERICK_TEST_CPU")


def _before_django() -> None:
    """A home and a database for the session; Django reads its settings after that.

    When this file is read, and not in a hook: the conftest.py of a folder below imports models,
    and pytest reads all of them before it calls the first hook.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "maverick_site.settings"
    if BORN not in os.environ:
        # Short, because a unix socket's path is; and not the user's, so nothing of his is met.
        home = Path(tempfile.mkdtemp(prefix="mvk-test-"))
        for name in [n for n in os.environ if n.startswith("MAVERICK_") and n not in KEPT]:
            del os.environ[name]
        for name in ("CELERY_BROKER_URL", "PORT"):
            os.environ.pop(name, None)
        os.environ[BORN] = os.environ["MAVERICK_HOME"] = str(home)
        # pytest shares one folder for all of a user's sessions and closes it at each start to all
        # others; the server of a home below it, which is not root, would be locked out.
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(home)
        # Before the database's own: what is registered last ends first.
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        _start_database(home)
    import django

    django.setup()


def _start_database(home: Path) -> None:
    if os.environ.get("MAVERICK_TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["MAVERICK_TEST_DATABASE_URL"]
        return
    from maverick_site import embedded

    # The machine will not lose power during a test, and each test's tables are made anew.
    embedded.set_parameters({"fsync": "off", "full_page_writes": "off", "max_connections": "200"})
    place = embedded.home_of(embedded.prepare(home))
    assert place is not None
    embedded.ensure_running(place)
    os.environ["DATABASE_URL"] = embedded.database_url(home)


_before_django()


@pytest.fixture(autouse=True, scope="session")
def _emptied_by_delete() -> Iterator[None]:
    """A test that commits is followed by deletes.

    Django truncates every table, which makes all their files anew, and then writes all content
    types and permissions again: a fifth of a second after each of a thousand tests. These rows
    stay here, and only where a test has left many others the tables are truncated.
    """
    from django.core.management.commands import flush
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate, few = DatabaseOperations.sql_flush, 300
    of_the_schema = ("django_content_type", "auth_permission")
    emit = flush.emit_post_migrate_signal  # type: ignore[attr-defined]

    def empty(self: Any, style: Any, tables: Any, **more: Any) -> list[str]:
        tables = [table for table in tables if table not in of_the_schema]
        names = [self.quote_name(table) for table in tables]
        rows = " UNION ALL ".join(
            f"SELECT {n}, count(*) FROM (SELECT 1 FROM {name} LIMIT {few}) t"
            for n, name in enumerate(names)
        )
        with self.connection.cursor() as cursor:
            cursor.execute(rows)
            held = dict(cursor.fetchall())
        if more.get("reset_sequences") or sum(held.values()) >= few:
            made: list[str] = truncate(self, style, tables, **more)
            return made
        # Constraints are looked at when the deletes are committed together: the order is free.
        return [
            "SET CONSTRAINTS ALL DEFERRED",
            *(f"DELETE FROM {name}" for n, name in enumerate(names) if held[n]),
        ]

    DatabaseOperations.sql_flush = empty  # type: ignore[method-assign]
    flush.emit_post_migrate_signal = lambda *args, **more: None  # type: ignore[attr-defined]
    yield
    DatabaseOperations.sql_flush = truncate  # type: ignore[method-assign]
    flush.emit_post_migrate_signal = emit  # type: ignore[attr-defined]


@pytest.fixture(autouse=True, scope="module")
def _cpu_of_the_file(request: pytest.FixtureRequest) -> Iterator[None]:
    """MAVERICK_TEST_CPU=FILE: what each file of tests cost, its ended processes included."""
    told = os.environ.get("MAVERICK_TEST_CPU")
    before = sum(os.times()[:4])
    yield
    if told:
        with open(told, "a") as out:
            out.write(f"{sum(os.times()[:4]) - before:8.2f} {request.node.nodeid}\n")


@pytest.fixture(autouse=True)
def _migrations_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """/readyz remembers that all migrations are applied; a test may have another database."""
    if "maverick_site.health" in sys.modules:
        monkeypatch.setattr(sys.modules["maverick_site.health"], "_migrated", False)


@pytest.fixture
def maverick_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh, empty MAVERICK_HOME for real processes. Kept short for the socket inside."""
    home = Path(tempfile.mkdtemp(prefix="mvk-"))
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """This test's database, for a process that the test starts; its rows are really committed."""
    from urllib.parse import quote

    from django.db import connection

    s = connection.settings_dict
    password = f":{quote(str(s['PASSWORD']))}" if s["PASSWORD"] else ""
    host, port = quote(str(s["HOST"]), safe=""), str(s["PORT"] or "")
    options = f"?host={host}" + (f"&port={port}" if port else "")
    return f"postgresql://{s['USER']}{password}@/{quote(str(s['NAME']))}{options}"


@pytest.fixture
def process_env(maverick_home: Path, database_url: str) -> dict[str, str]:
    """The environment of a worker or server process on this test's database, broker and home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MAVERICK_")}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
        "DATABASE_URL": database_url,
        "MAVERICK_HOME": str(maverick_home),
        "MAVERICK_DEMO": "0",
        "PYTHONPATH": os.pathsep.join([os.getcwd(), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    }


# -- people: Alice owns, Bob may, Charlie may not -------------------------------------------------


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    from runs.models import User

    def make(name: str, role: str = "operator", password: str | None = None) -> Any:
        user = User(username=name, role=role)
        user.set_unusable_password() if password is None else user.set_password(password)
        user.save()
        return user

    return make


@pytest.fixture
def alice(make_user: Callable[..., Any]) -> Any:
    return make_user("alice", "admin")


@pytest.fixture
def bob(make_user: Callable[..., Any]) -> Any:
    return make_user("bob", "operator")


@pytest.fixture
def charlie(make_user: Callable[..., Any]) -> Any:
    return make_user("charlie", "viewer")


@pytest.fixture
def make_secret(db: None) -> Callable[..., str]:
    """An API token's secret, for a role."""
    from runs.actor import SYSTEM
    from runs.operations.tokens import create_token

    def make(role: str = "operator", name: str = "") -> str:
        return create_token(name or f"test {role}", role, None, SYSTEM)[1]  # type: ignore[arg-type]

    return make


@pytest.fixture
def signed_in(client: Any, bob: Any) -> Any:
    """Django's test client with an operator's session."""
    client.force_login(bob)
    return client


# A deadline for each example is a timing, and a busy machine would fail what holds.
# The machine may be busy, and the first example of a text reads a large table.
# The same examples in every run: what lands shall not hang on the dice. `make matrix` throws them.
settings.register_profile(
    "maverick",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("MAVERICK_TEST_ALL"),
)
settings.load_profile("maverick")
