"""Messages as files, for the broker of a machine where none was named.

kombu's filesystem transport, mended where several workers met its races: a message becomes
visible only when it is whole, one worker takes it (by an atomic rename within one folder), a
file that is no message is put aside instead of ending the worker, the table of queues is a
constant instead of a file that two starting workers write at once, and a folder that cannot be
read is an empty one: an OSError would end Celery's worker, which treats it as a fault of its own.
"""

import contextlib
import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

log = logging.getLogger(__name__)

SCHEME = "maverickfiles"
POLL_EVERY = 0.05


def prepare(folder: Path) -> tuple[str, dict[str, Any]]:
    """The broker's URL and options. Its folders are made by whoever needs them first."""
    TRANSPORT_ALIASES[SCHEME] = "maverick_site.broker:Transport"
    options = {"folder": str(folder), "polling_interval": POLL_EVERY}
    return f"{SCHEME}://localhost", options


def ready(folder: Path) -> str:
    """ "ok", or why messages cannot be kept there."""
    try:
        _folders(folder)
        if os.access(folder / "queue", os.W_OK):
            return "ok"
        return f"cannot write to {folder}"
    except OSError as error:
        return f"{folder}: {error.strerror}"


# The folders that could not be read when they were looked at last. A worker looks twenty times a
# second; one line when it begins and one when it is over are enough.
_unreadable: set[Path] = set()


def _is_unreadable(folder: Path, error: OSError) -> None:
    if folder not in _unreadable:
        _unreadable.add(folder)
        log.warning(
            "Messages cannot be read (%s). Runs go on without: workers look for work themselves.",
            error,
        )


def _is_readable(folder: Path) -> None:
    if folder in _unreadable:
        _unreadable.discard(folder)
        log.warning("Messages can be read again in %s", folder)


def _folders(folder: Path) -> None:
    for name in ("queue", "taken", "odd"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)


class Channel(filesystem.Channel):
    supports_fanout = False

    @property
    def _folder(self) -> Path:
        return Path(self.transport_options["folder"])

    def get_table(self, exchange: str) -> list[Any]:
        return [filesystem.exchange_queue_t(exchange, "", exchange)]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        return None

    def _delete(self, queue: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}.msg"
        draft, place = self._folder / "taken" / f"{name}.draft", self._folder / "queue" / name
        text = json.dumps(payload)
        for attempt in (1, 2):
            try:
                draft.write_text(text)
                break
            except FileNotFoundError:  # the first message ever, or somebody emptied the broker
                if attempt == 2:
                    raise
                _folders(self._folder)
        draft.rename(place)

    def _get(self, queue: str) -> Any:
        for name in self._names(queue):
            taken = self._folder / "taken" / name
            try:
                (self._folder / "queue" / name).rename(taken)
                text = taken.read_text(errors="replace")
            except FileNotFoundError:
                continue  # another worker was first
            except OSError as error:
                _is_unreadable(self._folder / "taken", error)
                break
            _is_readable(self._folder / "taken")
            try:
                payload = json.loads(text)
                if not isinstance(payload, dict) or "body" not in payload:
                    raise ValueError("no body")
            except ValueError as error:
                log.warning("%s is no message (%s); put aside", name, error)
                with contextlib.suppress(OSError):  # it is out of the queue, which is what counts
                    taken.rename(self._folder / "odd" / name)
                continue
            with contextlib.suppress(OSError):
                taken.unlink(missing_ok=True)
            return payload
        raise Empty()

    def _names(self, queue: str) -> list[str]:
        suffix = f".{queue}.msg"
        try:
            names = [e.name for e in os.scandir(self._folder / "queue") if e.name.endswith(suffix)]
        except FileNotFoundError:
            names = []
            try:
                _folders(self._folder)
            except OSError as error:
                _is_unreadable(self._folder / "queue", error)
        except OSError as error:
            names = []
            _is_unreadable(self._folder / "queue", error)
        else:
            _is_readable(self._folder / "queue")
        return sorted(names)

    def _purge(self, queue: str) -> int:
        return sum(map(_unlink(self._folder / "queue"), self._names(queue)))

    def _size(self, queue: str) -> int:
        return len(self._names(queue))


def _unlink(folder: Path) -> Callable[[str], bool]:
    def unlink(name: str) -> bool:
        try:
            (folder / name).unlink()
        except FileNotFoundError:
            return False
        return True

    return unlink


class Transport(filesystem.Transport):
    Channel = Channel
    driver_type = "maverickfiles"
    driver_name = "maverickfiles"

    def drain_events(self, connection: Any, timeout: float | None = None) -> Any:
        # Celery looks whether it was told to stop between two of these, and asks for 2 s each.
        return super().drain_events(connection, timeout=min(timeout or 0.2, 0.2))
