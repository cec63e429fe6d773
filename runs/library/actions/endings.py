"""How a workflow ends: telling somebody, and failing for a reason of its own."""

from typing import TypedDict

from runs.actions import StepContext, action
from runs.errors import StepFailure
from runs.library.actions.programs import ProgramFailed, run
from runs.library.actions.workspace import settings

NOTIFY_SECONDS = 60.0


class Notified(TypedDict):
    """Whether somebody was told."""

    sent: bool
    message: str


class FailedOnPurpose(StepFailure):
    """The workflow itself says that it has failed."""

    code = "failed-on-purpose"
    permanent = True


@action("fail", effect="pure")
def fail(message: str, hint: str = "") -> None:
    """Fail with this message."""
    raise FailedOnPurpose(str(message), hint=str(hint))


@action("notify")
def notify(message: str, context: StepContext, title: str = "Maverick") -> Notified:
    """Tell somebody, by `notify_cmd` under `[actions]` in the settings: `{sent, message}`.

    The command finds `MAVERICK_TITLE` and `MAVERICK_MESSAGE` in its environment, and the message on
    its input. Without the setting nobody is told, and that is no failure.
    """
    given = settings(context, "actions").get("notify_cmd")
    if not given:
        context.log(f"{title}: {message}")
        return {"sent": False, "message": message}
    words = ["sh", "-e", "-c", given] if isinstance(given, str) else [str(word) for word in given]
    env = {"MAVERICK_TITLE": title, "MAVERICK_MESSAGE": message}
    ran = run(context, words, env=env, stdin=message + "\n", timeout=NOTIFY_SECONDS)
    if ran.code != 0:
        raise ProgramFailed(f"notify_cmd: {ran.last_line}")
    return {"sent": True, "message": message}
