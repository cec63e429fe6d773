"""Golden runs by API: tags, assertions, accepted values, checks."""

import pytest


@pytest.fixture
def pair(make_run, make_execution):
    base, other = make_run(), make_run()
    make_execution(base, "a", output={"v": 1})
    make_execution(other, "a", output={"v": 2})
    return base, other


def test_tags_and_a_note_are_kept_told_and_searched(operator, viewer, make_run):
    run = make_run()
    body = {"name": "v1", "tags": ["nightly", "eu"], "note": "by Ann"}
    told = {"name": "v1", "tags": ["nightly", "eu"], "note": "by Ann"}
    assert operator("PUT", f"/runs/{run.id}/golden", body).json()["golden"] == told
    assert viewer.get(f"/runs/{run.id}").json()["golden"] == told
    items = viewer.get("/runs?tag=nightly").json()["items"]
    assert [(one["id"], one["golden"]) for one in items] == [(run.id, told)]
    assert viewer.get("/runs?tag=night").json()["items"] == []
    golden = viewer.get(f"/runs/{run.id}/golden").json()
    assert (golden["name"], golden["assertions"], golden["accepted"]) == ("v1", None, [])
    assert viewer.get("/golden").json()["items"] == [golden]
    assert viewer.get("/golden?workflow=other").json()["items"] == []
    missing = viewer.get(f"/runs/{make_run().id}/golden")
    assert (missing.status_code, missing.json()["code"]) == (404, "run-not-golden")


def test_a_name_is_one_run_s_until_it_is_replaced(operator, make_run):
    first, second = make_run(), make_run()
    operator("PUT", f"/runs/{first.id}/golden", {"name": "v1"})
    refused = operator("PUT", f"/runs/{second.id}/golden", {"name": "v1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "golden-name-taken")
    assert first.id in refused.json()["detail"]
    done = operator("PUT", f"/runs/{second.id}/golden", {"name": "v1", "replace": True})
    assert done.json()["golden"]["name"] == "v1"
    assert operator.get(f"/runs/{first.id}").json()["golden"] is None


def test_a_check_tells_node_by_node_and_an_accepted_value_passes(operator, viewer, pair):
    base, other = pair
    operator("PUT", f"/runs/{base.id}/golden", {"name": "v1"})
    found = viewer.post(f"/runs/{other.id}/check", {"against": "golden:v1"}).json()
    assert (found["passed"], found["counts"]["failed"]) == (False, 1)
    assert found["baseline"] == {"run_id": base.id, "name": "v1"}
    node = found["nodes"][0]
    assert (node["path"], node["verdict"], node["acceptable"]) == ("a", "failed", True)
    assert node["findings"] == [
        {"kind": "equal", "at": "v", "message": "is not equal", "expected": 1, "actual": 2}
    ]
    accept = {"from": other.id, "path": "a", "reason": "two is right"}
    assert viewer.post(f"/runs/{base.id}/golden/accept", accept).status_code == 403
    kept = operator.post(f"/runs/{base.id}/golden/accept", accept).json()
    assert [one["reason"] for one in kept["accepted"]] == ["two is right"]
    assert viewer.post(f"/runs/{other.id}/check", {"against": "golden:v1"}).json()["passed"]
    unknown = operator.post(f"/runs/{base.id}/golden/accept", {**accept, "path": "b"})
    assert unknown.json()["code"] == "execution-not-found"


def test_assertions_are_set_as_an_object_or_as_a_text_whose_faults_have_lines(
    operator, viewer, pair
):
    base, other = pair
    operator("PUT", f"/runs/{base.id}/golden", {"name": "v1"})
    there = f"/runs/{base.id}/golden/assertions"
    kept = operator("PUT", there, {"nodes": {"a": {"band": {"v": 1}}}}).json()
    assert kept["assertions"] == {"version": 1, "nodes": {"a": {"band": {"v": 1}}}}
    assert viewer.post(f"/runs/{other.id}/check", {"against": "golden:v1"}).json()["passed"]
    text = "nodes:\n  a:\n    bend: 1\n"
    refused = operator("PUT", there, {"text": text, "file": "a.yaml"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-assertions")
    problem = refused.json()["problems"][0]
    assert (problem["file"], problem["line"], problem["column"]) == ("a.yaml", 3, 5)
    wrong = operator.post(f"/runs/{other.id}/check", {"against": "golden:v1", "assertions": text})
    assert wrong.json()["code"] == "invalid-assertions"
    assert operator("PUT", there, {}).status_code == 422
    assert operator("DELETE", there).json()["assertions"] is None


def test_assertions_of_one_s_own_take_an_operator(operator, viewer, pair):
    base, other = pair
    body = {"against": base.id, "assertions": "nodes: {a: ignore}"}
    refused = viewer.post(f"/runs/{other.id}/check", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert "operator" in refused.json()["detail"]
    assert operator.post(f"/runs/{other.id}/check", body).json()["passed"]
    assert viewer.post(f"/runs/{other.id}/check", {"against": base.id}).status_code == 200


@pytest.mark.parametrize(
    ("against", "status", "code"),
    [
        ("golden:nothing", 404, "golden-not-found"),
        ("run_00000000000000", 404, "run-not-found"),
        ("v1", 422, "invalid-request"),
    ],
)
def test_a_baseline_that_is_none_is_refused(viewer, pair, against, status, code):
    answer = viewer.post(f"/runs/{pair[0].id}/check", {"against": against})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
