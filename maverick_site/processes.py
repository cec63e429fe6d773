"""`maverick up`: database, web and workers started, watched, and all stopped together."""

import fcntl
import hashlib
import http.client
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from maverick_site.children import PARENT
from maverick_site.supervisor import Child, Supervisor

ANSWER_WITHIN = 60.0  # seconds for the first answer of the web process
ADVISORY_LOCK = 0x6D617665  # "mave": two `up` on one database migrate one after the other


class CannotStart(Exception):
    """Maverick cannot start here."""


def run_up(port: int, host: str, workers: int, demo: bool) -> int:
    """Everything, until Ctrl-C or SIGTERM, which is a clean end and 0. 1 failed, 2 refused."""
    supervisor = Supervisor(say=_say)
    try:
        with _only_one() as lock, _listener(host, port) as listener:
            supervisor.listen()
            try:
                return _up(supervisor, listener, lock, host, workers, demo)
            finally:
                supervisor.stop_all()
    except CannotStart as problem:
        print(f"maverick: {problem}", file=sys.stderr)
        return 2


def _up(
    supervisor: Supervisor,
    listener: socket.socket,
    lock: IO[str],
    host: str,
    workers: int,
    demo: bool,
) -> int:
    from django.conf import settings

    port: int = listener.getsockname()[1]
    url = f"http://{_shown(host)}:{port}"
    # What is derived from them, such as the names of cookies, is derived by every process.
    os.environ.update({"PORT": str(port), "MAVERICK_HOST": host})
    lock.write(f"{os.getpid()} {url}\n")
    lock.flush()
    logs = Path(settings.MAVERICK_HOME) / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)

    link = _prepare(settings.MAVERICK_PUBLIC_URL or url)
    if supervisor.stopping():
        return 0
    door = listener.fileno()
    command = _python("maverick_site.web", "--fd", str(door))
    web = Child("web", command, _env(), logs / "web.log", fds=(door,))
    supervisor.add(web)
    for number in range(1, workers + 1):
        name = f"worker-{number}"
        command = _python("maverick_site.celery_worker", "--name", name)
        supervisor.add(Child(name, command, _env(), logs / f"{name}.log"))
    if not _answers(supervisor, web, host, port):
        if supervisor.stopping():
            return 0
        print(f"maverick: the web process does not answer: {_tail(web.log)}", file=sys.stderr)
        return 1
    _say(f"Maverick runs at {url}")
    if link:
        _say("Sign in with this link, once, within 15 minutes:")
        _say(f"  {link}")
    _say(f"Data and logs are in {settings.MAVERICK_HOME}. Ctrl-C stops everything.")
    if demo and workers:
        command = _python("maverick_site.demo_child")
        supervisor.add(Child("demo", command, _env(), logs / "demo.log", once=True))
    while not supervisor.stopping():
        supervisor.wait(supervisor.look_after())
    _say("Stopping.")
    return 0


# -- before anything is started -----------------------------------------------------------------


@contextmanager
def _only_one() -> Iterator[IO[str]]:
    """One `up` for each home; the lock goes with the process, however it ends."""
    from django.conf import settings

    path = Path(settings.MAVERICK_HOME) / "up.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            pid, _, url = lock.read().strip().partition(" ")
            raise CannotStart(
                f"already running at {url or 'some port'} (process {pid or 'unknown'}) with "
                f"{settings.MAVERICK_HOME}. Stop that one, or set another MAVERICK_HOME."
            ) from None
        lock.truncate(0)
        try:
            yield lock
        finally:
            lock.truncate(0)


@contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    from django.conf import settings

    if not settings.MAVERICK_AUTH and not _loopback(host):
        raise CannotStart(f"MAVERICK_AUTH: off is accepted on loopback only, not on {host}.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _name, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotStart(
            f"MAVERICK_HOST: {host} is no address of this machine ({error})."
        ) from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except PermissionError:
            raise CannotStart(f"PORT: {port} needs rights you do not have. Set another.") from None
        except OSError as error:
            if port:
                raise CannotStart(
                    f"PORT: {port} on {host} is taken by another program. "
                    "Stop it, or set another PORT."
                ) from None
            raise CannotStart(f"MAVERICK_HOST: cannot listen on {host} ({error}).") from None
        listener.listen(512)
        yield listener


