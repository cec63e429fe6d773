"""axe on every page, light and dark, on a desk and on a phone; nothing on top of something else in any
width; and what a keyboard alone reaches."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PATIENCE_MS, Errors, Shown
from tests.browser.screenshots import listen
from tests.thorough import ALL, pairs

Look = Callable[..., Page]
PAGES = {
    "run list": "/runs",
    "nothing matches": "/runs?status=timeout&chip=golden",
    "run": "/runs/{running}",
    "run that failed": "/runs/{failed}",
    "node panel": "/runs/{running}?node=plan",
    "panel of a failed turn": "/runs/{failed}?tab=steps&node=implement%5B11%5D%2Fvalidate",
    "large graph": "/runs/{grid}",
    "run that waits for a decision": "/runs/{waiting}?node=deploy",
    "panel of a validation": "/runs/{waiting}?node=check",
    "steps that were handled": "/runs/{waiting}?tab=steps&node=sign",
    "run that was undone": "/runs/{undone}?node=reserve",
    "restart preview": "/runs/{failed}/restart?from=plan",
    "restart preview of everything": "/runs/{undone}/restart?reuse=none&node=reserve",
    "fork": "/runs/{failed}/fork?from=plan",
    "steps": "/runs/{running}?tab=steps",
    "timeline": "/runs/{running}?tab=timeline&node=plan",
    "events": "/runs/{failed}?tab=events",
    "notes": "/runs/{failed}?tab=notes&edit=note",
    "input and output": "/runs/{running}?tab=io",
    "checkpoints": "/runs/{failed}?tab=checkpoints",
    "lineage": "/runs/{running}?tab=lineage",
    "log": "/runs/{failed}?tab=log",
    "panel of a step that was not reached": "/runs/{failed}?node=create_pr",
    "panel of a loop that failed": "/runs/{failed}?node=implement",
    "panel of work that others have": "/runs/{failed}?node=plan",
    "compare": "/runs/{failed}/compare/{running}?node=implement",
    "compare, steps": "/runs/{failed}/compare/{running}?tab=steps",
    "compare, values": "/runs/{failed}/compare/{waiting}?tab=io",
    "compare, definition": "/runs/{failed}/compare/{waiting}?tab=definition",
    "workflows": "/workflows",
    "source": "/workflows/ship-feature/versions/1",
    "workflow": "/workflows/ship-feature",
    "workflow, past": "/workflows/fly-beads",
    "workflow, problems": "/workflows/broken?tab=source",
    "workflow, graph": "/workflows/ship-feature?tab=graph&node=plan",
    "workflow, versions": "/workflows/ship-feature?tab=versions",
    "workflow, run": "/workflows/fly/run",
    "approvals": "/approvals",
    "tokens": "/tokens",
    "users": "/users",
    "settings": "/settings",
    "docs": "/docs/language",
    "docs, search": "/docs?q=checkpoint",
    "long names": "/runs/{odd}",
    "long names, steps": "/runs/{odd}?tab=steps&node=either",
    "long names, inputs": "/runs/{odd}?tab=io",
    "long names, lineage": "/runs/{odd}?tab=lineage",
    "agents": "/agents",
    "agent": "/agents/research?call=plan",
    "audit log": "/audit",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/wh_0sample0000002",
    "webhook message": "/webhooks/deliveries/msg_sample",
    "mark golden": "/runs/{failed}/golden",
    "check": "/runs/{failed}/check",
    "delete": "/runs/{failed}/delete",
    "import": "/runs/import",
    "clean up": "/cleaning?older_than=0",
    "sign in": "/sign-in/",
    "API": "/api/v1/docs",
}


# Texts that lie on each other: leaves of the page whose boxes share more than a few pixels.
OVERLAPS = """() => {
  const leaves = [...document.querySelectorAll(".main *")].filter((one) =>
    !one.closest("svg, details:not([open]) .menu-list, .panel, .sr")
    && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    && one.checkVisibility());
  const lines = (one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return [...range.getClientRects()].map((line) => ({ one, line }));
  };
  const boxes = leaves.flatMap(lines).map(({ one, line: { left, right, top, bottom } }) => {
    for (let around = one; around; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.overflow === "visible" && style.clipPath === "none") continue;
      const clip = around.getBoundingClientRect();
      if (style.clipPath !== "none") right = left;
      [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
      [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
    }
    return { one, left, right, top, bottom };
  });
  const found = [];
  for (const [n, a] of boxes.entries()) {
    for (const b of boxes.slice(n + 1)) {
      if (a.one.contains(b.one) || b.one.contains(a.one)) continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3 && tall > 5) found.push([a.one.textContent, b.one.textContent]);
    }
  }
  return found.slice(0, 5);
}"""


def violations(page: Page) -> list[str]:
    """What axe finds: the rule, why, and where."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(
            f"{node['html'][:160]} {node['failureSummary'][:300]}" for node in one["nodes"][:4]
        )
        for one in found["violations"]
    ]


