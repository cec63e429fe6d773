"""Mark golden…, Check against golden…, Accept the new value… on the pages."""

import re
from datetime import datetime
from html import unescape

import pytest
from django.test import Client

from runs import ids
from runs.actor import SYSTEM
from runs.models import AuditEntry, Execution, Golden, Run
from runs.operations.delete_run import delete_run
from runs.operations.golden import accept_value, mark_golden
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


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"do": "mark", "name": "x" * 201}, "name"),
        ({"do": "mark", "name": "taken"}, "name"),
        ({"do": "mark", "tags": "t" * 51}, "tags"),
        ({"do": "mark", "note": "n" * 4001}, "note"),
        ({"do": "assertions", "assertions": "nodes: {a: {bend: 1}}"}, "assertions"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_marks_the_field(
    alice: Client, two: list[Run], sent: dict[str, str], field: str
) -> None:
    mark_golden(two[0].pk, "base", by=SYSTEM, tags=["old"], note="as it was")
    mark_golden(two[1].pk, "taken", by=SYSTEM)
    typed = {"name": "new", "tags": "a, b", "note": "typed", "assertions": "nodes: {b: ignore}"}
    page = f"/runs/{two[0].pk}/golden"
    refused = alice.post(page, {**typed, **sent})
    assert refused.status_code == 422
    text = unescape(refused.content.decode())
    for value in {**typed, **sent}.values():
        assert value in text or value == sent["do"], value
    assert re.findall(r'name="(\w+)"[^>]*aria-invalid', text) == [field]
    # Saving the rest now loses nothing.
    shown = {**typed, "do": "mark"}
    assert alice.post(page, shown).status_code == 302
    kept = Golden.objects.get(run=two[0])
    assert (kept.name, kept.tags, kept.note) == ("new", ["a", "b"], "typed")


def test_a_form_that_names_one_field_leaves_the_others_as_they_are(
    alice: Client, two: list[Run]
) -> None:
    mark_golden(two[0].pk, "base", by=SYSTEM, tags=["old"], note="as it was")
    page = f"/runs/{two[0].pk}/golden"
    refused = alice.post(page, {"do": "assertions", "assertions": "nodes: 5"})
    text = refused.content.decode()
    assert 'value="base"' in text
    assert 'value="old"' in text
    assert ">as it was</textarea>" in text
    alice.post(page, {"do": "mark", "name": "base"})
    kept = Golden.objects.get()
    assert (kept.tags, kept.note) == (["old"], "as it was")


def test_accepted_from_a_run_that_was_deleted_leads_nowhere(alice: Client, two: list[Run]) -> None:
    mark_golden(two[0].pk, "base", by=SYSTEM)
    accept_value(two[0].pk, two[1].pk, "a", "two is right", by=SYSTEM)
    page = f"/runs/{two[0].pk}/golden"
    assert f'href="/runs/{two[1].pk}?node=a"' in alice.get(page).content.decode()
    delete_run(two[1].pk, by=SYSTEM)
    text = alice.get(page).content.decode()
    assert two[1].pk in text
    assert f'href="/runs/{two[1].pk}' not in text
    assert "deleted" in text


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
