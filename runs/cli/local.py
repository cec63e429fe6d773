"""Who types here, and what is found here as the JSON that a server would answer."""

import dataclasses
import getpass
import os
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs.actor import Actor


def actor() -> "Actor":
    """Who types: the user of the operating system, with every right."""
    from runs.actor import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        name = str(os.getuid())
    return Actor(kind="cli", name=name, role="admin", via="cli", address=socket.gethostname())


def plain(value: Any) -> Any:
    """A projection as the JSON that the API makes of it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
