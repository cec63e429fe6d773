"""What a narrow window shows: everything, beside or below each other, never on top of each other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown

Look = Callable[..., Page]


def test_the_restart_button_fills_what_fork_leaves_of_its_row(look: Look, shown: Shown) -> None:
    for run in (shown.failed, shown.running):
        page = look(f"/runs/{run}", width=390)
        row = page.locator(".run-title .do").bounding_box()
        button = page.locator(".do .btn", has_text="Restart run").first.bounding_box()
        more = page.get_by_label("More actions").bounding_box()
        assert row is not None
        assert button is not None
        assert more is not None
        assert row["width"] == 390 - 2 * 16
        fork = page.locator(".run-title .do > a.btn").filter(visible=True)
        beside = [one.bounding_box() for one in fork.all()]
        taken = sum(box["width"] + 8 for box in beside if box)
        assert len(beside) == (run == shown.failed)
        assert taken < 100
        assert button["width"] + more["width"] + taken >= row["width"] - 1
        assert more["width"] < 44


@pytest.mark.parametrize("tab", ["lineage", "log"])
def test_the_tab_that_is_open_can_be_seen(look: Look, shown: Shown, tab: str) -> None:
    page = look(f"/runs/{shown.running}?tab={tab}", width=390)
    expect(page.locator(".run > .tabs [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_the_search_is_one_tap_away(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}", width=390)
    page.get_by_label("Find run or workflow").locator("visible=true").tap()
    page.wait_for_url("**/runs#find")
    field = page.get_by_label("Filter runs: key:value")
    expect(field).to_be_focused()
    page.locator("h1").tap()
    expect(field).not_to_be_focused()
    page.get_by_label("Find run or workflow").locator("visible=true").tap()
    expect(field).to_be_focused()


def test_a_run_opens_with_its_steps(look: Look, shown: Shown) -> None:
    page = look("/runs", width=390)
    page.locator(f"#row-{shown.running} .wf > a").first.tap()
    page.wait_for_url(re.compile(rf"/runs/{shown.running}\?tab=steps"))
    page.get_by_role("link", name="Graph").tap()
    expect(page.locator("svg.graph")).to_be_visible()
    wide = look("/runs")
    name = wide.locator(f"#row-{shown.running} .wf > a").first
    wide.set_viewport_size({"width": 720, "height": 450})  # 1440 at 200 %: chips left no name
    assert name.evaluate("one => one.clientWidth > 40 && one.scrollWidth <= one.clientWidth")
    name.click()
    expect(wide.locator("svg.graph")).to_be_visible()
