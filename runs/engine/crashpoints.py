"""Named places where a test may stop the process, as ``kill -9`` would. Nothing otherwise.

Armed by the environment: ``MAVERICK_CRASH_AT=after-commit@b`` ends the process with SIGKILL when
it comes to that point with step path ``b`` (``@`` and what follows may be left out). The file that
``MAVERICK_CRASH_ONCE`` names is created first; when it exists already nothing happens, so that the
process that takes over does not die at the same place again.
"""

import os
import signal

NAMES = (
    "after-claim",  # the step is mine, nothing was done
    "in-step",  # the action has begun
    "after-step",  # the action has ended, nothing is recorded
    "before-commit",  # the consequences are worked out, the statement is not sent
    "after-commit",  # the outcome and the next start are recorded, nothing else happened
    "before-hints",  # recorded, other workers were not woken
)


def reach(name: str, path: str = "") -> None:
    """End the process here if a test has asked for it."""
    armed = os.environ.get("MAVERICK_CRASH_AT")
    if armed is None:
        return
    point, _, at = armed.partition("@")
    if point != name or (at and at != path):
        return
    once = os.environ.get("MAVERICK_CRASH_ONCE", "")
    if once:
        try:
            os.close(os.open(once, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
