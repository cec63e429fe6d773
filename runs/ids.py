"""Public ids: ``run_…`` and ``exec_…``, sortable by the time they were made.

Eight characters of milliseconds since 2026 (40 bits, enough until 2060), then random ones.
Ids made by one process within one millisecond count upward, so that ten thousand executions
written by one restart cannot collide; the random part keeps processes apart.

Those of runs are not always ours: who calls an agent may name the run (`X-Run-ID`). So the order of
runs is that of their rows' times, and an id is only what tells runs of one moment apart.
"""

import os
import re
import threading
import time
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_TIME_CHARS = 8
# What the id of a run may be, whoever chose it. Not with a dot first: it stands in addresses and
# names a folder.
MOST = 120  # characters; ours have 18, and clients put names and UUIDs together
RUN_ID = rf"[A-Za-z0-9][A-Za-z0-9._:\-]{{0,{MOST - 1}}}"
# What stands behind `/runs/` and is no run: pages and streams of all runs. A test compares.
TAKEN = frozenset({"bulk", "columns", "import", "stream", "suggest", "views"})
_RUN_ID = re.compile(RUN_ID)
_OUR_RUN_ID = re.compile(rf"run_([{_ALPHABET}]{{{_TIME_CHARS}}})[{_ALPHABET}]{{6}}")
_lock = threading.Lock()
_last: dict[str, tuple[int, int]] = {}


def _encode(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def _make(prefix: str, random_chars: int) -> str:
    top = 32**random_chars
    with _lock:
        now = time.time_ns() // 1_000_000 - _EPOCH_MS
        before, tail = _last.get(prefix, (-1, 0))
        if now <= before and tail + 1 < top:
            now, tail = before, tail + 1
        else:
            # The lower half only: leaves room to count within the millisecond.
            now = max(now, before + 1)
            tail = int.from_bytes(os.urandom(8), "big") % (top // 2)
        _last[prefix] = (now, tail)
    return f"{prefix}_{_encode(now, _TIME_CHARS)}{_encode(tail, random_chars)}"


def run_id() -> str:
    """A new run id: 18 characters, later ids sort after earlier ones."""
    return _make("run", 6)


def is_run_id(text: str) -> bool:
    """Whether it can be the id of a run, whoever chose it."""
    return _RUN_ID.fullmatch(text) is not None and text not in TAKEN


def is_our_run_id(text: str) -> bool:
    """Whether it has the shape of `run_id`: then it is whole, and no beginning of one."""
    return _OUR_RUN_ID.fullmatch(text) is not None


def moment_of(run_id: str) -> datetime | None:
    """When a run id of ours was made; None for what is none."""
    found = _OUR_RUN_ID.fullmatch(run_id)
    if found is None:
        return None
    ms = 0
    for digit in found[1]:
        ms = ms * 32 + _ALPHABET.index(digit)
    return datetime.fromtimestamp(_EPOCH_MS / 1000, UTC) + timedelta(milliseconds=ms)


def execution_id() -> str:
    """A new execution id: 21 characters, later ids sort after earlier ones."""
    return _make("exec", 8)


def first_execution_id(moment: datetime) -> str:
    """Below every execution id that was made since then, and above every one from before."""
    ms = max(0, int(moment.timestamp() * 1000) - _EPOCH_MS)
    return f"exec_{_encode(ms, _TIME_CHARS)}"


def checkpoint_id() -> str:
    """A new checkpoint id: 17 characters."""
    return _make("cp", 6)


def webhook_id() -> str:
    """A new webhook endpoint's id: 17 characters."""
    return _make("wh", 6)


def message_id() -> str:
    """A new message's id, as `webhook-id` names it; those of a run's end come from the database."""
    return _make("msg", 12)


def _after_fork() -> None:
    # A forked child would otherwise count on from the parent's number and repeat its ids.
    _last.clear()


os.register_at_fork(after_in_child=_after_fork)
