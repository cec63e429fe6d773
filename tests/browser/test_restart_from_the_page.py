"""The way of issue 1 in a real browser: list → run → node → Restart run → reused nodes.

And a resume with each of its options, and a restart from one turn of a loop.
"""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import arrived, ready, toast
from tests.browser.site import Site

pytestmark = pytest.mark.browser
WRITES = """\
version: "1.0"
name: writes
steps:
  - {name: write, type: shell, run: echo draft > text.txt}
  - {name: drafted, type: checkpoint}
  - {name: spoil, type: shell, run: "echo spoilt > text.txt && test -e good"}
  - {name: sent, type: shell, run: cat text.txt}
"""
TURNS = """\
version: "1.0"
name: turns
steps:
  - {name: before, type: shell, run: echo before}
  - name: each
    type: loop
    for_each: [a, b, c]
    steps:
      - {name: make, type: shell, run: "echo make ${{ item }}"}
      - {name: test, type: shell, run: "echo test ${{ item }}"}
      - {name: keep, type: shell, run: "echo keep ${{ item }}"}
  - {name: after, type: shell, run: echo after}
"""


def started(site: Site, page: Page, name: str, status: str) -> str:
    """The id of a new run that has come to its end; its page is shown."""
    page.goto(f"{site.address}/workflows/{name}/run")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    expect(page.locator(".run-head .status").first).to_have_text(status)
    return page.url.rpartition("/")[2]


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
    arrived(page, f"**/runs/{failed}")
    page.locator('.node[data-path="left"]').click()
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", name="left", exact=True)).to_be_visible()
    expect(panel.locator("[data-log]")).to_contain_text("left")
    expect(page).to_have_url(re.compile("node=left"))
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
    expect(page).to_have_url(re.compile(f"node={focused}"))
    find = page.locator("[data-find]")
    find.fill("gat")
    find.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("gate")


def test_a_theme_is_kept(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/runs")
    ready(page)
    with page.expect_response("**/settings"):  # kept with the account: the next page comes with it
        page.get_by_role("button", name="Switch theme").click()
    theme = page.evaluate("document.documentElement.dataset.theme")
    assert theme in ("light", "dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def test_a_resume_has_its_options_and_says_why_it_is_refused(
    site: Site, page: Page, project: Path
) -> None:
    flow = project / "workflows" / "writes.yaml"
    flow.write_text(WRITES)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=project, check=True)
    failed = started(site, page, "writes", "Failed")
    checkpoints = f"{site.address}/runs/{failed}?tab=checkpoints"
    written = project / "text.txt"
    row = page.locator("table.checkpoints tbody tr")

    def resume(*options: str) -> None:
        """By keys alone: the menu is opened, what is wanted is ticked, Enter sends it."""
        page.goto(checkpoints)
        ready(page)
        expect(row).to_have_count(1)
        page.get_by_label("How to resume from drafted").focus()
        page.keyboard.press("Enter")
        for option in options:
            page.get_by_role("checkbox", name=option).focus()
            page.keyboard.press("Space")
            expect(page.get_by_role("checkbox", name=option)).to_be_checked()
        page.keyboard.press("Enter")

    def refused(*words: str) -> None:
        toast(page, *words)
        expect(page.locator(".toast")).to_have_class("toast is-error")
        expect(page.locator(".toast")).not_to_contain_text("--")  # no option of a command line
        assert page.url == checkpoints

    # What the failed step left behind is in no snapshot.
    page.goto(checkpoints)
    expect(row).to_contain_text("git snapshot")
    resume("with the files as they were")
    refused(
        "Changes that are in no snapshot would be lost: text.txt.", "tick “over unsaved changes”"
    )
    assert written.read_text() == "spoilt\n"
    resume("over unsaved changes")
    refused("here the files stay as they are", "Tick “with the files as they were” as well")
    flow.write_text(WRITES.replace("name: sent,", "name: told,"))
    resume("with the files as they were", "over unsaved changes")
    refused("The workflow has changed since", "told is new", "With the changed workflow it goes on")
    assert written.read_text() == "spoilt\n"
    ready(page)
    page.keyboard.press("Escape")
    page.locator(".toast").get_by_role("button", name="Close").click()
    expect(page.locator(".toast")).to_have_count(0)

    # Held at its first step, so that what was brought back can be read.
    flow.write_text(
        WRITES.replace("name: sent,", "name: told,").replace(
            'run: "echo spoilt > text.txt && test -e good"',
            'run: "until test -e good; do sleep 0.1; done"',
        )
    )
    resume("with the files as they were", "over unsaved changes", "with the changed workflow")
    page.wait_for_url(lambda url: failed not in url)
    toast(page, "resumed: 2 steps kept.", "The working tree is that of the checkpoint again")
    assert written.read_text() == "draft\n"
    (project / "good").touch()
    expect(page.locator(".run-head .status").first).to_have_text("Succeeded")
    for path, status in (("write", "reused"), ("spoil", "succeeded"), ("told", "succeeded")):
        node = page.locator(f'.node[data-path="{path}"]')
        expect(node).to_have_attribute("data-status", status)
    # It has a successor now, and only one; what succeeded has nothing to resume.
    page.goto(checkpoints)
    ready(page)
    page.get_by_role("button", name="Resume from here").focus()
    page.keyboard.press("Enter")
    toast(page, "It was resumed, and run_", "has succeeded: nothing is left to resume")
    expect(page.get_by_label("How to resume from drafted")).to_have_count(0)
    assert page.url == checkpoints
    page.goto(f"{page.url.partition('/runs/')[0]}/runs?source={failed}")
    page.locator("tr[data-run] .wf > a").first.click()
    page.wait_for_url("**/runs/run_*")
    ready(page)
    page.keyboard.press("5")
    expect(page.locator(".after")).to_contain_text("This run has succeeded")
    expect(page.get_by_role("button", name="Resume from here")).to_have_count(0)


def test_a_restart_from_a_turn_runs_all_steps_of_the_turn(
    site: Site, page: Page, project: Path
) -> None:
    (project / "workflows" / "turns.yaml").write_text(TURNS)
    source = started(site, page, "turns", "Succeeded")

    def decided(again: list[str]) -> None:
        page.wait_for_url(lambda url: source not in url)
        expect(page.locator(".run-head .status").first).to_have_text("Succeeded")
        page.goto(f"{page.url.partition('?')[0]}?tab=steps&rows=all")
        reused = page.locator("tr[data-path]:has(.chip-reused)")
        rows = page.locator("tr[data-path]:not(:has(.chip-reused))")
        expect(reused.first).to_be_visible()
        paths = [row.get_attribute("data-path") or "" for row in rows.all()]
        assert [path for path in paths if "/" in path or "[" not in path] == again

    # From the step that is chosen, its turn, by pointer; a step in the middle of it.
    page.goto(f"{site.address}/runs/{source}?tab=steps&node=each%5B1%5D%2Ftest")
    page.get_by_role("button", name="Restart from turn each[1]").click()
    turn = ["each", "each[1]/make", "each[1]/test", "each[1]/keep", "after"]
    decided(turn)
    # From the loop, by the number of the turn, by keys; a number that there is not is not sent.
    page.goto(f"{site.address}/runs/{source}?node=each")
    ready(page)
    number = page.get_by_label("One turn")
    number.fill("3")
    number.press("Enter")
    expect(page.locator("#turn:invalid")).to_have_count(1)
    number.fill("1")
    number.press("Enter")
    decided(turn)
