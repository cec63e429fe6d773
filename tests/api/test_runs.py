"""GET /runs, one run, golden, lineage: the shapes others rely on (product page, section 9)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs import ids
from tests.api.conftest import T0

RUN_FIELDS = {
    "id",
    "workflow",
    "status",
    "status_reason",
    "kind",
    "source_run_id",
    "golden",
    "counts",
    "inputs",
    "labels",
    "created_at",
    "started_at",
    "finished_at",
    "duration_ms",
}


def test_a_run_has_exactly_the_promised_fields(viewer, make_run):
    run = make_run(n_total=5, n_running=1, n_succeeded=2, n_failed=1, n_reused=1)
    body = viewer.get(f"/runs/{run.id}").json()
    assert set(body) == RUN_FIELDS | {"outputs"}
    assert set(viewer.get("/runs").json()["items"][0]) == RUN_FIELDS
    assert body["counts"] == {
        "total": 5,
        "pending": 1,
        "running": 1,
        "succeeded": 2,
        "failed": 1,
        "skipped": 0,
        "reused": 1,
    }
    assert (body["kind"], body["golden"], body["source_run_id"]) == (None, None, None)
    assert body["duration_ms"] == 2000
    assert body["created_at"] == "2026-11-21T04:45:00Z"


def test_a_run_by_itself_tells_what_it_gave(viewer, make_run):
    run = make_run(outputs={"notes": "What is new", "count": 2})
    assert viewer.get(f"/runs/{run.id}").json()["outputs"] == {"notes": "What is new", "count": 2}
    assert viewer.get(f"/runs/{make_run().id}").json()["outputs"] is None


def test_the_list_is_newest_first_and_pages_by_cursor(viewer, make_run):
    ids = [make_run().id for _ in range(5)][::-1]
    seen, cursor = [], ""
    while cursor is not None:
        body = viewer.get(f"/runs?limit=2&cursor={cursor}").json()
        assert set(body) == {"items", "next_cursor"}
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == ids


def test_ids_that_clients_chose_stand_where_their_time_is(viewer, make_run):
    def at(n):
        return {"created_at": T0 + timedelta(seconds=n)}

    chosen = ["run_20261121_093000_ab12", "My.nightly:1", "0"]
    made = [make_run(id=chosen[n // 2] if n % 2 else ids.run_id(), **at(n)).id for n in range(6)]
    seen, cursor = [], ""
    while cursor is not None:
        body = viewer.get(f"/runs?limit=1&cursor={cursor}").json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == made[::-1]
    assert [one["id"] for one in viewer.get("/runs?text=My.").json()["items"]] == ["My.nightly:1"]
    for one in chosen:
        assert viewer.get(f"/runs/{one}").json()["id"] == one
        for part in ("executions", "graph", "events", "lineage", "checkpoints", f"compare/{one}"):
            assert viewer.get(f"/runs/{one}/{part}").status_code == 200, part
    workflow = viewer.get("/workflows").json()["items"][0]
    assert workflow["last_run"]["id"] == made[-1]


def test_a_cursor_goes_on_behind_a_run_that_was_deleted(viewer, make_run):
    from runs.models import Run

    def cursor_behind(run_id):
        body = viewer.get("/runs?limit=1").json()
        assert body["items"][0]["id"] == run_id
        Run.objects.filter(pk=run_id).delete()
        return body["next_cursor"]

    old = make_run()
    newer = make_run(id=(made := ids.run_id()), created_at=ids.moment_of(made))
    body = viewer.get(f"/runs?cursor={cursor_behind(newer.id)}").json()
    assert [one["id"] for one in body["items"]] == [old.id]
    # Nobody knows when this one was: that is said, and not that the list has ended.
    chosen = make_run(id="chosen.1", created_at=T0 + timedelta(seconds=1))
    told = viewer.get(f"/runs?cursor={cursor_behind(chosen.id)}")
    assert (told.status_code, told.json()["code"]) == (422, "invalid-cursor")


def test_a_run_made_between_two_pages_neither_repeats_nor_hides_another(viewer, make_run):
    ids = [make_run().id for _ in range(4)][::-1]
    first = viewer.get("/runs?limit=2").json()
    make_run()
    second = viewer.get(f"/runs?limit=2&cursor={first['next_cursor']}").json()
    assert [i["id"] for i in first["items"] + second["items"]] == ids
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=failed", {"b"}),
        ("status=failed,succeeded", {"a", "b"}),
        ("status=failed&status=running", {"b", "c"}),
        ("workflow=other", {"c"}),
        ("kind=restart", {"b"}),
        ("kind=none", {"a", "c"}),
        ("golden=true", {"a"}),
        ("golden=false", {"b", "c"}),
        ("text=oth", {"c"}),
        ("text=OTH", {"c"}),
        ("text=nothing", set()),
        ("text=run_", {"a", "b", "c"}),
        ("status=failed&workflow=other", set()),
    ],
)
def test_filters_add_up(viewer, make_run, query, names):
    a = make_run(golden_name="base")
    b = make_run(status="failed", kind="restart", source=a)
    c = make_run("other", status="running", finished_at=None)
    by_name = {"a": a.id, "b": b.id, "c": c.id}
    found = {item["id"] for item in viewer.get(f"/runs?{query}").json()["items"]}
    assert found == {by_name[name] for name in names}


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=abc",
        "cursor=%00",
        "golden=maybe",
        "kind=copy",
        "text=" + "x" * 201,
        "workflow=a%00b",
    ],
)
def test_a_wrong_query_is_422_and_names_the_field(viewer, query):
    response = viewer.get(f"/runs?{query}")
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"


def test_a_cursor_of_another_list_is_refused(viewer, make_run):
    make_run(), make_run()
    cursor = viewer.get("/runs?limit=1").json()["next_cursor"]
    assert viewer.get(f"/workflows?cursor={cursor}").json()["code"] == "invalid-cursor"


def test_the_list_takes_few_queries(viewer, make_run):
    for _ in range(50):
        make_run()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(viewer.get("/runs?limit=50&text=hel").json()["items"]) == 50
    assert len(queries) <= 6


def test_golden_is_set_told_and_taken_away(operator, make_run):
    run = make_run()
    assert operator("PUT", f"/runs/{run.id}/golden").json()["golden"]["name"] == "hello"
    named = operator("PUT", f"/runs/{run.id}/golden", {"name": "v1"})
    assert (named.status_code, named.json()["golden"]) == (
        200, {"name": "v1", "tags": [], "note": ""},
    )  # fmt: skip
    assert operator("DELETE", f"/runs/{run.id}/golden").json()["golden"] is None
    assert operator("DELETE", f"/runs/{run.id}/golden").status_code == 200
    events = operator.get(f"/runs/{run.id}/events").json()
    assert [item["kind"] for item in events["items"]] == [
        "run.golden",
        "run.golden",
        "run.ungolden",
    ]
    assert [item["seq"] for item in events["items"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("status", "code"), [("running", "run-not-over"), ("failed", "run-not-succeeded")]
)
def test_only_a_run_that_succeeded_can_be_golden(operator, make_run, status, code):
    response = operator("PUT", f"/runs/{make_run(status=status).id}/golden")
    assert (response.status_code, response.json()["code"]) == (409, code)


def test_lineage_tells_the_whole_family(viewer, make_run):
    a = make_run(status="failed")
    b = make_run(status="failed", kind="restart", source=a)
    c = make_run(kind="restart", source=b)
    make_run()
    body = viewer.get(f"/runs/{c.id}/lineage").json()
    assert body["root_run_id"] == a.id
    assert body["ancestors"] == [b.id, a.id]
    assert [(i["run"]["id"], i["generation"]) for i in body["items"]] == [
        (a.id, 0),
        (b.id, 1),
        (c.id, 2),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/graph"),
        ("GET", "/executions"),
        ("GET", "/executions/exec_x"),
        ("GET", "/executions/exec_x/log"),
        ("GET", "/events"),
        ("GET", "/lineage"),
        ("GET", "/checkpoints"),
        ("GET", "/checkpoints/x"),
        ("POST", "/restart"),
        ("POST", "/restart-plan"),
        ("POST", "/cancel"),
        ("PUT", "/golden"),
        ("DELETE", "/golden"),
    ],
)
def test_an_unknown_run_is_404_everywhere(operator, method, path):
    response = operator(method, f"/runs/run_nothere{path}")
    assert response.status_code == 404
    assert response.json()["code"] == "run-not-found"


@pytest.mark.parametrize("path", ["/compare", "/fork"])
def test_what_does_not_exist_yet_is_404_and_not_a_dead_route(operator, make_run, path):
    response = operator.post(f"/runs/{make_run().id}{path}", {})
    assert (response.status_code, response.json()["code"]) == (404, "path-not-found")
