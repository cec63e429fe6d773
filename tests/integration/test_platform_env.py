"""A setting that makes no sense is one line that names it, never a traceback."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maverick_site import env
from maverick_site.env import OddSetting

CHECK = "import django; django.setup(); print('good')"


def load_settings(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAVERICK", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-c", CHECK],
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
            "MAVERICK_HOME": str(home),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("MAVERICK_WORKERS", "-1"),
        ("MAVERICK_DEMO", "perhaps"),
        ("MAVERICK_LEASE_SECONDS", "nan"),
        ("MAVERICK_SECRET_KEY", "short"),
        ("DATABASE_URL", "sqlite:///x"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("DATABASE_URL", "postgresql://localhost:many/x"),
        ("MAVERICK_HOME", "/proc/nowhere"),
    ],
)
def test_an_odd_setting_is_one_line(maverick_home, name, value):
    done = load_settings(maverick_home, **{name: value})
    assert done.returncode != 0
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"maverick: {name}: ")


def test_without_logins_on_other_than_loopback_is_refused(maverick_home):
    done = load_settings(maverick_home, MAVERICK_AUTH="off", MAVERICK_HOST="0.0.0.0")
    assert done.returncode != 0
    assert done.stderr.startswith("maverick: MAVERICK_AUTH: ")
    done = load_settings(maverick_home, MAVERICK_AUTH="off", MAVERICK_HOST="127.0.0.2")
    assert done.returncode == 0, done.stderr


def test_loading_the_settings_starts_nothing_and_keeps_secrets_from_others(maverick_home):
    home = maverick_home / "new"
    done = load_settings(home)
    assert done.stdout == "good\n", done.stderr
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600
    assert not (home / "pg").exists()


def test_processes_that_start_at_once_agree_on_the_secret(maverick_home):
    path = maverick_home / "secret_key"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: env.env_secret("NO_SUCH", path), range(64)))
    assert len(keys) == 1
    assert [p.name for p in maverick_home.iterdir()] == ["secret_key"]


def test_an_empty_secret_file_is_replaced(maverick_home):
    path = maverick_home / "secret_key"
    path.touch()
    assert len(env.env_secret("NO_SUCH", path)) > 40
    assert env.env_secret("NO_SUCH", path) == path.read_text()


def test_a_database_url_is_read_in_full():
    found = env.database_from_url(
        "X", "postgresql://al%40ice:p%2Fw@db:6543/na%20me?sslmode=require&connect_timeout=3"
    )
    assert found == {
        "NAME": "na me",
        "USER": "al@ice",
        "PASSWORD": "p/w",
        "HOST": "db",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require", "connect_timeout": "3"},
    }


def test_a_database_url_may_name_a_socket_folder():
    found = env.database_from_url("X", "postgres://me@/db?host=/var/run/pg")
    assert (found["HOST"], found["NAME"], found["USER"]) == ("/var/run/pg", "db", "me")


@pytest.mark.parametrize("value", ["mysql://x/y", "nonsense", "postgresql:///", "postgresql://["])
def test_what_is_no_postgresql_is_refused(value):
    with pytest.raises(OddSetting):
        env.database_from_url("DATABASE_URL", value)


def test_every_setting_of_ours_is_read_or_documented():
    """conf.SETTINGS is what docs/settings.md is held against; nothing is read past it."""
    from runs.conf import SETTINGS

    source = Path(env.__file__).with_name("settings.py").read_text()
    for name in SETTINGS:
        if name not in ("MAVERICK_SERVER", "MAVERICK_TOKEN", "MAVERICK_PROJECT"):
            assert f'"{name}"' in source or name == "CELERY_BROKER_URL", name
