"""A decision in a real browser: asked, filled in, refused in words, made; seen in another tab.

And who may come in at all.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS, Errors, ready, toast
from tests.browser.screenshots import listen
from tests.browser.site import Site

pytestmark = pytest.mark.browser
ASKS = """\
version: "1.0"
name: asks
steps:
  - name: ask
    type: approval
    prompt: Ship it?
    form:
      where: {type: string, enum: [here, there], default: here}
      times: {type: integer}
      more: {type: object, required: false}
  - {name: beside, type: approval, needs: [], prompt: And this?}
  - {name: after, type: shell, needs: [ask], run: "echo ${{ steps.ask.output.times }}"}
"""


@pytest.fixture(scope="module", autouse=True)
def asks(project: Path) -> None:
    """The workflow, beside the other one of the module's project."""
    (project / "workflows" / "asks.yaml").write_text(ASKS)


def started(site: Site, page: Page) -> str:
    """The address of a new run that waits."""
    page.goto(f"{site.address}/workflows/asks/run")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    expect(page.locator('.node[data-path="ask"]')).to_have_attribute("data-status", "waiting")
    ready(page)
    return page.url


def test_a_decision_is_made_on_the_page_and_seen_in_another_tab(
    site: Site, context: BrowserContext
) -> None:
    errors: list[str] = []
    page, other, listed = (context.new_page() for _ in range(3))
    for tab in (page, other, listed):
        listen(tab, errors)
    address = started(site, page)
    other.goto(f"{address}?node=ask")
    expect(other.get_by_role("button", name="Approve")).to_be_visible()
    ready(other)
    listed.goto(f"{site.address}/runs")
    row = listed.locator(f"#row-{address.rpartition('/')[2]}")
    expect(row).to_contain_text("waits for a decision: ask")

    expect(page.locator("[data-decisions]")).to_contain_text("ask, beside")
    page.get_by_role("link", name="Review").click()
    panel = page.locator(".panel")
    expect(panel).to_contain_text("Ship it?")
    panel.get_by_label("where").select_option("there")
    # Needed, and left empty: the browser asks for it.
    panel.get_by_role("button", name="Approve").click()
    expect(panel.locator("input:invalid")).to_have_count(1)
    panel.get_by_label("times").fill("3")
    panel.get_by_label("more").fill("[1]")
    panel.get_by_role("button", name="Approve").click()
    expect(panel.locator("[data-said]")).to_contain_text("must be a mapping")
    # Something else in the run happens: the form keeps what was typed, and the caret.
    more = panel.get_by_label("more")
    more.fill('{"a": 1}')
    more.press("ArrowLeft")
    other.locator('.node[data-path="beside"]').click()
    # Until its panel has come, the button is that of the step before.
    expect(other.locator(".panel h2")).to_have_text("beside")
    other.get_by_role("button", name="Approve").click()
    expect(page.locator('.node[data-path="beside"]')).to_have_attribute("data-status", "succeeded")
    expect(more).to_be_focused()
    expect(more).to_have_value('{"a": 1}')
    assert page.evaluate("document.activeElement.selectionStart") == 7
    expect(panel.get_by_label("where")).to_have_value("there")
    expect(panel.get_by_label("times")).to_have_value("3")
    other.locator('.node[data-path="ask"]').click()
    panel.get_by_label("Comment").fill("after the call")
    panel.get_by_role("button", name="Approve").click()

    for tab in (page, other):
        # The first: until a worker has taken it up, the panel also says what it waits for.
        said = tab.locator(".panel .because").first
        expect(said).to_contain_text("Approved by")
        expect(said).to_contain_text("after the call")
        expect(tab.get_by_role("button", name="Approve")).to_have_count(0)
        expect(tab.locator("[data-decisions]")).to_have_count(0)
        expect(tab.locator('.node[data-path="after"]')).to_have_attribute(
            "data-status", "succeeded"
        )
        expect(tab.locator(".run-head .status")).to_have_text("Succeeded")
    expect(row.locator(".status")).to_have_text("Succeeded")
    # The browser notes the one refusal that this test is about, and nothing else.
    assert [error for error in errors if "status of 422" not in error] == []
    assert len(errors) == 1
    for tab in (page, other, listed):
        tab.close()


