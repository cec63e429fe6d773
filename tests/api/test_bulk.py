"""POST /runs/bulk: one action for many runs, each with its result."""

from runs.models import AuditEntry, Run


def test_each_run_has_its_result_and_asking_again_changes_nothing(operator, make_run):
    open_ = [make_run(status="queued", finished_at=None, started_at=None) for _ in range(2)]
    over = make_run()
    ids = [*(run.id for run in open_), over.id, "run_00000000000000"]
    dry = operator.post("/runs/bulk", {"action": "cancel", "ids": ids, "dry_run": True}).json()
    assert dry["counts"] == {"done": 2, "unchanged": 0, "refused": 2}
    assert Run.objects.filter(status="cancelled").count() == 0
    done = operator.post("/runs/bulk", {"action": "cancel", "ids": ids}).json()
    assert done["counts"] == dry["counts"]
    assert [one["code"] for one in done["items"]] == ["", "", "run-is-over", "run-not-found"]
    again = operator.post("/runs/bulk", {"action": "cancel", "ids": ids}).json()
    assert again["counts"] == {"done": 0, "unchanged": 2, "refused": 2}
    assert AuditEntry.objects.filter(action="run.cancel").count() == 2


def test_a_filter_finds_all_that_match(operator, make_run):
    for _ in range(3):
        make_run("other", status="queued", finished_at=None, started_at=None)
    make_run("hello", status="queued", finished_at=None, started_at=None)
    body = {"action": "pause", "filter": {"status": ["queued"], "workflow": "other"}}
    assert operator.post("/runs/bulk", body).json()["counts"]["done"] == 3
    assert Run.objects.filter(status="paused").count() == 3
    wrong = operator.post("/runs/bulk", {"action": "pause", "filter": {"status": ["odd"]}})
    assert wrong.status_code == 422
    assert operator.post("/runs/bulk", {"action": "pause"}).status_code == 422


def test_a_restart_is_made_once_for_a_key(operator, make_run):
    runs = [make_run(), make_run()]
    body = {"action": "restart", "ids": [run.id for run in runs]}
    first = operator.post("/runs/bulk", body, **{"Idempotency_Key": "k1"}).json()
    again = operator.post("/runs/bulk", body, **{"Idempotency_Key": "k1"}).json()
    assert first == again
    assert len({one["new_run_id"] for one in first["items"]}) == 2
    assert Run.objects.count() == 4


def test_deleting_many_is_for_admins_and_golden_runs_have_names_of_their_own(
    operator, admin, make_run
):
    runs = [make_run(), make_run(), make_run()]
    ids = [run.id for run in runs]
    golden = operator.post("/runs/bulk", {"action": "golden", "ids": ids[:2]}).json()
    assert golden["counts"]["done"] == 2
    body = {"action": "delete", "ids": ids}
    assert operator.post("/runs/bulk", body).status_code == 403
    told = admin.post("/runs/bulk", body).json()
    assert [one["code"] for one in told["items"]] == ["run-is-golden", "run-is-golden", ""]
    assert Run.objects.count() == 2
