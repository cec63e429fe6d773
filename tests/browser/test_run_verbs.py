"""What a person does with a run that the engine works on: follow it, hold it, mend it, keep it.

The workflows wait for files that the tests lay down, so that nothing depends on how fast anybody is.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Errors, arrived, chord, ready, toast
from tests.browser.screenshots import listen
from tests.browser.site import Site

pytestmark = pytest.mark.browser
TURNS = 66
WORKFLOWS = {
    "moves": f"""\
version: "1.0"
name: moves
steps:
  - {{name: plan, type: shell, run: echo plan}}
  - name: each
    type: loop
    for_each: ${{{{ range({TURNS}) }}}}
    steps:
      - {{name: turn, type: shell, run: "until test -e go-${{{{ index }}}}; do sleep 0.1; done"}}
  - {{name: end, type: shell, run: echo end}}
""",
    "holds": """\
version: "1.0"
name: holds
steps:
  - {name: hold, type: shell, run: "until test -e let-go; do sleep 0.1; done"}
  - {name: next, type: shell, run: echo next}
""",
    "mends": """\
version: "1.0"
name: mends
steps:
  - {name: begin, type: shell, run: echo begin}
  - {name: saved, type: checkpoint}
  - name: each
    type: loop
    for_each: [a, b]
    steps: [{name: item, type: shell, run: "echo ${{ item }}"}]
  - name: fragile
    type: shell
    run: test -e mended
    retry: {max_attempts: 2, backoff: {initial: 3600, factor: 1, max: 3600}}
  - {name: value, type: shell, run: cat value}
""",
}
# Where a row stands in the window: what the reader has before the eyes.
PLACE = """path => {
  const row = document.querySelector(`tr[data-path="${path}"]`);
  return row && Math.round(row.getBoundingClientRect().y);
}"""
FOCUS = "document.activeElement.closest('tr')?.dataset.path"


@pytest.fixture(scope="module", autouse=True)
def workflows(project: Path) -> None:
    """The workflows, beside the other one of the module's project."""
    for name, text in WORKFLOWS.items():
        (project / "workflows" / f"{name}.yaml").write_text(text)
    (project / "value").write_text("one")


def started(site: Site, page: Page, name: str) -> str:
    """The id of a new run, whose page is shown."""
    page.goto(f"{site.address}/workflows/{name}/run")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    ready(page)
    return page.url.rpartition("/")[2]


def let_go(project: Path, first: int, last: int) -> None:
    """Let the turns from ``first`` to before ``last`` come to their end."""
    for n in range(first, last):
        (project / f"go-{n}").touch()


def menu(page: Page, name: str, role: str = "button") -> None:
    """Choose from the menu of the run's header."""
    head = page.locator(".run-head")
    head.get_by_label("More actions").click()
    head.get_by_role(role, name=name).click()  # type: ignore[arg-type]


def is_now(page: Page, status: str) -> None:
    expect(page.locator(".run-head .status").first).to_have_text(status)


@pytest.fixture
def beside(context: BrowserContext, errors: Errors) -> Iterator[Page]:
    """A second page of the same person."""
    made = context.new_page()
    listen(made, errors)
    yield made
    made.close()


