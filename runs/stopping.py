"""Waiting for a server in a thread that must be able to end: asked, not interrupted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

TICK_SECONDS = 0.1  # how soon a stop is seen

_Result = TypeVar("_Result")


class Stopped(Exception):
    """The work was to stop before it was done."""


class OutOfTime(Exception):
    """The work was not done in time."""


def wait_for(
    work: Coroutine[Any, Any, _Result], *, stopped: Callable[[], bool], timeout: float | None = None
) -> _Result:
    """The result of ``work``; whatever connections it has are closed when this returns.

    Raises Stopped, OutOfTime (``timeout`` in seconds), and what the work raises.
    """
    return asyncio.run(_watched(work, stopped, timeout))


async def _watched(
    work: Coroutine[Any, Any, _Result], stopped: Callable[[], bool], timeout: float | None
) -> _Result:
    task = asyncio.ensure_future(work)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while True:
            await asyncio.wait({task}, timeout=TICK_SECONDS)
            if task.done():
                return task.result()
            if stopped():
                raise Stopped
            if deadline is not None and time.monotonic() > deadline:
                raise OutOfTime
    finally:
        task.cancel()
        await asyncio.wait({task})
