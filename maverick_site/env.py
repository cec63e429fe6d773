"""Reading the environment: a value, its default, or one clear line and the end of the process."""

import ipaddress
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class OddSetting(SystemExit):
    """A setting that cannot be used.

    A SystemExit, so that every process that meets it (server, worker, command line) ends with
    this one line instead of a traceback from somewhere inside an import.
    """

    def __init__(self, name: str, problem: str, hint: str = "") -> None:
        self.name = name
        super().__init__(f"maverick: {name}: {problem}" + (f" {hint}" if hint else ""))


def env_text(name: str, default: str = "", *, choices: tuple[str, ...] = ()) -> str:
    value = os.environ.get(name, "").strip() or default
    if choices and value not in choices:
        raise OddSetting(name, f"{value!r} is not one of {', '.join(choices)}.")
    return value


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise OddSetting(name, f"{value!r} is neither yes nor no.", "Use 1 or 0.")


def env_int(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise OddSetting(name, f"{value!r} is not a whole number.") from None
    if not least <= number <= most:
        raise OddSetting(name, f"{number} is not between {least} and {most}.")
    return number


def env_float(name: str, default: float, *, least: float, most: float) -> float:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise OddSetting(name, f"{value!r} is not a number.") from None
    if not least <= number <= most:  # also refuses nan
        raise OddSetting(name, f"{value} is not between {least:g} and {most:g}.")
    return number


def env_list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def env_networks(name: str) -> list[str]:
    """Networks with commas between (10.1.0.0/16); `on` is all of them, `off` or nothing is none."""
    value = os.environ.get(name, "").strip().lower()
    if value in TRUE:
        return ["0.0.0.0/0", "::/0"]
    found = []
    for part in [] if value in FALSE else env_list(name):
        try:
            found.append(str(ipaddress.ip_network(part)))
        except ValueError as error:
            raise OddSetting(
                name, f"{part!r} is no network: {error}.", "Use on, off, or 10.1.0.0/16, ::1/128."
            ) from None
    return found


def env_origin(name: str) -> str:
    """An address as browsers send it in `Origin`: scheme, host and port; "" when unset."""
    value = os.environ.get(name, "").strip()
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise OddSetting(name, f"is not a URL: {error}.") from None
    host = parts.hostname or ""
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or more or not re.fullmatch(r"[a-z0-9.:-]+", host):
        raise OddSetting(
            name, f"{value!r} is no public address.", "Use https://host or with :port."
        )
    return f"{parts.scheme}://" + (f"[{host}]" if ":" in host else host) + port


def env_folder(name: str, default: str) -> Path:
    """A folder of ours alone: made with 0700 when it does not exist yet."""
    path = Path(os.environ.get(name, "").strip() or default).expanduser()
    if not path.is_absolute():
        path = Path.cwd() / path
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OddSetting(name, f"cannot make the folder {path}: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise OddSetting(name, f"cannot write to the folder {path}.")
    return path


def env_secret(name: str, path: Path) -> str:
    """A secret from the environment, else from a file, else made now and kept in that file."""
    value = os.environ.get(name, "").strip()
    if value:
        if len(value) < 32:
            raise OddSetting(name, "is shorter than 32 characters.")
        return value
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    except OSError as error:
        raise OddSetting(name, f"cannot read {path}: {error.strerror}.") from None
    return kept or _keep_new_secret(path)


def _keep_new_secret(path: Path) -> str:
    # Written beside and linked into place: of two processes that start at once, one makes the
    # secret and the other reads that one, and nobody ever reads half of it.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            if not path.read_text().strip():  # left empty by somebody: replace it
                os.replace(draft, path)
        return path.read_text().strip()
    finally:
        Path(draft).unlink(missing_ok=True)


def database_from_url(name: str, url: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?option=value as Django wants it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OddSetting(name, f"is not a URL: {error}.") from None
    if parts.scheme not in ("postgres", "postgresql"):
        raise OddSetting(
            name,
            f"begins with {parts.scheme or url[:12]!r}; Maverick speaks to PostgreSQL only.",
            "Use postgresql://user:password@host:5432/name.",
        )
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise OddSetting(name, "names no database.", "Add /name at its end.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "")) or unquote(parts.hostname or "")
    return {
        "NAME": str(options.pop("dbname", database)),
        "USER": unquote(parts.username or "") or str(options.pop("user", "")),
        "PASSWORD": unquote(parts.password or "") or str(options.pop("password", "")),
        "HOST": host,
        "PORT": str(port or options.pop("port", "") or ""),
        "OPTIONS": options,
    }
