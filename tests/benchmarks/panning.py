"""How smoothly a graph of a thousand steps moves: the longest task of the page while it is dragged,
turned with the wheel, and zoomed, with all of its steps in sight.

``python -m tests.benchmarks.panning`` prints a row for each; 1 when one is over its limit. A task
that waits for a busy machine is longer than its work, so both are told: the time on the clock, and
the time on the processor, which the limit is about.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks.pages import SEED, Measured
from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, Site

LIMIT_MS = 50.0
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
WINDOWS = ((1440, 900), (3840, 2160))  # all of it as boxes; all of it with its words


def rows() -> Iterator[Measured]:
    """Start a site of its own, measure, stop it."""
    with tempfile.TemporaryDirectory(prefix="mvk-pan-") as home, Site(Path(home)) as site:
        site.serve()
        run = site.run(SEED.format(name="grid", times=1)).strip()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
            for size in WINDOWS:
                yield from measure(browser, f"{site.address}/runs/{run}", size)
            browser.close()


def measure(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Measured]:
    """One window: every way to move."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address, wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("0")  # all of it
    page.wait_for_timeout(500)
    seen = page.evaluate("document.querySelectorAll('.node:not(.far)').length")
    words = "boxes" if page.locator("svg.is-small").count() else "with words"
    for what, move in (("dragged", _drag), ("wheel", _wheel), ("zoomed", _zoom)):
        clock, work, count = _traced(browser, page, move)
        yield Measured(
            f"{seen:,} steps in sight at {width}x{height}, {words}, {what}: longest task",
            f"{clock:.0f} ms",
            f"{work:.1f} ms of work, {count} frames",
            f"under {LIMIT_MS:g} ms",
            work < LIMIT_MS,
        )
    context.close()


def _drag(page: Page) -> None:
    box = page.locator(".viewport").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for n in range(40):
        page.mouse.move(x + 9 * (n % 20), y + 4 * (n % 20))
    page.mouse.up()


def _wheel(page: Page) -> None:
    for n in range(30):
        page.mouse.wheel(40 if n < 15 else -40, 20 if n < 15 else -20)


def _zoom(page: Page) -> None:
    for n in range(16):
        page.keyboard.press("+" if n < 8 else "-")


def _traced(browser: Browser, page: Page, move: Callable[[Page], None]) -> tuple[float, float, int]:
    """The longest task of the page's own thread on the clock and in work, and the frames drawn."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    move(page)
    page.wait_for_timeout(300)
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"].get("name") == "CrRendererMain"
    }
    mine = [e for e in events if (e.get("pid"), e.get("tid")) in threads and "dur" in e]
    # Of the renderers, the one that drew.
    frames = Counter(e["pid"] for e in mine if e["name"] == "Paint")
    drew = frames.most_common(1)[0][0] if frames else 0
    tasks = [e for e in mine if e["pid"] == drew and "RunTask" in e["name"]]
    return (
        max((e["dur"] / 1000 for e in tasks), default=0.0),
        max((e.get("tdur", e["dur"]) / 1000 for e in tasks), default=0.0),
        frames[drew],
    )


def main() -> int:
    """Print the rows; 1 when one is over its limit."""
    ok = True
    for row in rows():
        print(f"{row.what:78} {row.measured:>8}  {row.ratio:32} {row.limit}", flush=True)
        ok &= row.ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
