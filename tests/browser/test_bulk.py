"""The selection bar: ticked by pointer and by key, kept while rows change, two rows compared."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown


def test_rows_are_ticked_counted_compared_and_let_go(look: Callable[..., Page]) -> None:
    page = look("/runs")
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    boxes = page.locator("[data-pick]")
    boxes.nth(0).check()
    expect(bar).to_be_visible()
    expect(bar.locator("[data-picked]")).to_have_text("1 selected")
    expect(bar.locator("[data-do=compare]")).to_be_hidden()
    page.locator("tr[data-run]").nth(1).locator(".wf a").first.focus()
    page.keyboard.press("x")
    expect(bar.locator("[data-picked]")).to_have_text("2 selected")
    ids = sorted(boxes.nth(n).input_value() for n in range(2))
    compare = bar.locator("[data-do=compare]")
    assert compare.get_attribute("href") == f"/runs/{ids[0]}/compare/{ids[1]}"
    page.evaluate("document.querySelector('tbody[data-rows]').innerHTML += ''")  # rows renewed
    expect(boxes.nth(0)).to_be_checked()
    page.locator("[data-pick-all]").check()
    expect(bar.locator("[data-picked]")).to_have_text(f"{boxes.count()} selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_rows_are_ticked_on_a_phone_as_well(look: Callable[..., Page]) -> None:
    page = look("/runs", width=390)
    for n in range(2):
        box = page.locator("[data-pick]").nth(n)
        expect(box).to_be_visible()
        target = box.locator("xpath=..")
        # Asked until it holds: the rows are renewed while somebody looks.
        expect(target).to_have_css("width", "34px")
        expect(target).to_have_css("height", "34px")
        target.tap()
    bar = page.locator("[data-bulk]")
    expect(bar.locator("[data-picked]")).to_have_text("2 selected")
    bar.locator("[data-do=compare]").tap()
    page.wait_for_url("**/compare/**")


def test_the_reason_goes_along_when_something_else_is_kept(
    look: Callable[..., Page], shown: Shown
) -> None:
    for width in (1440, 390):
        page = look(f"/runs/{shown.failed}/restart?from=plan", width=width)
        page.get_by_label("Reason").fill("the network & all")
        page.locator("#keep").select_option("none")
        page.wait_for_url("**reuse=none**")
        expect(page.get_by_label("Reason")).to_have_value("the network & all")
