"""`GET /runs/{id}/lineage` and `GET /executions/{id}/origin`."""


def test_the_family_tells_the_change_on_each_way(viewer, make_run):
    first = make_run(inputs={"topic": "rain"})
    second = make_run(kind="fork", source=first, inputs={"topic": "snow"})
    told = viewer.get(f"/runs/{second.pk}/lineage").json()
    assert told["ancestors"] == [first.pk]
    assert told["items"][0]["change"] is None
    change = told["items"][1]["change"]
    assert change["words"] == 'forked: input `topic` changed "rain" → "snow"'
    assert change["fields"] == [
        {"field": "inputs.topic", "kind": "changed", "before": "rain", "after": "snow"}
    ]


def test_an_output_tells_its_origin(viewer, make_run, make_execution):
    first, second = make_run(), make_run(kind="restart")
    did = make_execution(first, "a")
    has = make_execution(
        second, "a", reused_from=did.pk, reused_run=first.pk, origin_execution=did.pk,
        origin_run=first.pk,
    )  # fmt: skip
    told = viewer.get(f"/executions/{has.pk}/origin").json()
    assert [one["run_id"] for one in told["chain"]] == [first.pk]
    assert told["origin"]["execution_id"] == did.pk
    assert viewer.get(f"/executions/{did.pk}/origin").json()["reused_by_runs"] == [second.pk]
    missing = viewer.get("/executions/exec_00000000000000000/origin")
    assert (missing.status_code, missing.json()["code"]) == (404, "execution-not-found")
