"""POST /runs/bulk: one action for many runs, each with its result."""

import pytest

from runs.models import AuditEntry, Golden, IdempotencyRecord, Run
from tests.api.conftest import T0


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


STATUSES = ("queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout")
ASKS = """\
version: "1.0"
name: asks
steps:
  - {name: a, type: shell, run: echo a, effect: ask}
"""


@pytest.mark.parametrize("action", ["restart", "cancel", "pause", "resume", "golden", "delete"])
def test_a_dry_run_says_what_the_act_then_answers(admin, make_run, make_execution, action):
    """Deletions of golden runs, and of those that others still use, were announced as done."""
    runs = []
    for status in STATUSES:
        over = status in STATUSES[4:]
        runs.append(make_run(status=status, finished_at=T0 if over else None))
    runs.append(make_run(golden_name="kept"))
    Golden.objects.create(run=runs[-1], name="kept", created_at=T0)
    used = make_run()
    make_run(source=used, kind="fork", status="running", finished_at=None)
    asks = make_run("asks")
    type(asks.version).objects.filter(pk=asks.version_id).update(source=ASKS)
    make_execution(asks, "a")
    ids = [one.id for one in [*runs, used, asks]] + ["run_00000000000000"]
    body = {"action": action, "ids": ids}
    dry = admin.post("/runs/bulk", {**body, "dry_run": True}).json()
    act = admin.post("/runs/bulk", body).json()
    told = [[(i["run_id"], i["outcome"], i["code"]) for i in one["items"]] for one in (dry, act)]
    assert told[0] == told[1]
    assert all(one["message"] for one in dry["items"] if one["outcome"] == "refused")


def test_a_run_that_stays_is_told_alike_everywhere(admin, make_run):
    golden = make_run(golden_name="v1", finished_at=T0)
    used = make_run(finished_at=T0)
    make_run(source=used, kind="fork", status="waiting", finished_at=None)
    open_ = make_run(status="paused", finished_at=None)
    for run, code in (
        (golden, "run-is-golden"), (used, "run-in-use"), (open_, "run-not-over"),
    ):  # fmt: skip
        refused = admin("DELETE", f"/runs/{run.id}").json()
        bulk = admin.post("/runs/bulk", {"action": "delete", "ids": [run.id], "dry_run": True})
        assert (refused["code"], bulk.json()["items"][0]["code"]) == (code, code)
        assert bulk.json()["items"][0]["message"] == refused["detail"]
        assert admin.get(f"/runs/{run.id}/deletion").json()["refused"].startswith(refused["detail"])
    body = {"older_than_days": 0, "keep": 0, "dry_run": True}
    assert not {golden.id, used.id, open_.id} & set(admin.post("/gc", body).json()["ids"])


@pytest.mark.parametrize("action", ["restart", "cancel", "pause", "resume", "golden", "delete"])
def test_the_reason_is_kept_with_the_run_and_in_the_audit_log(admin, make_run, action):
    status = {"cancel": "queued", "pause": "queued", "resume": "paused"}.get(action, "succeeded")
    run = make_run(status=status)
    body = {"action": action, "ids": [run.id], "reason": "for a reason"}
    done = admin.post("/runs/bulk", body).json()
    assert done["counts"]["done"] == 1, done
    entry = AuditEntry.objects.latest("pk")
    assert entry.data["reason"] == "for a reason"
    if action == "restart":
        assert Run.objects.get(pk=done["items"][0]["new_run_id"]).reason == "for a reason"


def test_a_long_key_makes_one_restart_for_each_run(operator, make_run):
    runs = [make_run() for _ in range(3)]
    body = {"action": "restart", "ids": [run.id for run in runs]}
    for key in ("k" * 255, "k" * 250):
        first = operator.post("/runs/bulk", body, Idempotency_Key=key).json()
        assert first["counts"]["done"] == 3, first
        again = operator.post("/runs/bulk", body, Idempotency_Key=key).json()
        assert first == again
    assert Run.objects.count() == 9


