"""Export run, Import run…, and Clean up."""

import io
import zipfile
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs.models import AuditEntry, Run, User
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
    root: Client, now: datetime, run: Run
) -> None:
    old = [make_run("old", now, status="failed", took=1, ago=50 * 86_400) for _ in range(2)]
    text = root.get("/cleaning").content.decode()
    assert "Delete 2 runs" in text
    assert all(one.pk in text for one in old)
    assert run.pk not in text
    assert "MAVERICK_RETENTION_DAYS" in text
    assert Run.objects.count() == 3
    kept = root.get("/cleaning?older_than=30&keep=1").content.decode()
    assert "Delete 1 run<" in kept
    done = root.post("/cleaning", {"older_than": "30", "keep": "1"}, follow=True)
    assert "1 run and 0 large outputs (0 B) deleted." in done.content.decode()
    assert set(Run.objects.values_list("pk", flat=True)) == {run.pk, old[1].pk}
    assert AuditEntry.objects.filter(action="runs.gc").exists()
    assert "Nothing is that old." in root.get("/cleaning?older_than=400").content.decode()


def test_cleaning_is_for_admins(alice: Client, root: Client, run: Run) -> None:
    assert alice.get("/cleaning").status_code == 403
    assert alice.post("/cleaning", {"older_than": "0"}).status_code == 403
    assert "/cleaning" not in alice.get("/runs").content.decode()
    assert 'href="/cleaning"' in root.get("/runs").content.decode()
    assert Run.objects.count() == 1
