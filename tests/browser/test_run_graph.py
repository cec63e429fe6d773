"""What a person does with the graph of a run, by pointer and by keys."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Shown
from tests.browser.test_accessibility import CONTRASTS, violations

Look = Callable[..., Page]


@pytest.fixture
def page(look: Look, shown: Shown) -> Page:
    return look(f"/runs/{shown.groups}")


def view(page: Page) -> dict[str, list[str]]:
    """How the graph is looked at; where it was moved to joins a moment later, and has its own test."""
    asked = parse_qs(str(page.evaluate("location.search.slice(1)")))
    asked.pop("place", None)
    return asked


def node(page: Page, path: str) -> Locator:
    return page.locator(f'.node[data-path="{path}"]')


def toggle(page: Page, path: str) -> Locator:
    return page.locator(f'.toggle[data-group="{path}"][aria-expanded]')


def place(page: Page, path: str) -> tuple[float, float]:
    found = page.evaluate(
        'path => { const b = document.querySelector(`.node[data-path="${path}"] .box:not(.back)`)'
        ".getBoundingClientRect(); return [b.x, b.y]; }",
        path,
    )
    return found[0], found[1]


def test_groups_open_and_close_and_the_address_says_so(page: Page) -> None:
    # By pointer: the group stays where it is.
    before = place(page, "docs")
    toggle(page, "docs").click()
    expect(node(page, "docs/outline")).to_be_visible()
    after = place(page, "docs")
    assert abs(before[0] - after[0]) < 2
    assert abs(before[1] - after[1]) < 2
    assert view(page)["open"] == ["docs"]
    expect(toggle(page, "docs")).to_have_attribute("aria-expanded", "true")
    # By keys: a space on the node or on its toggle.
    node(page, "docs/pages").focus()
    page.keyboard.press("Space")
    expect(node(page, "docs/pages[2]/page")).to_have_count(1)
    toggle(page, "docs").focus()
    page.keyboard.press("Space")
    expect(node(page, "docs/outline")).to_have_count(0)
    expect(toggle(page, "docs")).to_be_focused()
    assert "open" not in view(page)
    # Another page of the turns.
    toggle(page, "files").click()
    expect(node(page, "files[0]/read")).to_have_count(1)
    page.get_by_role("button", name="Later turns of files").dispatch_event("click")
    expect(node(page, "files[40]/read")).to_have_count(1)
    assert view(page)["open"] == ["files[40]"]
    # All of them, and none.
    page.keyboard.press("w")
    expect(page.locator(".node")).to_have_count(4)
    page.keyboard.press("e")
    expect(node(page, "docs/bind")).to_have_count(1)
    assert view(page)["open"] == ["*"]
    toggle(page, "plan").dispatch_event("click")
    expect(node(page, "plan/planner.ask")).to_have_count(0)
    assert view(page) == {"open": ["*"], "close": ["plan"]}
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(node(page, "docs/bind")).to_have_count(1)
    expect(node(page, "plan/planner.ask")).to_have_count(0)
    page.get_by_role("button", name="Collapse all").click()
    expect(page.locator(".node")).to_have_count(4)


def test_a_step_in_a_closed_group_is_found_and_failures_are_jumped_to(page: Page) -> None:
    page.keyboard.press("s")
    page.keyboard.type("pages[0]")
    option = page.get_by_role("option")
    expect(option).to_have_count(1)
    expect(page.locator("[data-find]")).to_have_attribute("aria-activedescendant", "hit-1")
    page.keyboard.press("Enter")
    expect(node(page, "docs/pages[0]/page")).to_be_focused()
    expect(page.locator(".panel h2")).to_have_text("docs/pages[0]/page")
    assert view(page)["node"] == ["docs/pages[0]/page"]
    page.keyboard.press("Escape")
    # From the keyboard's failure on; what stands closed is opened.
    page.keyboard.press("w")
    expect(page.locator(".node")).to_have_count(4)
    page.keyboard.press("n")
    expect(node(page, "docs/pages[1]/page")).to_be_focused()
    assert view(page)["node"] == ["docs/pages[1]/page"]
    page.go_back()  # selecting is a step that can be taken back
    expect(page.locator(".panel")).to_be_hidden()
    # Closing the group that holds the chosen step chooses the group.
    page.get_by_role("button", name="Next failed").click()
    expect(page.locator(".panel h2")).to_have_text("docs/pages[1]/page")
    toggle(page, "docs").dispatch_event("click")
    expect(page.locator(".panel h2")).to_have_text("docs")
    assert view(page)["node"] == ["docs"]
    page.keyboard.press("s")
    page.keyboard.type("nowhere")
    expect(page.locator("[data-found]")).to_contain_text("No step has")
    page.keyboard.press("Escape")
    expect(page.locator("[data-found]")).to_be_hidden()


def test_until_the_next_step_is_there_the_buttons_of_the_last_one_do_nothing(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.failed}?node=plan")
    panel = page.locator("[data-part=panel]")
    expect(panel.get_by_role("button", name="Restart from here")).to_be_enabled()
    held: list[Route] = []
    page.route("**part=panel**", lambda route: held.append(route))
    # Looked at in the moment of the click, before any answer: and then a frame with the new name.
    inert = page.evaluate(
        "() => { document.querySelector('.node[data-path=baseline]').dispatchEvent("
        "new MouseEvent('click', {bubbles: true, cancelable: true}));"
        "return document.querySelector('.panel-foot').inert; }"
    )
    assert inert
    expect(panel.locator("h2")).to_have_text("baseline")
    expect(panel.locator(".panel-foot")).to_have_count(0)
    expect(panel.get_by_label("Close panel")).to_be_visible()
    held[0].continue_()
    expect(panel.locator(".panel-body")).to_be_visible()
    expect(panel).not_to_have_attribute("aria-busy", "true")


def test_a_panel_that_was_closed_while_its_step_was_on_the_way_stays_empty(
    look: Look, shown: Shown
) -> None:
    page = look(f"/runs/{shown.failed}")
    page.clock.install()
    panel = page.locator("[data-part=panel]")
    page.route("**part=panel**", lambda route: None)  # its answer never comes
    node(page, "plan").dispatch_event("click")
    expect(panel.locator("h2")).to_have_text("plan")
    page.go_back()
    expect(panel.locator("h2")).to_have_count(0)
    page.clock.fast_forward(5_000)  # past the moment when the frame of the step would stand there
    expect(panel.locator("h2")).to_have_count(0)


def test_where_the_graph_was_moved_to_is_there_after_a_reload(page: Page) -> None:
    zoom = page.locator("[data-zoom-word]")
    before = zoom.inner_text()
    page.keyboard.press("+")
    page.keyboard.press("+")
    moved = zoom.inner_text()
    assert moved != before
    # With this size: the first of the two keys alone may have been written before.
    page.wait_for_url(re.compile(rf"place=[\d-]+%2C[\d-]+%2C{moved.split()[0]}\b"))
    page.reload()
    expect(zoom).to_have_text(moved)
    page.locator("html[data-ready]").wait_for(state="attached")
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile("place="))


def test_when_all_groups_close_the_choice_and_the_focus_go_to_the_group(page: Page) -> None:
    toggle(page, "docs").click()
    node(page, "docs/outline").click()
    expect(page.locator(".panel h2")).to_have_text("docs/outline")
    node(page, "docs/outline").focus()
    page.keyboard.press("w")
    expect(node(page, "docs/outline")).to_have_count(0)
    expect(node(page, "docs")).to_be_focused()
    expect(page.locator(".panel h2")).to_have_text("docs")
    assert view(page)["node"] == ["docs"]


def test_direction_filter_colours_critical_path_and_full_screen(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Top down")).to_be_visible()
    assert view(page) == {"dir": ["down"]}
    assert place(page, "plan")[1] < place(page, "docs")[1] < place(page, "last")[1]
    # The menu, by keys alone.
    page.keyboard.press("v")
    expect(page.get_by_role("checkbox", name="Running")).to_have_count(0)
    page.get_by_role("checkbox", name="Failed").focus()
    page.keyboard.press("Space")
    expect(node(page, "last")).to_have_class("node dim")
    expect(node(page, "docs")).to_have_class("node")
    expect(page.locator("[data-told]")).to_have_text("2 of 4 steps stand out.")
    page.get_by_role("radio", name="Duration").check()
    page.get_by_role("checkbox", name="Critical path").check()
    assert view(page) == {
        "dir": ["down"], "status": ["failed"], "colour": ["duration"], "critical": ["1"]
    }  # fmt: skip
    expect(page.locator("svg.graph.is-heat.is-critical")).to_have_count(1)
    expect(page.locator("[data-part=critical]")).to_contain_text("2 steps, 1 min 00 s: plan, docs")
    expect(page.locator(".edge.is-critical").first).to_have_css("stroke-width", "2.6px")
    assert violations(page) == []
    page.get_by_role("button", name="Show all").click()
    page.keyboard.press("Escape")
    expect(page.locator(".node.dim")).to_have_count(0)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert [one for one in page.evaluate(CONTRASTS) if one[1] < 4.5] == []
    # The view outlives a reload, and a group that opens keeps it.
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(page.locator("svg.graph.is-heat.is-critical")).to_have_count(1)
    toggle(page, "docs").click()
    expect(node(page, "docs/pages")).to_have_attribute("data-critical", "")
    assert set(view(page)) == {"dir", "open", "colour", "critical"}
    page.keyboard.press("Shift+F")
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+F")
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_the_graph_is_saved_as_svg_and_png(page: Page, tmp_path: Path) -> None:
    for kind, begins in (("SVG", b"<svg "), ("PNG", b"\x89PNG")):
        page.keyboard.press("v")
        with page.expect_download() as saved:
            page.locator("[data-look-form]").get_by_text(kind).click()
        page.keyboard.press("Escape")
        assert saved.value.suggested_filename.endswith(f"-graph.{kind.lower()}")
        content = Path(saved.value.path()).read_bytes()
        assert content.startswith(begins)
        assert len(content) > 5000


def test_scripts_of_the_run_page_are_small(page: Page) -> None:
    sizes = page.evaluate(
        """() => performance.getEntriesByType("resource")
          .filter((one) => one.name.endsWith(".js")).map((one) => one.encodedBodySize)"""
    )
    assert 0 < sum(sizes) < 200_000


def test_without_scripts_the_graph_is_read_and_its_groups_open(
    browser: Browser, shown: Shown
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shown.address}/runs/{shown.groups}?dir=down")
    assert page.locator(".node .n-name").all_text_contents()[:2] == ["plan", "files ×60"]
    toggle(page, "docs").click()
    assert page.locator('.node[data-path="docs/outline"] .n-name').text_content() == "outline"
    page.locator("[data-next-failed]").click()
    assert page.locator(".panel h2").inner_text() == "docs/pages[1]/page"
    assert "Top down" in page.locator(".toolbar").inner_text()
    dead = page.locator('button[type="button"]:not([aria-disabled])').filter(visible=True)
    assert dead.count() == 0  # nothing would answer them
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator('.nav [data-go="w"]').is_visible()
    context.close()


def test_the_drawing_does_not_jump_when_its_script_arrives(browser: Browser, shown: Shown) -> None:
    context = browser.new_context()
    context.add_init_script("""
      window.shifts = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    """)
    page = context.new_page()
    page.goto(f"{shown.address}/runs/{shown.groups}")
    expect(page.locator(".viewport > svg.is-placed")).to_be_visible()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    assert page.evaluate("window.shifts") < 0.01
    context.close()
