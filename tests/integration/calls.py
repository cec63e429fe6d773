"""Calls of agents as rows: the protocol's face without a server, and an agent without a process."""

from typing import Any

from django.test import Client

from runs.engine import calling
from runs.models import AgentCall

CALLBACK = "http://127.0.0.1:9/webhooks/approval"


class Plane:
    """The control plane, asked as agents ask."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"X-API-Key": token}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; the body as JSON, or bytes as they are."""
        named = {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.client.generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            body if isinstance(body, bytes) else _json(body),
            content_type="application/json",
            headers=named,
        )

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        answer = self.ask("POST", path, body, **headers)
        assert answer.status_code == status, answer.content
        assert "json" in answer["Content-Type"]
        return answer.json()

    # ---- an agent ---------------------------------------------------------------------------

    def register(self, name: str = "research", *reasoners: str, **more: Any) -> str:
        known = [{"id": one, "tags": [one]} for one in reasoners or ("plan", "inner")]
        body = {"id": name, "base_url": "http://127.0.0.1:9", "reasoners": known, **more}
        self.post("nodes/register", body, 201)
        return name

    def submit(self, target: str, given: Any = None, **headers: str) -> dict[str, Any]:
        """A call that was taken in; nobody has sent it yet."""
        told: dict[str, Any] = self.post(
            f"execute/async/{target}", {"input": given or {}}, 202, **headers
        )
        return told

    def sent(self, target: str, given: Any = None, **headers: str) -> dict[str, Any]:
        """A call that its agent has."""
        made = self.submit(target, given, **headers)
        assert calling.take(made["execution_id"]) is not None
        AgentCall.objects.filter(pk=made["execution_id"]).update(answered_at=made["created_at"])
        return made

    def inside(self, caller: dict[str, Any], target: str, given: Any = None) -> dict[str, Any]:
        """A nested call that its agent has."""
        above = {"X_Run_ID": caller["run_id"], "X_Parent_Execution_ID": caller["execution_id"]}
        return self.sent(target, given, **above)

    def report(self, made: dict[str, Any], state: str, status: int = 200, **more: Any) -> Any:
        body = {"status": state, **more}
        return self.post(f"executions/{made['execution_id']}/status", body, status)

    def poll(self, made: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self.get(f"executions/{made['execution_id']}")
        return told


def _json(body: Any) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()
