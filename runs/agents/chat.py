"""An agent behind an OpenAI-compatible chat endpoint: POST {base_url}/chat/completions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from runs.agents.answer import NotUsable, bad_output, read_answer
from runs.agents.errors import AgentFailed
from runs.agents.prompt import prompt_text, repair_text
from runs.agents.request import AgentRequest, AgentResult, Log
from runs.agents.setup import AgentSetup
from runs.agents.stream import Broken, EndpointError, Reply, read_events
from runs.stopping import OutOfTime, Stopped, wait_for

CONNECT_SECONDS = 15.0
# Silence in the middle of an answer. Models that think for long send nothing meanwhile.
SILENCE_SECONDS = 300.0
MOST_SAID = 500  # characters of an endpoint's own words in a message
_BUSY = (408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529)


def call_chat(
    setup: AgentSetup,
    request: AgentRequest,
    *,
    timeout: float | None,
    key: str,
    log: Log,
    stopped: Callable[[], bool],
) -> AgentResult:
    """Ask, in one round or, when JSON was asked for and did not come, in two. Raises AgentFailed."""
    began = time.monotonic()
    dialogue = _Dialogue(setup, key, log)
    try:
        result = wait_for(dialogue.answer(request), stopped=stopped, timeout=timeout)
    except Stopped:
        raise AgentFailed("agent-stopped", f"{setup.name} was stopped.") from None
    except OutOfTime:
        raise AgentFailed(
            "agent-timeout", f"{setup.name} took longer than {timeout:g} s."
        ) from None
    return replace(result, seconds=time.monotonic() - began)


def next_wait(setup: AgentSetup, tries: int, asked: float | None, chance: float) -> float:
    """Seconds before the next try: what the endpoint asked for, else doubled and spread.

    ``tries`` so far (1 or more), ``chance`` from 0 to 1.
    """
    if asked is not None:
        return asked
    return float(min(setup.wait_max, setup.wait_min * 2 ** (tries - 1) * (0.5 + chance)))


@dataclass
class _Refusal(Exception):
    """The endpoint's answer that was none."""

    status: int  # 0: there was no connection, or it broke
    said: str
    retry_after: float | None = None