def test_steps_and_timeline_follow_a_run_and_keep_the_readers_place(
    site: Site, page: Page, beside: Page, project: Path
) -> None:
    let_go(project, 0, 40)
    run = started(site, page, "moves")
    timeline = beside
    page.goto(f"{site.address}/runs/{run}?tab=steps")
    timeline.goto(f"{site.address}/runs/{run}?tab=timeline")
    for tab in (page, timeline):
        ready(tab)
        tab.evaluate("window.same = true")
        expect(tab.locator('tr[data-path="each[40]/turn"]')).to_have_attribute(
            "data-status", "running"
        )
        tab.locator("tr[data-path=plan] .step").click()
        expect(tab.locator(".panel h2")).to_have_text("plan")
        tab.locator('tr[data-path="each[30]/turn"] .step').focus()
    timeline.keyboard.press("+")
    expect(timeline.locator(".zoom")).to_have_text("200 %")
    expect(timeline.locator('tr[data-path="each[30]/turn"] .step')).to_be_focused()
    before = [tab.evaluate(PLACE, "each[30]/turn") for tab in (page, timeline)]
    bars = timeline.locator(".g-plot .b-done").count()

    # Twenty-four more, and with them more rows than a page begins with open.
    let_go(project, 40, 64)
    for n, tab in enumerate((page, timeline)):
        expect(tab.locator('tr[data-path="each[64]/turn"]')).to_have_attribute(
            "data-status", "running"
        )
        expect(tab.locator('tr[data-path="each[63]/turn"]')).to_have_attribute(
            "data-status", "succeeded"
        )
        assert tab.evaluate(PLACE, "each[30]/turn") == before[n]
        assert tab.evaluate(FOCUS) == "each[30]/turn"
        expect(tab.locator("tr[data-path=plan]")).to_have_attribute("aria-selected", "true")
        expect(tab.locator(".panel h2")).to_have_text("plan")
        expect(tab.locator(".run-head")).to_contain_text("65 of")
    assert timeline.locator(".g-plot .b-done").count() >= bars + 24
    expect(timeline.locator(".zoom")).to_have_text("200 %")
    # What is typed stays, and so does the caret, while the last turns come in.
    field = page.locator("#find-step")
    field.fill("each[6")
    expect(page.locator('tr[data-path="each[30]/turn"]')).to_have_count(0)
    field.press("ArrowLeft")
    let_go(project, 64, TURNS)
    expect(page.locator('tr[data-path="each[65]/turn"]')).to_have_attribute(
        "data-status", "succeeded"
    )
    for tab in (page, timeline):
        is_now(tab, "Succeeded")
        assert tab.evaluate("window.same") is True
    expect(field).to_be_focused()
    expect(field).to_have_value("each[6")
    assert page.evaluate("document.activeElement.selectionStart") == len("each[")
    expect(timeline.locator('tr[data-path="end"]')).to_have_attribute("data-status", "succeeded")
    expect(timeline.locator(".g-plot .now")).to_have_count(0)
    assert timeline.evaluate(PLACE, "each[30]/turn") == before[1]


def test_a_run_is_paused_goes_on_and_is_cancelled(site: Site, page: Page, project: Path) -> None:
    started(site, page, "holds")
    is_now(page, "Running")
    menu(page, "Pause run")
    toast(page, "is paused", "nothing new starts")
    (project / "let-go").touch()
    expect(page.locator('.node[data-path="hold"]')).to_have_attribute("data-status", "succeeded")
    expect(page.locator('.node[data-path="next"]')).to_have_attribute("data-status", "queued")
    is_now(page, "Paused")
    menu(page, "Let it go on")
    toast(page, "goes on")
    is_now(page, "Succeeded")
    ready(page)
    head = page.locator(".run-head")
    head.get_by_label("More actions").click()
    off = head.get_by_role("button", name="Pause run")
    expect(off).to_have_attribute("aria-disabled", "true")
    expect(off).to_contain_text("This run has already ended")
    page.keyboard.press("Escape")
    expect(head.get_by_label("More actions")).to_be_focused()
    (project / "let-go").unlink()
    started(site, page, "holds")
    is_now(page, "Running")
    page.keyboard.press("c")
    expect(head.get_by_role("button", name="Cancel run")).to_be_focused()
    page.keyboard.press("Enter")
    toast(page, "is cancelled")
    is_now(page, "Cancelled")


