"""call_webhook: the address that came with one call of an agent, told when that call is over."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runs.agentfield import BadCall
from runs.models import AgentCall
from runs.record import webhooks
from runs.webhooks.addresses import BadAddress, check_url

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = ("host", "content-", "transfer-", "connection", "webhook-", "accept-encoding", "te",
         "trailer", "upgrade", "expect", "x-agentfield-signature")  # fmt: skip
_MOST_HEADERS = 20


@dataclass(frozen=True)
class CallHook:
    """``webhook`` of a submitted body."""

    url: str
    secret: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def asked_hook(given: Any) -> tuple[CallHook | None, str]:
    """The webhook that a body asks for, or why it cannot be had: then the call goes on without.

    Raises BadCall when it is not what the protocol says.
    """
    if given is None:
        return None, ""
    url = given.get("url") if isinstance(given, dict) else None
    if not isinstance(url, str):
        raise BadCall("webhook must be an object with a url")
    secret, headers = given.get("secret"), given.get("headers")
    if secret is not None and not (isinstance(secret, str) and len(secret) <= 500):
        raise BadCall("webhook.secret must be a text of at most 500 characters")
    hook = CallHook(url.strip(), secret or "", _headers(headers))
    try:
        check_url(hook.url)
    except BadAddress as refused:
        return None, refused.message
    return hook, ""


def _headers(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    wrong = BadCall(f"webhook.headers must be an object of at most {_MOST_HEADERS} texts")
    if not isinstance(given, dict) or len(given) > _MOST_HEADERS:
        raise wrong
    for name, value in given.items():
        fine = isinstance(value, str) and len(value) <= 2000 and value.isascii()
        if not (fine and value.isprintable() and _NAME.fullmatch(str(name))):
            raise wrong
    return {name: v for name, v in given.items() if not name.lower().startswith(_OURS)}


def register_hook(call: AgentCall, hook: CallHook) -> None:
    """Keep it with the call, in the transaction that records the call."""
    webhooks.add_call(call.pk, hook.url, hook.secret, hook.headers)
    if call.ended_at is not None:
        # Answered from the source run at once: nothing of it will end any more.
        data = {"execution_id": call.pk, "run_id": call.run_id, "status": call.status,
                "target": call.target}  # fmt: skip
        about = {"call_id": call.pk, "run_id": call.run_id, "execution_id": call.pk}
        webhooks.add_message(f"execution.{call.status}", data, **about)


def told_hook(hook: CallHook | None, refused: str) -> dict[str, Any]:
    """What an answer says of it: whether it is registered, or why not."""
    return {
        "webhook_registered": hook is not None,
        **({"webhook_error": refused} if refused else {}),
    }
