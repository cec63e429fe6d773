"""DELETE /runs/{id} and POST /gc, for admins."""

from datetime import timedelta

import pytest
from django.test import Client

from runs.models import Run
from tests.api.conftest import T0


def test_an_admin_deletes_a_run_and_who_reused_it_keeps_the_output(
    admin, operator, viewer, make_run, make_execution
):
    first = make_run()
    second = make_run(kind="restart", source=first)
    a = make_execution(first, "a", output={"v": 1})
    make_execution(
        second, "a", output={"v": 1}, reused_from=a.id, reused_run=first.id,
        origin_execution=a.id, origin_run=first.id,
    )  # fmt: skip
    lost = viewer.get(f"/runs/{first.id}/deletion").json()
    assert (lost["outputs_kept"], lost["successors"], lost["refused"]) == (1, 1, "")
    assert operator("DELETE", f"/runs/{first.id}").status_code == 403
    assert admin("DELETE", f"/runs/{first.id}").status_code == 204
    assert viewer.get(f"/runs/{first.id}").json()["code"] == "run-not-found"
    assert viewer.get(f"/runs/{second.id}").json()["source_run_id"] is None
    kept = viewer.get(f"/runs/{second.id}/executions").json()["items"][0]
    assert kept["output"] == {"v": 1}
    assert kept["reuse"] == {
        "source_execution_id": a.id, "source_run_id": None,
        "origin_execution_id": a.id, "origin_run_id": None,
    }  # fmt: skip
    assert admin("DELETE", f"/runs/{first.id}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "running", "finished_at": None}, "run-not-over"),
        ({"golden_name": "v1"}, "run-is-golden"),
    ],
)
def test_what_is_kept_is_not_deleted(admin, make_run, fields, code):
    run = make_run(**fields)
    answer = admin("DELETE", f"/runs/{run.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert admin.get(f"/runs/{run.id}/deletion").json()["refused"]


def test_gc_says_what_it_does_first(admin, operator, make_run):
    old = make_run(finished_at=T0 - timedelta(days=400))
    body = {"older_than_days": 300, "dry_run": True}
    assert operator.post("/gc", body).status_code == 403
    assert admin.post("/gc", body).json()["ids"] == [old.id]
    assert admin.post("/gc", {**body, "dry_run": False}).json()["runs"] == 1
    assert not Run.objects.filter(pk=old.id).exists()
    assert admin.post("/gc", {"older_than_days": -1}).status_code == 422


def test_the_page_asks_says_what_is_lost_and_deletes(alice, bob, make_run):
    run = make_run()
    make_run(kind="fork", source=run)
    client = Client()
    client.force_login(bob)
    assert client.get(f"/runs/{run.id}/delete").status_code == 403
    assert f"/runs/{run.id}/delete" not in client.get(f"/runs/{run.id}").content.decode()
    client.force_login(alice)
    assert "Delete run…" in client.get("/runs").content.decode()
    text = client.get(f"/runs/{run.id}/delete").content.decode()
    assert "1 run was started from it" in text
    assert client.post(f"/runs/{run.id}/delete").headers["Location"] == "/runs"
    assert client.get(f"/runs/{run.id}").status_code == 404
    golden = make_run(golden_name="v1")
    assert f"{golden.id} is golden as" in client.get(f"/runs/{golden.id}/delete").content.decode()
    client.post(f"/runs/{golden.id}/delete")
    assert Run.objects.filter(pk=golden.id).exists()
