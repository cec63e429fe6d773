"""A login that ends, or a server that stops, while pages are open: nothing written is lost, nothing
is shown as if it were so now."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Errors, ready
from tests.browser.site import Site

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"
ALLOWED = f"""
from runs.models import User
User.objects.create_user("ann", password={PASSWORD!r}, role="operator")
"""


def signed_in(site: Site, page: Page) -> None:
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_what_is_written_outlives_the_login(site: Site, page: Page, errors: Errors) -> None:
    site.run(ALLOWED)
    page.goto(f"{site.address}/workflows/two-tries/run")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    run = page.url
    expect(page.locator(".run-head .status").first).to_have_text("Failed")
    page.goto(f"{run}?tab=notes&edit=note")
    ready(page)
    note = page.get_by_role("textbox", name="Note")
    note.fill("An hour of work.")
    page.context.clear_cookies(name=f"maverick_session_{site.port}")

    # Told before anything is sent, and nothing is reloaded.
    told = page.locator(".toast", has_text="You are signed out.")
    expect(told).to_be_visible()
    expect(note).to_have_value("An hour of work.")
    # A step that is opened meanwhile says so too, in its own place.
    page.locator(".run-head .step-link").first.click()
    expect(page.locator("[data-part=panel] [role=alert]")).to_contain_text("You are signed out.")
    expect(note).to_have_value("An hour of work.")
    with page.context.expect_page() as opened:
        told.get_by_role("link", name="Sign in").click()
    signed_in(site, opened.value)
    opened.value.close()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")  # headless, both are in front all the time
    expect(page.locator(".toast", has_text="You are signed in again.")).to_be_visible()
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("main")).to_contain_text("An hour of work.")
    expect(note).to_have_count(0)

    page.goto(run)
    ready(page)
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    dialog.get_by_label("Reason").fill("because")
    page.context.clear_cookies(name=f"maverick_session_{site.port}")
    told = dialog.locator(".toast", has_text="You are signed out.")
    expect(told).to_be_visible()  # in the dialog: nothing behind it can be pressed
    with page.context.expect_page() as opened:
        told.get_by_role("link", name="Sign in").click()
    signed_in(site, opened.value)
    opened.value.close()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(dialog.locator(".toast", has_text="You are signed in again.")).to_be_visible()
    dialog.get_by_role("button", name="Start fork").click()
    page.wait_for_url(lambda url: "/runs/run_" in url and not url.startswith(run))
    expect(page.locator(".run-head .chips")).to_contain_text("Forked from")
    assert {one for one in errors if "status of 401" not in one} == set()
    errors.clear()


def test_a_server_that_is_away_is_said_and_so_is_nothing_else(
    site: Site, page: Page, errors: Errors
) -> None:
    page.goto(f"{site.address}/workflows/two-tries/run")
    if "/sign-in" in page.url:
        signed_in(site, page)
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    expect(page.locator(".run-head .status").first).to_have_text("Failed")
    ready(page)
    listed = page.context.new_page()
    listed.goto(f"{site.address}/runs")
    ready(listed)
    expect(listed.locator("[data-live-word]")).to_have_text("Live")

    page.context.set_offline(True)
    for one in (page, listed):
        one.bring_to_front()
        said = one.locator(".toast", has_text="The server does not answer.")
        expect(said).to_contain_text("This page shows what was so at")
    page.bring_to_front()
    page.locator('.node[data-path="gate"]').click()
    panel = page.locator(".panel")
    expect(panel.get_by_role("alert")).to_contain_text("The server does not answer.")
    expect(listed.locator("[data-live-word]")).to_have_text("No answer")
    listed.bring_to_front()
    listed.locator(".counts").get_by_role("link", name="Failed").click()
    expect(listed.locator("tr[data-run]").first).to_be_visible()  # no page of the browser's instead

    page.context.set_offline(False)
    for one in (page, listed):
        one.bring_to_front()
        expect(one.locator(".toast", has_text="The server does not answer.")).to_have_count(0)
    page.bring_to_front()
    panel.get_by_role("link", name="Try again").click()
    expect(panel).to_contain_text("exit code 1")
    expect(listed.locator("[data-live-word]")).not_to_have_text("No answer")
    listed.close()
    assert {one for one in errors if "net::ERR" not in one} == set()
    errors.clear()
