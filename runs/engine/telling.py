"""What somebody decided is told to the agent that asked, until it has heard it or has ended."""

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from django.utils import timezone

from runs.agents import dispatching
from runs.agents.addresses import AgentAddressRefused
from runs.engine.calling import Desk, desk
from runs.models import AgentCall
from runs.operations.decide_call import expire_approvals

log = logging.getLogger(__name__)

# The message goes with the decision; the sweep only finds what was lost on the way.
_REPEAT_AFTER = 5.0
_LONGEST = 300.0
_LOOK_EVERY = 2.0
_look_at = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Where it goes, and what is told."""

    url: str
    body: bytes


def start(call_id: str) -> None:
    """Tell the agent; returns at once."""
    desk().start(lambda at: _tell(at, call_id))


async def _tell(at: Desk, call_id: str) -> None:
    found = await at.record(lambda: _take(call_id))
    if found is None or at.client is None:
        return
    headers = {"Content-Type": "application/json", "X-Execution-ID": call_id}
    try:
        answer = await dispatching.post(at.client, found.url, found.body, headers, 10.0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.info("The decision about %s could not be told: %s", call_id, error)
        return
    except AgentAddressRefused as refused:
        log.warning("The decision about %s is not told: %s", call_id, refused)
    else:
        if answer.status_code >= 500:
            return
    await at.record(lambda: _note(call_id, told=True))


def _take(call_id: str) -> Decision | None:
    """The decision, if it is still to be told; and that it is tried once more."""
    call = AgentCall.objects.filter(pk=call_id, ended_at=None, approval__told=False).first()
    if call is None:
        return None
    asked = call.question
    _note(call_id, tries=asked["tries"] + 1)
    told = {
        "execution_id": call.pk,
        "decision": asked["status"],
        "feedback": (asked["response"] or {}).get("feedback", ""),
        "approval_request_id": asked["approval_request_id"],
        "response": asked["response"],
    }
    return Decision(asked["callback_url"], json.dumps(told, ensure_ascii=False).encode())


def _note(call_id: str, **changes: object) -> None:
    call = AgentCall.objects.filter(pk=call_id).first()
    if call is not None and call.approval is not None:
        call.approval = {**call.question, **changes}
        call.save(update_fields=["approval"])


def look_after() -> int:
    """Requests whose time is up, and decisions that have not arrived; how many those were."""
    global _look_at
    if time.monotonic() < _look_at:
        return 0
    _look_at = time.monotonic() + _LOOK_EVERY
    now = timezone.now()
    moved = expire_approvals(now)
    for call in AgentCall.objects.filter(ended_at=None, approval__told=False)[:200]:
        wait = min(_REPEAT_AFTER * 2 ** min(call.question["tries"], 10), _LONGEST)
        due = datetime.fromisoformat(call.question["responded_at"]) + timedelta(seconds=wait)
        if due < now:
            start(call.pk)
    return moved
