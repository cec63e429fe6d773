"""What waits for a decision, who may decide, and what comes of it; through the real engine."""

from urllib.parse import quote

import pytest

from runs.engine import driver
from tests.integration.here import make_project, start

ASKED = """
version: "1.0"
name: asked
steps:
  - name: rounds
    type: loop
    for_each: [1]
    steps:
      - name: ask
        type: approval
        prompt: "Ship it?"
        timeout: 2h
        form:
          where: {type: string, enum: [here, there], description: Which one}
          times: {type: integer, default: 1}
  - {name: b, type: python, action: mark, kwargs: {value: 1}}
"""
PATH = "rounds[0]/ask"


@pytest.fixture
def waiting(db, tmp_path):
    """A run that waits for a decision; ``waiting(approvers="[charlie]")`` names who may."""

    def make(**keys):
        more = "".join(f"\n        {key}: {value}" for key, value in keys.items())
        text = ASKED.replace("type: approval", f"type: approval{more}")
        run = start(make_project(tmp_path), text)
        while driver.work(run.pk):
            pass
        return run

    return make


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_told_with_its_form_and_who_may_decide(
    waiting, operator, viewer, django_assert_max_num_queries
):
    run = waiting()
    with django_assert_max_num_queries(4):
        told = operator.get(f"/runs/{run.pk}/approvals").json()
    (item,) = told["items"]
    assert told["next_cursor"] is None
    assert item["path"] == PATH
    assert item["execution_id"].startswith("exec_")
    assert item["prompt"] == "Ship it?"
    assert item["form"] == [
        {
            "name": "where",
            "type": "string",
            "required": True,
            "default": None,
            "description": "Which one",
            "enum": ["here", "there"],
            "secret": False,
        },
        {
            "name": "times",
            "type": "integer",
            "required": False,
            "default": 1,
            "description": "",
            "enum": None,
            "secret": False,
        },
    ]
    assert item["approvers"] == ["operator"]
    assert item["since"] < item["due"]
    assert item["may_decide"] is True
    (seen,) = viewer.get(f"/runs/{run.pk}/approvals").json()["items"]
    assert seen == {**item, "may_decide": False}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_path", [True, False])
def test_a_decision_wakes_the_run_and_is_made_once(waiting, operator, by_path):
    run = waiting()
    (item,) = operator.get(f"/runs/{run.pk}/approvals").json()["items"]
    where = quote(PATH, safe="") if by_path else item["execution_id"]
    answer = operator.post(
        f"/runs/{run.pk}/approvals/{where}",
        {"approve": True, "comment": "go", "values": {"where": "here"}},
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["id"] == run.pk
    assert answer.json()["status"] == "running"
    again = operator.post(f"/runs/{run.pk}/approvals/{where}", {"approve": False})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again["Content-Type"] == "application/problem+json"
    assert operator.get(f"/runs/{run.pk}/approvals").json()["items"] == []
    while driver.work(run.pk):
        pass
    said = operator.get(f"/runs/{run.pk}/executions/{item['execution_id']}").json()["output"]
    assert (said["by"], said["comment"], said["where"], said["times"]) == (
        "operator-1",
        "go",
        "here",
        1,
    )


@pytest.mark.django_db(transaction=True)
def test_refusals_say_why_and_decide_nothing(waiting, operator, viewer):
    run = waiting()
    address = f"/runs/{run.pk}/approvals/{quote(PATH, safe='')}"
    for who, body, status, code, word in (
        (viewer, {"approve": True}, 403, "not-allowed", "operator"),
        (operator, {"approve": True}, 422, "invalid-inputs", "where"),
        (operator, {"approve": True, "values": {"where": "x"}}, 422, "invalid-inputs", "one of"),
        (operator, {"approve": True, "values": {"colour": 1}}, 422, "invalid-request", "colour"),
        (operator, {}, 422, "invalid-fields", "approve"),
        (operator, {"approve": "yes"}, 422, "invalid-fields", "approve"),
    ):
        answer = who.post(address, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        assert word in answer.content.decode()
    for where, status in (("exec_nobody", 404), ("nobody", 404), ("rounds", 422)):
        answer = operator.post(f"/runs/{run.pk}/approvals/{where}", {"approve": True})
        assert answer.status_code == status, where
    assert operator.get("/runs/run_nobody/approvals").status_code == 404
    assert operator.post("/runs/run_nobody/approvals/a", {"approve": True}).status_code == 404
    assert len(operator.get(f"/runs/{run.pk}/approvals").json()["items"]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_viewer_decides_where_the_step_says_so_and_nowhere_else(waiting, operator, viewer):
    run = waiting(approvers="[viewer-1]")
    address = f"/runs/{run.pk}/approvals/{quote(PATH, safe='')}"
    body = {"approve": True, "values": {"where": "there"}}
    assert operator.get(f"/runs/{run.pk}/approvals").json()["items"][0]["may_decide"] is False
    assert operator.post(address, body).status_code == 403
    assert viewer.post(f"/runs/{run.pk}/cancel", {}).status_code == 403
    assert viewer.post(address, body).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_who_is_called_like_a_role_does_not_have_it(waiting, make_secret):
    from django.test import Client

    run = waiting(approvers="[admin]")
    headers = {"Authorization": f"Bearer {make_secret('viewer', 'admin')}"}
    answer = Client().post(
        f"/api/v1/runs/{run.pk}/approvals/{quote(PATH, safe='')}",
        {"approve": False},
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code == 403


def test_a_run_that_waits_for_nobody_has_none(viewer, make_run):
    told = viewer.get(f"/runs/{make_run().pk}/approvals")
    assert told.json() == {"items": [], "next_cursor": None}
