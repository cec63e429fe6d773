"""How a step that calls programs or servers is stopped: by asking, never by an exception.

An exception raised into the thread could hit the middle of a request, or the moment between the
start of a program and the note that it runs.
"""

import threading

from runs.commands import Command
from runs.engine.context import StepContext


class Stop:
    """The stop of one step; registered before anything is started."""

    def __init__(self, context: StepContext) -> None:
        self._asked = threading.Event()
        self._watched = context.watched
        self._watched.kill = self._asked.set

    def asked(self) -> bool:
        """Whether the step shall end."""
        return self._asked.is_set()

    def on_process(self, command: Command) -> None:
        """A program is about to start: a stop ends it, also one that came just now."""

        def kill() -> None:
            self._asked.set()
            command.stop()

        self._watched.kill = kill
        if self._asked.is_set():
            command.stop()
