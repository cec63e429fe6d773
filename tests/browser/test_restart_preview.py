"""Preview and fork in a real browser: what is shown is what is started, once, and from the keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Errors
from tests.browser.site import Site
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser

FORKED = """\
version: "1.0"
name: forked
inputs:
  word: {type: string, default: one}
  size: {type: string, enum: [small, large], default: small}
steps:
  - {name: base, type: shell, run: echo base, needs: []}
  - {name: says, type: shell, run: "echo ${{ inputs.word }}", needs: []}
  - {name: sizes, type: shell, run: "echo ${{ inputs.size }}", needs: [base]}
  - {name: tell, type: shell, run: echo told, needs: [sizes], effect: ask}
  - {name: gate, type: shell, run: test -e open, needs: [says, tell]}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "workflows").mkdir()
    (folder / "workflows" / "forked.yaml").write_text(FORKED)
    return folder


def failed_run(site: Site, page: Page) -> str:
    """Starts the workflow, waits until it has failed, and stands on its page."""
    page.goto(f"{site.address}/workflows/forked/run")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    expect(page.locator(".run-head .status")).to_have_text("Failed")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    return page.url.rpartition("/")[2]


def runs_of(page: Page, site: Site, source: str) -> int:
    answer = page.request.get(f"{site.address}/api/v1/runs?source={source}")
    return len(answer.json()["items"])


def test_a_preview_is_committed_once(site: Site, page: Page) -> None:
    source = failed_run(site, page)
    page.locator(".run-head").get_by_label("More actions").click()
    page.locator(".run-head").get_by_role("link", name="Restart preview…").click()
    page.wait_for_url("**/restart")
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(page.locator(".plan .counter")).to_contain_text("4 reused")
    expect(page.locator('.node[data-path="gate"]')).to_have_attribute("data-decision", "run")
    expect(page.locator('.node[data-path="base"]')).to_have_attribute("data-decision", "reuse")
    page.locator('.node[data-path="gate"]').click()
    row = page.locator('.panel li[data-path="gate"]')
    expect(row).to_have_attribute("aria-current", "true")
    expect(row).to_contain_text("Failed last time.")
    page.locator("#keep").select_option("none")
    page.wait_for_url("**reuse=none")
    expect(page.locator('.node[data-path="base"]')).to_have_attribute("data-decision", "run")
    page.go_back()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_role("button", name="Start restart").dblclick()
    page.wait_for_url(lambda url: source not in url)
    expect(page.locator(".toast")).to_contain_text("4 of 5 steps reused")
    assert runs_of(page, site, source) == 1


def test_a_step_that_asks_is_confirmed_before_it_happens_again(site: Site, page: Page) -> None:
    source = failed_run(site, page)
    page.locator('.node[data-path="tell"]').click()
    panel = page.locator(".panel")
    expect(panel.locator(".note")).to_contain_text("Before it happens again you are asked")
    panel.get_by_role("button", name="Restart from here").click()
    page.wait_for_url("**/restart?from=tell**")
    expect(page.locator(".toast")).to_contain_text("tell asks first")
    start = page.get_by_role("button", name="Start restart")
    start.click()  # the browser wants the box ticked
    assert runs_of(page, site, source) == 0
    page.get_by_label("Let tell happen again").check()
    start.click()
    page.wait_for_url(lambda url: source not in url)
    assert runs_of(page, site, source) == 1


def test_a_fork_is_previewed_while_one_types_and_started_from_the_keyboard(
    site: Site, page: Page
) -> None:
    source = failed_run(site, page)
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("word")).to_be_focused()
    assert violations(page) == []
    expect(dialog.locator(".counter")).to_contain_text("4 reused")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("two")
    expect(dialog.locator(".field.is-changed del")).to_have_text("one")
    expect(dialog.locator(".counter")).to_contain_text("3 reused")
    expect(dialog.locator(".side")).to_contain_text("Input word changed.")
    expect(dialog.locator(".side .json")).to_contain_text('"word": "two"')
    assert violations(page) == []
    dialog.get_by_label("size").select_option("large")
    expect(dialog.locator(".side")).to_contain_text("Let tell happen again")
    dialog.locator(".field", has_text="size").get_by_role("button", name="Reset field").click()
    expect(dialog.locator(".side")).not_to_contain_text("Let tell happen again")
    expect(dialog.locator("[data-sum]")).to_have_text("1 field changed")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.locator('.node[data-path="says"]').click()
    page.locator(".panel").get_by_role("link", name="Fork with changes…").click()
    expect(dialog.locator(".dialog-head")).to_contain_text("says, what depends on it")
    dialog.get_by_label("word").fill("three")
    # Pressed before the preview has come: what is started has been shown first.
    dialog.get_by_role("button", name="Start fork").click()
    page.wait_for_url(lambda url: source not in url)
    expect(page.locator(".run-head .chips")).to_contain_text("Forked from")
    made = page.url.rpartition("/")[2].partition("?")[0]
    run = page.request.get(f"{site.address}/api/v1/runs/{made}").json()
    assert run["inputs"] == {"word": "three", "size": "small"}
    assert runs_of(page, site, source) == 1