def test_a_rejection_needs_no_form_and_works_from_the_keyboard(site: Site, page: Page) -> None:
    started(site, page)
    page.locator('.node[data-path="ask"]').focus()
    page.keyboard.press("Enter")
    panel = page.locator(".panel")
    panel.get_by_label("Comment").fill("not on a Friday")
    panel.get_by_role("button", name="Reject").focus()
    page.keyboard.press("Enter")
    expect(page.locator('.node[data-path="ask"]')).to_have_attribute("data-status", "failed")
    expect(page.locator(".run-head .reason").first).to_contain_text("not on a Friday")
    expect(page.locator("[data-decisions]")).to_contain_text("Waits for a decision: beside")


def test_decisions_are_made_in_the_inbox(
    site: Site, context: BrowserContext, page: Page, errors: Errors
) -> None:
    page.goto(f"{site.address}/approvals")
    made = context.new_page()
    listen(made, errors)
    run = started(site, made).rpartition("/")[2]
    # The inbox follows: what is asked comes by itself.
    sheet = page.locator("section.sheet", has=page.get_by_role("link", name=run))
    expect(sheet).to_have_count(2)
    asked = sheet.filter(has_text="Ship it?")
    asked.get_by_label("times").fill("4")
    asked.get_by_label("more").fill("[1]")
    asked.get_by_role("button", name="Approve ask").click()
    expect(asked).to_contain_text("Look at the marked fields.")
    expect(asked.get_by_label("times")).to_have_value("4")
    errors.meant(422)
    asked.get_by_label("more").fill("{}")
    asked.get_by_label("Comment").fill("go")
    asked.get_by_role("button", name="Approve ask").click()
    expect(page.locator(".toast")).to_contain_text("is approved")
    expect(asked).to_have_count(0)
    sheet.filter(has_text="And this?").get_by_role("button", name="Reject beside").click()
    expect(page.locator(".toast")).to_contain_text("is rejected")
    expect(sheet).to_have_count(0)
    expect(made.locator(".run-head .status").first).to_have_text("Failed")
    made.close()


def test_a_decision_works_without_scripts(site: Site, page: Page) -> None:
    address = started(site, page)
    plain = page.context.browser
    assert plain is not None
    state = page.context.storage_state()
    context = plain.new_context(java_script_enabled=False, storage_state=state)
    bare = context.new_page()
    bare.goto(f"{address}?node=ask")
    bare.get_by_label("times").fill("2")
    bare.get_by_role("button", name="Approve").click()
    expect(bare.locator(".toast")).to_contain_text("is approved")
    # Beside it may stand why the run is ready and not yet taken on: there are several reasons.
    said = bare.locator(".panel .because").filter(has_text="Approved by")
    expect(said).to_have_count(1)
    context.close()


