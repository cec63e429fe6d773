"""StepContext: what a runner, and an action that asks for it, knows of its step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs import environment
from runs.engine.consequences import Job
from runs.engine.heartbeat import Watched
from runs.engine.state import RunState
from runs.record.logs import LogBuffer


@dataclass
class StepContext:
    """What a runner, and an action that asks for it, knows of its step."""

    run_id: str
    execution_id: str  # the idempotency key: the same for every attempt at this step
    path: str
    attempt: int
    workspace: Path
    job: Job
    state: RunState
    watched: Watched
    buffer: LogBuffer
    # Set by the runner: the declared version of what it runs, and what an agent has used up.
    code_version: str = ""
    usage: dict[str, Any] | None = None

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the execution's log."""
        self.buffer.add(text if text.endswith("\n") else text + "\n", "log", level)

    def secret(self, name: str) -> str | None:
        """The value behind ``${{ secrets.NAME }}``; from now on it is masked in all that is written."""
        value = environment.secrets().get(name)
        if value is not None:
            self.state.masker.add(value)
        return value

    @contextmanager
    def stops_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, the step is stopped by calling ``stop``, not by an exception.

        The exception would only be seen when a program or a server has answered.
        """
        before, self.watched.kill = self.watched.kill, stop
        try:
            yield
        finally:
            self.watched.kill = before
