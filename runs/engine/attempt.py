"""attempt(job): run one step once, and say how it ended. Nothing here writes an outcome."""

import logging
import threading
import time
import traceback
from typing import Any

from django.db import DatabaseError, connection

from runs import environment
from runs.canonical import to_json_value
from runs.engine.away import DatabaseAway, patiently
from runs.engine.consequences import Job
from runs.engine.context import StepContext
from runs.engine.crashpoints import reach
from runs.engine.heartbeat import StepStopped, Watched, heartbeat
from runs.engine.outcome import Failed, GivenBack, Outcome, Parked, Succeeded
from runs.engine.runners import RUNNERS
from runs.engine.state import RunState
from runs.errors import MaverickError, NotJson, StepFailure
from runs.expressions import ExpressionError
from runs.record.logs import LogBuffer

log = logging.getLogger(__name__)

MAX_OUTPUT_BYTES = 16 * 1024 * 1024


def attempt(state: RunState, job: Job) -> Outcome:
    """Run the step that ``job`` holds. Never raises for what the step does."""
    buffer = LogBuffer(job.execution_id, job.attempt, state.masker)
    limit = job.node.step.timeout or environment.step_timeout()
    watched = Watched(
        job.execution_id,
        job.fence,
        threading.get_ident(),
        time.monotonic() + limit,
        buffer,
    )
    if state.secrets_lost:
        # The mask in their place would go out as if it were the password.
        return Failed(
            "secret-unreadable",
            "The run's secret inputs cannot be decrypted: the installation's secret key changed.",
            "Start the workflow again with its inputs.",
            permanent=True,
        )
    try:
        # It reads the outputs of earlier steps, and nothing else.
        given = patiently(lambda: _input(state, job), f"the input of {job.path}")
    except DatabaseAway:
        return GivenBack("database-away")
    except (ExpressionError, MaverickError) as error:
        return Failed(
            getattr(error, "code", "expression-error"),
            getattr(error, "message", str(error)),
            getattr(error, "hint", "") or "",
            permanent=True,
        )
    context = StepContext(
        run_id=state.run_id,
        execution_id=job.execution_id,
        path=job.path,
        attempt=job.attempt,
        workspace=state.workspace,
        job=job,
        state=state,
        watched=watched,
        buffer=buffer,
    )
    with heartbeat.watch(watched):
        outcome = _guarded(context, given, limit)
        try:
            buffer.close()
        except DatabaseError as error:
            # The outcome counts more than its last lines: losing it would repeat the step.
            log.warning("The last log lines of %s were not written: %s", job.path, error)
            connection.close()
    return outcome


def _input(state: RunState, job: Job) -> Any:
    if job.has_input:
        return job.input
    return to_json_value(state.frontier.input_of(job.path), "input")


def _guarded(context: StepContext, given: Any, limit: float) -> Outcome:
    try:
        return _run(context, given, limit)
    except StepStopped:
        # The exception was on its way when the step's code had just ended.
        return _stopped(context.watched.why, limit)


def _run(context: StepContext, given: Any, limit: float) -> Outcome:
    watched = context.watched
    try:
        with watched.action():
            reach("in-step", context.path)
            value = RUNNERS[context.job.node.type](context, given)
        if watched.why:
            return _stopped(watched.why, limit)
        return _checked(context, value)
    except StepStopped:
        return _stopped(watched.why, limit)
    except DatabaseAway:
        return GivenBack("database-away")
    except NotJson as error:
        return Failed(error.code, error.message, error.hint, permanent=True)
    except StepFailure as error:
        if watched.why:
            return _stopped(watched.why, limit)
        return Failed(error.code, error.message, error.hint, error.permanent, error.extra or None)
    except MaverickError as error:
        return Failed(error.code, error.message, error.hint, permanent=True)
    except BaseException as error:
        # SystemExit included: an action that calls sys.exit() must not end the worker.
        if watched.why:
            return _stopped(watched.why, limit)
        context.buffer.add(_traceback(error), "stderr", "error")
        return Failed("action-failed", f"{type(error).__name__}: {error}")


def _checked(context: StepContext, value: Any) -> Outcome:
    if isinstance(value, Parked):
        return value
    output = to_json_value(value, "output")
    if context.job.node.step.outputs:
        try:
            added = patiently(
                lambda: context.state.frontier.with_outputs(context.path, output),
                f"the outputs of {context.path}",
            )
        except ExpressionError as error:
            return Failed("outputs-failed", error.message, permanent=True)
        output = to_json_value(added, "outputs")
    size = _size(output)
    if size > MAX_OUTPUT_BYTES:
        return Failed(
            "output-too-large",
            f"The output has {size:,} bytes of JSON, more than {MAX_OUTPUT_BYTES:,}.",
            "Write it to a file in the workspace and return the file's path.",
            permanent=True,
        )
    return Succeeded(output, context.code_version, context.usage)


def _size(value: Any) -> int:
    """Roughly how many bytes of JSON; counts texts and entries without encoding them."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return sum(len(key) + 4 + _size(item) for key, item in value.items()) + 2
    if isinstance(value, list):
        return sum(_size(item) + 1 for item in value) + 2
    return 8


def _stopped(why: str, limit: float) -> Outcome:
    if why == "timeout":
        return Failed(
            "timeout",
            f"The step did not end within {limit:g} s.",
            "Give it a longer `timeout`, or look in its log for what it waits for.",
        )
    if why == "stopping":
        return GivenBack("worker-stopped")
    return GivenBack("cancelled" if why == "cancelled" else "lease-lost")


def _traceback(error: BaseException) -> str:
    """The traceback without Maverick's own frames: what the author of the action can mend."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/runs/engine/" not in f.filename]
    return "".join(
        [
            "Traceback (most recent call last):\n",
            *traceback.format_list(own or list(frames)),
            *traceback.format_exception_only(error),
        ]
    )
