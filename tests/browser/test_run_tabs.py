"""The tabs of a run in a browser: what is asked for stands in the address, nothing is loaded anew."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import PATIENCE_MS, Shown, ready

Look = Callable[..., Page]
LINES = """
from django.utils import timezone
from runs.models import Execution, LogChunk
step = Execution.objects.filter(run_id={run!r}, path="docs_needed/write_docs/check_links").get()
for n in range({first}, {last}):
    LogChunk.objects.create(
        execution=step, stream="log", text=f"live line {{n}}", at=timezone.now())
"""
# A run of a thousand steps that logged and noted more than fits a page.
MUCH = """
from django.utils import timezone
from runs.models import Event, Execution, LogChunk, Run
from tests.browser.sample_events import journal
journal(Run.objects.get(pk={run!r}))
step = Execution.objects.filter(run_id={run!r}, path="s0_0").get()
for n in range(3):
    text = "\\n".join(f"line {{i}}." for i in range(n * 450, n * 450 + 450))
    LogChunk.objects.create(execution=step, stream="log", text=text, at=timezone.now())
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
    page.wait_for_url("**q=docs**")  # fewer letters find the same rows
    expect(rows.first).to_have_attribute("data-path", "docs_needed")
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


def test_times_and_rows_of_the_timeline_are_hidden_by_keys(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=timeline")
    page.evaluate("window.same = true")
    # What looks like a button is pressed like one.
    for name, asked, mark in (
        ("Hide idle", "idle=hide", ".g-plot .g-cut"),
        ("Critical path", "critical=hide", ".g-plot .crit-line"),
    ):
        button, marks = page.get_by_role("button", name=name), page.locator(mark)
        before = button.get_attribute("aria-pressed")
        after = "true" if before == "false" else "false"
        button.focus()
        for key, pressed in (("Space", after), ("Enter", before)):
            page.keyboard.press(key)
            expect(button).to_have_attribute("aria-pressed", str(pressed))
            expect(button).to_be_focused()
            assert (asked in query(page)) is (pressed == after)
            # Not only the button has changed: what it is about is drawn while it is pressed.
            if pressed == "true":
                expect(marks).not_to_have_count(0)
            else:
                expect(marks).to_have_count(0)
    turn = page.locator("tr[data-path='implement[11]']")
    page.keyboard.press("w")
    expect(turn).to_have_count(0)
    page.keyboard.press("e")
    expect(turn).to_have_count(1)
    # From row to row, wherever one begins; Enter opens a step, also one with others inside.
    page.evaluate("document.activeElement.blur()")
    steps = page.locator(".g-names a.step")
    page.keyboard.press("j")
    expect(steps.first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(steps.first).to_be_focused()
    group = page.locator("tr[data-path=implement] a.step")
    group.focus()
    page.keyboard.press("k")
    expect(group).not_to_be_focused()
    page.keyboard.press("j")
    expect(group).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("implement")
    assert page.evaluate("window.same") is True


def test_a_press_is_not_lost_when_the_page_renews_itself_in_it(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=timeline")
    path = page.get_by_role("button", name="Critical path")
    path.hover()
    page.mouse.down()
    for _ in range(2):  # with the second one the first has certainly been put in, if it is
        with page.expect_response(re.compile(r"part=tab"), timeout=PATIENCE_MS):
            pass
    page.mouse.up()
    expect(path).to_have_attribute("aria-pressed", "false")
    page.mouse.click(5, 5, button="right")  # no press of that kind holds anything back
    page.mouse.down(button="right")
    with page.expect_response(re.compile(r"part=tab"), timeout=PATIENCE_MS):
        pass
    old = page.locator(".g-now").text_content()
    expect(page.locator(".g-now")).not_to_have_text(old or "")
    page.mouse.up(button="right")


def test_a_step_is_chosen_while_the_tab_is_on_its_way(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=steps")
    waiting: list[Route] = []
    page.route("**/*part=tab*", lambda route: waiting.append(route))
    with page.expect_request(re.compile(r"part=tab")):
        page.locator("th.c-dur a").click()
    page.locator("tr[data-path=plan] .step").click()
    expect(page.locator(".panel h2")).to_have_text("plan")
    for one in waiting:
        one.continue_()
    page.unroute("**/*part=tab*")
    expect(page.locator("th.c-dur")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tr[data-path=plan]")).to_have_attribute("aria-selected", "true")


def test_the_command_beside_the_checkpoints_is_copied(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}?tab=checkpoints")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy command").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    said = page.evaluate("navigator.clipboard.readText()")
    assert said == "maverick run ship-feature --resume"


def test_the_json_is_folded_by_keys_and_stands_beside_the_source(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=io")
    folds = page.locator("#run-input .jv details, #run-input details")
    assert folds.count() > 0
    page.keyboard.press("w")
    expect(page.locator(".jv-box details[open]")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator(".jv-box details:not([open])")).to_have_count(0)
    beside = page.get_by_role("button", name="Beside the source")
    beside.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Input changes")).to_be_visible()
    expect(beside).to_be_focused()


def test_pages_of_steps_events_and_the_log_are_turned_and_come_back(
    look: Look, shown: Shown
) -> None:
    shown.site.run(MUCH.format(run=shown.grid))
    page = look(f"/runs/{shown.grid}?tab=steps")
    page.evaluate("window.same = true")
    box = page.locator("[data-scroll]")
    first, later = page.locator("tbody tr").first, page.get_by_role("link", name="Later")
    expect(first).to_have_attribute("data-path", "s0_0")
    later.focus()
    page.keyboard.press("Enter")
    expect(first).not_to_have_attribute("data-path", "s0_0")
    # It is read from its beginning, and the next page is one more press away.
    expect(box).to_have_js_property("scrollTop", 0)
    expect(later).to_be_focused()
    assert "from=400" in query(page)
    page.keyboard.press("Enter")
    expect(page.locator(".table-foot-in")).to_contain_text("from 801 of 1000")
    expect(later).to_have_count(0)
    page.go_back()
    expect(page.locator(".table-foot-in")).to_contain_text("from 401 of 1000")
    page.get_by_role("link", name="Earlier").click()
    expect(first).to_have_attribute("data-path", "s0_0")
    page.go_back()
    page.go_back()
    expect(page.locator(".table-foot-in")).to_contain_text("from 1 of 1000")
    assert page.evaluate("window.same") is True

    page.keyboard.press("8")
    page.wait_for_url("**tab=events")
    ready(page)
    newest = page.locator("tbody tr").first.get_attribute("data-seq")
    assert newest is not None
    page.get_by_role("link", name="Older").click()
    expect(first).to_have_attribute("data-seq", str(int(newest) - 200))
    expect(page.locator("[data-scroll]")).to_have_js_property("scrollTop", 0)
    assert "before=" in query(page)
    page.get_by_role("link", name="Older").click()
    expect(first).to_have_attribute("data-seq", str(int(newest) - 400))
    page.go_back()
    expect(first).to_have_attribute("data-seq", str(int(newest) - 200))
    page.get_by_role("link", name="Newest").click()
    expect(first).to_have_attribute("data-seq", newest)
    assert "before=" not in query(page)
    # Not followed: a page of JSON names no icon, and the browser complains that it finds none.
    link = page.get_by_role("link", name="JSON").get_attribute("href")
    assert link is not None
    journal = page.request.get(f"{shown.address}{link}").json()
    assert [one["seq"] for one in journal["items"]][:2] == [1, 2]

    page.locator("h1").click()
    page.keyboard.press("7")
    page.wait_for_url("**tab=log")
    ready(page)
    log = page.locator("[data-log]")
    near_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 40"
    expect(log).to_contain_text("line 1349.")
    expect(log).not_to_contain_text("line 449.")
    log.evaluate("log => { log.scrollTop = 0; }")
    page.get_by_role("link", name="Earlier lines").click()
    expect(log).to_contain_text("line 449.")
    assert log.evaluate(near_end)  # the line before the first one that was shown
    assert "before=" in query(page)
    page.go_back()
    expect(log).to_contain_text("line 1349.")
    page.go_forward()
    expect(log).to_contain_text("line 449.")
    page.get_by_role("link", name="Newest lines").click()
    expect(log).to_contain_text("line 1349.")
    assert log.evaluate(near_end)


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


PRINTED = """
from django.utils import timezone
from runs.models import Execution, LogChunk
step = Execution.objects.filter(run_id={run!r}, path="s0_1").get()
for text in {texts!r}:
    LogChunk.objects.create(execution=step, stream="log", text=text, at=timezone.now())
"""


def test_the_log_shows_what_a_terminal_would_in_its_column(look: Look, shown: Shown) -> None:
    texts = ["\x1b[31mred\x1b[0m alert", "10 %\r55 %\rall of it", "\u202egnorw", "x" * 900]
    shown.site.run(PRINTED.format(run=shown.grid, texts=texts))
    page = look(f"/runs/{shown.grid}?tab=log&step=s0_1")
    lines = page.locator("[data-log] b")
    expect(lines).to_have_text(["red alert", "all of it", "\\u202egnorw", "x" * 900])
    # A long line does not push its text to another place than that of the others.
    places = page.evaluate(
        "[...document.querySelectorAll('[data-log] b')].map((one) => one.getBoundingClientRect().x)"
    )
    assert len(set(places)) == 1, places
    address = f"{shown.address}/runs/{shown.grid}/log?step=s0_1"
    assert "\x1b[31mred" in page.request.get(address).text()  # the file is as it was written


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


BEGUN = """() => ["topbar", "nav", "run-head"].map((name) => {
  const bar = document.querySelector(`.${name}`), behind = document.createDocumentFragment();
  const at = () => getComputedStyle(bar).visibility;
  while (bar.nextSibling) behind.append(bar.nextSibling);
  const seen = [at()];
  bar.after(behind);
  return [...seen, at()].join(" ");
})"""


def test_a_bar_that_has_only_begun_to_arrive_is_not_shown(look: Look, shown: Shown) -> None:
    # Half of it would be laid out, and again once its buttons are there: all below would move.
    page = look(f"/runs/{shown.failed}?tab=checkpoints")
    assert page.evaluate(BEGUN) == ["hidden visible"] * 3
