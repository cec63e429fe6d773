"""The bar under the list: for ticked runs, for all that match, and it asks when something is lost."""

from datetime import datetime

from django.test import Client

from runs.models import Run, User
from tests.browser.rows import make_run


def test_ticked_runs_are_cancelled_and_refusals_told(
    alice: Client, charlie: Client, now: datetime
) -> None:
    open_ = make_run("fly", now, status="queued")
    over = make_run("fly", now, status="succeeded", took=1)
    form = {"action": "cancel", "ids": [open_.pk, over.pk], "query": "?workflow=fly"}
    assert charlie.post("/runs/bulk", form).status_code == 403
    answer = alice.post("/runs/bulk", form)
    assert answer.headers["Location"] == "/runs?workflow=fly"
    assert Run.objects.get(pk=open_.pk).status == "cancelled"
    text = alice.get("/runs").content.decode()
    assert "1 run cancelled. 1 refused" in text
    assert alice.post("/runs/bulk", {"action": "cancel"}).status_code == 302
    assert alice.post("/runs/bulk", {"action": "odd", "ids": [over.pk]}).status_code == 302


def test_all_that_match_are_asked_for_first(alice: Client, now: datetime) -> None:
    for _ in range(30):
        make_run("fly", now, status="queued")
    make_run("other", now, status="queued")
    form = {"action": "pause", "all": "1", "query": "?workflow=fly", "ids": []}
    text = alice.post("/runs/bulk", form).content.decode()
    assert "Pause 30 runs?" in text
    assert not Run.objects.filter(status="paused").exists()
    ids = list(Run.objects.filter(workflow_name="fly").values_list("pk", flat=True))
    alice.post("/runs/bulk", {"action": "pause", "ids": ids, "sure": "1", "query": "?workflow=fly"})
    assert Run.objects.filter(status="paused").count() == 30


def test_deleting_asks_and_is_for_admins(alice: Client, now: datetime) -> None:
    run = make_run("fly", now, status="succeeded", took=1)
    form = {"action": "delete", "ids": [run.pk]}
    alice.post("/runs/bulk", form)
    assert Run.objects.filter(pk=run.pk).exists()
    admin = Client()
    admin.force_login(User.objects.create_user("root", role="admin"))
    assert "Delete 1 run?" in admin.post("/runs/bulk", form).content.decode()
    assert Run.objects.filter(pk=run.pk).exists()
    admin.post("/runs/bulk", {**form, "sure": "1"})
    assert not Run.objects.filter(pk=run.pk).exists()


def test_who_only_looks_may_tick_two_rows_to_compare_them_and_nothing_else(
    alice: Client, charlie: Client, now: datetime
) -> None:
    one, two = (make_run("fly", now, status="succeeded", took=1) for _ in range(2))
    assert 'name="action"' in alice.get("/runs").content.decode()
    text = charlie.get("/runs").content.decode()
    assert "data-pick" in text
    assert "data-pick" in charlie.get(f"/runs?part=rows&ids={one.pk}").content.decode()
    assert 'data-do="compare"' in text
    assert 'name="action"' not in text
    assert 'aria-disabled="true" title="Only operators label runs"' in text
    assert "/runs/bulk" not in text
    # Without scripts the form itself leads there.
    assert 'action="/compare"' in text
    answer = charlie.get(f"/compare?ids={two.pk}&ids={one.pk}")
    assert answer["Location"] == f"/runs/{one.pk}/compare/{two.pk}"


def test_all_without_a_filter_is_refused_unless_it_is_meant(alice: Client, now: datetime) -> None:
    """An unknown filter is dropped from the address, and then nothing would be filtered."""
    run = make_run("fly", now, status="queued")
    for query in ("", "?status=odd", "?before=run_x"):
        form = {"action": "cancel", "all": "1", "query": query}
        assert alice.post("/runs/bulk", form).status_code == 302
        assert "No filter is set" in alice.get("/runs").content.decode()
        assert alice.post("/runs/bulk", {**form, "sure": "1"}).status_code == 302
    assert Run.objects.get(pk=run.pk).status == "queued"
    meant = {"action": "cancel", "all": "every", "query": ""}
    assert "Cancel 1 run?" in alice.post("/runs/bulk", meant).content.decode()
    assert "data-filtered" not in alice.get("/runs").content.decode()
    assert "data-filtered" in alice.get("/runs?workflow=fly").content.decode()


def test_two_selections_of_one_page_are_two_requests(alice: Client, now: datetime) -> None:
    """The key is drawn with the page; going back and ticking others is no second press."""
    runs = [make_run("fly", now, status="queued") for _ in range(2)]
    for run in runs:
        form = {"action": "cancel", "key": "drawn-once", "ids": [run.pk]}
        alice.post("/runs/bulk", form)
        alice.post("/runs/bulk", form)
    assert Run.objects.filter(status="cancelled").count() == 2


def test_ticked_runs_get_labels_and_keep_their_others(
    alice: Client, charlie: Client, now: datetime
) -> None:
    hostile = {"<b>env": "staging", "team": "płatności"}
    runs = [make_run("fly", now, status="queued", labels=hostile) for _ in range(2)]
    form = {"action": "label", "ids": [run.pk for run in runs], "query": "?workflow=fly"}
    assert charlie.post("/runs/bulk", form).status_code == 403
    text = alice.post("/runs/bulk", form).content.decode()
    assert "Label 2 runs" in text
    assert "&lt;b&gt;env" in text
    assert "on 2" in text
    wrong = alice.post("/runs/bulk", {**form, "sure": "1", "labels": "gate=\nwhat is this"})
    assert wrong.status_code == 422
    assert "write name=value" in wrong.content.decode()
    assert "gate=\nwhat is this" in wrong.content.decode()
    sure = {**form, "sure": "1", "labels": "gate = open\n<b>env-\n", "key": "k"}
    assert alice.post("/runs/bulk", sure)["Location"] == "/runs?workflow=fly"
    assert "2 runs labelled." in alice.get("/runs").content.decode()
    assert Run.objects.get(pk=runs[0].pk).labels == {"team": "płatności", "gate": "open"}