def test_a_failed_run_is_tried_resumed_and_restarted_in_parts(
    site: Site, page: Page, project: Path
) -> None:
    failed = started(site, page, "mends")
    address, fragile = f"{site.address}/runs/{failed}", page.locator('.node[data-path="fragile"]')
    expect(fragile).to_have_attribute("data-status", "waiting")
    fragile.click()
    panel = page.locator(".panel")
    panel.get_by_role("button", name="Try now").click()
    toast(page, "fragile", "is tried now")
    is_now(page, "Failed")

    (project / "mended").touch()
    page.goto(f"{address}?tab=checkpoints")
    with page.expect_download() as saved:
        page.get_by_role("link", name="saved").first.click()
    assert saved.value.suggested_filename == "saved.json"
    page.get_by_role("button", name="Resume from here").click()
    page.wait_for_url(lambda url: failed not in url)
    toast(page, "resumed: 2 steps kept")
    is_now(page, "Succeeded")
    expect(page.locator(".run-head .chips")).to_contain_text("Resumed from")

    # One turn of a loop, by its number.
    page.goto(f"{address}?node=each")
    panel.get_by_label("One turn").fill("1")
    panel.get_by_role("button", name="Restart from this turn").click()
    page.wait_for_url(lambda url: failed not in url)
    is_now(page, "Succeeded")
    for turn, status in ((0, "reused"), (1, "succeeded")):
        page.goto(f"{page.url.partition('?')[0]}?tab=steps")
        row = page.locator(f'tr[data-path="each[{turn}]/item"]')
        expect(row.locator(".chip-reused")).to_have_count(int(status == "reused"))
    # The turn of the step that is chosen; one step alone; a look before.
    page.goto(f"{address}?node=each%5B0%5D%2Fitem&tab=steps")
    panel.get_by_role("link", name="Preview a restart from here").click()
    page.wait_for_url("**/restart?from=each**")
    ready(page)
    expect(page.locator(".plan .counter")).to_contain_text("reused")
    page.keyboard.press("Escape")  # the panel first, then the preview
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: url.startswith(address) and "/restart" not in url)
    panel.get_by_role("button", name="Rerun node only").click()
    page.wait_for_url(lambda url: failed not in url)
    is_now(page, "Succeeded")
    for path, status in (("begin", "reused"), ("value", "skipped")):
        node = page.locator(f'.node[data-path="{path}"]')
        expect(node).to_have_attribute("data-status", status)
    # And all of it, as if nothing had been recorded.
    page.goto(address)
    ready(page)
    menu(page, "Fresh rerun")
    page.wait_for_url(lambda url: failed not in url)
    is_now(page, "Succeeded")
    expect(page.locator(".node[data-status=reused]")).to_have_count(0)


def test_a_good_run_is_kept_checked_against_and_let_go(
    site: Site, page: Page, project: Path, errors: Errors
) -> None:
    (project / "mended").touch()
    (project / "value").write_text("one")
    good = started(site, page, "mends")
    is_now(page, "Succeeded")
    page.keyboard.press("g")  # after a moment: `g r` would go to the runs
    page.wait_for_url("**/golden")
    page.get_by_label("Name").fill("base")
    page.get_by_label("Tags").fill("a, b")
    page.get_by_role("button", name="Mark golden").click()
    toast(page, good, "is golden")
    page.get_by_label("Assertions").fill("nodes: {each: {nonsense: 1}}")
    page.get_by_role("button", name="Save assertions").click()
    expect(page.get_by_role("alert")).to_contain_text("nonsense")
    expect(page.get_by_label("Assertions")).to_have_value("nodes: {each: {nonsense: 1}}")
    errors.meant(422)
    page.get_by_label("Assertions").fill("nodes: {begin: {ignore: [stdout]}}")
    page.get_by_role("button", name="Save assertions").click()
    toast(page, "has new assertions")
    page.get_by_role("link", name="Back to the run").click()
    expect(page.locator(".run-head .chip-golden")).to_have_text("base")
    ready(page)
    page.locator(".run-head").get_by_label("More actions").click()
    expect(page.get_by_role("button", name="Delete run…")).to_contain_text("It is golden")
    page.keyboard.press("Escape")

    (project / "value").write_text("two")
    menu(page, "Fresh rerun")
    page.wait_for_url(lambda url: good not in url)
    is_now(page, "Succeeded")
    ready(page)
    menu(page, "Check against golden…", "link")
    expect(page.locator(".page-head .status")).to_have_text("Failed")
    changed = page.locator("tr[data-verdict=failed]")
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("value")
    changed.get_by_text("Accept the new value…").click()
    changed.get_by_label("Why is it right?").fill("two is what was wanted")
    changed.get_by_role("button", name="Accept").click()
    toast(page, "value", "is expected as this run gave it")
    expect(page.locator(".page-head .status")).to_have_text("Passed")

    page.goto(f"{site.address}/runs/{good}/golden")
    expect(page.locator(".accepted")).to_contain_text("two is what was wanted")
    page.get_by_text("Unmark…").click()
    page.get_by_role("button", name="Unmark", exact=True).click()
    toast(page, "is no longer golden")
    page.get_by_role("link", name="Back to the run").click()
    expect(page.locator(".run-head .chip-golden")).to_have_count(0)


