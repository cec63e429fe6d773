"""Saved views by REST: whose they are, who may do what; the same search in `GET /runs`."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.browser.rows import make_run


def test_views_are_made_changed_listed_and_deleted(operator: Any, viewer: Any) -> None:
    made = operator.post("/views", {"name": "Broken", "search": "status:failed", "shared": True})
    assert made.status_code == 201
    view = made.json()
    assert (view["name"], view["search"], view["mine"]) == ("Broken", "status:failed", True)
    other = viewer.post("/views", {"name": "Mine", "default": True}).json()
    seen = viewer.get("/views").json()["items"]
    assert [(one["name"], one["mine"], one["default"]) for one in seen] == [
        ("Mine", True, True),
        ("Broken", False, False),
    ]
    assert [one["name"] for one in operator.get("/views").json()["items"]] == ["Broken"]
    changed = operator("PATCH", f"/views/{view['id']}", {"name": "Failed", "columns": ["by"]})
    assert (changed.json()["name"], changed.json()["columns"]) == ("Failed", ["by"])
    assert changed.json()["search"] == "status:failed"
    assert viewer("PATCH", f"/views/{view['id']}", {"default": True}).json()["default"] is True
    refused = viewer("PATCH", f"/views/{view['id']}", {"name": "No"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert viewer("DELETE", f"/views/{view['id']}").status_code == 403
    assert operator("DELETE", f"/views/{other['id']}").status_code == 404  # somebody's own
    assert operator("DELETE", f"/views/{view['id']}").status_code == 204


def test_what_is_wrong_with_a_view_is_told(operator: Any, viewer: Any) -> None:
    wrong = operator.post("/views", {"name": "Broken", "search": "status:faild"})
    assert wrong.status_code == 422
    problem = wrong.json()["problems"][0]
    assert problem["path"] == "search"
    assert "status is one of queued" in problem["message"]
    assert operator.post("/views", {"name": ""}).status_code == 422
    assert operator.post("/views", {"name": "A", "columns": ["colour"]}).status_code == 422
    operator.post("/views", {"name": "A"})
    twice = operator.post("/views", {"name": "A"})
    assert (twice.status_code, twice.json()["code"]) == (409, "view-name-taken")
    assert viewer.post("/views", {"name": "A", "shared": True}).status_code == 403
    assert viewer("DELETE", "/views/4711").json()["code"] == "view-not-found"


def test_the_list_takes_the_search_of_the_page(viewer: Any) -> None:
    now = datetime.now(UTC)
    failed = make_run("alpha", now, status="failed", took=1, labels={"env": "staging"})
    make_run("beta", now, status="failed", took=1)
    make_run("probe-1", now, status="succeeded", took=1, labels={"env": "staging"})

    def ids(search: str, **more: str) -> list[str]:
        found = viewer.get("/runs?" + urlencode({"filter": search, **more}))
        assert found.status_code == 200, found.json()
        return [run["id"] for run in found.json()["items"]]

    assert ids("status:failed label:env=staging -workflow:probe-*") == [failed.pk]
    assert ids("label:env", status="failed") == [failed.pk]
    assert ids("workflow:nothing-*") == []
    wrong = viewer.get("/runs?" + urlencode({"filter": "status:faild colour:red"}))
    assert wrong.status_code == 422
    assert [one["path"] for one in wrong.json()["problems"]] == ["query: filter"] * 2
    assert "Write `key:value`" in wrong.json()["problems"][0]["hint"]