def test_a_fork_is_started_however_fast_its_keys_are(site: Site, page: Page) -> None:
    source = failed_run(site, page)
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    word = dialog.get_by_label("word")
    word.fill("fast")
    word.press("Enter")  # shows what will happen, at once
    dialog.get_by_role("button", name="Start fork").click()
    page.wait_for_url(lambda url: source not in url)
    # The preview that a start waits for is followed by another one.
    page.goto(f"{site.address}/runs/{source}/fork")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_label("word").fill("faster")
    page.evaluate(
        """() => {
          document.querySelector("[data-start]").click();
          const word = document.querySelector("[name='input.word']");
          word.value = "fastest";
          word.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    page.wait_for_url(lambda url: source not in url)
    made = page.url.rpartition("/")[2].partition("?")[0]
    run = page.request.get(f"{site.address}/api/v1/runs/{made}").json()
    assert run["inputs"]["word"] == "fastest"
    assert runs_of(page, site, source) == 2


def test_the_keys_of_a_row_are_its_menus(site: Site, page: Page) -> None:
    source = failed_run(site, page)
    page.goto(f"{site.address}/runs")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.locator(f"#row-{source} .wf > a").first.focus()
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    expect(dialog).to_contain_text(source)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)  # it gives the focus back when it is gone
    page.locator(f"#row-{source} .wf > a").first.focus()
    page.keyboard.press("r")
    page.wait_for_url(re.compile(r"/runs/run_"))
    assert source not in page.url
    assert runs_of(page, site, source) == 1


def test_a_fork_that_is_being_written_is_not_lost(site: Site, page: Page) -> None:
    failed_run(site, page)
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    word = dialog.get_by_label("word")
    word.fill("written")
    box, edge = word.bounding_box(), dialog.bounding_box()
    assert box is not None
    assert edge is not None
    # A text is selected with the mouse, and past the dialog's edge.
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(edge["x"] - 30, box["y"], steps=4)
    page.mouse.up()
    expect(dialog).to_be_visible()
    page.mouse.click(edge["x"] - 30, box["y"])
    expect(dialog).to_be_hidden()
    page.keyboard.press("f")
    expect(dialog).to_be_visible()
    # Closed and opened in one go: the event of the first comes after the second.
    page.evaluate(
        "() => { document.querySelector('dialog[open]').close();"
        " document.querySelector('a[data-fork]').click(); }"
    )
    expect(word).to_have_value("written")
    expect(word).to_be_focused()
    expect(dialog.locator(".side")).to_contain_text("Input word changed.")
    dialog.get_by_role("link", name="Cancel").click()  # not wanted any more
    page.keyboard.press("f")
    expect(word).to_have_value("one")


def test_what_a_fork_cannot_do_is_said_in_its_dialog(
    site: Site, page: Page, errors: Errors
) -> None:
    source = failed_run(site, page)
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Fork with changes")
    side, sums = dialog.locator(".side"), dialog.locator("[data-sum]")
    dialog.get_by_text("Changes as JSON").click()
    dialog.locator("[name=json]").fill('{"word": "four", "size": "large"}')
    expect(sums).to_have_text("2 fields changed")
    dialog.locator("[name=json]").fill('["word", "size"]')  # names no field
    expect(sums).to_have_text("0 fields changed")
    dialog.locator("[name=json]").fill('{"word": "four", "size": "large"}')
    expect(sums).to_have_text("2 fields changed")
    expect(side.locator(".json")).to_contain_text("four")
    dialog.locator("[name=json]").fill('{"word": 4')
    expect(side.get_by_role("alert")).to_contain_text("Changes as JSON")
    dialog.get_by_role("button", name="Start fork").click()
    expect(side.get_by_role("alert")).to_be_focused()
    assert page.url.endswith(source)  # no other page, and nothing lost

    site.run(f"from runs.models import Run; Run.objects.filter(pk={source!r}).delete()")
    dialog.locator("[name=json]").fill("")
    expect(side).to_contain_text("There is no run")
    expect(side.locator("nav")).to_have_count(0)  # the sentence, not the page around it
    errors.meant(404)


def test_preview_and_fork_work_without_scripts(site: Site, page: Page) -> None:
    source = failed_run(site, page)
    state = page.context.storage_state()
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    plain = context.new_page()
    plain.goto(f"{site.address}/runs/{source}/restart?from=says")
    plain.locator("#keep").select_option("none")
    plain.get_by_role("button", name="Show", exact=True).click()
    expect(plain.locator(".plan .counter")).to_contain_text("0 reused")
    plain.goto(f"{site.address}/runs/{source}/fork")
    plain.get_by_label("word").fill("plain")
    plain.get_by_role("button", name="Show what will happen").last.click()
    expect(plain.locator(".side .json")).to_contain_text('"word": "plain"')
    plain.get_by_role("button", name="Start fork").click()
    expect(plain.locator(".run-head .chips")).to_contain_text("Forked from")
    context.close()
    assert runs_of(page, site, source) == 1
