"""The way of issue 1 in a real browser: list → run → node → Restart run → reused nodes."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site

pytestmark = pytest.mark.browser


def test_a_failed_run_is_restarted_and_shows_what_it_reused(
    site: Site, page: Page, project: Path
) -> None:
    page.goto(f"{site.address}/workflows")
    page.get_by_role("link", name="Run two-tries").click()
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    failed = page.url.rpartition("/")[2]
    # Live: nobody reloads the page.
    expect(page.locator(".run-head .status")).to_have_text("Failed")
    expect(page.locator('.node[data-path="gate"]')).to_have_attribute("data-status", "failed")
    expect(page.locator('.node[data-path="last"]')).to_have_attribute("data-status", "pending")

    page.goto(f"{site.address}/runs")
    row = page.locator(f"#row-{failed}")
    expect(row).to_contain_text("two-tries")
    row.get_by_role("link", name="two-tries").click()
    page.locator('.node[data-path="left"]').click()
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", name="left", exact=True)).to_be_visible()
    expect(panel.locator("[data-log]")).to_contain_text("left")
    assert "node=left" in page.url
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    (project / "open").touch()
    page.locator(".run-head").get_by_role("button", name="Restart run").first.click()
    page.wait_for_url(lambda url: failed not in url)
    expect(page.locator(".toast")).to_contain_text("started")
    expect(page.locator(".run-head .status")).to_have_text("Succeeded")
    expect(page.locator(".run-head .chips")).to_contain_text(failed)
    for path in ("first", "left", "right"):
        node = page.locator(f'.node[data-path="{path}"]')
        expect(node).to_have_attribute("data-status", "reused")
        expect(node.locator(".mark")).to_be_visible()
    for path in ("gate", "last"):
        node = page.locator(f'.node[data-path="{path}"]')
        expect(node).to_have_attribute("data-status", "succeeded")
    page.locator('.node[data-path="first"]').click()
    expect(panel.locator(".because")).to_contain_text("Reused because")
    expect(panel.get_by_role("link", name=f"{failed}/first")).to_be_visible()


def test_the_list_follows_without_a_reload(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/runs")
    before = page.locator("[data-run]").count()
    other = page.context.new_page()
    other.goto(f"{site.address}/workflows/two-tries/run")
    other.get_by_role("button", name="Start run").click()
    other.wait_for_url(re.compile(r"/runs/run_"))
    other.close()
    # Nothing moves under the reader: it is announced, and comes when it is asked for.
    page.get_by_role("link", name="new run").click()
    expect(page.locator("[data-run]")).to_have_count(before + 1)
    expect(page.locator("[data-run] .status").first).to_have_text("Succeeded")


def test_filters_work_from_the_keyboard_and_stay_in_the_address(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/runs")
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("/")
    page.keyboard.type("status:failed")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?status=failed")
    expect(page.locator(".filter")).to_contain_text("status:failed")
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("Backspace")
    page.wait_for_url("**/runs")
    page.go_back()
    expect(page.locator(".filter")).to_contain_text("status:failed")


def test_the_graph_is_moved_and_walked(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/runs")
    page.locator("[data-run] .wf > a").first.click()
    page.wait_for_url("**/runs/run_*")
    page.wait_for_selector("html[data-ready]")
    svg = page.locator("svg.graph")
    word = page.locator("[data-zoom-word]")
    fitted = svg.get_attribute("style")
    page.get_by_role("button", name="Zoom in").click()
    assert svg.get_attribute("style") != fitted
    page.keyboard.press("0")
    expect(word).to_have_text(re.compile(r"\d+ %"))
    page.locator('.node[data-path="first"]').focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.dataset.path")
    assert focused in ("left", "right")
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_be_visible()
    assert f"node={focused}" in page.url
    find = page.locator("[data-find]")
    find.fill("gat")
    find.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("gate")


def test_a_theme_is_kept(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/runs")
    page.get_by_role("button", name="Switch theme").click()
    theme = page.evaluate("document.documentElement.dataset.theme")
    assert theme in ("light", "dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == theme
