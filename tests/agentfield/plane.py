"""The control plane of these tests: web server and workers as processes of their own."""

import os
import subprocess
import sys
import time
from typing import Any

from tests.agentfield.conftest import answers, free_port
from tests.agentfield.web import http
from tests.interruption.harness import CHECKOUT, Site, wait_for

OVER = ("succeeded", "failed", "cancelled", "timeout")
# As `maverick_site.web` does it, but pages are rendered without a collectstatic before.
WEB = """
import sys, uvicorn
from maverick_site.asgi import application
from django.conf import settings
settings.MAVERICK_PROCESS = "other"
uvicorn.run(application, port=int(sys.argv[1]), log_level="warning", ws="none", lifespan="off")
"""


class Plane:
    """One installation under its address."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.web: subprocess.Popen[bytes] | None = None

    def start(self, workers: int = 2) -> None:
        self.start_web()
        for _ in range(workers):
            self.site.start_worker()
        from runs.models import WorkerProcess

        wait_for(lambda: WorkerProcess.objects.count() >= workers, 90, "the workers")

    def start_web(self) -> None:
        log = (self.site.home / "web.log").open("ab")
        self.web = subprocess.Popen(
            [sys.executable, "-c", WEB, str(self.port)],
            cwd=CHECKOUT,
            env={**self.site.env, "MAVERICK_PROCESS": "web", "PORT": str(self.port)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        wait_for(lambda: answers(self.port), 90, "the web server", 0.05)

    def close(self) -> None:
        if self.web is not None:
            os.killpg(self.web.pid, 9)
            self.web.wait(60)
            self.web = None
        self.site.stop()
        self.site.close()

    def said(self) -> str:
        web = (self.site.home / "web.log").read_text(errors="replace")
        return f"{web[-4000:]}\n{self.site.said()[-4000:]}"

    def ended(self, call_id: str, within: float = 60) -> dict[str, Any]:
        """The answer to a poll, when the execution is over."""
        deadline = time.monotonic() + within
        while True:
            answer = http.get(f"{self.url}/api/v1/executions/{call_id}")
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()
            if told["status"] in OVER:
                return told
            if time.monotonic() > deadline:
                raise AssertionError(f"not over: {told}\n{self.said()}")
            time.sleep(0.03)

    def submit(self, target: str, given: Any = None, **headers: str) -> dict[str, Any]:
        """A submitted call; headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"input": {} if given is None else given}
        answer = http.post(f"{self.url}/api/v1/execute/async/{target}", json=body, headers=named)
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        return {**told, "headers": answer.headers}