# Of many that are alike, the first eight: axe reads the colours of every word, and the words are
# compared with each other. A page of the API's size would take half a minute.
THIN = """() => {
  for (const around of document.querySelectorAll(".main, .main *:not(svg *)")) {
    const alike = {};
    for (const one of [...around.children]) {
      const kind = `${one.tagName} ${one.className}`;
      alike[kind] = (alike[kind] ?? 0) + 1;
      if (alike[kind] > 8) one.remove();
    }
  }
}"""
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[dict[str, Page]]:
    """A window for each look. Nothing is done in them but reading: one serves for all pages, and to
    open one is as dear as to read a page."""
    contexts = [browser.new_context(reduced_motion="reduce", **look) for look in LOOKS.values()]
    for context in contexts:
        context.set_default_timeout(PATIENCE_MS)
    yield {kind: context.new_page() for kind, context in zip(LOOKS, contexts, strict=True)}
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("name", "kind"), pairs(list(PAGES), list(LOOKS), every=len(LOOKS)), ids=lambda one: str(one)
)
def test_axe_finds_nothing_and_nothing_lies_on_something_else(
    windows: dict[str, Page], errors: Errors, shown: Shown, name: str, kind: str
) -> None:
    """Every page in one of the looks, in all of them by `make matrix`; then it is made wider and
    narrower."""
    page = windows[kind]
    page.set_viewport_size(LOOKS[kind]["viewport"])
    listen(page, errors)
    page.goto(shown.address + PAGES[name].format(**vars(shown)))
    page.wait_for_selector("html[data-ready]", state="attached")
    if not ALL:
        page.evaluate(THIN)
    assert violations(page) == []
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert page.evaluate(OVERLAPS) == [], width


def test_axe_finds_nothing_in_what_opens(look: Look, shown: Shown) -> None:
    page = look("/runs")
    page.locator("tbody details.menu summary").first.click()
    assert violations(page) == []
    page = look("/runs", width=390)
    page.get_by_role("button", name="Menu").click()
    assert violations(page) == []
    page = look(f"/runs/{shown.failed}")
    page.get_by_label("More actions").click()
    assert violations(page) == []


# axe does not judge text in SVG: its colour against the box that it stands in, or the canvas.
CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (...layers) => {
    paint.clearRect(0, 0, 1, 1);
    for (const layer of layers) {
      paint.fillStyle = layer;
      paint.fillRect(0, 0, 1, 1);
    }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(document.querySelector(".stage")).backgroundColor;
  return [...document.querySelectorAll(".graph text")]
    .filter((text) => text.getClientRects().length)
    .map((text) => {
      const box = text.closest(".node")?.querySelector(".box:not(.back)")
        ?? text.parentElement.querySelector("rect");
      const fill = getComputedStyle(box).fill;
      const under = rgb(ground, fill === "none" ? "transparent" : fill);
      const over = rgb(`rgb(${under})`, getComputedStyle(text).fill);
      const [a, b] = [light(under), light(over)].sort((x, y) => y - x);
      return [`${text.textContent} (${text.getAttribute("class")})`, (a + 0.05) / (b + 0.05)];
    });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_in_the_graph_stand_out_from_their_ground(
    look: Look, shown: Shown, theme: str
) -> None:
    for path in ("/runs/{running}", "/runs/{failed}/compare/{running}?show=a"):
        page = look(path.format(**vars(shown)), theme=theme)
        found = page.evaluate(CONTRASTS)
        assert len(found) > 20
        assert [(text, round(ratio, 2)) for text, ratio in found if ratio < 4.5] == []


FOCUSED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const hit = document.elementFromPoint(
    Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.y + Math.min(box.height / 2, 20), 0), innerHeight - 1),
  );
  return {
    what: one.outerHTML.slice(0, 120),
    covered: !(one.contains(hit) || hit?.contains(one)),
    ring: getComputedStyle(one).outlineStyle !== "none"
      || one.querySelector(".ring") !== null
      || getComputedStyle(one.parentElement).outlineStyle !== "none"
      || getComputedStyle(one.closest(".search") ?? one).outlineStyle !== "none",
  };
}"""


@pytest.mark.parametrize(
    "name", ["run list", "node panel", "restart preview", "steps", "workflows", "API"]
)
def test_the_tab_key_reaches_what_can_be_seen(look: Look, shown: Shown, name: str) -> None:
    page = look(PAGES[name].format(**vars(shown)))
    for _ in range(45):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        assert not found["covered"], found
        assert found["ring"], found
