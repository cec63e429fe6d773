"""`GET /runs/{id}/why`."""


def test_a_run_and_a_step_tell_why(viewer, make_run, make_execution):
    run = make_run(status="failed", status_reason="step-failed: a: exit code 1")
    error = {"code": "command-failed", "message": "exit code 1", "hint": ""}
    step = make_execution(
        run, "a", status="failed", status_reason="command-failed: exit code 1", error=error
    )
    told = viewer.get(f"/runs/{run.pk}/why").json()
    assert told["verdict"] == "failed"
    assert told["root"]["path"] == "a"
    assert told["consequences"] == ["turns", "z"]
    assert viewer.get(f"/runs/{run.pk}/why?path=z").json()["verdict"] == "not-reached"
    assert viewer.get(f"/runs/{run.pk}/why?path={step.pk}").json()["path"] == "a"


def test_what_is_not_there_is_a_problem(viewer, make_run):
    run = make_run()
    missing = viewer.get("/runs/run_00000000000000/why")
    assert (missing.status_code, missing.json()["code"]) == (404, "run-not-found")
    step = viewer.get(f"/runs/{run.pk}/why?path=nobody")
    assert (step.status_code, step.json()["code"]) == (404, "execution-not-found")
