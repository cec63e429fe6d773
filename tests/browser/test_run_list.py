"""The run list by keyboard: the search completes, the address follows, keys, news that move nothing."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown, arrived, chord

WORKFLOW = 'version: "1.0"\nname: brand-new\nsteps:\n  - {name: one, type: shell, run: "true"}\n'

# In one step: a live row may be put in anew between two questions.
FIRST_ROW = """() => {
  const row = document.querySelector("tr[data-run]"), box = row.getBoundingClientRect();
  return [row.id, box.x, box.y, box.width, box.height];
}"""


def test_a_filter_is_built_and_dropped_by_keyboard_and_is_in_the_address(
    look: Callable[..., Page], shown: Shown
) -> None:
    page = look("/runs")
    buttons = page.locator(".page-head").locator("summary.btn:visible, a.btn:visible").all()
    tops = {round(box["y"]) for one in buttons if (box := one.bounding_box())}
    assert (len(buttons) > 1, len(tops)) == (True, 1)  # on one line
    page.keyboard.press("/")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.type("stat")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("status:")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "find-0")
    page.keyboard.press("Enter")
    expect(field).to_have_value("status:")
    page.keyboard.type("fail")
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?status=failed")
    expect(page.locator(".filter")).to_have_text("status:failed")
    expect(field).to_be_focused()
    page.keyboard.type("-workflow:fly*")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?status=failed&-workflow=fly*")
    page.keyboard.press("Backspace")
    page.wait_for_url("**/runs?status=failed")
    page.go_back()
    expect(page.locator(".filter")).to_have_count(2)
    page.locator("details:has(.call) > summary").click()
    expect(page.locator(".call").first).to_contain_text("filter=status%3Afailed%20-workflow")


def test_keys_are_shown_lead_places_and_never_cancel_by_themselves(
    look: Callable[..., Page], shown: Shown
) -> None:
    page = look("/runs?status=running")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Go to Runs")
    page.keyboard.press("j")  # the page behind it is not meant
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("tr[data-run]").first.locator(".wf a").first).to_be_focused()
    page.keyboard.press("c")
    cancel = page.locator("tr[data-run]").first.get_by_role("button", name="Cancel run")
    expect(cancel).to_be_focused()
    page.keyboard.press("Escape")
    expect(cancel).to_be_hidden()
    chord(page, "gw")
    arrived(page, "**/workflows")
    chord(page, "gr")
    page.wait_for_url("**/runs")


def test_new_runs_are_announced_and_no_row_moves(look: Callable[..., Page], shown: Shown) -> None:
    page = look("/runs")
    rows = page.locator("tr[data-run]")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    expect(rows.first).to_be_visible()
    first = page.evaluate(FIRST_ROW)
    total = page.locator('.nav [data-number="runs"]')
    before = int(total.inner_text())
    for _ in range(2):
        answer = page.request.post(f"{shown.address}/api/v1/runs", data={"definition": WORKFLOW})
        assert answer.status == 201
    pill = page.get_by_role("link", name="2 new runs")
    expect(total).to_have_text(str(before + 2))
    expect(pill).to_be_visible()  # two runs, told one after the other
    assert page.evaluate(FIRST_ROW) == first
    pill.click()
    expect(rows.first).to_contain_text("brand-new")
    expect(pill).to_be_hidden()
    # The number is that of the whole list: of another nothing is said, also when it finds nothing.
    for words in ("brand-new", "nothing-has-this-name"):
        page.get_by_role("combobox").fill(words)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/runs?q={words}")
        expect(total).to_be_hidden()
        page.go_back()
        expect(total).to_have_text(str(before + 2))


SET = "from runs.models import Run; Run.objects.filter(pk=%r).update(status=%r)"


def test_a_run_that_fails_out_of_sight_is_counted_and_announced(
    look: Callable[..., Page], shown: Shown
) -> None:
    begun = {"definition": WORKFLOW.replace("brand-new", "out-of-sight")}
    page = look("/runs?status=failed")
    made = page.request.post(f"{shown.address}/api/v1/runs", data=begun).json()["id"]
    queued = page.locator('.counts a[data-status="queued"] b')
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    # A list that found nothing, whose reader is at the keyboard; and one of failed runs.
    empty = look("/runs?status=failed&workflow=out-of-sight")
    empty.keyboard.press("/")
    expect(empty.get_by_role("combobox")).to_be_focused()
    expect(empty.locator("[data-live-word]")).to_have_text("Live")
    before = int(queued.inner_text())
    shown.site.run(SET % (made, "failed"))
    expect(queued).to_have_text(str(before - 1))
    for one in (page, empty):
        expect(one.get_by_role("link", name="1 new run")).to_be_visible()
    expect(empty.get_by_role("combobox")).to_be_focused()
    empty.get_by_role("link", name="1 new run").click()
    expect(empty.locator("tr[data-run]")).to_have_count(1)


def test_the_counts_end_as_the_runs_did_however_fast_they_go(
    look: Callable[..., Page], shown: Shown
) -> None:
    page = look("/runs")
    body = {"definition": WORKFLOW.replace("brand-new", "in-a-moment")}
    made = page.request.post(f"{shown.address}/api/v1/runs", data=body).json()["id"]
    expect(page.get_by_role("link", name="new run")).to_be_visible()
    queued = page.locator('.counts a[data-status="queued"] b')
    before = int(queued.inner_text())
    shown.site.run(SET % (made, "cancelled"))
    expect(queued).to_have_text(str(before - 1))


def test_escape_closes_what_is_open_above_the_list_and_keeps_what_was_ticked(
    look: Callable[..., Page],
) -> None:
    page = look("/runs")
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.locator("[data-bulk]")
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(bar).not_to_have_attribute("data-open", "")
