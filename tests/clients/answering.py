"""A server that answers what it was told to, for what no real one does at will."""

from typing import Any

import httpx
from maverick_client import Client

Answer = httpx.Response | Exception
RUN = {"id": "run_1", "status": "running"}


class Server:
    """Answers one request after the other, and remembers them."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> Client:
        transport = httpx.MockTransport(self)
        return Client(
            "http://maverick.test/",
            "secret",
            transport=transport,
            sleep=self.slept.append,
            **options,
        )
