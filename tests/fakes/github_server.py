"""GitHub's REST API on loopback, as far as our actions use it. It keeps state.

    with GitHubServer(repository=bare_path) as server:
        server.issue(1, "Broken", labels=["bug"])
        server.trouble(403, times=1)      # the next answer is a rate limit
        … server.pulls, server.comments

With a bare repository, pull requests are checked against its branches, and diffs come from it.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghp_token-of-the-tests"
OWNER, NAME = "octo", "tide"


@dataclass
class GitHubServer:
    """The API of one repository, `octo/tide`."""

    repository: Path | None = None
    token: str = TOKEN
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path of each request
    _troubles: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> GitHubServer:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self, "GET")

            def do_POST(self) -> None:
                server._answer(self, "POST")

            def do_PATCH(self) -> None:
                server._answer(self, "PATCH")

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=[0.02], daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    # -- what a test says -------------------------------------------------------------------------

    def issue(self, number: int, title: str, *, body: str | None = "", labels: tuple[str, ...] | list[str] = (),
              state: str = "open", pull_request: bool = False) -> None:  # fmt: skip
        """There is an issue (or, as GitHub lists them too, a pull request)."""
        entry: dict[str, Any] = {
            "number": number,
            "title": title,
            "body": body,
            "labels": [{"name": label} for label in labels],
            "assignee": None,
            "state": state,
            "html_url": f"{self.url}/{OWNER}/{NAME}/issues/{number}",
        }
        if pull_request:
            entry["pull_request"] = {}
        self.issues[number] = entry

    def pull(self, head: str, base: str = "main", **more: Any) -> dict[str, Any]:
        """There is a pull request; answers it."""
        number = max([0, *self.issues, *self.pulls]) + 1
        entry = {
            "number": number,
            "state": "open",
            "title": f"From {head}",
            "body": "",
            "draft": False,
            "user": {"login": "alice"},
            "labels": [],
            "head": {"ref": head},
            "base": {"ref": base},
            "html_url": f"{self.url}/{OWNER}/{NAME}/pull/{number}",
            **more,
        }
        self.pulls[number] = entry
        return entry

    def trouble(
        self,
        status: int,
        body: Any = None,
        *,
        times: int = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """The next answers are this error. 403 without a body: the rate limit is used up."""
        if body is None:
            body = {"message": "Server Error" if status >= 500 else "Not possible"}
            if status == 403:
                body = {"message": "API rate limit exceeded for user ID 1."}
                reset = str(int(time.time()) + 1800)
                headers = headers or {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        self._troubles += [(status, body, headers or {})] * times

    # -- what a client sees -----------------------------------------------------------------------

    def _answer(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        url = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else {}
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        accept = handler.headers.get("Accept", "")
        with self._lock:
            self.asked.append((method, url.path))
            if self._troubles:
                status, answer, headers = self._troubles.pop(0)
            elif handler.headers.get("Authorization") != f"Bearer {self.token}":
                status, answer, headers = 401, {"message": "Bad credentials"}, {}
            else:
                status, answer = self._route(method, url.path, query, body, accept)
                headers = {}
        text = answer if isinstance(answer, str) else json.dumps(answer)
        data = text.encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _route(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], accept: str
    ) -> tuple[int, Any]:
        inner = path.removeprefix(f"/repos/{OWNER}/{NAME}")
        if inner == path:
            return 404, {"message": "Not Found"}
        if inner == "":
            return 200, {"full_name": f"{OWNER}/{NAME}", "default_branch": "main"}
        if inner == "/issues":
            return 200, _page(self._listed(query), query)
        if inner == "/pulls":
            return self._open(body) if method == "POST" else (200, _page(self._found(query), query))
        found = re.fullmatch(r"/(issues|pulls)/(\d+)(/comments|/files|/commits)?", inner)
        if not found:
            return 404, {"message": "Not Found"}
        kind, number, part = found[1], int(found[2]), found[3] or ""
        if part == "/comments":
            return self._comments(method, number, body, query)
        entry = (self.issues if kind == "issues" else self.pulls).get(number)
        if entry is None:
            return 404, {"message": "Not Found"}
        if method == "PATCH":
            entry.update(body)
        if part == "/files":
            return 200, _page([{"filename": name} for name in self._files(entry)], query)
        if part == "/commits":
            return 200, _page(self._commits(entry), query)
        if "diff" in accept and kind == "pulls":
            return 200, self._git("diff", self._span(entry, "..."))
        return 200, entry

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        state = query.get("state", "open")
        return [
            issue
            for _, issue in sorted(self.issues.items(), reverse=True)
            if state in ("all", issue["state"])
            and wanted <= {label["name"] for label in issue["labels"]}
        ]

    def _found(self, query: dict[str, str]) -> list[dict[str, Any]]:
        owner, _, head = query.get("head", "").partition(":")
        return [
            pull
            for pull in self.pulls.values()
            if query.get("state", "open") in ("all", pull["state"])
            and (not head or (owner == OWNER and pull["head"]["ref"] == head))
            and query.get("base") in (None, pull["base"]["ref"])
        ]

    def _open(self, body: dict[str, Any]) -> tuple[int, Any]:
        head, base = body["head"], body["base"]
        if self.repository is not None:
            for name, where in ((head, "head"), (base, "base")):
                if not self._git("rev-parse", "-q", "--verify", f"refs/heads/{name}", check=False):
                    return _invalid({"resource": "PullRequest", "field": where, "code": "invalid"})
            if not self._git("rev-list", f"{base}..{head}"):
                return _invalid({"message": f"No commits between {base} and {head}"})
        if self._found({"head": f"{OWNER}:{head}", "base": base}):
            return _invalid({"message": f"A pull request already exists for {OWNER}:{head}."})
        more = {key: body[key] for key in ("title", "body", "draft") if key in body}
        return 201, self.pull(head, base, **more)

    def _comments(
        self, method: str, number: int, body: dict[str, Any], query: dict[str, str]
    ) -> tuple[int, Any]:
        kept = self.comments.setdefault(number, [])
        if method == "GET":
            return 200, _page(kept, query)
        kept.append({"id": len(kept) + 1, "body": body["body"]})
        return 201, kept[-1]

    def _span(self, pull: dict[str, Any], dots: str) -> str:
        return f"{pull['base']['ref']}{dots}{pull['head']['ref']}"

    def _files(self, pull: dict[str, Any]) -> list[str]:
        return self._git("diff", "--name-only", self._span(pull, "...")).splitlines()

    def _commits(self, pull: dict[str, Any]) -> list[dict[str, Any]]:
        said = self._git(
            "log", "--reverse", "--format=%H%x00%an%x00%cI%x00%s", self._span(pull, "..")
        )
        return [
            {"sha": sha, "commit": {"message": subject, "author": {"name": author, "date": date}}}
            for sha, author, date, subject in (line.split("\0") for line in said.splitlines())
        ]

    def _git(self, *arguments: str, check: bool = True) -> str:
        assert self.repository is not None
        done = subprocess.run(
            ["git", *arguments], cwd=self.repository, check=check, capture_output=True
        )
        return done.stdout.decode()


def _page(items: list[Any], query: dict[str, str]) -> list[Any]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return items[(page - 1) * size : page * size]


def _invalid(error: dict[str, Any]) -> tuple[int, Any]:
    return 422, {"message": "Validation Failed", "errors": [error]}
