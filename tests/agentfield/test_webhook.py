"""`webhook` of a call: told when the call is over, by whichever worker, with the real result."""

import hashlib
import hmac
import json

import pytest

from tests.interruption.harness import wait_for
from tests.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as made:
        yield made


def ask(api, agent, hook, **body):
    return api.post(
        f"/api/v1/execute/async/{agent.id}.plan", json={"input": {"x": 1}, "webhook": hook, **body}
    )


def test_the_address_that_came_with_a_call_is_told_its_end(api, make_agent, receiver):
    made = api.post("/api/v1/webhooks", json={"url": receiver.url, "events": ["run.succeeded"]})
    webhook = made.json()["webhook"]["id"]
    agent = make_agent("plan", work=lambda got: {"password": "hunter22", "ü": "\U0001f600"})
    hook = {"url": receiver.url, "secret": "any text", "headers": {"X-Mine": "1", "Host": "evil"}}
    told = ask(api, agent, hook).json()
    assert told["webhook_registered"] is True
    call_id = told["execution_id"]
    assert api.get(f"/api/v1/executions/{call_id}").json()["webhook_registered"] is True
    wait_for(lambda: len(receiver.got) == 2, 60, "both messages")
    by_type = {json.loads(body)["type"]: (headers, body) for headers, body in receiver.got}
    headers, body = by_type["dev.maverick.execution.succeeded"]
    # Who called is told what the agent gave; in a row or on a page it is masked.
    assert json.loads(body)["data"]["result"] == {"password": "hunter22", "ü": "\U0001f600"}
    signed = hmac.new(b"any text", body, hashlib.sha256).hexdigest()
    assert headers["x-agentfield-signature"] == f"sha256={signed}"
    assert headers["webhook-signature"].startswith("v1,")
    assert (headers["x-mine"], headers["host"]) == ("1", receiver.url.split("/")[2])
    items = api.get(f"/api/v1/webhooks/deliveries?run={told['run_id']}").json()["items"]
    assert {(one["webhook_id"], one["event"]) for one in items} == {
        (None, "execution.succeeded"), (webhook, "run.succeeded"),
    }  # fmt: skip
    (of_call,) = [one["id"] for one in items if one["webhook_id"] is None]
    detail = api.get(f"/api/v1/webhooks/deliveries/{of_call}")
    assert "hunter22" not in detail.text
    assert detail.json()["body"]["data"]["status"] == "succeeded"
    api.delete(f"/api/v1/webhooks/{webhook}")


def test_a_cancelled_call_is_told_and_a_bad_address_only_leaves_out_the_webhook(
    api, make_agent, receiver
):
    agent = make_agent("plan")
    call_id = ask(api, agent, {"url": receiver.url}).json()["execution_id"]
    api.post(f"/api/v1/executions/{call_id}/cancel", json={})
    wait_for(lambda: receiver.got, 60, "the message")
    headers, body = receiver.got[0]
    assert json.loads(body)["type"] == "dev.maverick.execution.cancelled"
    assert "webhook-signature" not in headers  # there is no secret
    refused = ask(api, agent, {"url": "http://10.0.0.1/"})
    assert refused.status_code == 202
    assert refused.json()["webhook_registered"] is False
    assert "private network" in refused.json()["webhook_error"]
    for wrong in ("x", {}, {"url": 1}, {"url": receiver.url, "headers": {"a b": "c"}}):
        assert ask(api, agent, wrong).status_code == 400
