"""What a person does in the run list: filter by pointer, keep views, choose columns, act on many."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown, ready, toast

pytestmark = pytest.mark.browser
Look = Callable[..., Page]
QUEUED = 'version: "1.0"\nname: {}\nsteps:\n  - {{name: one, type: shell, run: "true"}}\n'


def queued(page: Page, shown: Shown, name: str, number: int) -> list[str]:
    """Runs that nobody takes on."""
    made = []
    for _ in range(number):
        body = {"definition": QUEUED.format(name)}
        answer = page.request.post(f"{shown.address}/api/v1/runs", data=body)
        made.append(answer.json()["id"])
    return made


def test_counts_chips_and_pages_are_pressed(look: Look) -> None:
    page = look("/runs")
    page.evaluate("window.same = true")
    rows = page.locator("tr[data-run]")
    expect(rows).to_have_count(25)
    first = rows.first.get_attribute("id")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(f"#{first}")).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(f"#{first}")).to_have_count(1)
    failed = page.locator(".counts [data-status=failed]")
    number = int(failed.locator("b").inner_text())
    failed.click()
    page.wait_for_url("**/runs?status=failed")
    expect(rows).to_have_count(min(number, 25))
    page.locator(".activity a").last.dispatch_event("click")
    page.wait_for_url("**started=**")
    page.locator(".search").get_by_role("link", name="Clear").click()
    page.wait_for_url("**/runs?view=all")
    expect(page.locator(".filter")).to_have_count(0)
    page.locator("tr[data-run] .chip-golden").first.click()
    page.wait_for_url("**golden=yes**")
    expect(rows.first.locator(".chip-golden")).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?status=timeout&chip=golden")
    expect(page.locator(".empty")).to_contain_text("No run matches these 2 filters")
    page.get_by_role("link", name="Drop that filter").click()
    expect(rows.first).to_be_visible()
    expect(page.locator(".filter")).to_have_count(1)


def test_a_view_is_kept_opened_with_the_list_changed_and_deleted(look: Look, shown: Shown) -> None:
    page = look("/runs?status=failed")
    views = page.get_by_role("navigation", name="Views")

    def menu() -> None:
        page.wait_for_selector("html[data-ready]", state="attached")
        page.locator(".view-bar summary").first.click()

    menu()
    expect(page.get_by_label("Name of the new view")).to_be_focused()
    page.keyboard.type("red ones")  # no key of the page: r, e and d mean something there
    page.get_by_label("Shared with everybody").check()
    page.get_by_label("Open the list with it").check()
    page.get_by_role("button", name="Save view", exact=True).click()
    toast(page, "red ones", "is saved")
    page.goto(f"{shown.address}/runs")
    expect(views.get_by_role("link", name="red ones")).to_have_attribute("aria-current", "page")
    expect(page.locator(".filter")).to_have_text("status:failed")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("workflow:fly*")
    page.keyboard.press("Enter")
    expect(views.get_by_role("link", name="red ones")).to_contain_text("changed")
    menu()
    page.get_by_role("button", name="Save what is shown now in it").click()
    toast(page, "is changed")
    expect(page.locator(".filter")).to_have_count(2)
    menu()
    page.get_by_label("Name", exact=True).fill("red flies")
    page.get_by_role("button", name="Rename").click()
    expect(views.get_by_role("link", name="red flies")).to_have_attribute("aria-current", "page")
    menu()
    page.get_by_role("button", name="Open the list with all runs again").click()
    toast(page, "The list opens with all runs.")
    page.goto(f"{shown.address}/runs")
    expect(page.locator(".filter")).to_have_count(0)
    views.get_by_role("link", name="red flies").click()
    expect(page.locator(".filter")).to_have_count(2)
    menu()
    page.get_by_role("button", name="Open the list with it").click()
    toast(page, "red flies", "opens with the list.")
    page.goto(f"{shown.address}/runs")
    expect(page.locator(".filter")).to_have_count(2)
    # What is lost is said before; by keys alone.
    menu()
    page.locator(".view-bar summary").first.focus()
    page.keyboard.press("ArrowUp")
    for _ in range(9):
        page.keyboard.press("ArrowUp")
        if page.evaluate("document.activeElement.textContent").strip() == "Delete view…":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".sure[open]")).to_contain_text("Nobody finds it any more")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Delete view", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    toast(page, "The view is deleted")
    expect(views.get_by_role("link", name="red flies")).to_have_count(0)


def test_columns_are_chosen_and_kept(look: Look, shown: Shown) -> None:
    page = look("/runs")
    heads = page.locator("table.runs thead")

    def choose(on: str, off: str) -> None:
        page.locator(".choose-columns summary").click()
        page.locator(".choose-columns").get_by_label(on, exact=True).check()
        page.locator(".choose-columns").get_by_label(off, exact=True).uncheck()
        page.get_by_role("button", name="Show these").click()

    choose("Labels", "Progress")
    expect(heads).to_contain_text("Labels")
    page.goto(f"{shown.address}/runs?status=failed")
    expect(heads).not_to_contain_text("Progress")
    page.locator(f"#row-{shown.failed} .c-labels a", has_text="env=staging").click()
    page.wait_for_url("**label=**")
    choose("Progress", "Labels")
    expect(heads).to_contain_text("Progress")


def test_the_menu_of_a_row_is_walked_and_takes_a_run_away_as_a_file(
    look: Look, shown: Shown, tmp_path: Path
) -> None:
    page = look(f"/runs?q={shown.failed}")
    row = page.locator(f"#row-{shown.failed}")
    page.keyboard.press("j")
    expect(row.locator(".wf a").first).to_be_focused()
    page.keyboard.press(".")
    menu = row.locator(".menu-list")
    expect(menu).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(row.get_by_role("button", name="Pause run")).to_be_focused()
    page.keyboard.press("Enter")  # it says why it is off, and does nothing
    expect(menu).to_contain_text("This run has already ended")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(row.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    with page.expect_download() as saved:
        row.get_by_role("link", name="Export run").click()
    assert shown.failed in saved.value.suggested_filename
    assert Path(saved.value.path()).read_bytes().startswith(b"PK")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    row.get_by_role("link", name="Restart preview…").click()
    page.wait_for_url(f"**/runs/{shown.failed}/restart")


def test_ticked_runs_are_held_let_go_stopped_restarted_and_deleted(
    look: Look, shown: Shown
) -> None:
    page = look("/approvals")
    ids = queued(page, shown, "ticked", 3)
    page.goto(f"{shown.address}/runs?workflow=ticked")
    bar = page.locator("[data-bulk]")
    statuses = page.locator("tr[data-run] .status")

    def press(name: str, *picked: str) -> None:
        page.wait_for_selector("html[data-ready]", state="attached")
        if picked:
            for one in picked:
                page.get_by_label(f"Select {one}").check()
        else:
            page.get_by_label("Select all runs shown").check()
        bar.get_by_role("button", name=name).click()

    press("Pause")
    toast(page, "3 runs paused.")
    expect(statuses).to_have_text(["Paused"] * 3)
    press("Let go on", ids[0])
    toast(page, "1 run let go on.")
    press("Cancel")
    toast(page, "3 runs cancelled.")
    press("Mark golden", ids[0])
    toast(page, "1 refused")
    press("Restart", ids[0])
    toast(page, "1 run restarted.")
    page.locator(".toast").get_by_role("link", name="Open").click()
    page.wait_for_url("**source=**")
    expect(page.locator("tr[data-run]")).to_have_count(1)
    page.goto(f"{shown.address}/runs?workflow=ticked")
    press("Delete…", *ids[1:])
    expect(page.locator("h1")).to_have_text("Delete 2 runs?")
    page.get_by_role("link", name="Keep them as they are").click()
    page.wait_for_url("**/runs?workflow=ticked")
    press("Delete…", *ids[1:])
    page.get_by_role("button", name="Delete 2 runs").click()
    toast(page, "2 runs deleted.")
    expect(page.locator("tr[data-run]")).to_have_count(2)

    # All of them, which is asked about first.
    page.goto(f"{shown.address}/runs")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_label("Select all runs shown").check()
    bar.get_by_role("button", name="Select every run").click()
    expect(bar.locator("[data-picked]")).to_contain_text("All")
    bar.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1")).to_contain_text("Cancel")
    page.get_by_role("link", name="Keep them as they are").click()
    expect(page.locator("h1")).to_have_text("Runs")


def test_links_above_and_below_the_list_are_walked_by_keys(look: Look, shown: Shown) -> None:
    page = look("/runs")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("window.same = true")
    rows = page.locator("tr[data-run]")
    first = rows.first.get_attribute("id")
    # The list is drawn anew, and the keys go on from what was pressed.
    older = page.get_by_role("link", name="Older")
    older.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{first}")).to_have_count(0)
    expect(older).to_be_focused()
    newer = page.get_by_role("link", name="Newer")
    newer.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{first}")).to_have_count(1)
    failed = page.locator(".counts [data-status=failed]")
    failed.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?status=failed")
    expect(failed).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".counts a:focus")).to_have_count(1)
    remove = page.get_by_role("link", name="Remove status failed")
    remove.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".filter")).to_have_count(0)
    expect(page.locator("[data-list]")).to_be_focused()  # before all that is in it
    rows.locator(".by").first.click()
    page.wait_for_url("**by=**")
    assert page.evaluate("window.same") is True
    # What is written wrong is said, and left out.
    page.keyboard.press("/")
    page.keyboard.type("status:sleepy")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".mistake")).to_contain_text("sleepy")
    # Everything that matches, more than is shown; and the list for a program.
    page.goto(f"{shown.address}/runs?status=succeeded")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_label("Select all runs shown").check()
    page.get_by_role("button", name="that match").click()
    expect(page.locator("[data-picked]")).to_contain_text("All")
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.get_by_text("API call").first.click()
    page.get_by_role("button", name="Copy API call").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "filter=status%3Asucceeded" in page.evaluate("navigator.clipboard.readText()")
    command = page.get_by_role("button", name="Copy command")
    command.click()
    expect(page.locator("[data-copy^=maverick].is-copied")).to_have_count(1)
    said = page.evaluate("navigator.clipboard.readText()")
    assert said.startswith("maverick runs list")
    assert "succeeded" in said
