"""What a narrow window shows: everything, beside or below each other, never on top of each other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown, ready

Look = Callable[..., Page]


def test_the_restart_button_fills_what_fork_leaves_of_its_row(look: Look, shown: Shown) -> None:
    for run in (shown.failed, shown.running):
        page = look(f"/runs/{run}", width=390)
        row = page.locator(".run-title .do").bounding_box()
        button = page.locator(".do .btn", has_text="Restart run").first.bounding_box()
        more = page.get_by_label("More actions").bounding_box()
        assert row is not None
        assert button is not None
        assert more is not None
        assert row["width"] == 390 - 2 * 16
        fork = page.locator(".run-title .do > a.btn").filter(visible=True)
        beside = [one.bounding_box() for one in fork.all()]
        taken = sum(box["width"] + 8 for box in beside if box)
        assert len(beside) == (run == shown.failed)
        assert taken < 100
        assert button["width"] + more["width"] + taken >= row["width"] - 1
        assert more["width"] < 44


@pytest.mark.parametrize("tab", ["lineage", "log"])
def test_the_tab_that_is_open_can_be_seen(look: Look, shown: Shown, tab: str) -> None:
    page = look(f"/runs/{shown.running}?tab={tab}", width=390)
    expect(page.locator(".run > .tabs [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_the_search_is_one_tap_away(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}", width=390)
    page.get_by_label("Find run or workflow").locator("visible=true").tap()
    page.wait_for_url("**/runs#find")
    field = page.get_by_label("Filter runs: key:value")
    expect(field).to_be_focused()
    page.locator("h1").tap()
    expect(field).not_to_be_focused()
    page.get_by_label("Find run or workflow").locator("visible=true").tap()
    expect(field).to_be_focused()


def two_fingers(page: Page) -> None:
    """Spread on the graph they zoom it, and what is between them stays there; one drags it."""
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    def shown() -> tuple[float, float, float]:
        matrix = "document.querySelector('svg.graph').style.transform"
        found = page.evaluate(f"(m => [m.a, m.e, m.f])(new DOMMatrix({matrix}))")
        return found[0], found[1], found[2]

    box = page.locator(".viewport").bounding_box()
    assert box is not None
    middle, down = box["width"] / 2, box["height"] / 2
    x, y = box["x"] + middle, box["y"] + down
    before = shown()
    touch("Start", (x - 30, y), (x + 30, y))
    for half in (40, 50, 60):
        touch("Move", (x - half, y), (x + half, y))
    touch("End")
    page.wait_for_url("**place=**")
    after = shown()
    assert after[0] > 1.5 * before[0]
    for at, place in ((1, middle), (2, down)):
        # The place of the drawing that the fingers were around.
        assert abs((place - before[at]) / before[0] - (place - after[at]) / after[0]) < 2
    kept = page.url
    touch("Start", (x, y))
    for far in (10, 30, 60):
        touch("Move", (x + far, y))
    touch("End")
    page.wait_for_url(lambda url: "place=" in url and url != kept)
    assert shown()[0] == after[0]
    assert shown()[1] > after[1] + 40
    expect(page.locator(".panel")).to_be_hidden()  # a drag is not a tap


def test_a_run_opens_with_its_steps(look: Look, shown: Shown) -> None:
    page = look("/runs", width=390)
    page.locator(f"#row-{shown.running} .wf > a").first.tap()
    page.wait_for_url(re.compile(rf"/runs/{shown.running}\?tab=steps"))
    page.get_by_role("link", name="Graph").tap()
    expect(page.locator("svg.graph")).to_be_visible()
    ready(page)
    two_fingers(page)
    wide = look("/runs")
    name = wide.locator(f"#row-{shown.running} .wf > a").first
    wide.set_viewport_size({"width": 720, "height": 450})  # 1440 at 200 %: chips left no name
    wide.wait_for_function(
        # Asked for each time: the row is renewed when the list has its stream.
        """row => {
          const one = document.querySelector(`#${row} .wf > a`);
          return one && one.clientWidth > 40 && one.scrollWidth <= one.clientWidth;
        }""",
        arg=f"row-{shown.running}",
    )
    name.click()
    expect(wide.locator("svg.graph")).to_be_visible()


def test_what_is_chosen_is_seen_beside_its_panel(look: Look, shown: Shown) -> None:
    tablet = look(f"/runs/{shown.waiting}?node=publish", width=820)
    node = tablet.locator(".node[aria-current]").bounding_box()
    panel = tablet.locator(".panel").bounding_box()
    assert node is not None
    assert panel is not None
    assert node["x"] + node["width"] < panel["x"], "the panel lies on the step that it speaks of"
    steps = look(f"/runs/{shown.running}?tab=steps&node=implement%5B11%5D%2Fvalidate")
    expect(steps.locator("tr[aria-selected=true]")).to_be_in_viewport(ratio=1)


def test_a_long_name_leaves_room_for_the_mark_of_reuse(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.running}?tab=steps", width=360)
    rows = page.locator("tr:has(.chip-reused)")
    expect(rows.first).to_be_visible()  # `all` does not wait, and of no rows everything is true
    for row in rows.all():
        chip, cell = row.locator(".chip-reused").bounding_box(), row.locator("th").bounding_box()
        assert chip is not None
        assert cell is not None
        assert chip["x"] + chip["width"] <= cell["x"] + cell["width"]
