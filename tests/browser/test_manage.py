"""What a person does with the pages that manage: settings, forms, golden runs, audit log, places."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Errors, Shown, arrived, chord, ready, toast

pytestmark = pytest.mark.browser
Look = Callable[..., Page]
READS = """\
version: "1.0"
name: reads-facts
inputs:
  facts: {type: object}
steps:
  - {name: one, type: shell, run: "true"}
"""
# Two good runs of a workflow that reads a mapping, and more commands than fit a page.
SAMPLES = f"""
from django.utils import timezone
from runs.models import AuditEntry
from tests.browser.rows import make_run
now = timezone.now()
good = dict(yaml={READS!r}, took=1, status="succeeded", n_total=1, n_succeeded=1)
print(*(make_run("reads-facts", now, **good).pk for _ in range(2)))
AuditEntry.objects.bulk_create(
    AuditEntry(at=now, kind="user", who="pager", role="admin", action="run.note", target=f"t-{{n}}")
    for n in range(120)
)
"""
PLACES = {
    "r": ("/runs", "Runs"), "w": ("/workflows", "Workflows"), "a": ("/agents", "Agents"),
    "g": ("/runs?golden=yes", "Runs"), "v": ("/approvals", "Approvals"), "t": ("/tokens", "Tokens"),
    "u": ("/users", "Users"), "h": ("/webhooks", "Webhooks"), "c": ("/cleaning", "Clean up"),
    "l": ("/audit", "Audit log"), "s": ("/settings", "Settings"), "d": ("/docs", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(shown: Shown) -> list[str]:
    """The ids of two runs of `reads-facts` that succeeded."""
    return shown.site.run(SAMPLES).split()


def test_a_chosen_theme_comes_with_the_next_page(look: Look, shown: Shown) -> None:
    page = look("/approvals")
    expect(page.locator("[data-approvals] [data-count]")).to_have_text("1")
    with page.expect_response("**/settings") as answer:
        page.get_by_role("button", name="Switch theme").click()
    assert answer.value.status == 204
    sent = page.context.request.get(f"{shown.address}/docs").text()
    assert 'data-theme="dark"' in sent.partition("<head>")[0]
    page.goto(f"{shown.address}/settings")
    expect(page.get_by_label("Dark", exact=True)).to_be_checked()
    # What is kept on the server goes before what this browser remembers.
    page.get_by_label("Light", exact=True).check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_changes_as_json_are_previewed_while_one_types(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}/fork")
    page.get_by_text("Changes as JSON").click()
    box = page.locator("[data-json]")
    box.fill('{"topic": ')
    expect(page.locator("[data-side]")).to_contain_text("Changes as JSON: Expecting value")
    box.fill('{"topic": "Dark mode"}')
    expect(page.locator("[data-side] .json")).to_contain_text("Dark mode")
    expect(page.locator("[data-side]")).to_contain_text("Input topic changed")


def test_a_name_is_taken_from_the_golden_run_that_has_it(
    look: Look, shown: Shown, good: list[str], errors: Errors
) -> None:
    first, second = good
    page = look(f"/runs/{first}/golden")
    page.get_by_label("Name").fill("the best")
    page.get_by_role("button", name="Mark golden").click()
    toast(page, first, "is golden")
    page.get_by_label("Tags").fill("weekly")
    page.get_by_label("Note").fill("Looked at by ann.")
    page.get_by_role("button", name="Save", exact=True).click()
    toast(page, first)
    expect(page.get_by_label("Tags")).to_have_value("weekly")
    page.goto(f"{shown.address}/runs/{second}/golden")
    name, take = page.locator("#g-name"), page.get_by_label("Take the name, and its assertions")
    expect(take).to_have_count(0)
    name.fill("the best")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(first)
    expect(name).to_have_attribute("aria-invalid", "true")
    errors.meant(422)
    take.check()
    page.get_by_role("button", name="Mark golden").click()
    toast(page, second, "is golden")
    page.goto(f"{shown.address}/runs?workflow=reads-facts")
    expect(page.locator(f"#row-{second} .chip-golden")).to_have_count(1)
    expect(page.locator(f"#row-{first} .chip-golden")).to_have_count(0)
    # Checked against it, chosen by its name: the other run is measured by the one that took it.
    page.goto(f"{shown.address}/runs/{first}/check")
    page.get_by_label("Against").select_option("golden:the best")
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url("**against=golden**")
    expect(page.locator(".check-told")).to_contain_text("the best")


def test_an_input_is_read_from_a_file(
    look: Look, shown: Shown, good: list[str], errors: Errors, tmp_path: Path
) -> None:
    page = look("/workflows/reads-facts/run")
    file = tmp_path / "facts.json"
    file.write_text('{"owls": ')
    page.get_by_text("From a file").click()
    page.get_by_label("facts from a file").set_input_files(file)
    page.get_by_role("button", name="Start run").click()
    expect(page.locator(".wrong")).to_be_visible()
    field = page.get_by_role("textbox", name="facts")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value('{"owls": ')
    errors.meant(422)
    # It can be mended in its place; or in the file, which goes before the field.
    file.write_text('{"owls": 2}')
    page.get_by_text("From a file").click()
    page.get_by_label("facts from a file").set_input_files(file)
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url("**/runs/run_*")
    run = page.url.rpartition("/")[2]
    found = page.request.get(f"{shown.address}/api/v1/runs/{run}").json()
    assert found["inputs"] == {"facts": {"owls": 2}}


def test_runs_are_labelled_together(
    look: Look, shown: Shown, good: list[str], errors: Errors
) -> None:
    page = look("/runs?workflow=reads-facts")
    bar = page.locator("[data-bulk]")

    def label() -> None:
        ready(page)
        for one in good:
            page.get_by_label(f"Select {one}").check()
        bar.get_by_role("button", name="Label…").click()
        expect(page.locator("h1")).to_have_text("Label 2 runs")

    label()
    text = page.get_by_label("Labels to set or take away")
    expect(text).to_be_focused()
    text.fill("team=owls\nnothing")
    page.get_by_role("button", name="Label 2 runs").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(text).to_have_value("team=owls\nnothing")
    errors.meant(422)
    text.fill("team=owls")
    page.get_by_role("button", name="Label 2 runs").click()
    toast(page, "2 runs labelled.")
    label()
    expect(page.locator(".label-list")).to_contain_text("owls")
    page.get_by_role("link", name="Keep them as they are").click()
    page.wait_for_url("**/runs?workflow=reads-facts")
    label()
    text.fill("team-")
    page.get_by_role("button", name="Label 2 runs").click()
    toast(page, "2 runs labelled.")
    found = page.request.get(f"{shown.address}/api/v1/runs/{good[0]}").json()
    assert found["labels"] == {}
    ready(page)
    page.get_by_label(f"Select {good[0]}").check()
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()


def test_pages_of_the_audit_log_are_turned_and_come_back(look: Look, good: list[str]) -> None:
    page = look("/audit?who=pager")
    rows = page.locator("table.audit tbody tr")
    expect(rows.first).to_contain_text("t-119")
    for first in ("t-69", "t-19"):
        page.get_by_role("link", name="Older").click()
        expect(rows.first).to_contain_text(first)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    assert "who=pager" in page.url
    page.go_back()
    expect(rows.first).to_contain_text("t-69")
    page.get_by_role("link", name="Newest").click()
    expect(rows.first).to_contain_text("t-119")
    assert "before=" not in page.url
    page.locator(".c-who a").first.click()
    page.wait_for_url("**/audit?who=pager")
    page.get_by_role("link", name="Clear", exact=True).click()
    page.wait_for_url(re.compile(r"/audit$"))


def test_every_place_has_its_keys_and_can_be_skipped_to(look: Look, shown: Shown) -> None:
    page = look("/docs")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.locator("[data-places] div")).to_have_count(len(PLACES))
    keys.get_by_role("button", name="Close").click()
    expect(keys).to_be_hidden()
    for key, (path, title) in PLACES.items():
        chord(page, f"g{key}")
        arrived(page, f"{shown.address}{path}")
        expect(page.locator("h1").first).to_contain_text(title)
    page.goto(f"{shown.address}/agents")
    ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    # From any page to a run: the search above it.
    page.keyboard.press("/")
    page.keyboard.type(shown.failed)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs?q={shown.failed}")
    expect(page.locator(f"#row-{shown.failed}")).to_be_visible()

    phone = look("/agents", width=390)
    button = phone.get_by_role("button", name="Menu")
    button.tap()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(phone.locator(".nav a").first).to_be_focused()
    phone.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    button.tap()
    phone.locator(".nav").get_by_role("link", name="Tokens").tap()
    phone.wait_for_url("**/tokens")


def test_docs_and_the_api_are_walked_and_an_agent_is_called_with_json(
    look: Look, shown: Shown, errors: Errors
) -> None:
    page = look("/docs")
    page.get_by_role("navigation", name="All documents").get_by_role("link").nth(2).click()
    page.wait_for_url("**/docs/**")
    page.get_by_role("navigation", name="On this page").get_by_role("link").last.click()
    expect(page.locator(":target")).to_be_in_viewport()
    page.get_by_role("link", name="The API's operations").click()
    page.wait_for_url("**/api/v1/docs")
    page.get_by_role("navigation", name="Operations").get_by_role("link", name="Errors").click()
    expect(page.locator("#errors")).to_be_in_viewport()
    answer = page.locator("article details").first
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(answer.locator("table").first).to_be_visible()

    page.goto(f"{shown.address}/agents/mailer")
    page.get_by_label("Input").fill('{"to": ')
    page.locator(".reasoner").first.get_by_role("button", name="Call").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Input")).to_have_value('{"to": ')
    errors.meant(422)
    page.get_by_label("Input").fill('{"to": "ann"}')
    page.locator(".reasoner").first.get_by_role("button", name="Call").click()
    page.wait_for_url("**/runs/run_*")
    toast(page, "started.")
    # It is open now, and nobody serves it: to remove the agent is to let it fail, which is ticked.
    page.goto(f"{shown.address}/agents/mailer/remove")
    expect(page.locator(".ask .reason")).to_contain_text("open")
    page.get_by_role("button", name="Remove agent").click()
    expect(page.locator("input:invalid")).to_have_count(1)
    page.get_by_role("link", name="Keep it").click()
    page.wait_for_url("**/agents/mailer")
