"""The embedded PostgreSQL: shared by many processes, outliving the killed, gone with the last."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from maverick_site import embedded

USER = """
import sys
from pathlib import Path
from maverick_site import embedded
place = embedded.home_of(embedded.prepare(Path(sys.argv[1])))
embedded.ensure_running(place)
print("up", flush=True)
sys.stdin.read()
"""


class Process:
    """A process that uses the server of a home until it is told to leave."""

    def __init__(self, home: Path) -> None:
        self.it = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def up(self) -> "Process":
        assert self.it.stdout is not None
        assert self.it.stdout.readline() == "up\n"
        return self

    def leave(self) -> None:
        self.it.communicate(timeout=90)
        assert self.it.returncode == 0

    def kill(self) -> None:
        self.it.kill()
        self.it.communicate()


def one(home: Path, statement: str) -> object:
    with psycopg.connect(embedded.database_url(home), autocommit=True) as wire:
        cursor = wire.execute(statement)  # type: ignore[call-overload]
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def server(home: Path) -> int:
    return int((home / "pg/data/postmaster.pid").read_text().splitlines()[0])


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def wait_for(what, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


def test_the_last_one_stops_it_and_the_next_finds_what_was_there(maverick_home):
    first = Process(maverick_home).up()
    one(maverick_home, "CREATE TABLE kept AS SELECT 42 AS value")
    second = Process(maverick_home).up()
    pid = server(maverick_home)
    first.leave()
    assert one(maverick_home, "SELECT value FROM kept") == 42
    second.leave()
    assert gone(pid)
    third = Process(maverick_home).up()
    assert one(maverick_home, "SELECT value FROM kept") == 42
    third.leave()


def test_it_keeps_what_was_committed(maverick_home):
    user = Process(maverick_home).up()
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert one(maverick_home, f"SHOW {name}") == "on"
    assert one(maverick_home, "SHOW listen_addresses") == ""
    assert one(maverick_home, "SHOW timezone") == "UTC"
    user.leave()


def test_nobody_but_us_can_reach_it(maverick_home):
    user = Process(maverick_home).up()
    for path in (maverick_home / "pg/data", maverick_home / "pg/run"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((maverick_home / "pg").stat().st_mode) & 0o066 == 0
    user.leave()


def test_many_that_start_at_once_share_one(maverick_home):
    users = [Process(maverick_home) for _ in range(6)]
    for user in users:
        user.up()
    pid = server(maverick_home)
    for user in users:
        user.leave()
    assert gone(pid)


def test_a_killed_user_neither_stops_nor_keeps_it(maverick_home):
    starter, other = Process(maverick_home).up(), Process(maverick_home).up()
    pid = server(maverick_home)
    starter.kill()
    assert one(maverick_home, "SELECT 1") == 1
    other.leave()
    assert gone(pid)


def test_what_all_killed_ones_left_running_is_used_and_stopped_by_the_next(maverick_home):
    Process(maverick_home).up().kill()
    pid = server(maverick_home)
    user = Process(maverick_home).up()
    assert server(maverick_home) == pid
    user.leave()
    assert gone(pid)


def test_a_killed_server_comes_back_with_what_was_committed(maverick_home):
    user = Process(maverick_home).up()
    one(maverick_home, "CREATE TABLE kept AS SELECT 42 AS value")
    os.kill(server(maverick_home), signal.SIGKILL)
    again = Process(maverick_home).up()
    assert one(maverick_home, "SELECT value FROM kept") == 42
    again.leave()
    user.leave()
    wait_for(lambda: not embedded.running(maverick_home))


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(maverick_home):
    draft = maverick_home / "pg/data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    user = Process(maverick_home).up()
    assert one(maverick_home, "SELECT 1") == 1
    user.leave()


def test_a_long_home_works(maverick_home):
    home = maverick_home / ("x" * 150)
    home.mkdir()
    user = Process(home).up()
    assert one(home, "SELECT 1") == 1
    sockets = Path(embedded.prepare(home))
    assert len(str(sockets)) < 100
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    user.leave()
    sockets.rmdir()


def test_a_home_in_a_folder_of_ours_alone_works(maverick_home):
    """As root the server runs as another user, who has to get through."""
    home = maverick_home / "a" / "b"
    home.mkdir(parents=True)
    for folder in (home, home.parent, maverick_home):
        folder.chmod(0o700)
    user = Process(home).up()
    assert one(home, "SELECT 1") == 1
    user.leave()
    for folder in (home, home.parent, maverick_home):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o066 == 0  # nobody else may list it


def test_data_of_another_postgresql_is_refused_in_one_line(maverick_home):
    data = maverick_home / "pg/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    place = embedded.home_of(embedded.prepare(maverick_home))
    assert place is not None
    with pytest.raises(embedded.EmbeddedError, match="PostgreSQL 12"):
        embedded.ensure_running(place)
    embedded._leave(place, os.getpid())


def test_it_starts_and_stops_fast(maverick_home):
    Process(maverick_home).up().leave()
    began = time.monotonic()
    Process(maverick_home).up().leave()
    assert time.monotonic() - began < 3  # a tenth of it when nothing else runs
