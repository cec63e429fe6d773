"""What scripts add to the pages that manage: the theme is kept, JSON is previewed, decisions counted."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown

Look = Callable[..., Page]


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
