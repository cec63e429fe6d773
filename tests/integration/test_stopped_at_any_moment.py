"""A stop that comes while a command is being started leaves no command behind."""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from runs.engine import attempt
from runs.engine.heartbeat import heartbeat
from runs.engine.outcome import GivenBack, Succeeded
from runs.engine.session import Session
from runs.engine.state import RunState
from tests.processes import living

from .here import start

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = """
version: "1.0"
name: short
steps:
  - {name: it, type: shell, run: "sleep 0.1"}
"""
WHERE = ("runs/engine/runners/shell.py", "runs/commands.py", "/subprocess.py")


class Stop:
    """Stops the steps of this process, from another thread, before the nth line is executed.

    Of a line that is executed several times, the first time counts.
    """

    def __init__(self, line: int) -> None:
        self.left = line
        self._seen: set[tuple[str, int]] = set()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.endswith(WHERE):
            return None
        here = (frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and here not in self._seen:
            self._seen.add(here)
            self.left -= 1
            if self.left == 0:
                thread = threading.Thread(target=heartbeat.stop_all, args=["stopping"])
                thread.start()
                thread.join(0.2)  # no longer: this line may be one that it has to wait for
        return self


def test_a_stop_before_any_line_leaves_no_command_behind(project: Path) -> None:
    stopped = 0
    for line in range(1, 1000):
        run = start(project, SHORT)
        state = RunState.load(run.pk)
        assert state is not None
        job = Session(state).claim()
        assert job is not None
        stop = Stop(line)
        before = sys.gettrace()
        sys.settrace(stop)
        try:
            outcome = attempt.attempt(state, job)
        finally:
            sys.settrace(before)
        assert living(f"MAVERICK_EXECUTION_ID={job.execution_id}") == {}, f"line {line}"
        if stop.left > 0:
            assert outcome == Succeeded(
                {"exit_code": 0, "stdout": "", "stderr": "", "truncated": False}
            )
            break
        stopped += outcome == GivenBack("worker-stopped")
    assert stopped > 20
