"""Asking the server: requests, which of them are repeated, and what an answer means."""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from maverick_client.errors import ApiError, ServerUnreachable, api_error

BUSY = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE = 10.0


class Sending:
    """What all calls of Client have in common."""

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/api/v1")
        self.retries = retries
        self._sleep = sleep
        headers = {"Accept": "application/json", "User-Agent": "maverick-client/0.1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(
                base_url=f"{self.base_url}/api/v1/",
                headers=headers,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                transport=transport,
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ServerUnreachable(f"{base_url!r} is no address: {error}.") from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, path: str, body: Mapping[str, Any], key: str | None) -> Any:
        # Always with a key: an answer that was lost on the way is asked for again, and the
        # server hands out the run that the first request started.
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self._json("POST", path, json=body, headers=headers, safe=True)

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            page = self._json("GET", path, params={**params, "cursor": cursor})
            yield from items(page)
            cursor = page.get("next_cursor") if isinstance(page, dict) else None
            if not cursor:
                return

    def _json(self, method: str, path: str, **request: Any) -> Any:
        answer = self._send(method, path, **request)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            kind = answer.headers.get("content-type", "nothing")
            raise ServerUnreachable(
                f"{self.base_url} answered {kind} instead of JSON. Is it a Maverick server?"
            ) from None

    def _send(
        self,
        method: str,
        path: str,
        *,
        safe: bool | None = None,
        stream: bool = False,
        **request: Any,
    ) -> httpx.Response:
        if safe is None:
            safe = method == "GET"
        params = request.get("params")
        if params:
            request["params"] = {k: v for k, v in params.items() if v not in (None, [], ())}
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                made = self._http.build_request(method, path, **request)
                answer = self._http.send(made, stream=stream)
                if not answer.is_success:
                    answer.read()
            except httpx.TransportError as error:
                # A connection that was refused carried no request: that may always be repeated.
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if last or not (safe or unsent):
                    raise self._unreachable(error) from error
                self._sleep(pause(attempt))
                continue
            except (httpx.InvalidURL, UnicodeError) as error:
                raise ServerUnreachable(f"{self.base_url!r} is no address: {error}.") from None
            if answer.is_success:
                return answer
            if safe and not last and answer.status_code in BUSY:
                self._sleep(pause(attempt, answer.headers.get("retry-after")))
                continue
            raise refusal(answer)
        raise AssertionError("unreachable")

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        what = str(error) or type(error).__name__
        return ServerUnreachable(f"No answer from {self.base_url}: {what}.")


def refusal(answer: httpx.Response) -> ApiError:
    """The error that an answer tells."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {"title": answer.reason_phrase or f"HTTP {answer.status_code}"}
    return api_error(answer.status_code, body)


def restart_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """A restart's fields as the API calls them, and only those that are set."""
    named = {("from" if key == "from_" else key): value for key, value in request.items()}
    return {key: value for key, value in named.items() if value is not None}


def run_filter(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters of runs as the API takes them."""
    golden = filters.get("golden")
    truth = None if golden is None else "true" if golden else "false"
    return {**filters, "status": several(filters.get("status", ())), "golden": truth}


def several(words: Iterable[str]) -> list[str]:
    """A list, also of one word that was given by itself."""
    return [words] if isinstance(words, str) else list(words)


def items(page: Any) -> list[Any]:
    """The items of a page."""
    found = page.get("items", []) if isinstance(page, dict) else page
    return list(found or [])


def part(text: str) -> str:
    """One segment of a path: an id that someone typed leads nowhere else."""
    return quote(text, safe="") if text not in ("", ".", "..") else "-"


def pause(attempt: int, asked: str | None = None) -> float:
    """How long to wait before the next try: what the server asked for, else ever longer."""
    if asked and asked.isdigit():
        return min(float(asked), _LONGEST_PAUSE)
    return min(0.2 * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(0.75, 1.25)
