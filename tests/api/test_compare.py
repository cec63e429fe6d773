"""`GET /runs/{id}/compare/{other}`."""


def test_two_runs_are_told_side_by_side(viewer, make_run, make_execution):
    a, b = make_run(), make_run()
    make_execution(a, "a", status="succeeded", output={"n": 1})
    make_execution(b, "a", status="succeeded", output={"n": 2})
    told = viewer.get(f"/runs/{a.pk}/compare/{b.pk}").json()
    assert told["same"] is False
    assert told["first_divergence"] == "a"
    assert (told["a"]["id"], told["b"]["id"]) == (a.pk, b.pk)
    node = told["nodes"][0]
    assert (node["verdict"], node["role"]) == ("changed", "cause")
    assert node["output"]["items"] == [
        {"path": "n", "kind": "changed", "a": 1, "b": 2, "is_cut": False}
    ]
    assert viewer.get(f"/runs/{a.pk}/compare/{a.pk}").json()["same"] is True


def test_what_is_not_there_is_a_problem(viewer, make_run, make_execution):
    a, b = make_run(), make_run()
    make_execution(a, "a", status="succeeded")
    missing = viewer.get(f"/runs/{a.pk}/compare/run_00000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "run-not-found")
    step = viewer.get(f"/runs/{a.pk}/compare/{b.pk}?path=nobody")
    assert (step.status_code, step.json()["code"]) == (404, "execution-not-found")
