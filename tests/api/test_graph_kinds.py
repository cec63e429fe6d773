"""The graph of runs in which failures were handled, undone or mended."""

import pytest

from tests.integration.here import done, make_project

pytestmark = pytest.mark.django_db(transaction=True)

HANDLED = """
version: "1.0"
name: handled
steps:
  - {name: may, type: python, action: fails_unless, kwargs: {name: never}, on_error: continue}
  - name: risky
    type: python
    action: fails_unless
    kwargs: {name: never}
    on_error: {name: mend, type: python, action: mark, kwargs: {value: 1}}
  - name: calm
    type: python
    action: mark
    on_error: {name: unused, type: python, action: mark}
  - name: all
    type: loop
    for_each: [1]
    on_error: continue
    steps:
      - {name: inner, type: python, action: fails_unless, kwargs: {name: never}}
"""
UNDONE = """
version: "1.0"
name: undone
steps:
  - name: l
    type: loop
    for_each: [1, 2]
    steps:
      - {name: a, type: python, action: mark, kwargs: {value: 1}, rollback: mark}
  - {name: never, type: python, action: mark, rollback: mark, when: "1 > 2"}
  - {name: bad, type: python, action: fails_unless, kwargs: {name: never}, rollback: mark}
"""
MENDED = """
version: "1.0"
name: mended
steps:
  - name: check
    type: validate
    stages: [{name: size, run: "test -e fixed"}]
    on_failure: {name: mend, type: shell, run: touch fixed}
"""


def graph_of(viewer, run):
    told = viewer.get(f"/runs/{run.pk}/graph").json()
    nodes = {node["path"]: node for node in told["nodes"]}
    edges = {(edge["source"], edge["target"]): edge["kind"] for edge in told["edges"]}
    return nodes, edges


def test_a_step_under_on_error_is_joined_to_the_one_it_handles(viewer, tmp_path):
    run = done(make_project(tmp_path), HANDLED)
    assert run.status == "succeeded"
    nodes, edges = graph_of(viewer, run)
    assert edges["risky", "mend"] == edges["calm", "unused"] == "on_error"
    assert edges["may", "risky"] == edges["risky", "calm"] == "needs"
    assert nodes["risky"]["on_error"] == "handle"
    assert nodes["may"]["on_error"] == nodes["all"]["on_error"] == "continue"
    assert nodes["mend"]["on_error"] == ""
    failed = {path for path, node in nodes.items() if node["status"] == "failed"}
    assert failed == {"may", "risky", "all", "all[0]/inner"}
    assert {path for path, node in nodes.items() if node["handled"]} == failed


def test_what_undid_a_step_stands_behind_it_and_only_when_it_did(viewer, tmp_path):
    run = done(make_project(tmp_path), UNDONE)
    assert run.status == "failed"
    nodes, edges = graph_of(viewer, run)
    undone = {path: node["undoes"] for path, node in nodes.items() if node["undoes"]}
    assert undone == {"l[0]/a/rollback": "l[0]/a", "l[1]/a/rollback": "l[1]/a"}
    assert edges["l[0]/a", "l[0]/a/rollback"] == "undoes"
    assert not nodes["bad"]["handled"]
    assert "never/rollback" not in nodes


def test_rounds_of_a_validation_are_turns_of_a_container(viewer, tmp_path):
    run = done(make_project(tmp_path), MENDED)
    nodes, edges = graph_of(viewer, run)
    inside = {path for path, node in nodes.items() if node["parent"] == "check"}
    assert inside == {"check[0]/check", "check[0]/mend", "check[1]/check", "check[1]/mend"}
    assert nodes["check[1]/mend"]["status"] == "skipped"
    assert edges["check[0]/check", "check[0]/mend"] == "needs"


def test_a_run_that_has_not_begun_shows_no_rollback(viewer, operator):
    run = operator.post("/runs", {"definition": UNDONE, "inputs": {}}).json()
    told = operator.get(f"/runs/{run['id']}/graph").json()
    assert [node["path"] for node in told["nodes"]] == ["l", "never", "bad", "l/a"]
