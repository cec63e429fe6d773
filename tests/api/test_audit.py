"""GET /audit: who changed what, for admins."""

from django.test import Client

from runs.models import AuditEntry


def test_a_command_by_api_is_told_with_its_token_and_its_address(admin, operator, make_run):
    run = make_run()
    operator("PUT", f"/runs/{run.id}/golden", {"name": "v1"})
    entry = admin.get("/audit").json()["items"][0]
    assert {**entry, "id": 0, "at": ""} == {
        "id": 0,
        "at": "",
        "kind": "token",
        "who": "operator-1",
        "role": "operator",
        "via": "api",
        "address": "127.0.0.1",
        "action": "run.golden",
        "target": run.id,
        "data": {"name": "v1"},
    }


def test_the_log_is_for_admins(viewer, operator):
    for api in (viewer, operator):
        assert api.get("/audit").json()["code"] == "not-allowed"


def test_the_log_is_filtered_and_comes_page_by_page(admin, operator, make_run):
    runs = [make_run(), make_run()]
    for run in runs:
        operator("PUT", f"/runs/{run.id}/golden", {"name": run.id})
    admin("DELETE", f"/runs/{runs[0].id}/golden")
    assert len(admin.get("/audit").json()["items"]) == 3
    assert len(admin.get("/audit?who=operator-1").json()["items"]) == 2
    assert len(admin.get(f"/audit?target={runs[0].id}").json()["items"]) == 2
    assert len(admin.get("/audit?action=run.ungolden").json()["items"]) == 1
    first = admin.get("/audit?limit=2").json()
    rest = admin.get(f"/audit?limit=2&cursor={first['next_cursor']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    refused = admin.get("/audit?cursor=nonsense")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-cursor")


def test_a_refused_command_leaves_no_entry(operator, make_run):
    assert operator("PUT", f"/runs/{make_run(status='failed').id}/golden").status_code == 409
    assert not AuditEntry.objects.exists()


def test_a_page_s_button_is_told_as_such(admin, alice, make_run):
    client = Client()
    client.force_login(alice)
    run = make_run(status="running", finished_at=None)
    client.post(f"/runs/{run.id}/cancel")
    entry = admin.get("/audit").json()["items"][0]
    assert [entry[name] for name in ("who", "kind", "via", "action")] == [
        "alice", "user", "page", "run.cancel",
    ]  # fmt: skip