def _prepare(url: str) -> str:
    """Database, static files, the first user and the command line's token; the login link."""
    import django
    from django.conf import settings
    from django.db import DatabaseError, connection

    django.setup()
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise CannotStart(f"the database does not answer: {reason}") from None
    try:
        _migrate()
        _collect_static()
        from runs.operations.sign_in import ensure_first_user, login_link

        user = ensure_first_user()
        _keep_token(Path(settings.MAVERICK_HOME) / "token")
        return login_link(user, url) if settings.MAVERICK_AUTH else ""
    finally:
        connection.close()


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def missing() -> int:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if not missing():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            if missing():
                _say("Preparing the database.")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _collect_static() -> None:
    """Only when a file has changed since the last time; hashing them all takes a second."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    from maverick_site import static_storage

    seen = hashlib.sha256(Path(static_storage.__file__).read_bytes())
    for finder in get_finders():
        for name, storage in finder.list(None):
            found = os.stat(storage.path(name))
            seen.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.exists() and mark.read_text() == seen.hexdigest():
        return
    try:
        with open(os.devnull, "w") as nowhere:
            call_command(
                "collectstatic", interactive=False, verbosity=0, stdout=nowhere, stderr=nowhere
            )
    except ValueError as error:  # a file refers to one that does not exist
        raise CannotStart(f"the static files are not whole: {error}") from None
    mark.write_text(seen.hexdigest())


def _keep_token(path: Path) -> None:
    """The API token that the command line reads: minted once, kept while it is good."""
    from runs.actor import SYSTEM
    from runs.errors import NotFound
    from runs.operations.tokens import authenticate, create_token, revoke_token

    try:
        actor = authenticate(path.read_text().strip())
    except OSError:
        actor = None
    if actor is not None and actor.role == "admin":
        return
    which = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    name = f"command line of {socket.gethostname()[:60]} ({which})"
    try:
        revoke_token(name, SYSTEM)  # its secret is lost, or we would have read it above
    except NotFound:
        pass
    _row, secret = create_token(name, "admin", None, SYSTEM)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    draft.replace(path)


# -- children -----------------------------------------------------------------------------------


def _python(module: str, *arguments: str) -> list[str]:
    # -P: the current folder is the user's project; its modules are not ours.
    return [sys.executable, "-P", "-m", module, *arguments]


def _env() -> dict[str, str]:
    env = {
        **os.environ,
        PARENT: str(os.getpid()),
        "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
    }
    # Most of a worker's threads are idle; glibc would keep an arena of memory for each.
    env.setdefault("MALLOC_ARENA_MAX", "2")
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution("maverick-runs")
    except PackageNotFoundError:  # run from a checkout that is not installed
        root = str(Path(__file__).resolve().parent.parent)
        env["PYTHONPATH"] = os.pathsep.join(p for p in (root, env.get("PYTHONPATH", "")) if p)
    return env


def _answers(supervisor: Supervisor, web: Child, host: str, port: int) -> bool:
    deadline = time.monotonic() + ANSWER_WITHIN
    while time.monotonic() < deadline and not supervisor.stopping():
        if web.process is None or web.process.poll() is not None:
            return False
        try:
            wire = http.client.HTTPConnection(_reachable(host), port, timeout=5)
            wire.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
            if wire.getresponse().status == 200:
                return True
        except OSError:
            pass
        supervisor.wait(0.05)
    return False


# -- words --------------------------------------------------------------------------------------


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # the terminal has gone; the logs have it
        pass


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _shown(host: str) -> str:
    reachable = _reachable(host)
    return f"[{reachable}]" if ":" in reachable else reachable


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return f"{lines[-1]} (see {log})" if lines else f"see {log}"
