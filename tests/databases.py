"""Databases of their own on the test session's server, for tests that need more than one."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
MIGRATED_LOCK = 0x6D766B74  # "mvkt": one of xdist's workers makes the database that all copy


@contextmanager
def own_database() -> Iterator[str]:
    """A new, migrated database on the test session's server; its URL."""
    import psycopg
    from django.db import connection
    from psycopg import sql

    s = connection.settings_dict
    name = f"mvk_interruption_{os.getpid()}_{time.monotonic_ns()}"
    server = {
        "dbname": "postgres",
        "user": s["USER"] or None,
        "password": s["PASSWORD"] or None,
        "host": s["HOST"] or None,
        "port": s["PORT"] or None,
    }
    from urllib.parse import quote

    password = f":{quote(str(s['PASSWORD']))}" if s["PASSWORD"] else ""
    at = f"?host={quote(str(s['HOST']), safe='')}" + (f"&port={s['PORT']}" if s["PORT"] else "")

    def url_of(name: str) -> str:
        return f"postgresql://{s['USER']}{password}@/{name}{at}"

    template = f"mvk_migrated_{_migrations()}"
    draft = f"{template}_draft"

    def copy(new: str, old: str) -> None:
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(words.format(sql.Identifier(new), sql.Identifier(old)))

    with psycopg.connect(**server, autocommit=True) as admin:
        # Migrated once for all of xdist's workers; a copy costs a tenth of a second.
        admin.execute("SELECT pg_advisory_lock(%s)", [MIGRATED_LOCK])
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if not known.fetchone():
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(draft)))
            copy(draft, "template1")
            migrate(url_of(draft))
            words = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            admin.execute(words.format(sql.Identifier(draft), sql.Identifier(template)))
        copy(name, template)
    try:
        yield url_of(name)
    finally:
        with psycopg.connect(**server, autocommit=True) as admin:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _migrations() -> str:
    """Other migrations, another template: a server may outlive the session."""
    found = hashlib.sha256()
    for file in sorted((CHECKOUT / "runs" / "migrations").glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


def migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, str(CHECKOUT / "manage.py"), "migrate", "-v", "0"],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )
