"""A graph of a thousand steps: drawn where one looks, and nowhere lost."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shown

Look = Callable[..., Page]
# Nodes whose box lies in the window, and of these the ones whose name is not drawn.
IN_SIGHT = """() => {
  const window = document.querySelector(".viewport").getBoundingClientRect();
  const svg = document.querySelector("svg.graph");
  const scale = new DOMMatrix(svg.style.transform).a;
  const { left, top } = svg.getBoundingClientRect();
  const seen = [...svg.querySelectorAll(".node")].filter((node) => {
    const [x, y, wide, tall] = node.dataset.box.split(" ").map(Number);
    const [l, t] = [left + x * scale, top + y * scale];
    return l < window.right && l + wide * scale > window.left
      && t < window.bottom && t + tall * scale > window.top;
  });
  const blank = seen.filter((node) => !node.querySelector(".box").getClientRects().length);
  return { seen: seen.length, blank: blank.length };
}"""


def nothing_is_blank(page: Page, least: int = 20) -> None:
    found = page.evaluate(IN_SIGHT)
    assert found["seen"] >= least
    assert found["blank"] == 0


def test_every_step_is_a_link_and_those_in_sight_are_drawn(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.grid}")
    assert page.locator(".node").count() == 1000
    far = page.locator(".node.far").count()
    assert 500 < far < 1000
    nothing_is_blank(page)


def test_what_comes_into_view_is_drawn(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.grid}")
    page.mouse.move(700, 600)
    for dx, dy in ((3000, 0), (0, 900), (-1500, -300)):
        page.mouse.wheel(dx, dy)
        expect(page.locator("svg.graph")).to_have_css("position", "absolute")
        page.wait_for_selector(".node:not(.far)")
        nothing_is_blank(page)
    page.locator(".minimap svg").click(position={"x": 120, "y": 20})
    nothing_is_blank(page)


def test_all_of_it_is_drawn_when_all_of_it_is_in_sight(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.grid}")
    page.keyboard.press("0")
    expect(page.locator("svg.graph.is-small")).to_have_count(1)  # names would be specks
    nothing_is_blank(page, 1000)
    for _ in range(12):
        page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("svg.graph.is-small")).to_have_count(0)
    nothing_is_blank(page)


def test_a_step_far_away_is_found_walked_to_and_opened(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.grid}")
    field = page.locator("[data-find]")
    field.fill("s39_3")
    field.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("s39_3")
    nothing_is_blank(page)
    page.keyboard.press("k")  # the step before it in the file stands elsewhere in the column
    expect(page.locator('.node[data-path="s39_2"]')).to_be_focused()
    nothing_is_blank(page)
    page.keyboard.press("Tab")
    expect(page.locator('.node[data-path="s39_3"]')).to_be_focused()
    nothing_is_blank(page)


def test_a_link_to_a_step_shows_it(look: Look, shown: Shown) -> None:
    page = look(f"/runs/{shown.grid}?node=s30_20")
    expect(page.locator('.node[data-path="s30_20"] .ring')).to_be_in_viewport()
    nothing_is_blank(page)


def test_no_script_waits_for_another_to_be_read_first(look: Look, shown: Shown) -> None:
    for path in (f"/runs/{shown.failed}", "/runs", "/workflows"):
        page = look(path)
        read, announced = page.evaluate(
            """() => [
              performance.getEntriesByType("resource").map((one) => one.name)
                .filter((name) => name.endsWith(".js") && !name.includes("theme")),
              [...document.querySelectorAll("link[rel=modulepreload]")].map((one) => one.href),
            ]"""
        )
        assert set(read) == set(announced), path
