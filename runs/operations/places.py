"""The folders that workflows are looked for in, and where steps work."""

import os
from pathlib import Path


def project_folder(given: Path | str | None = None) -> Path:
    """The project: the one given, else ``MAVERICK_PROJECT``, else the working directory."""
    return Path(given or os.environ.get("MAVERICK_PROJECT") or Path.cwd()).resolve()


def user_folder() -> Path:
    """``MAVERICK_HOME``, default ``~/.maverick``."""
    return Path(os.environ.get("MAVERICK_HOME") or "~/.maverick").expanduser()
