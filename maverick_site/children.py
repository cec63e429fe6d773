"""Child processes that never outlive the process that started them."""

import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "MAVERICK_PARENT"  # set by `up` for its children: its process number


def die_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """Called by the child, first of all: end when `maverick up` is gone, however it went.

    By the child and not between fork and exec, where nothing but a few system calls is safe.
    The parent may be gone before this line, so it is looked at again afterwards.
    """
    expected = os.environ.pop(PARENT, "")  # not for the commands that steps run
    if not expected.isdigit():
        return
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, with_signal, 0, 0, 0)
    else:
        threading.Thread(
            target=_watch, args=(int(expected), with_signal), name="parent", daemon=True
        ).start()
    if os.getppid() != int(expected):
        os._exit(1)


def _watch(parent: int, with_signal: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), with_signal)
