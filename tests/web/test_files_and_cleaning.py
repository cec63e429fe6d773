"""Export run, Import run…, and Clean up."""

import io
import zipfile
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs.actor import SYSTEM
from runs.models import AuditEntry, Run, User
from runs.operations.golden import mark_golden
from runs.web.pages import cleaning
from tests.browser.rows import add, make_run


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


@pytest.fixture
def run(db: None, now: datetime) -> Run:
    made = make_run("fly", now, status="succeeded", took=2, n_total=1, n_succeeded=1)
    add(made, "one", "shell", "succeeded", now, took=1)
    return made


def exported(client: Client, run: Run) -> bytes:
    """What the menu's link gives."""
    text = client.get(f"/runs/{run.pk}").content.decode()
    link = f"/api/v1/runs/{run.pk}/export"
    assert f'href="{link}" download' in text
    assert f'href="{link}" download' in client.get("/runs").content.decode()
    answer = client.get(link)
    assert answer["Content-Disposition"] == f'attachment; filename="{run.pk}.zip"'
    return b"".join(answer)  # type: ignore[arg-type]


def test_a_run_is_exported_from_its_menu_and_imported_on_a_page(
    alice: Client, root: Client, run: Run
) -> None:
    file = exported(alice, run)
    assert zipfile.is_zipfile(io.BytesIO(file))
    assert 'href="/runs/import"' in alice.get("/runs").content.decode()
    sent = {"file": SimpleUploadedFile("run.zip", file)}
    there = alice.post("/runs/import", sent)
    assert there.status_code == 409
    assert "is here already" in there.content.decode()
    root.post(f"/runs/{run.pk}/delete")
    made = alice.post("/runs/import", {"file": SimpleUploadedFile("run.zip", file)})
    assert made["Location"] == f"/runs/{run.pk}"
    again = alice.post(
        "/runs/import", {"file": SimpleUploadedFile("run.zip", file), "new_id": "1"}, follow=True
    )
    assert "is imported." in again.content.decode()
    assert Run.objects.count() == 2


def test_a_file_that_is_none_is_refused_and_said(alice: Client) -> None:
    assert alice.get("/runs/import").status_code == 200
    assert alice.post("/runs/import", {}).status_code == 422
    assert alice.post("/runs/import", {"file": "text"}).status_code == 422
    sent = {"file": SimpleUploadedFile("x.zip", b"no zip")}
    answer = alice.post("/runs/import", sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Run.objects.count() == 0


def test_who_only_looks_imports_nothing(charlie: Client, run: Run) -> None:
    assert charlie.get("/runs/import").status_code == 403
    assert charlie.post("/runs/import").status_code == 403
    assert "/runs/import" not in charlie.get("/runs").content.decode()


def test_cleaning_counts_first_and_deletes_by_its_button(
    root: Client, now: datetime, run: Run, django_assert_max_num_queries: object
) -> None:
    ago = 50 * 86_400
    old = [make_run("old", now, status="failed", took=1, ago=ago) for _ in range(2)]
    add(old[0], "a", "python", "succeeded", now, output_size=2048)
    best = make_run("best", now, status="succeeded", took=1, ago=ago)
    mark_golden(best.pk, "the <best>", by=SYSTEM)
    root.get("/cleaning")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        text = root.get("/cleaning").content.decode()
    going, _, staying = text.partition("Golden, and stays")
    row = going.partition(f">{old[0].pk}<")[2].partition("</tr>")[0]
    for said in ("Failed", "49 d ago", ">0<", "2.0 KB"):
        assert said in row, said
    assert going.count('<th scope="row">old</th>') == 2
    assert best.pk not in going
    assert "the &lt;best&gt;" in staying
    assert "Delete 2 runs" in text
    assert all(one.pk in text for one in old)
    assert run.pk not in text
    assert "MAVERICK_RETENTION_DAYS" in text
    assert Run.objects.count() == 4
    kept = root.get("/cleaning?older_than=30&keep=1").content.decode()
    assert "Delete 1 run<" in kept
    done = root.post("/cleaning", {"older_than": "30", "keep": "1"}, follow=True)
    assert "1 run and 0 large outputs (0 B) deleted." in done.content.decode()
    assert set(Run.objects.values_list("pk", flat=True)) == {run.pk, old[1].pk, best.pk}
    assert AuditEntry.objects.filter(action="runs.gc").exists()
    assert "Nothing is that old." in root.get("/cleaning?older_than=400").content.decode()


def test_golden_runs_of_another_age_are_not_counted_and_those_left_out_are(
    root: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "SHOWN", 2)
    for days in (0, 50, 60, 70):
        made = make_run("best", now, status="succeeded", took=1, ago=days * 86_400)
        mark_golden(made.pk, f"good {days}", by=SYSTEM)
    told = "<dt>Golden runs of that age, which stay</dt><dd>{}</dd>"
    text = root.get("/cleaning").content.decode()
    assert told.format(3) in text
    staying = text.partition("Golden, and stays")[2]
    assert [f"good {days}" in staying for days in (0, 50, 60, 70)] == [False, False, True, True]
    assert "And 1 more." in staying
    text = root.get("/cleaning?older_than=55").content.decode()
    assert (told.format(2) in text, "more." in text) == (True, False)
    text = root.get("/cleaning?older_than=400").content.decode()
    assert (told.format(0) in text, "Golden, and stays" in text) == (True, False)


def test_cleaning_is_for_admins(alice: Client, root: Client, run: Run) -> None:
    assert alice.get("/cleaning").status_code == 403
    assert alice.post("/cleaning", {"older_than": "0"}).status_code == 403
    assert "/cleaning" not in alice.get("/runs").content.decode()
    assert 'href="/cleaning"' in root.get("/runs").content.decode()
    assert Run.objects.count() == 1
