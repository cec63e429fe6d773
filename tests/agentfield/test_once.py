"""A submission under an Idempotency-Key; and an agent that says that it takes nothing now."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runs.models import AgentCall


def test_the_same_key_makes_one_call_also_in_a_race(plane, api, make_agent):
    agent = make_agent("plan", work=lambda got: {"n": 1})
    target, gate = f"/api/v1/execute/async/{agent.id}.plan", threading.Barrier(4)

    def submit(body: dict[str, object], key: str = "once") -> tuple[int, str]:
        answer = api.post(target, json=body, headers={"Idempotency-Key": f"{key}-{agent.id}"})
        return answer.status_code, answer.json().get("execution_id", answer.json().get("error"))

    def together(_: int) -> tuple[int, str]:
        gate.wait(20)
        return submit({"input": {"x": 1}})

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(together, range(4)))
    assert len(answers) == 1
    (status, call_id) = answers.pop()
    assert status == 202
    assert plane.ended(call_id)["result"] == {"n": 1}
    # It is the same one also when it is over, and for this body only.
    assert submit({"input": {"x": 1}}) == (202, call_id)
    assert submit({"input": {"x": 2}})[0] == 422
    assert submit({"input": {"x": 1}}, "other")[1] != call_id
    assert AgentCall.objects.filter(node=agent.id).count() == 2
    assert len(agent.calls("plan")) <= 2


def test_an_agent_that_takes_nothing_now_is_asked_again(plane, make_agent):
    """503 with Retry-After says that nothing was begun; any other 503 is an answer."""
    agent = make_agent("plan", work=lambda got: "done")
    respond = agent.respond
    answers: Iterator[Any] = iter([(503, {}), (503, {})])
    agent.respond = lambda got: next(answers, None) or respond(got)
    agent.headers = {"Retry-After": "1"}
    made = plane.submit(f"{agent.id}.plan")
    assert plane.ended(made["execution_id"])["result"] == "done"
    assert len(agent.calls("plan")) == 3

    agent.headers, agent.answer = {}, (503, {"detail": "no"})
    agent.respond = respond
    told = plane.ended(plane.submit(f"{agent.id}.plan")["execution_id"])
    assert (told["status"], told["error"]) == ("failed", "The agent answered 503: no")
    assert len(agent.calls("plan")) == 4
