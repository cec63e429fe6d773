"""Two runs side by side in a real browser: by key, by pointer, without a reload of the mind."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Shown

pytestmark = pytest.mark.browser
Look = Callable[..., Page]


def test_from_a_restarted_run_to_its_comparison_by_keyboard(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}")
    page.keyboard.press("c")
    page.wait_for_url(f"**/runs/{shown.failed}/compare/{shown.running}")
    page.wait_for_selector("html[data-ready]", state="attached")
    reused = page.locator('.node[data-path="plan"]')
    expect(reused).to_have_attribute("data-mark", "reused")
    expect(page.locator('.node[data-path="implement"]')).to_have_attribute("data-mark", "follows")
    page.evaluate("() => { window.stays = true }")
    reused.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**?node=plan")
    panel = page.locator(".panel")
    expect(panel).to_contain_text("It is the same work: B has it from A.")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page).not_to_have_url(re.compile("node="))
    expect(reused).to_be_focused()
    page.go_back()
    expect(panel).to_contain_text("It is the same work: B has it from A.")
    assert page.evaluate("window.stays"), "the page was not left"
    page.keyboard.press("2")
    expect(page.get_by_role("link", name="Steps")).to_have_attribute("aria-current", "page")
    expect(page.locator("tbody")).to_contain_text("implement[9]/validate")
    expect(page.locator("tbody")).not_to_contain_text("load_spec")
    page.get_by_role("link", name="Show every step").click()
    expect(page.locator("tbody")).to_contain_text("load_spec")


def test_another_view_of_a_comparison_keeps_the_step_that_was_chosen(
    look: Look, shown: Shown
) -> None:
    here = f"/runs/{shown.failed}/compare/{shown.running}"
    page = look(f"{here}?tab=steps&only=all")
    page.evaluate("() => { window.stays = true }")
    step = page.locator('tr[data-path="plan"] .step')
    step.press("Enter")
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", level=2)).to_have_text("plan")
    expect(page.locator('tr[data-path="plan"]')).to_have_attribute("aria-selected", "true")
    panel.get_by_label("Close panel").click()
    expect(panel).to_be_hidden()
    expect(step).to_be_focused()
    page.wait_for_url("**only=all")
    assert page.evaluate("window.stays"), "the page was not left"
    page = look(here)
    page.locator('.node[data-path="plan"]').dispatch_event("click")
    expect(panel_of(page)).to_have_text("plan")
    page.get_by_role("group", name="Which run is shown").get_by_role("link", name="A").click()
    page.wait_for_url("**show=a**")
    expect(panel_of(page)).to_have_text("plan")


def panel_of(page: Page) -> Locator:
    return page.locator(".panel").get_by_role("heading", level=2)


def test_one_run_alone_is_shown_with_the_other_put_back(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}/compare/{shown.running}")
    baseline = page.locator('.node[data-path="baseline"]')
    expect(baseline).to_have_attribute("data-mark", "only in B")
    page.get_by_role("group", name="Which run is shown").get_by_role("link", name="A").click()
    expect(baseline).to_have_attribute("data-mark", "away")
    page.get_by_role("link", name="Swap A and B").click()
    expect(page.locator('.node[data-path="baseline"]')).to_have_attribute("data-mark", "only in A")


def test_a_step_that_was_not_reached_leads_to_the_root(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}?node=create_pr")
    panel = page.locator(".panel")
    expect(panel).to_contain_text("It did not run because")
    panel.locator("section", has_text="Root failure").get_by_role("link").click()
    expect(panel.get_by_role("heading", level=2)).to_have_text(re.compile(r"implement\[\d+\]/"))
    assert page.url.startswith(f"{shown.address}/runs/{shown.failed}")


def test_lineage_leads_to_a_comparison(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=lineage")
    expect(page.locator("tbody")).to_contain_text("restarted from failed")
    page.get_by_role("link", name=f"Compare with {shown.failed}").click()
    page.wait_for_url(f"**/runs/{shown.failed}/compare/{shown.running}")


def test_counts_tabs_and_both_runs_of_a_comparison_are_pressed(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}/compare/{shown.running}")
    page.locator(".facts a[href*='only=']").last.click()
    page.wait_for_url("**tab=steps&only=**")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("j")
    expect(page.locator("tbody a.step").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**node=**")
    expect(page.locator(".panel h2")).to_be_visible()
    assert "only=" in page.url
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("3")
    page.wait_for_url("**tab=io")
    expect(page.locator(".columns h2").first).to_have_text("Input")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("1")
    page.wait_for_url("**tab=graph")
    which = page.get_by_role("group", name="Which run is shown")
    for name in ("B", "Both"):
        which.get_by_role("link", name=name, exact=True).click()
        expect(which.get_by_role("link", name=name, exact=True)).to_have_attribute(
            "aria-current", "true"
        )
    page.locator(".reason .step-link").click()
    expect(page.locator(".panel h2")).to_be_visible()
    page.locator(".panel").get_by_role("link", name="Open").last.click()
    page.wait_for_url(f"**/runs/{shown.running}?node=**")
    expect(page.locator(".panel h2")).to_be_visible()
    # Two texts have a difference; from the head, and by its number.
    page.goto(f"{shown.address}/runs/{shown.waiting}/compare/{shown.undone}")
    for _ in range(2):
        page.wait_for_selector("html[data-ready]", state="attached")
        if "definition" not in page.url:
            page.locator(".run-head").get_by_role("link", name="two workflows").click()
        else:
            page.keyboard.press("1")
            page.wait_for_url("**tab=graph")
            page.wait_for_selector("html[data-ready]", state="attached")
            page.keyboard.press("4")
        page.wait_for_url("**tab=definition")
        tab = page.get_by_role("link", name="Definition")
        expect(tab).to_have_attribute("aria-current", "page")
        expect(page.locator(".diff .is-new").first).to_be_visible()