def test_a_run_is_labelled_noted_carried_away_and_deleted(
    site: Site, page: Page, project: Path, tmp_path: Path, errors: Errors
) -> None:
    (project / "let-go").touch()
    run = started(site, page, "holds")
    is_now(page, "Succeeded")
    page.locator(".facts").get_by_role("link", name="Add").click()
    ready(page)
    labels = page.get_by_label("Labels, one name=value a line")
    expect(labels).to_be_focused()
    labels.fill("env=prod\nno label")
    page.get_by_role("button", name="Save labels").click()
    expect(page.get_by_role("alert")).to_contain_text("write name=value")
    expect(labels).to_have_value("env=prod\nno label")
    errors.meant(422)
    labels.fill("env=prod")
    page.get_by_role("button", name="Save labels").click()
    toast(page, "Labels saved.")
    expect(page.locator(".facts .chip-label")).to_have_text("envprod")
    page.get_by_role("link", name="Write").click()
    page.get_by_label("Notes in Markdown").fill("It was **slow**.")
    page.get_by_role("button", name="Save notes").click()
    toast(page, "Notes saved.")
    expect(page.locator(".prose strong")).to_have_text("slow")
    ready(page)
    page.keyboard.press("8")
    arrived(page, "**tab=events**")
    events = page.locator("table.events tbody tr")
    page.get_by_label("What happened").select_option("run")
    expect(events.filter(has_text="hold")).to_have_count(0)
    page.get_by_label("What happened").select_option("")
    expect(events.filter(has_text="next").first).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("hold")
    # Fewer letters find the same rows, which are then drawn anew.
    expect(page.locator('[name=q][value="hold"]')).to_have_count(1)
    expect(events.filter(has_text="next")).to_have_count(0)
    events.locator("details summary").first.click()
    expect(events.locator("details pre").first).to_be_visible()
    with page.expect_download() as saved:
        menu(page, "Export run", "link")
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    page.goto(f"{site.address}/runs")
    page.get_by_role("link", name="Import run…").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import run").click()
    expect(page.get_by_role("alert")).to_contain_text(run)
    errors.meant(409)
    # The tick is set by then: what helps is one press away.
    expect(page.get_by_label("Give the run and its steps new ids")).to_be_checked()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import run").click()
    toast(page, "is imported")
    is_now(page, "Succeeded")
    assert run not in page.url

    page.goto(f"{site.address}/runs/{run}")
    ready(page)
    menu(page, "Delete run…", "link")
    expect(page.locator(".ask")).to_contain_text("would be gone for good")
    page.get_by_role("link", name="Keep it").click()
    is_now(page, "Succeeded")
    ready(page)
    menu(page, "Delete run…", "link")
    page.get_by_role("button", name="Delete run").click()
    toast(page, run, "is deleted")
    page.wait_for_url("**/runs")
    expect(page.locator(f"#row-{run}")).to_have_count(0)


def test_what_has_ended_is_counted_and_cleaned_up(site: Site, page: Page, project: Path) -> None:
    (project / "let-go").touch()
    run = started(site, page, "holds")
    is_now(page, "Succeeded")
    chord(page, "gc")
    page.wait_for_url("**/cleaning")
    expect(page.locator(".main")).to_contain_text("Nothing is that old.")
    days = page.get_by_label("Ended more than")
    days.fill("0")
    days.press("Enter")  # counts, and deletes nothing
    expect(page.get_by_role("link", name=run)).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("Golden runs of that age, which stay")
    expect(page.get_by_label("Ended more than")).to_have_value("0")
    page.get_by_label("Keep the newest").fill("1000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=run)).to_have_count(0)
    assert page.request.get(f"{site.address}/api/v1/runs/{run}").ok
    page.go_back()
    page.get_by_role("button", name=re.compile(r"Delete \d+ runs?$")).click()
    toast(page, "deleted.")
    page.goto(f"{site.address}/runs")
    expect(page.locator(f"#row-{run}")).to_have_count(0)
