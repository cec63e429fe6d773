"""A home as a first `maverick up` leaves it, copied instead of made again.

A new cluster, all migrations and the hashed static files cost some eight CPU seconds. That a first
start does all this has tests of its own (test_up.py, test_demo.py); the others find the home of a
second start: the database made and empty, nobody signed in, no token.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAKE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
call_command("collectstatic", "--noinput", "--ignore", "django_htmx", verbosity=0)
"""
OURS = ("MAVERICK_", "DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_", "PORT")


def begun(home: Path) -> Path:
    """Lay such a home at ``home``, an empty folder or none; returns it."""
    session = os.environ.get("MAVERICK_TEST_HOME")
    home.mkdir(parents=True, exist_ok=True)
    if not session:  # not in a test session: nobody would take the copy away
        _fill(home)
        return home
    kept = Path(session) / "begun"
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of xdist ask at once
        if not kept.exists():
            _make(kept)
    # As cp copies: the server's files belong to its own user where the tests are root's.
    subprocess.run(["cp", "-a", f"{kept}/.", str(home)], check=True)
    return home


def _make(kept: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix="mvk-"))  # short, for the socket in it
    _fill(draft)
    draft.rename(kept)


def _fill(home: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    env |= {
        "MAVERICK_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
        "PYTHONPATH": str(ROOT),
    }
    # Its only user ends here, and so the server is stopped and its files are whole.
    subprocess.run([sys.executable, "-c", MAKE], cwd=ROOT, env=env, check=True)
