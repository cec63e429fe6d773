"""The end of a worker whose Python stands still.

Code in C that keeps the interpreter to itself (a regular expression that backtracks for ever)
stops every thread of its process: also those that would stop the step, renew its lease and sweep.
The step is then taken over, and holds the next worker, until none is left. So while a step runs,
a thread that needs no interpreter waits for a sign of life. Without one it writes to stderr where
each thread stands, and ends the process.
"""

import faulthandler
import threading
import time

STDERR = 2  # what sys.stderr is in a worker belongs to Celery, and is no file


class Standstill:
    """Watches this process while steps run; a worker process says after how long it ends."""

    def __init__(self) -> None:
        self.after = 0.0  # seconds; 0: never
        self._steps = 0
        self._armed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def enter(self) -> None:
        """A step begins. Armed here, because it may not let another thread do so."""
        with self._lock:
            self._steps += 1
            if self.after and not self._armed:
                self._arm()
            if self.after and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="standstill", daemon=True)
                self._thread.start()

    def leave(self) -> None:
        """A step has ended. Still armed: the next one mostly follows at once."""
        with self._lock:
            self._steps -= 1

    def _arm(self) -> None:
        faulthandler.dump_traceback_later(self.after, exit=True, file=STDERR)
        self._armed = True

    def _run(self) -> None:
        while True:
            time.sleep(self.after / 10)
            with self._lock:
                if self._steps:
                    self._arm()
                elif self._armed:
                    faulthandler.cancel_dump_traceback_later()
                    self._armed = False


standstill = Standstill()
