"""GitHub's REST API: a small client that never shows a token and says when to come again."""

from __future__ import annotations

import asyncio
import os
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runs.actions import StepContext
from runs.errors import StepCancelled, StepFailure
from runs.library.actions.git_program import Git
from runs.library.actions.workspace import settings
from runs.masking import MASK
from runs.stopping import OutOfTime, Stopped, wait_for

if TYPE_CHECKING:
    import httpx  # a quarter of a second that only those pay who ask GitHub

API_URL = "https://api.github.com"
SECONDS = 120.0  # for one question with all its repetitions
_SILENCE = 30.0
_PAGE = 100
_TRIES = 3
FIRST_WAIT = 0.5
_MOST_SAID = 300
_NAME = re.compile(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")


class GitHubFailed(StepFailure):
    """GitHub did not do what it was asked."""

    code = "github-failed"

    def __init__(
        self, message: str, hint: str = "", *, permanent: bool = False, status: int = 0
    ) -> None:
        self.permanent = permanent
        self.status_code = status
        super().__init__(message, hint=hint, **({"status": status} if status else {}))


class GitHubRefused(GitHubFailed):
    """GitHub does not accept the token, or there is none."""

    code = "github-refused"


class GitHubRateLimited(GitHubFailed):
    """GitHub's rate limit is used up."""

    code = "github-rate-limited"


class GitHub:
    """One repository, by the settings, the environment, or the address of `origin`."""

    def __init__(self, context: StepContext, git: Git | None = None) -> None:
        self._context = context
        known = settings(context, "github")
        url = known.get("api_url") or os.environ.get("GITHUB_API_URL") or API_URL
        self._url = str(url).rstrip("/")
        if "@" in self._url:
            raise GitHubFailed(
                "The address of GitHub's API cannot hold a user or a password.",
                "The token is the secret GITHUB_TOKEN.",
                permanent=True,
            )
        self._token = (
            context.secret("GITHUB_TOKEN")
            or os.environ.get("GITHUB_TOKEN")
            or os.environ.get("GH_TOKEN")
            or ""
        )
        self.owner, self.name = self._repository(known, git or Git(context))

    @property
    def path(self) -> str:
        """`/repos/OWNER/NAME`."""
        return f"/repos/{self.owner}/{self.name}"

    @property
    def has_token(self) -> bool:
        return bool(self._token)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """A JSON answer. Raises GitHubFailed and its kinds."""
        return self._json("GET", path, params=params)

    def text(self, path: str, accept: str) -> str:
        """An answer of another media type."""
        return self._ask("GET", path, headers={"Accept": accept}).text

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, most: int = 1000
    ) -> Iterator[Any]:
        """The items of a list, up to ``most``; a page is asked for when it is needed."""
        size = min(_PAGE, most)
        for page in range(1, -(-most // size) + 1):
            items = self.get(path, {**(params or {}), "per_page": size, "page": page})
            if not isinstance(items, list):
                raise GitHubFailed(f"{path} did not answer a list.")
            yield from items
            if len(items) < size:
                return

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Make something. Never repeated by itself."""
        return self._json("POST", path, json=dict(body))

    # -- one question -----------------------------------------------------------------------------

    def _json(self, method: str, path: str, **more: Any) -> Any:
        response = self._ask(method, path, **more)
        try:
            return response.json()
        except (ValueError, RecursionError):
            raise GitHubFailed(
                f"{path} did not answer JSON; is {self._url} GitHub's API?"
            ) from None

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        import httpx

        asked = threading.Event()
        try:
            with self._context.stops_by(asked.set):
                response = wait_for(
                    self._patiently(method, path, more), stopped=asked.is_set, timeout=SECONDS
                )
        except Stopped:
            raise StepCancelled("The question to GitHub was stopped.") from None
        except OutOfTime:
            raise GitHubFailed(f"{self._url} did not answer within {SECONDS:g} s.") from None
        except httpx.HTTPError as error:
            why = self._clean(str(error) or type(error).__name__)
            raise GitHubFailed(f"{self._url} cannot be reached: {why}.") from None
        except (httpx.InvalidURL, ValueError):
            raise GitHubFailed(
                "The address of GitHub's API is none.",
                "See api_url under [github].",
                permanent=True,
            ) from None
        if response.status_code >= 400:
            raise self._error(response)
        return response

    async def _patiently(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        """What only reads is tried again when the server or the connection fails."""
        import httpx

        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "maverick",
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            **more.pop("headers", {}),
        }
        tries = _TRIES if method == "GET" else 1
        async with httpx.AsyncClient(timeout=_SILENCE, follow_redirects=True) as client:
            for left in range(tries - 1, -1, -1):
                try:
                    response = await client.request(
                        method, self._url + path, headers=headers, **more
                    )
                except httpx.TransportError:
                    if not left:
                        raise
                else:
                    if response.status_code < 500 or not left:
                        return response
                await asyncio.sleep(FIRST_WAIT * 2 ** (tries - 1 - left) * random.uniform(0.5, 1.5))
        raise AssertionError("the last try returns or raises")

    # -- what went wrong --------------------------------------------------------------------------

    def _error(self, response: httpx.Response) -> GitHubFailed:
        status, said = response.status_code, self._said(response)
        if _is_rate_limit(response, said):
            return GitHubRateLimited(
                f"GitHub's rate limit is used up{_until(response)}.", status=status
            )
        if status == 401:
            return GitHubRefused(
                "GitHub does not accept the token." if self._token else "There is no GitHub token.",
                "Set the secret GITHUB_TOKEN (MAVERICK_SECRET_GITHUB_TOKEN for the workers).",
                permanent=True,
                status=status,
            )
        if status == 403:
            return GitHubRefused(
                f"GitHub does not allow this: {said}",
                "See the token's rights.",
                permanent=True,
                status=status,
            )
        if status == 404:
            hint = "A private repository also looks like this to a token without rights."
            where = response.request.url.path
            return GitHubFailed(f"GitHub knows no {where}.", hint, permanent=True, status=status)
        return GitHubFailed(
            f"GitHub answered {status}: {said}", permanent=400 <= status < 500, status=status
        )

    def _said(self, response: httpx.Response) -> str:
        try:
            body = response.json()
        except (ValueError, RecursionError):
            return response.reason_phrase
        if not isinstance(body, dict):
            return response.reason_phrase
        parts = [str(body.get("message") or response.reason_phrase)]
        for error in body.get("errors") or []:
            if isinstance(error, dict):
                words = error.get("message") or " ".join(
                    str(error[key]) for key in ("field", "code") if error.get(key)
                )
                parts.append(str(words))
        return self._clean("; ".join(parts))[:_MOST_SAID]

    def _clean(self, text: str) -> str:
        return text.replace(self._token, MASK) if self._token else text

    def _repository(self, known: Mapping[str, Any], git: Git) -> tuple[str, str]:
        named = known.get("repository") or os.environ.get("GITHUB_REPOSITORY")
        if named:
            if not _NAME.match(str(named)):
                raise GitHubFailed(f"{named!r} is no OWNER/NAME.", "See [github].", permanent=True)
            owner, _, name = str(named).partition("/")
            return owner, name
        found = git.repository()
        if found is None:
            raise GitHubFailed(
                "Nothing says which repository on GitHub this is.",
                'Set repository = "OWNER/NAME" under [github] in maverick.toml.',
                permanent=True,
            )
        return found


def _is_rate_limit(response: httpx.Response, said: str) -> bool:
    if response.status_code == 429:
        return True
    return response.status_code == 403 and (
        response.headers.get("x-ratelimit-remaining") == "0"
        or "retry-after" in response.headers
        or "rate limit" in said.lower()
    )


def _until(response: httpx.Response) -> str:
    """` until 2026-01-01 10:00 UTC (in 12 min)`, as far as the headers tell."""
    try:
        if "retry-after" in response.headers:
            seconds = float(response.headers["retry-after"])
        else:
            seconds = float(response.headers["x-ratelimit-reset"]) - time.time()
    except (KeyError, ValueError):
        return ""
    at = datetime.fromtimestamp(time.time() + max(0.0, seconds), UTC)
    return f" until {at:%Y-%m-%d %H:%M:%S} UTC (in {max(0, round(seconds / 60))} min)"