def test_a_key_with_another_body_is_refused_everywhere(operator, make_run):
    runs = [make_run(), make_run()]
    open_ = make_run(status="queued", finished_at=None)
    body = {"action": "restart", "ids": [runs[0].id]}
    operator.post("/runs/bulk", body, Idempotency_Key="one")
    others = [
        {**body, "ids": [runs[1].id]},
        {**body, "reason": "other"},
        {"action": "cancel", "ids": [runs[0].id]},
        {"action": "restart", "filter": {"workflow": "hello"}},
        {"action": "restart", "all": True},
    ]
    for other in others:
        refused = operator.post("/runs/bulk", other, Idempotency_Key="one")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")
    text = {"definition": ASKS}
    for path, sent in (
        ("/runs", text),
        (f"/runs/{runs[0].id}/restart", {}),
        (f"/runs/{runs[0].id}/restart", {"fork": True, "context": {"a": 1}}),
    ):
        refused = operator.post(path, sent, Idempotency_Key="one")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch"), path
    for path, sent, key in (("/runs", text, "two"), (f"/runs/{runs[0].id}/restart", {}, "three")):
        assert operator.post(path, sent, Idempotency_Key=key).status_code == 201
        cancel = {"action": "cancel", "ids": [open_.id]}
        refused = operator.post("/runs/bulk", cancel, Idempotency_Key=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")
    one = operator.post(f"/runs/{runs[1].id}/restart", {}, Idempotency_Key="three")
    assert (one.status_code, one.json()["code"]) == (422, "idempotency-mismatch"), "another target"
    fork = operator.post(f"/runs/{runs[0].id}/restart", {"fork": True}, Idempotency_Key="three")
    assert (fork.status_code, fork.json()["code"]) == (422, "idempotency-mismatch")
    assert Run.objects.get(pk=open_.pk).status == "queued"


def test_the_same_key_and_filter_means_the_runs_that_it_found_first(operator, make_run):
    first = make_run(status="queued", finished_at=None)
    body = {"action": "cancel", "filter": {"status": ["queued"]}}
    answer = operator.post("/runs/bulk", body, Idempotency_Key="f").json()
    later = make_run(status="queued", finished_at=None)
    assert operator.post("/runs/bulk", body, Idempotency_Key="f").json() == answer
    assert [one["run_id"] for one in answer["items"]] == [first.id]
    assert Run.objects.get(pk=later.pk).status == "queued"


def test_a_request_that_was_cut_off_goes_on_under_its_key(operator, make_run):
    """As after a kill between two runs: the record is there, the answer is not."""
    runs = [make_run(), make_run()]
    body = {"action": "restart", "ids": [run.id for run in runs]}
    answer = operator.post("/runs/bulk", body, Idempotency_Key="cut").json()
    record = IdempotencyRecord.objects.get(run=None)
    record.answer = {"ids": body["ids"], "result": None}
    record.save()
    assert operator.post("/runs/bulk", body, Idempotency_Key="cut").json() == answer
    assert Run.objects.count() == 4


@pytest.mark.parametrize(
    "chosen",
    [
        {"filter": {}},
        {"filter": {"status": [], "text": "  "}},
        {"all": False},
        {"all": True, "ids": []},
        {"all": True, "filter": {"status": ["queued"]}},
        {"ids": [], "filter": {"status": ["queued"]}},
    ],
)
def test_no_filter_is_not_every_run(operator, make_run, chosen):
    run = make_run(status="queued", finished_at=None)
    refused = operator.post("/runs/bulk", {"action": "cancel", **chosen})
    assert refused.status_code == 422, refused.json()
    assert Run.objects.get(pk=run.pk).status == "queued"


def test_every_run_is_named_on_purpose(operator, make_run):
    for _ in range(2):
        make_run(status="queued", finished_at=None)
    done = operator.post("/runs/bulk", {"action": "cancel", "all": True, "filter": {}}).json()
    assert done["counts"]["done"] == 2


def test_labels_are_set_and_taken_away_on_many_runs_and_the_others_stay(operator, viewer, make_run):
    one = make_run(labels={"env": "staging", "old": "1"})
    same = make_run(labels={"env": "prod"})
    full = make_run(labels={f"k{n}": "" for n in range(50)})
    ids = [one.id, same.id, full.id, "run_00000000000000"]
    body = {"action": "label", "ids": ids, "labels": {"env": "prod", "old": None}}
    assert viewer.post("/runs/bulk", body).status_code == 403
    dry = operator.post("/runs/bulk", {**body, "dry_run": True}).json()
    assert dry["counts"] == {"done": 1, "unchanged": 1, "refused": 2}
    done = operator.post("/runs/bulk", body, **{"Idempotency_Key": "k9"}).json()
    assert done == operator.post("/runs/bulk", body, **{"Idempotency_Key": "k9"}).json()
    told = [[(i["outcome"], i["code"]) for i in found["items"]] for found in (dry, done)]
    assert told[0] == told[1]
    other = {**body, "labels": {"env": "test"}}
    assert operator.post("/runs/bulk", other, **{"Idempotency_Key": "k9"}).status_code == 422
    assert Run.objects.get(pk=one.id).labels == {"env": "prod"}
    assert list(AuditEntry.objects.values_list("action", "target")) == [("run.labels", one.id)]
    for wrong in (dict[str, str](), None, {"k" * 64: "v"}):
        assert operator.post("/runs/bulk", {**body, "labels": wrong}).status_code == 422
    stray = {"action": "cancel", "ids": ids, "labels": {"a": "b"}}
    assert operator.post("/runs/bulk", stray).status_code == 422
