"""What a person does in the panel of a step, with a preview's reasons, and with notes: over rows only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Errors, Shown, ready, toast

pytestmark = pytest.mark.browser
Look = Callable[..., Page]


def test_what_a_step_has_is_copied_taken_away_and_followed_to_its_source(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.running}?node=plan")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = page.locator(".panel")

    def copied(name: str) -> str:
        button = panel.get_by_role("button", name=name)
        button.click()
        expect(panel.get_by_role("button", name="Copied")).to_be_visible()
        expect(panel.get_by_role("button", name="Copied")).to_have_count(0)
        return str(page.evaluate("navigator.clipboard.readText()"))

    assert copied("Copy exec_").startswith("exec_")
    output = json.loads(copied("Copy output"))
    with page.expect_download() as saved:
        panel.get_by_role("link", name="Download output").click()
    assert json.loads(Path(saved.value.path()).read_text()) == output
    # Where it comes from: the step of the source run, and the line that declares it.
    panel.get_by_role("link", name=f"{shown.failed}/plan").first.click()
    page.wait_for_url(f"**/runs/{shown.failed}?node=plan")
    line = panel.locator("dd a[href*='#L']")
    number = (line.get_attribute("href") or "").rpartition("#")[2]
    line.click()
    page.wait_for_url(f"**/versions/*#{number}")
    expect(page.locator(":target")).to_contain_text("plan")

    # The sheet of a phone is drawn up to full height and back, and let go.
    phone = look(f"/runs/{shown.failed}?node=plan", width=390)
    sheet = phone.locator(".panel")
    low = sheet.bounding_box()
    assert low is not None
    sheet.tap(position={"x": low["width"] / 2, "y": 6})
    expect(sheet).to_have_attribute("data-full", "")
    high = sheet.bounding_box()
    assert high is not None
    assert high["height"] > low["height"]
    sheet.tap(position={"x": low["width"] / 2, "y": 6})
    expect(sheet).not_to_have_attribute("data-full", "")
    sheet.get_by_label("Close panel").tap()
    expect(sheet).to_be_hidden()


def test_the_reasons_of_a_preview_are_shown_hidden_and_lead_to_their_steps(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.failed}/restart")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = page.locator(".panel")
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()")
    more = panel.locator(".more")
    expect(more.locator("li").last).to_be_hidden()
    more.get_by_text("Show 20 more").focus()
    page.keyboard.press("Enter")
    expect(more.locator("li").filter(visible=True)).to_have_count(20)
    more.locator("li a").last.click()  # a turn: its loop is drawn
    expect(page.locator(".node[aria-current=true]")).to_have_count(1)
    expect(more.locator("li").last).to_be_visible()
    panel.locator(".decisions a").last.click()
    expect(page.locator(".node[aria-current=true]")).to_have_count(1)
    expect(panel.locator("li[aria-current=true]")).to_have_count(1)
    why = page.get_by_role("button", name="Why")
    expect(why).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(why).to_have_attribute("aria-pressed", "false")
    expect(panel).to_be_hidden()
    why.click()
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close panel").click()
    expect(panel).to_be_hidden()
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/runs/{shown.failed}")


def test_notes_are_changed_and_never_written_over_unseen(
    look: Look, shown: Shown, errors: Errors
) -> None:
    address = f"/runs/{shown.undone}?tab=notes"
    page, other = look(address), look(address)
    for one in (page, other):
        one.locator(".notes section", has_text="Notes").first.get_by_role(
            "link", name="Write"
        ).click()
    text = page.get_by_label("Notes in Markdown")
    expect(text).to_be_focused()
    text.fill("*mine*")
    page.get_by_role("button", name="Save notes").click()
    toast(page, "Notes saved.")
    other.get_by_label("Notes in Markdown").fill("theirs")
    other.get_by_role("button", name="Save notes").click()
    expect(other.get_by_role("alert")).to_be_visible()
    expect(other.get_by_label("Notes in Markdown")).to_have_value("theirs")
    expect(other.locator(".prose em")).to_have_text("mine")
    errors.meant(422)
    other.get_by_role("link", name="Cancel").click()
    expect(other.locator(".prose em")).to_have_text("mine")
    ready(page)
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Notes in Markdown").fill("")
    page.get_by_role("button", name="Save notes").click()
    expect(page.get_by_role("heading", name="No notes")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_a_toast_is_in_sight_and_covers_no_button_of_the_panel(
    look: Look, shown: Shown, width: int
) -> None:
    page = look(f"/runs/{shown.failed}?node=plan", width=width)
    expect(page.locator(".panel-foot .btn").first).to_be_visible()
    page.evaluate(
        "() => import(document.querySelector('link[href*=\"js/toasts.\"]').href)"
        ".then(({ tell }) => { tell('Something was said.', null, true); })"
    )
    found = page.evaluate(
        """() => [...document.querySelectorAll('.toast, .panel-foot .btn')].map((one) => {
          const box = one.getBoundingClientRect();
          const x = Math.min(box.right, innerWidth) - 3;
          return one.contains(document.elementFromPoint(x, box.top + box.height / 2));
        })"""
    )
    assert len(found) > 2
    assert all(found), found
