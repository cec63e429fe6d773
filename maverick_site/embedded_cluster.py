"""The data of an embedded PostgreSQL: made once, and read only by the release that made it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from maverick_site.embedded_place import EmbeddedError, Place, as_user, give, programs

USER = DATABASE = "maverick"


def check_version(place: Place) -> None:
    file = place.data / "PG_VERSION"
    if not file.exists():
        return
    theirs = file.read_text().strip()
    ours = programs().parent.name.removeprefix("pginstall")
    if theirs != ours:
        raise EmbeddedError(
            f"{place.data} was made by PostgreSQL {theirs}, this Maverick brings {ours}. "
            "Dump it with the old one, or choose another MAVERICK_HOME."
        )


def make_cluster(place: Place, owner: int) -> None:
    # Made beside and renamed: a first start that is killed in the middle leaves nothing that
    # the next one would take for a database.
    draft = place.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    give(draft, owner)
    _run(
        [
            str(programs() / "initdb"),
            f"--username={USER}",
            "--auth=trust",  # the socket's folder is ours alone, and there is no network port
            "--encoding=UTF8",
            "--locale-provider=builtin",  # sorts the same on every machine
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            "-D",
            str(draft),
        ],
        owner,
    )
    _run(
        [str(programs() / "postgres"), "--single", "-D", str(draft), "postgres"],
        owner,
        text=f"CREATE DATABASE {DATABASE};\n",
    )
    if place.data.exists():
        place.data.rmdir()  # empty, or we would not be here
    draft.rename(place.data)


def _run(command: Sequence[str], owner: int, text: str = "") -> None:
    done = subprocess.run(
        command,
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
        **as_user(owner),
    )
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip().splitlines() or ["no message"]
        raise EmbeddedError(f"{Path(command[0]).name} failed: {lines[-1]}")
