"""The tabs of a run in a browser: what is asked for stands in the address, nothing is loaded anew."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shown

Look = Callable[..., Page]
LINES = """
from django.utils import timezone
from runs.models import Execution, LogChunk
step = Execution.objects.filter(run_id={run!r}, path="docs_needed/write_docs/check_links").get()
for n in range({first}, {last}):
    LogChunk.objects.create(
        execution=step, stream="log", text=f"live line {{n}}", at=timezone.now())
"""


def query(page: Page) -> str:
    return str(page.evaluate("location.search"))


def test_the_timeline_answers_to_pointer_and_keys(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=timeline")
    page.evaluate("window.same = true")
    rows = page.locator(".g-names tbody tr")
    # A bar chooses its row, and the panel opens beside it.
    box = page.locator(".g-plot .b-done").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    expect(page.locator(".panel h2")).to_have_text("baseline")
    assert "node=baseline" in query(page)
    expect(rows.filter(has_text="baseline")).to_have_attribute("aria-selected", "true")
    # Arrows go from row to row; left and right fold.
    page.locator(".step", has_text="baseline").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".g-names .step", has_text=re.compile("^plan$"))).to_be_focused()
    page.locator("tr[data-path=implement] .step").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("tr[data-path='implement[9]']")).to_have_count(0)
    assert "shut=implement" in query(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("tr[data-path='implement[9]']")).to_have_count(1)
    # Filters are links and fields; what was chosen stays chosen.
    page.get_by_role("button", name="Hide reused").click()
    expect(page.locator("tr[data-path=preflight]")).to_have_count(0)
    expect(page.get_by_role("button", name="Hide reused")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("docs")
    expect(rows.first).to_have_attribute("data-path", "docs_needed")
    assert "q=docs" in query(page)
    assert "node=baseline" in query(page)
    expect(page.locator("#find-step")).to_be_focused()
    page.keyboard.press("Escape")  # the field holds something: it does not close the panel
    expect(page.locator(".panel h2")).to_have_text("baseline")
    page.locator("#find-step").fill("")
    expect(page.locator("tr[data-path=baseline]")).to_have_count(1)
    page.locator("tr[data-path=baseline] .step").focus()
    page.keyboard.press("n")
    expect(page.locator(".panel h2")).to_have_text("implement")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    assert page.evaluate("window.same") is True


def test_the_log_follows_until_somebody_scrolls_up(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=log")
    log = page.locator("[data-log]")
    shown.site.run(LINES.format(run=shown.running, first=0, last=120))
    expect(log).to_contain_text("live line 119")
    near_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 40"
    assert log.evaluate(near_end)
    log.evaluate("log => { log.scrollTop = 0; }")
    end = page.get_by_role("button", name="To the end")
    expect(end).to_be_visible()
    shown.site.run(LINES.format(run=shown.running, first=120, last=122))
    expect(log).to_contain_text("live line 121")
    assert log.evaluate("log => log.scrollTop") == 0
    assert log.locator("b", has_text=re.compile("^live line 119$")).count() == 1
    end.click()
    assert log.evaluate(near_end)
    expect(end).to_be_hidden()


def test_the_tabs_are_read_without_scripts(browser: Browser, shown: Shown) -> None:
    plain = browser.new_context(java_script_enabled=False)
    without = plain.new_page()
    without.goto(f"{shown.address}/runs/{shown.running}?tab=steps")
    without.get_by_role("link", name="Collapse all").click()
    expect(without.locator("tr[data-path='implement[9]/code']")).to_have_count(0)
    without.get_by_role("link", name="Expand implement", exact=True).click()
    expect(without.locator("tr[data-path='implement[9]']")).to_have_count(1)
    without.locator("#steps-status").select_option("failed")
    without.get_by_role("button", name="Show", exact=True).click()
    expect(without.locator("tr[data-path='implement[11]/validate']")).to_have_count(1)
    expect(without.locator("tr[data-path=plan]")).to_have_count(0)
    plain.close()
