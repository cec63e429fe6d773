"""Answers that come late: none of them writes over what is newer, or undoes what the reader did.

Each test holds an answer, does what a quick reader does meanwhile, and lets it go.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Errors, Shown, ready
from tests.browser.held import Held, asks_for, stop_clock, taken_up

Look = Callable[..., Page]
# Of a stream that does not come back for more.
CHANGE = "retry: 600000\nevent: change\ndata: {}\n\n"
NEW = CHANGE.replace("{}", '{"new": true}')


def at(page: Page, path: str) -> Locator:
    return page.locator(f'[data-path="{path}"]')


def toggle(page: Page, path: str) -> Locator:
    return page.locator(f'.toggle[data-group="{path}"][aria-expanded]')


# The graph.


def test_a_run_that_goes_on_does_not_undo_the_opening_of_a_group(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.groups}")
    held = Held(page, r"part=graph")
    toggle(page, "docs").click()
    held.wait(1)
    page.evaluate(
        """() => document.querySelector("[data-module=graph]")
          .dispatchEvent(new CustomEvent("renew", { detail: [] }))"""
    )
    held.free()
    expect(at(page, "docs/outline")).to_be_visible()
    page.wait_for_url("**open=docs**")


def test_two_groups_that_are_opened_at_once_are_both_open(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.groups}")
    held = Held(page, r"part=graph")
    toggle(page, "docs").click()
    toggle(page, "files").dispatch_event("click")
    page.keyboard.press("d")
    page.keyboard.press("d")  # turned, and back
    held.wait(1)
    held.free()
    expect(at(page, "files[0]/read")).to_have_count(1)
    expect(at(page, "docs/outline")).to_have_count(1)
    expect(page.locator("[data-told]")).to_have_text("Left to right.")
    assert "dir=" not in page.url


def test_a_step_and_a_filter_chosen_while_a_group_opens_stay_chosen(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.groups}?node=plan")
    held = Held(page, r"part=graph")
    toggle(page, "docs").click()
    held.wait(1)
    at(page, "last").dispatch_event("click")
    page.keyboard.press("v")
    page.get_by_role("checkbox", name="Failed").check()
    held.free()
    expect(at(page, "docs/outline")).to_have_count(1)
    page.wait_for_url("**open=docs**")
    assert "node=last" in page.url
    assert "status=failed" in page.url
    expect(page.locator(".panel h2")).to_have_text("last")


def test_where_the_graph_was_belongs_to_the_entry_that_a_choice_leaves(
    look: Look, shown: Shown
) -> None:
    page = look("/docs")
    stop_clock(page)  # first: what the graph writes when it is there is not meant
    page.goto(f"{shown.address}/runs/{shown.failed}")
    ready(page)
    page.clock.fast_forward(1_000)
    page.keyboard.press("+")
    at(page, "plan").dispatch_event("click")
    page.clock.fast_forward(1_000)
    page.wait_for_url("**node=plan**")
    page.go_back()
    expect(page.locator(".panel")).to_be_hidden()
    assert "place=" in page.url
    assert "node=" not in page.url


def test_enter_opens_what_was_typed_and_not_what_was_typed_before(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.groups}")
    stop_clock(page)
    field = page.locator("[data-find]")
    field.fill("outline")
    page.clock.fast_forward(1_000)
    expect(page.get_by_role("option")).to_have_count(1)
    field.fill("bind")
    field.press("Enter")  # before the list follows
    expect(page.locator(".panel h2")).to_have_text("docs/bind")
    # And nothing is opened when it was left before the answer came.
    held = Held(page, r"part=find")
    field.fill("outline")
    field.press("Enter")
    held.wait(1)
    field.press("Escape")
    held.answer(0, body='<li role="option" data-hit="docs/outline">docs/outline</li>')
    expect(page.locator(".panel h2")).to_have_text("docs/bind")


# The panel, and the tabs of a run.


def test_a_panel_that_opens_is_not_the_older_one_of_two(look: Look, shown: Shown) -> None:
    page = look("/docs")
    stream, panel = Held(page, r"/events/stream"), Held(page, r"part=panel")
    page.goto(f"{shown.address}/runs/{shown.running}")
    ready(page)
    at(page, "plan").dispatch_event("click")
    panel.wait(1)
    stream.wait(1)
    with page.expect_response(re.compile(r"part=head")):
        stream.routes[0].fulfill(body=CHANGE, content_type="text/event-stream")
    taken_up(page)
    panel.later = True
    for route in panel.routes[1:]:
        with page.expect_event("requestfinished", lambda one, route=route: one == route.request):
            route.continue_()
    panel.answer(0, body="<h2>as it was before</h2>")
    expect(page.locator(".panel .panel-body")).to_be_visible()
    expect(page.locator(".panel h2")).to_have_text("plan")


def test_a_button_keeps_the_focus_when_the_run_goes_on(look: Look, shown: Shown) -> None:
    page = look("/docs")
    stream = Held(page, r"/events/stream")
    page.goto(f"{shown.address}/runs/{shown.waiting}?node=deploy")
    ready(page)
    stream.wait(1)
    reject = page.get_by_role("button", name="Reject")
    reject.focus()
    old = reject.element_handle()
    stream.routes[0].fulfill(body=CHANGE, content_type="text/event-stream")
    page.wait_for_function("(old) => !old.isConnected", arg=old)
    expect(reject).to_be_focused()


def test_an_older_look_at_a_tab_does_not_replace_a_newer_one(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=timeline")
    held = Held(page, r"part=tab")
    held.wait(2)  # what runs grows every two seconds
    now = page.locator(".g-now")
    before = now.text_content() or ""
    held.routes[1].continue_()
    expect(now).not_to_have_text(before)
    held.answer(0, body="<p>as it was before</p>")
    expect(now).to_have_count(1)
    expect(page.get_by_text("as it was before")).to_have_count(0)


def test_links_that_are_followed_at_once_and_what_is_typed_are_all_kept(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.running}?tab=timeline")
    stop_clock(page)
    held = Held(page, r"part=tab")
    page.get_by_role("button", name="Hide reused").click()
    page.get_by_role("button", name="Hide idle").click()
    page.locator("#find-step").fill("implement")
    page.get_by_role("button", name="Critical path").click()  # before what was typed is asked for
    page.clock.fast_forward(1_000)
    held.free()
    expect(page.locator("tr[data-path=plan]")).to_have_count(0)
    expect(page.locator("#find-step")).to_have_value("implement")
    for asked in ("reused=hide", "idle=hide", "critical=hide", "q=implement", "tab=timeline"):
        assert asked in page.url


# The run list.


def test_news_of_the_list_that_was_left_are_not_put_into_the_next_one(
    look: Look, shown: Shown
) -> None:
    page = look("/docs")
    streams, held = Held(page, r"/stream\?"), Held(page, r"part=news")
    page.goto(f"{shown.address}/runs?status=failed")
    ready(page)

    def new(number: int) -> None:
        """The stream of this list tells of a new run, and the page asks for the news."""
        streams.wait(number)
        streams.routes[number - 1].fulfill(body=NEW, content_type="text/event-stream")
        held.wait(number)

    old, strip = "<div data-strip>as it was before</div>", page.locator("[data-strip]")
    new(1)
    page.locator(".counts [data-status=succeeded]").click()
    page.wait_for_url("**/runs?status=succeeded")
    held.answer(0, body=old)
    expect(strip).not_to_contain_text("as it was before")
    # Nor those that were asked for while the next one was on its way.
    lists = Held(page, r"status=failed.*part=list")
    page.locator(".counts [data-status=failed]").click()
    lists.wait(1)
    new(2)
    lists.free()
    page.wait_for_url("**/runs?status=failed")
    held.answer(1, body=old)
    expect(strip).not_to_contain_text("as it was before")


def test_a_list_that_was_not_waited_for_does_not_come_back(look: Look, errors: Errors) -> None:
    page = look("/runs")
    held = Held(page, r"/runs\?status=failed.*part=list")
    page.locator(".counts [data-status=failed]").click()
    held.wait(1)
    page.locator(".counts [data-status=succeeded]").click()
    page.wait_for_url("**/runs?status=succeeded")
    page.evaluate("window.same = true")
    held.drop(0)
    assert page.evaluate("window.same") is True
    assert page.url.endswith("/runs?status=succeeded")
    errors.clear()  # the browser notes the connection that broke


def test_the_stream_of_a_list_that_was_left_is_not_opened_again(
    look: Look, shown: Shown, errors: Errors
) -> None:
    page = look("/docs")
    page.clock.install()
    page.route("**/stream?**", lambda route: route.fulfill(status=503))
    page.goto(f"{shown.address}/runs")
    ready(page)
    expect(page.locator("[data-live-word]")).to_have_text("Connecting")
    page.unroute("**/stream?**")
    asked = asks_for(page, r"/stream\?")
    page.locator(".counts [data-status=failed]").click()
    page.wait_for_url("**/runs?status=failed")
    expect(page.locator("[data-live-word]")).to_have_text("Live")
    page.clock.fast_forward(20_000)
    taken_up(page)
    assert len(asked) == 1
    errors.meant(503)


def test_rows_that_are_ticked_before_the_script_is_there_stay_ticked(
    look: Look, shown: Shown
) -> None:
    page = look("/docs")
    held = Held(page, r"/js/main[^/]*[.]js")
    page.goto(f"{shown.address}/runs", wait_until="commit")
    box = page.locator("[data-pick]").first
    box.check()
    held.free()
    expect(page.locator("[data-picked]")).to_have_text("1 selected")
    expect(box).to_be_checked()


def test_a_suggestion_that_the_arrows_chose_stays_chosen_when_the_list_is_renewed(
    look: Look, shown: Shown
) -> None:
    page = look("/runs")
    stop_clock(page)
    field, options = page.get_by_role("combobox"), page.get_by_role("option")
    field.focus()
    page.keyboard.type("status:f")
    page.clock.fast_forward(1_000)
    expect(options).to_have_count(1)
    held = Held(page, r"word=")
    page.keyboard.type("ail")
    page.clock.fast_forward(1_000)
    held.wait(1)
    page.keyboard.press("ArrowDown")
    with page.expect_event("requestfinished", lambda one: one == held.routes[0].request):
        held.free()
    taken_up(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?status=failed")


# Buttons that are pressed twice.


def test_a_copy_button_that_is_pressed_twice_gets_its_own_name_back(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.failed}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stop_clock(page)
    button = page.locator(".run-title [data-copy]")
    name = button.get_attribute("aria-label") or ""
    for _ in range(2):
        button.click()
        expect(button).to_have_attribute("aria-label", "Copied")
    # The second press may still be on its way to the clipboard.
    for _ in range(100):
        page.clock.fast_forward(5_000)
        if button.get_attribute("aria-label") == name:
            return
        page.wait_for_timeout(20)
    pytest.fail("the button is still called Copied")


def test_a_fork_that_is_asked_for_twice_opens_one_dialog(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.failed}")
    held = Held(page, r"part=dialog")
    page.keyboard.press("f")
    page.keyboard.press("f")
    held.wait(1)
    held.free()
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_of_two_themes_the_account_keeps_the_one_that_was_chosen_last(
    look: Look, shown: Shown
) -> None:
    page = look("/docs")
    held = Held(page, r"/settings$")
    for _ in range(2):
        page.get_by_role("button", name="Switch theme").click()
    held.wait(1)
    taken_up(page)
    assert len(held.routes) == 1  # the second waits for the first
    with page.expect_response("**/settings"):
        held.routes[0].continue_()
    held.wait(2)
    with page.expect_response("**/settings"):
        held.routes[1].continue_()
    sent = page.context.request.get(f"{shown.address}/docs").text()
    assert 'data-theme="light"' in sent.partition("<head>")[0]
