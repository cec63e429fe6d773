"""Call an agent, whatever kind it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runs import environment
from runs.agents.answer import check_request, check_success
from runs.agents.chat import call_chat
from runs.agents.command import call_command
from runs.agents.errors import AgentFailed, AgentMisconfigured
from runs.agents.request import AgentRequest, AgentResult, Log
from runs.agents.setup import AgentSetup
from runs.masking import Masker
from runs.processes import Command

__all__ = ["AgentFailed", "AgentRequest", "AgentResult", "call_agent"]


def call_agent(
    setup: AgentSetup,
    request: AgentRequest,
    *,
    log: Log,
    stopped: Callable[[], bool],
    on_process: Callable[[Command], None] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> AgentResult:
    """One answer. ``log(text, stream)`` gets what the agent says as it comes.

    ``on_process`` gets a command before it begins, so that its ``stop`` can be called at once;
    what has no command is stopped when ``stopped()`` says so. ``secrets`` is what ``${{ secrets.NAME }}`` means in the settings, the environment's by default.
    Raises AgentFailed and AgentMisconfigured; no message of theirs holds a secret.
    """
    known = environment.secrets() if secrets is None else secrets
    masker = Masker(setup.secret_values(known))
    timeout = min((t for t in (setup.timeout, request.timeout) if t is not None), default=None)
    try:
        check_request(setup, request.schema)
        result = _call(setup, request, timeout, known, masker, log, stopped, on_process)
        check_success(setup.name, result.output)
        return result
    except AgentFailed as error:
        # An endpoint may repeat the key it was given in what it says about it.
        raise AgentFailed(
            error.code,
            masker.text(error.message),
            masker.text(error.hint),
            error.permanent,
            masker.value(error.detail),
        ) from None


def _call(
    setup: AgentSetup,
    request: AgentRequest,
    timeout: float | None,
    secrets: Mapping[str, str],
    masker: Masker,
    log: Log,
    stopped: Callable[[], bool],
    on_process: Callable[[Command], None] | None,
) -> AgentResult:
    def masked(text: str, stream: str) -> None:
        log(masker.text(text), stream)

    if setup.kind == "command":
        return call_command(
            setup,
            request,
            timeout=timeout,
            secrets=secrets,
            log=masked,
            stopped=stopped,
            on_process=on_process,
        )
    if setup.kind == "chat":
        key = setup.key(secrets)
        return call_chat(setup, request, timeout=timeout, key=key, log=masked, stopped=stopped)
    raise AgentMisconfigured(f"{setup.role} {setup.name}: agents over HTTP are not supported yet.")
