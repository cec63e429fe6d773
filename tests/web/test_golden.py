"""Mark golden…, Check against golden…, Accept the new value… on the pages."""

from datetime import datetime

import pytest
from django.test import Client

from runs import ids
from runs.actor import SYSTEM
from runs.models import AuditEntry, Execution, Golden, Run
from runs.operations.golden import mark_golden
from tests.browser.rows import make_run

HOSTILE = "</textarea><script>x</script>"


@pytest.fixture
def two(db: None, now: datetime) -> list[Run]:
    runs = [make_run("fly", now, status="succeeded", took=1) for _ in range(2)]
    for n, run in enumerate(runs):
        Execution.objects.create(
            id=ids.execution_id(), run=run, path="a", name="a", type="shell",
            status="succeeded", created_at=now, output={"v": n},
        )  # fmt: skip
    return runs


def test_a_run_is_marked_noted_and_unmarked(alice: Client, charlie: Client, two: list[Run]) -> None:
    run = two[0]
    page = f"/runs/{run.pk}/golden"
    assert 'value="fly"' in alice.get(page).content.decode()
    form = {"do": "mark", "name": "base", "tags": "a, b", "note": HOSTILE}
    assert charlie.post(page, form).status_code == 403
    assert alice.post(page, form).status_code == 302
    kept = Golden.objects.get()
    assert (kept.name, kept.tags, kept.note) == ("base", ["a", "b"], HOSTILE)
    text = alice.get(page).content.decode()
    assert HOSTILE not in text
    assert "Golden run" in text
    assert "Unmark" not in charlie.get(page).content.decode()
    alice.post(page, {"do": "unmark"})
    assert not Golden.objects.exists()


def test_a_name_that_is_taken_may_be_taken_over(alice: Client, two: list[Run]) -> None:
    mark_golden(two[0].pk, "base", by=SYSTEM)
    page = f"/runs/{two[1].pk}/golden"
    refused = alice.post(page, {"do": "mark", "name": "base", "tags": "", "note": ""})
    assert refused.status_code == 422
    assert 'name="replace"' in refused.content.decode()
    alice.post(page, {"do": "mark", "name": "base", "tags": "", "note": "", "replace": "1"})
    assert Golden.objects.get().run_id == two[1].pk


def test_assertions_with_a_fault_are_told_and_what_was_typed_stays(
    alice: Client, two: list[Run]
) -> None:
    mark_golden(two[0].pk, "base", by=SYSTEM)
    page = f"/runs/{two[0].pk}/golden"
    refused = alice.post(page, {"do": "assertions", "assertions": "nodes: {a: {bend: 1}}"})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "There is no assertion `bend`" in text
    assert "nodes: {a: {bend: 1}}" in text
    alice.post(page, {"do": "assertions", "assertions": "nodes: {a: ignore}"})
    assert Golden.objects.get().assertions == {"version": 1, "nodes": {"a": "ignore"}}
    alice.post(page, {"do": "assertions", "assertions": "  "})
    assert Golden.objects.get().assertions is None


def test_a_check_is_shown_and_a_new_value_accepted(
    alice: Client, charlie: Client, two: list[Run]
) -> None:
    base, other = two
    page = f"/runs/{other.pk}/check"
    assert "No golden run" in alice.get(page).content.decode()
    mark_golden(base.pk, "base", by=SYSTEM)
    text = alice.get(page).content.decode()
    assert "is not equal" in text
    assert "Accept the new value" in text
    assert "Accept the new value" not in charlie.get(page).content.decode()
    there = f"{page}/accept?against=golden%3Abase"
    assert charlie.post(there, {"path": "a", "reason": "x"}).status_code == 403
    alice.post(there, {"path": "a", "reason": " "})
    assert "is not equal" in alice.get(page).content.decode()
    alice.post(there, {"path": "a", "reason": "new wording"})
    text = alice.get(page).content.decode()
    assert "Passed" in text
    assert "accepted value" in text
    assert AuditEntry.objects.get(action="golden.accept").data["reason"] == "new wording"
    assert alice.get(f"{page}?against=golden:none").status_code == 404


def test_the_menus_lead_there(alice: Client, two: list[Run]) -> None:
    for page in ("/runs", f"/runs/{two[0].pk}"):
        text = alice.get(page).content.decode()
        assert "Mark golden…" in text
        assert f"/runs/{two[0].pk}/check" in text
