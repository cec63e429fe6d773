"""Executions, graph, events, checkpoints, workflows."""

import pytest

EXECUTION_FIELDS = {
    "id",
    "run_id",
    "parent_id",
    "path",
    "name",
    "type",
    "status",
    "status_reason",
    "attempts",
    "input",
    "output",
    "error",
    "started_at",
    "finished_at",
    "duration_ms",
    "reuse",
    "decision",
}


def test_an_execution_has_exactly_the_promised_fields(viewer, make_run, make_execution):
    run = make_run()
    own = make_execution(
        run,
        "a",
        output={"n": 1},
        tries=[
            {
                "n": 1,
                "outcome": "interrupted",
                "reason": "worker-lost",
                "worker": "w1",
                "started_at": "2026-11-21T04:45:00Z",
                "finished_at": None,
            },
            {"n": 2, "outcome": "succeeded"},
        ],
    )
    body = viewer.get(f"/runs/{run.id}/executions/{own.id}").json()
    assert set(body) == EXECUTION_FIELDS
    assert body["output"] == {"n": 1}
    assert [one["outcome"] for one in body["attempts"]] == ["interrupted", "succeeded"]
    assert (body["reuse"], body["decision"]) == (None, None)


def test_a_reused_execution_says_where_it_came_from(viewer, make_run, make_execution):
    run = make_run()
    make_execution(
        run,
        "a",
        reused_from="exec_2",
        reused_run="run_2",
        origin_execution="exec_1",
        origin_run="run_1",
        decision={"action": "reuse", "because": "succeeded before"},
    )
    body = viewer.get(f"/runs/{run.id}/executions/a").json()
    assert body["reuse"] == {
        "source_execution_id": "exec_2",
        "source_run_id": "run_2",
        "origin_execution_id": "exec_1",
        "origin_run_id": "run_1",
    }
    assert body["decision"] == {"action": "reuse", "because": "succeeded before"}


def test_executions_come_in_path_order_page_by_page(viewer, make_run, make_execution):
    run = make_run()
    paths = ["a", *[f"loop[{n}]/x" for n in range(12)], "z"]
    for path in reversed(paths):
        make_execution(run, path)
    seen, cursor = [], ""
    while cursor is not None:
        body = viewer.get(f"/runs/{run.id}/executions?limit=5&cursor={cursor}").json()
        seen += [item["path"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == paths


def test_the_graph_shows_turns_that_began_and_steps_that_never_started(
    viewer, make_run, make_execution
):
    run = make_run(status="failed")
    make_execution(run, "a")
    loop = make_execution(run, "turns", type="loop", status="failed")
    make_execution(run, "turns[0]/inner", parent_id=loop.id)
    make_execution(run, "turns[1]/inner", parent_id=loop.id, status="failed")
    body = viewer.get(f"/runs/{run.id}/graph").json()
    by_path = {node["path"]: node for node in body["nodes"]}
    assert set(by_path) == {
        "a",
        "turns",
        "z",
        "turns[0]/inner",
        "turns[0]/after",
        "turns[1]/inner",
        "turns[1]/after",
    }
    assert (by_path["z"]["id"], by_path["z"]["status"]) == (None, "pending")
    assert by_path["turns[1]/inner"]["parent"] == "turns"
    edges = {(edge["source"], edge["target"]) for edge in body["edges"]}
    assert edges == {
        ("a", "turns"),
        ("turns", "z"),
        ("turns[0]/inner", "turns[0]/after"),
        ("turns[1]/inner", "turns[1]/after"),
    }


def test_a_loop_without_a_turn_shows_its_steps_once(viewer, make_run):
    body = viewer.get(f"/runs/{make_run().id}/graph").json()
    assert [n["path"] for n in body["nodes"]] == ["a", "turns", "z", "turns/inner", "turns/after"]


def test_events_follow_a_number(viewer, make_run, make_events):
    run = make_run()
    make_events(run, 5)
    body = viewer.get(f"/runs/{run.id}/events?after=2&limit=2").json()
    assert [item["seq"] for item in body["items"]] == [3, 4]
    assert (body["last_seq"], body["over"]) == (4, False)
    body = viewer.get(f"/runs/{run.id}/events?after=4").json()
    assert ([i["seq"] for i in body["items"]], body["last_seq"], body["over"]) == ([5], 5, True)
    body = viewer.get(f"/runs/{run.id}/events?after=5").json()
    assert (body["items"], body["last_seq"], body["over"]) == ([], 5, True)


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999", "limit=0"])
def test_a_wrong_event_number_is_422(viewer, make_run, query):
    assert viewer.get(f"/runs/{make_run().id}/events?{query}").status_code == 422


def test_workflows_are_listed_with_their_last_run(viewer, make_run, make_version):
    make_version("alpha")
    run = make_run("beta", status="failed")
    items = viewer.get("/workflows").json()["items"]
    assert [(i["name"], i["version"], i["last_run"]) for i in items] == [
        ("alpha", 1, None),
        ("beta", 1, {"id": run.id, "status": "failed"}),
    ]
    body = viewer.get("/workflows/beta").json()
    assert body["source"].startswith("version:")
    assert [v["number"] for v in body["versions"]] == [1]
    assert viewer.get("/workflows/nope").json()["code"] == "workflow-not-found"


def test_a_step_that_waits_for_its_next_try_is_tried_now(
    operator, viewer, make_run, make_execution
):
    run = make_run(status="waiting")
    row = make_execution(run, "a", status="waiting", status_reason="retry: exit code 1")
    path = f"/runs/{run.pk}/executions/{row.pk}/retry"
    assert viewer.post(path).status_code == 403
    assert (operator.post(path).status_code, operator.get(path[:-6]).json()["status"]) == (
        200,
        "queued",
    )
    assert operator.post(path).status_code == 409
    assert operator.post(f"/runs/{run.pk}/executions/exec_nobody/retry").status_code == 404
