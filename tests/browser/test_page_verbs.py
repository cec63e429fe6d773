"""What a person does on the pages beside the run list: tabs of a run, workflows, agents, administration."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Errors, Shown, arrived, chord, ready, toast

pytestmark = pytest.mark.browser
Look = Callable[..., Page]


def tab(page: Page, key: str, name: str) -> None:
    """Another tab, by its number."""
    page.keyboard.press(key)
    link = page.locator("[data-tabs]").get_by_role("link", name=name)
    expect(link).to_have_attribute("aria-current", "page")
    ready(page)


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_the_tabs_of_a_run_are_reached_by_number_and_do_what_they_offer(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.running}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".run-title").get_by_role("button", name=f"Copy {shown.running}").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert copied(page) == shown.running

    tab(page, "3", "Steps")
    rows = page.locator("tbody tr")
    turn = page.locator("tr[data-path='implement[11]/validate']")
    page.keyboard.press("w")
    expect(turn).to_have_count(0)
    page.keyboard.press("e")
    expect(turn).to_have_count(1)
    page.get_by_label("Status").select_option("failed")
    expect(page.locator("tr[data-path=plan]")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_label("Status").select_option("")
    page.get_by_role("link", name="Duration").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    order = page.get_by_label("Order", exact=True)
    expect(order).to_have_value("longest")  # what the head asked for, the form asks for too
    order.focus()
    order.select_option("shortest")
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    expect(order).to_be_focused()
    order.select_option("")
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.locator(".panel h2")).to_contain_text("implement")
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    page.get_by_role("link", name="Show all steps").click()
    expect(rows.first).to_be_visible()

    page.locator("h1").click()
    tab(page, "2", "Timeline")
    zoom = page.locator(".zoom")
    for key, word in (("+", "200 %"), ("+", "400 %"), ("-", "200 %"), ("0", "100 %")):
        page.keyboard.press(key)
        expect(zoom).to_have_text(word)
    path = page.get_by_role("button", name="Critical path")
    expect(page.locator(".g-plot .crit-line").first).to_be_attached()
    path.click()
    expect(path).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".g-plot .crit-line")).to_have_count(0)

    tab(page, "4", "Input and output")
    box = page.locator("#run-input")
    page.keyboard.press("/")
    page.keyboard.type("search")
    expect(box.locator("mark")).to_have_text("search")
    page.locator("h1").click()
    page.get_by_role("button", name="Beside the source").click()
    expect(page.get_by_role("heading", name="Input changes")).to_be_visible()
    expect(page.get_by_role("button", name="Beside the source")).to_be_focused()
    page.get_by_role("button", name="Copy input").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(copied(page))["topic"] == "search"
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download input").click()
    assert json.loads(Path(saved.value.path()).read_text())["topic"] == "search"


def test_the_log_is_filtered_wrapped_taken_away_and_read_beside_a_step(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.failed}?node=plan")
    panel = page.locator(".panel")
    panel.get_by_role("button", name="Wrap lines").click()
    expect(panel.locator("[data-log].is-wrapped")).to_have_count(1)
    panel.get_by_role("link", name="Open", exact=True).click()
    page.wait_for_url("**tab=log**")
    ready(page)
    log = page.locator(".stage [data-log]")
    expect(log).to_contain_text("plan has 12 phases")
    page.get_by_title("Show the log of all steps").click()
    page.get_by_label("Level").select_option("warn")
    expect(log).not_to_contain_text("plan has 12 phases")
    expect(log).to_contain_text("#418 has no estimate")
    page.get_by_label("Level").select_option("")
    expect(log).to_contain_text("plan has 12 phases")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("linked")
    expect(log.locator("b")).to_have_count(1)
    expect(log).to_contain_text("12 issues, 3 linked")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download", exact=True).click()
    assert "12 issues, 3 linked" in Path(saved.value.path()).read_text()
    wrap = page.get_by_role("button", name="Wrap", exact=True)
    wrap.click()
    expect(log).to_have_class("log log-run is-wrapped")
    expect(wrap).to_have_attribute("aria-pressed", "true")
    page.locator(".panel").get_by_role("link", name="Close panel").click()
    expect(page.locator(".panel")).to_be_hidden()
    page.go_back()
    expect(page.locator(".panel h2")).to_have_text("plan")


def test_a_workflow_is_found_read_compared_and_run_with_inputs(
    look: Look, shown: Shown, errors: Errors
) -> None:
    page = look("/workflows")
    page.get_by_label("Find workflow").fill("ship")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=ship")
    page.get_by_role("link", name="ship-feature", exact=True).click()
    page.wait_for_url("**/workflows/ship-feature")
    ready(page)
    page.keyboard.press("3")
    page.wait_for_url("**tab=graph")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("create")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("create_pr")
    page.get_by_role("link", name="of the source").click()
    page.wait_for_url("**tab=source#L*")
    expect(page.locator(":target")).to_contain_text("create_pr")
    ready(page)
    page.keyboard.press("4")
    page.wait_for_url("**tab=versions")
    page.get_by_label("From version").select_option("2")
    page.get_by_label("To version").select_option("1")
    page.get_by_role("button", name="Show difference").click()
    expect(page.locator(".diff")).to_contain_text("Newer;")
    ready(page)
    page.keyboard.press("r")
    page.wait_for_url("**/run")
    page.get_by_label("topic").fill("tea")
    page.get_by_text("Inputs as JSON").first.click()
    page.get_by_role("textbox", name="Inputs as JSON").fill('{"model": 7')
    page.get_by_role("button", name="Start run").click()
    expect(page.get_by_role("alert")).to_contain_text("JSON")
    errors.meant(422)
    expect(page.get_by_label("topic")).to_have_value("tea")
    page.get_by_role("textbox", name="Inputs as JSON").fill('{"model": "large"}')
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url("**/runs/run_*")
    run = page.url.rpartition("/")[2]
    found = page.request.get(f"{shown.address}/api/v1/runs/{run}").json()
    assert found["inputs"] == {"topic": "tea", "model": "large"}


def test_an_agent_is_called_and_removed(look: Look) -> None:
    page = look("/agents")
    page.get_by_role("link", name="research", exact=True).click()
    page.locator("summary", has_text="plan").click()
    page.get_by_role("button", name="Call plan").click()  # the browser asks for what is needed
    topic = page.get_by_label("topic")
    expect(page.locator("input:invalid, textarea:invalid")).to_have_count(1)
    topic.fill("owls")
    page.get_by_label("depth").fill("3")
    page.get_by_label("tone").select_option("warm")
    page.get_by_role("button", name="Call plan").click()
    page.wait_for_url("**/runs/run_*")
    toast(page, "started.")
    expect(page.locator("h1")).to_have_text("research.plan")
    page.goto(page.url.partition("/runs")[0] + "/agents/reviewer")
    page.get_by_role("link", name="Remove…").click()
    expect(page.locator(".ask")).to_contain_text("cannot be called any more")
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove agent").click()
    toast(page, "reviewer", "is removed")
    expect(page.get_by_role("link", name="reviewer", exact=True)).to_have_count(0)


def test_a_webhook_is_added_tried_changed_and_removed(
    look: Look, shown: Shown, errors: Errors
) -> None:
    page = look("/webhooks")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("heading", name="Add a webhook").click()
    page.get_by_label("Address").fill("ftp://example.org")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_role("alert")).to_be_visible()
    errors.meant(422)
    page.get_by_label("Address").fill("https://hooks.example.org/new")
    page.get_by_label("Description").fill("For the night shift")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.locator("h1")).to_have_text("Copy the secret now")
    ready(page)
    page.get_by_role("button", name="Copy secret").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    secret = copied(page)
    assert secret.startswith("whsec_")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("button", name="Send a ping")).to_be_visible()
    address = page.url
    page.get_by_role("button", name="Send a ping").click()
    page.wait_for_url("**/deliveries/**")
    expect(page.locator("h1")).to_contain_text("ping")
    page.get_by_role("button", name="Redeliver").click()
    toast(page, "It goes out within a second or two.")
    page.goto(f"{shown.address}/webhooks/deliveries/msg_sample2")
    page.get_by_role("button", name="Redeliver").click()
    toast(page, "msg_sample2", "goes out again")
    expect(page.locator(".page-head .status")).to_have_text("Pending")
    page.goto(address)
    page.get_by_role("button", name="Disable").click()
    toast(page, "Disabled: what is open is held back.")
    expect(page.get_by_role("button", name="Send a ping")).to_be_disabled()
    page.get_by_role("link", name="Held", exact=True).click()
    expect(page.locator("table.hooks tbody tr").first).to_contain_text("Held")
    page.get_by_role("button", name="Enable").click()
    toast(page, "Enabled: what was held back goes out.")
    page.get_by_role("button", name="New secret").click()
    expect(page.get_by_role("button", name="Copy secret")).to_be_visible()
    ready(page)
    page.get_by_role("button", name="Copy secret").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert copied(page) != secret
    page.get_by_role("link", name="Done").click()
    page.get_by_label("Workflows").fill("release-*")
    page.get_by_role("button", name="Save").click()
    toast(page, "Saved.")
    expect(page.get_by_label("Workflows")).to_have_value("release-*")
    page.get_by_text("Remove…").click()
    page.get_by_role("button", name="Remove webhook").click()
    toast(page, "is removed")
    expect(page.get_by_role("link", name="hooks.example.org/new")).to_have_count(0)


def test_a_token_is_made_renewed_and_revoked_and_the_audit_log_says_so(
    look: Look, shown: Shown, errors: Errors
) -> None:
    page = look("/tokens")

    def opens(secret: str | None) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return page.request.get(f"{shown.address}/api/v1/runs?limit=1", headers=headers).status

    def new_secret() -> str:
        copy = page.locator(".told [data-copy]")
        expect(copy).to_be_visible()
        return copy.get_attribute("data-copy") or ""

    def sure(action: str, button: str) -> None:
        page.get_by_label("Actions for nightly").click()
        page.locator(".menu-list:visible summary", has_text=action).click()
        page.get_by_role("button", name=button).click()

    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Scope").select_option("viewer")
    page.get_by_role("button", name="Make token").click()
    first = new_secret()
    page.get_by_label("Name").fill("nightly")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("alert")).to_contain_text("exists")
    errors.meant(409)
    sure("New secret…", "Make a new secret for nightly")
    second = new_secret()
    assert first != second
    sure("Revoke…", "Revoke nightly")
    toast(page, "nightly", "is revoked")
    expect(page.locator("tr.is-over", has_text="nightly")).to_have_count(2)
    assert [opens(first), opens(second)] == [401, 401]

    ready(page)
    chord(page, "gl")
    page.wait_for_url("**/audit")
    page.get_by_label("What").select_option("token.revoke")
    page.get_by_role("button", name="Show").click()
    rows = page.locator("table.audit tbody tr")
    expect(rows.first).to_contain_text("revoked the token")
    page.get_by_role("link", name="nightly").first.click()
    page.wait_for_url("**/audit?target=nightly")
    expect(rows).to_have_count(3)
    page.get_by_label("Who").fill("nobody at all")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Clear all filters").click()
    expect(rows.nth(3)).to_be_visible()


def test_settings_change_all_pages_and_the_docs_are_searched(look: Look) -> None:
    page = look("/settings")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    for choice in ("Absolute", "Colour-blind safe", "Compact"):
        page.get_by_label(choice).check()
    page.get_by_role("button", name="Save settings").click()
    toast(page, "Kept.")
    page.get_by_role("link", name="Runs", exact=True).first.click()
    page.wait_for_url("**/runs")
    expect(page.locator("html")).to_have_attribute("data-colours", "safe")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    time = page.locator("tr[data-run] time").first
    expect(time).not_to_contain_text("ago")
    expect(time).to_have_attribute("title", re.compile(r"JST|Tokyo|\+09"))

    ready(page)
    chord(page, "gd")
    arrived(page, "**/docs")
    page.keyboard.press("/")
    page.keyboard.type("checkpoint refs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs?q=**")
    expect(page.locator("h1")).to_contain_text("for “checkpoint refs”")
    page.locator(".hit a").first.click()
    page.wait_for_url("**/docs/**")
    expect(page.locator("article.doc")).to_contain_text("refs")
