"""Webhook messages go out: from every worker's sweep, on the event loop that talks to agents.

No run's lock and no worker slot is held while a receiver takes its time. A message is claimed
first, so it goes out of one process; when that one dies, the claim runs out and the next sweep
anywhere sends it again, under the same id.
"""

import logging
import time
from datetime import timedelta
from random import Random
from typing import Any

from runs import conf
from runs.engine.calling import Desk, desk
from runs.models import WebhookDelivery
from runs.operations.webhook_messages import NotSendable, message_of
from runs.record import webhooks
from runs.record.webhooks import Came
from runs.webhooks import attempt
from runs.webhooks.attempt import Answer, Message
from runs.webhooks.schedule import next_try

log = logging.getLogger(__name__)

# At once from one process. A receiver that hangs holds one of them for 15 seconds.
MOST = 50
_FORGET_EVERY = 600.0
_GONE = 410

_out: set[int] = set()  # changed by the sweep's thread and by the loop's, each in one step
_forget_at = 0.0
_rng = Random()


def look_after() -> int:
    """Send what is due; how many messages that were."""
    free = MOST - len(_out)
    found = webhooks.claim(free) if free > 0 else []
    for delivery in found:
        start(delivery)
    _forget()
    return len(found)


def start(delivery: WebhookDelivery) -> None:
    """Send a claimed message; returns at once."""
    _out.add(delivery.pk)
    desk().start(lambda at: _deliver(at, delivery))


async def _deliver(at: Desk, delivery: WebhookDelivery) -> None:
    try:
        assert at.client is not None
        message = await at.record(lambda: prepared(delivery))
        if message is not None:
            answer = await attempt.send(at.client, message, int(time.time()))
            await at.record(lambda: webhooks.note(delivery, came_of(delivery, answer, _rng)))
    except Exception:
        # The last frame: a message that cannot be made or noted would come back each minute, for
        # ever. Should the database be away, this fails as well, and the claim runs out.
        log.exception("Message %s could not be sent", delivery.message_id)
        broken = Answer(None, error="internal-error: the worker's log says more")
        await at.record(lambda: webhooks.note(delivery, came_of(delivery, broken, _rng)))
    finally:
        _out.discard(delivery.pk)


def prepared(delivery: WebhookDelivery) -> Message | None:
    """What is to be sent; None when it cannot be, or not now, which is recorded."""
    if delivery.endpoint is not None and not delivery.endpoint.enabled:
        webhooks.put_back(delivery)  # it was disabled while this message was being recorded
        return None
    try:
        return message_of(delivery)
    except NotSendable as why:
        webhooks.note(delivery, Came(False, _told(Answer(None, error=str(why))), str(why)))
        return None


def came_of(delivery: WebhookDelivery, answer: Answer, rng: Random) -> Came:
    """What an answer means."""
    told = _told(answer)
    if answer.is_success:
        return Came(True, told)
    reason = answer.error or f"answered-{answer.code}"
    gone = answer.code == _GONE
    wait = None if gone else next_try(delivery.scheduled, rng)
    if delivery.call_id or wait is not None:
        log.info("Message %s was not taken: %s", delivery.message_id, reason)
    return Came(False, told, reason, wait, gone)


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "code": answer.code,
        "error": answer.error,
        "response": answer.text,
        "address": answer.address,
        "duration_ms": answer.duration_ms,
    }


def _forget() -> None:
    """Now and then, some of the messages that ended long ago."""
    global _forget_at
    days, now = conf.webhook_keep_days(), time.monotonic()
    if days and now >= _forget_at:
        gone = webhooks.forget(timedelta(days=days))
        _forget_at = now + (1.0 if gone else _FORGET_EVERY)
