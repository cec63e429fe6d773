"""Named places where a test may stop the process, as ``kill -9`` would. Nothing otherwise.

Armed by the environment: ``MAVERICK_CRASH_AT=after-commit@b`` ends the process with SIGKILL when
it comes to that point with step path ``b`` (``@`` and what follows may be left out; several are
joined by commas). The file that ``MAVERICK_CRASH_ONCE`` names is created first; when it exists
already nothing happens, so that the process that takes over does not die at the same place again.
If it names a folder, each point and path has a file of its own in there.
"""

import os
import signal
import threading

NAMES = (
    "after-claim",  # the step is mine, nothing was done
    "in-step",  # the action has begun
    "after-step",  # the action has ended, nothing is recorded
    "before-commit",  # the consequences are worked out, the statement is not sent
    "after-commit",  # the outcome and the next start are recorded, nothing else happened
    "before-hints",  # recorded, other workers were not woken
    "before-takeover",  # a lost step was found, and not yet taken from the worker that is gone
    "after-takeover",  # taken, and nobody was told
)

# On the way of a call to its agent; the "path" is the call's id.
OF_CALLS = (
    "after-dispatch-noted",  # it is recorded that the request goes out, and it has not yet
    "after-dispatch",  # the agent has answered, nothing of that is recorded
)

# Where a container begins anew; the "path" is its own.
OF_ATTEMPTS = (
    "before-again",  # what was inside is set back, and nothing of that is recorded
    "after-again",  # it is open again, and nobody was told
)


def reach(name: str, path: str = "") -> None:
    """End the process here if a test has asked for it."""
    armed = os.environ.get("MAVERICK_CRASH_AT")
    if armed is None:
        return
    wanted = armed.split(",")
    if name not in wanted and f"{name}@{path}" not in wanted:
        return
    once = os.environ.get("MAVERICK_CRASH_ONCE", "")
    if once:
        if os.path.isdir(once):
            once = os.path.join(once, f"{name}@{path}".replace("/", ":"))
        if not _first(once):
            return
    os.kill(os.getpid(), signal.SIGKILL)


def _first(mark: str) -> bool:
    """Whether nobody died here yet. ``mark`` then says who does."""
    # Linked when it is written: another thread of this process may end it in between.
    written = f"{os.path.dirname(mark)}.{os.getpid()}-{threading.get_ident()}"
    with open(written, "w") as file:
        file.write(str(os.getpid()))
    try:
        os.link(written, mark)
    except FileExistsError:
        return False
    finally:
        os.unlink(written)
    return True
