"""The database does not answer: what the engine does itself is done again when it is back."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)
T = TypeVar("T")

# The ledger's own statement goes past Django, so both kinds.
GONE = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
# How long something is tried again before the step is given back.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.3

# SQLSTATE classes: no connection, rolled back (a deadlock), no resources, shut down. Others (a
# value too large for an index) would be the same the next time.
_PASSING = ("08", "40", "53", "57")


class DatabaseAway(Exception):
    """The database did not answer for as long as anybody waits."""


def passes(error: BaseException) -> bool:
    """Whether this error of the database may be gone at the next try."""
    origin = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(origin, "sqlstate", None)
    return state is None or state[:2] in _PASSING


def patiently(work: Callable[[], T], what: str) -> T:
    """What ``work`` answers, through a restart of the database if need be.

    ``work`` must be harmless when it is done twice: a broken connection does not say whether the
    last statement was carried out. Raises DatabaseAway after a minute without an answer.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except GONE as error:
            if not passes(error):
                raise
            if time.monotonic() > deadline:
                raise DatabaseAway(str(error)) from error
            log.warning("The database does not answer; %s waits for it: %s", what, error)
            connection.close()
            time.sleep(PAUSE_SECONDS)