class _Dialogue:
    """One call: rounds of asking, each with its repetitions."""

    def __init__(self, setup: AgentSetup, key: str, log: Log) -> None:
        self._setup, self._key, self._log = setup, key, log
        self._stream, self._usage = True, True
        self._tokens_in: int | None = None
        self._tokens_out: int | None = None

    async def answer(self, request: AgentRequest) -> AgentResult:
        setup = self._setup
        messages = [{"role": "system", "content": setup.instructions}] if setup.instructions else []
        text = prompt_text(setup, request.prompt, request.context, request.schema)
        messages.append({"role": "user", "content": text})
        limits = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=limits, headers=self._headers()) as client:
            reply = await self._round(client, messages)
            try:
                output = read_answer(reply.text, setup, request.schema)
            except NotUsable as error:
                self._note("The answer cannot be used; asking once more. " + " ".join(error.wrong))
                messages += [
                    {"role": "assistant", "content": reply.text},
                    {"role": "user", "content": repair_text(error.wrong)},
                ]
                reply = await self._round(client, messages)
                try:
                    output = read_answer(reply.text, setup, request.schema)
                except NotUsable as again:
                    raise bad_output(setup.name, again.wrong, reply.text) from None
        return AgentResult(
            output=output,
            text=reply.text,
            model=reply.model or setup.model,
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            cost=_cost(setup, self._tokens_in, self._tokens_out),
        )

    async def _round(self, client: httpx.AsyncClient, messages: list[dict[str, str]]) -> Reply:
        """One answer, with as many tries as are allowed."""
        tries = 0
        while True:
            try:
                reply = await self._ask(client, messages)
                break
            except _Refusal as refusal:
                if self._simpler(refusal):
                    continue
                tries += 1
                error = self._error(refusal)
                if error.permanent or tries > self._setup.max_retries:
                    raise error from None
                wait = next_wait(self._setup, tries, refusal.retry_after, random.random())
                if wait > self._setup.wait_max:
                    # Longer than a worker should sit here: the step's own retry may wait for it.
                    error.hint = f"It asks to be left alone for {wait:.0f} s."
                    raise error from None
                self._note(f"{error.message} Trying again in {wait:.1f} s.")
                await asyncio.sleep(wait)
        self._tokens_in = _sum(self._tokens_in, reply.tokens_in)
        self._tokens_out = _sum(self._tokens_out, reply.tokens_out)
        if reply.finish == "length":
            wrong = ["The answer was cut off at the limit of tokens."]
            raise bad_output(self._setup.name, wrong, reply.text)
        if reply.finish in ("content_filter", "refusal"):
            raise bad_output(self._setup.name, ["The model refused to answer."], reply.text)
        return reply

    async def _ask(self, client: httpx.AsyncClient, messages: list[dict[str, str]]) -> Reply:
        reply = Reply()
        url = self._setup.base_url + "/chat/completions"
        try:
            async with client.stream("POST", url, json=self._body(messages)) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise _Refusal(response.status_code, _said(response), _retry_after(response))
                if response.headers.get("content-type", "").startswith("text/event-stream"):
                    await read_events(response.aiter_lines(), reply, self._log)
                else:
                    await response.aread()
                    reply.take(_json(response), self._log)
                    if not reply.began:
                        raise Broken("its answer has no choices")
        except httpx.TimeoutException:
            raise _Refusal(0, "it did not answer in time") from None
        except httpx.InvalidURL as error:
            raise _Refusal(400, f"the address is wrong: {error}") from None
        except httpx.HTTPError as error:
            raise _Refusal(0, _reason(error)) from None
        except Broken as error:
            raise _Refusal(0, str(error)) from None
        except EndpointError as error:
            raise _Refusal(500, str(error)[:MOST_SAID]) from None
        finally:
            reply.end(self._log)
        return reply

    def _body(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        setup = self._setup
        body: dict[str, Any] = {**setup.options, "model": setup.model, "messages": messages}
        if setup.temperature is not None:
            body["temperature"] = setup.temperature
        if setup.max_tokens is not None:
            body["max_tokens"] = setup.max_tokens
        if self._stream:
            body["stream"] = True
            if self._usage:
                body["stream_options"] = {"include_usage": True}
        return body

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _simpler(self, refusal: _Refusal) -> bool:
        """Older servers refuse what they do not know: first without usage, then unstreamed."""
        if refusal.status not in (400, 422, 501) or "stream" not in refusal.said.lower():
            return False
        if self._stream and self._usage:
            self._usage = False
            return True
        if self._stream:
            self._stream = False
            return True
        return False

    def _error(self, refusal: _Refusal) -> AgentFailed:
        name, where, said = self._setup.name, self._setup.shown_url, refusal.said
        detail: dict[str, Any] = {"status": refusal.status} if refusal.status else {}
        if refusal.retry_after is not None:
            detail["retry_after"] = refusal.retry_after
        if refusal.status == 0:
            code, message, permanent = "agent-unreachable", f"{where}: {said}.", False
            hint = "See base_url in its settings."
        elif refusal.status in (401, 403):
            code, permanent = "agent-refused", True
            message, hint = f"{where} refused the key ({refusal.status}): {said}", "See api_key."
        elif refusal.status in _BUSY:
            code, message, permanent = "agent-rate-limited", f"{where} is busy: {said}", False
            hint = ""
        else:
            code, permanent = "agent-bad-request", True
            message, hint = f"{where} answered {refusal.status}: {said}", "See model and base_url."
        return AgentFailed(code, f"{name}: {message}", hint, permanent, detail)

    def _note(self, text: str) -> None:
        self._log(text + "\n", "log")


def _cost(setup: AgentSetup, tokens_in: int | None, tokens_out: int | None) -> float | None:
    if setup.price_in is None or setup.price_out is None:
        return None
    if tokens_in is None or tokens_out is None:
        return None
    return round((tokens_in * setup.price_in + tokens_out * setup.price_out) / 1e6, 9)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise Broken("its answer is not JSON") from None


def _said(response: httpx.Response) -> str:
    """The endpoint's own words, with the status in them."""
    status = f"{response.status_code} {response.reason_phrase}".strip()
    try:
        body = response.json()
        error = body.get("error", body) if isinstance(body, dict) else body
        text = error.get("message") or error.get("detail") if isinstance(error, dict) else error
        text = str(text) if text else ""
    except (ValueError, RecursionError):
        text = response.text.strip() if len(response.text) < MOST_SAID else ""
    return f"{status}: {text[:MOST_SAID]}" if text else status


def _reason(error: httpx.HTTPError) -> str:
    return (str(error) or type(error).__name__).strip().rstrip(".")[:MOST_SAID]


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds from the header, which is a number or a date."""
    text = response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