def looks_only(site: Site, page: Page) -> None:
    """A viewer presses what is off, by keys and by pointer: it says why, and nothing happens."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
    page.goto(f"{site.address}/runs")
    ready(page)
    row = page.locator("tr[data-run]").first
    row.locator(".wf > a").first.focus()
    page.keyboard.press("r")  # opens the menu where it says why
    off = row.get_by_role("button", name="Restart run")
    expect(off).to_be_focused()
    expect(off).to_contain_text("Only operators restart runs")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    stop = row.get_by_role("button", name="Cancel run")
    expect(stop).to_be_focused()
    page.keyboard.press("Space")
    stop.click(force=True)
    expect(stop).to_contain_text("Only operators cancel runs")
    expect(stop).to_be_visible()
    page.keyboard.press("Escape")
    expect(stop).to_be_hidden()
    row.locator(".wf > a").first.click()
    page.wait_for_url("**/runs/run_*")
    ready(page)
    here = page.url
    head = page.locator(".run-title .do")
    for name, verb in (("Restart run", "restart"), ("Fork with changes", "fork")):
        # Without a menu the reason stands where only a pointer finds it, so a press says it.
        button = head.get_by_role("button", name=name).filter(visible=True)
        button.focus()
        page.keyboard.press("Enter")
        toast(page, f"Only operators {verb} runs")
        button.click(force=True)
        expect(page.locator(".toast")).to_have_count(1)
        page.locator(".toast").get_by_role("button", name="Close").click()
        expect(page.locator(".toast")).to_have_count(0)
        page.keyboard.press(verb[0])
        expect(page.locator(".menu-list").get_by_role("button", name=name)).to_be_focused()
        page.keyboard.press("Escape")
    assert page.url == here
    assert asked == []
    page.goto(f"{site.address}/workflows")


def test_somebody_is_invited_comes_back_with_a_password_and_is_sent_away(
    site: Site, page: Page, errors: Errors
) -> None:
    started(site, page)
    page.goto(f"{site.address}/users")
    page.get_by_label("Name").fill("ann")
    page.get_by_role("button", name="Make invitation").click()
    link = page.locator(".told [data-copy]").get_attribute("data-copy")
    assert link is not None
    browser = page.context.browser
    assert browser is not None
    others = browser.new_context()
    others.set_default_timeout(PATIENCE_MS)
    ann = others.new_page()
    listen(ann, errors)
    ann.goto(link)
    ann.wait_for_url("**/runs")
    ann.get_by_label("ann, account").click()
    ann.get_by_role("link", name="Settings").last.click()
    ann.get_by_label("New password").fill("correct horse")
    ann.get_by_label("Once again").fill("correct house")
    ann.get_by_role("button", name="Set password").click()
    expect(ann.get_by_role("alert")).to_contain_text("differ")
    ann.get_by_label("New password").fill("correct horse")
    ann.get_by_label("Once again").fill("correct horse")
    ann.get_by_role("button", name="Set password").click()
    expect(ann.locator(".toast")).to_contain_text("The password is changed.")
    # Another one, for which the old one has to be known. What is too short the browser holds back.
    old = ann.get_by_label("Old password")
    for before, after, why in (
        ("wrong horse", "battery staple", "The old password is not right."),
        ("correct horse", "12345678", "too common"),
    ):
        old.fill(before)
        ann.get_by_label("New password").fill("short")
        ann.get_by_label("Once again").fill("short")
        ann.keyboard.press("Enter")
        expect(ann.locator("#s-new:invalid")).to_have_count(1)
        ann.get_by_label("New password").fill(after)
        ann.get_by_label("Once again").fill(after)
        ann.keyboard.press("Enter")
        expect(ann.get_by_role("alert")).to_contain_text(why)
        expect(old).to_have_value("")
    # A refused password keeps nobody from the settings above it.
    ann.get_by_label("Compact").check()
    ann.get_by_role("button", name="Save settings").click()
    expect(ann.locator(".toast").last).to_contain_text("Kept.")
    old.fill("correct horse")
    ann.get_by_label("New password").fill("battery staple")
    ann.get_by_label("Once again").fill("battery staple")
    ann.get_by_role("button", name="Change password").click()
    expect(ann.locator(".toast").last).to_contain_text("The password is changed.")
    # The look, from the menu of the account: of this account, so with the next page as well.
    ready(ann)
    for theme in ("Dark", "Light"):
        ann.get_by_label("ann, account").click()
        with ann.expect_response("**/settings"):
            ann.locator(".account").get_by_role("button", name=theme, exact=True).click()
        expect(ann.locator("html")).to_have_attribute("data-theme", theme.lower())
    ann.get_by_label("ann, account").click()
    ann.get_by_role("button", name="Keys").click()
    expect(ann.get_by_role("dialog", name="Keys")).to_be_visible()
    ann.keyboard.press("Escape")
    ann.get_by_label("ann, account").click()
    ann.get_by_role("button", name="Sign out").click()
    ann.wait_for_url("**/sign-in/**")
    ann.goto(f"{site.address}/workflows")
    ann.wait_for_url("**/sign-in/**")
    ann.get_by_label("Name").fill("ann")
    ann.get_by_label("Password").fill("correct horse")  # the old one
    ann.keyboard.press("Enter")
    expect(ann.get_by_role("alert")).to_be_visible()
    ann.get_by_label("Password").fill("battery staple")
    ann.keyboard.press("Enter")
    ann.wait_for_url("**/workflows")

    # An operator at first; then a viewer, who finds no button; then nobody.
    expect(ann.get_by_role("link", name="Run asks")).to_be_visible()
    page.get_by_label("Role of ann").select_option("viewer")
    page.get_by_role("button", name="Save the role of ann").click()
    expect(page.locator(".toast").last).to_contain_text("ann is viewer now")
    ann.reload()
    expect(ann.get_by_role("link", name="asks", exact=True)).to_be_visible()
    expect(ann.get_by_role("link", name="Run asks")).to_have_count(0)
    looks_only(site, ann)
    page.get_by_label("Actions for ann").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.locator(".toast").last).to_contain_text("ann is deactivated and signed out")
    ann.reload()
    ann.wait_for_url("**/sign-in/**")
    page.get_by_label("Actions for ann").click()
    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".toast").last).to_contain_text("ann may come in again")
    page.get_by_label("Actions for ann").click()
    page.get_by_role("button", name="New sign-in link").click()
    expect(page.locator(".told")).to_contain_text("The link for ann")
    others.close()
    errors.meant(422, 422, 422, 403)  # three new passwords that were refused, and an old one
