"""The selection bar: ticked by pointer and by key, kept while rows change, two rows compared."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


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
