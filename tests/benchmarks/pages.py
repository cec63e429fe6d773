"""How soon a run's graph is there: a web process, a browser, and runs of 1,000 and 10,000 steps.

`bench.py` asks for the rows; ``python -m tests.benchmarks.pages`` prints them alone.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, Site

TIMES = 5
SEED = """
from django.utils import timezone
from tests.browser import large_runs
now = timezone.now()
made = [large_runs.{name}(now) for _ in range({times})]
print(*(run.pk for run in made))
"""
# Drawn: the page's modules have run, and the frame after them has been handed on.
DRAWN = """
new MutationObserver((_, seen) => {
  if (document.documentElement.dataset.ready === undefined) return;
  seen.disconnect();
  requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => {
      document.documentElement.dataset.drawn = performance.now();
    };
    after.port2.postMessage(0);
  });
}).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
"""


@dataclass(frozen=True)
class Measured:
    """One row of the table; ``ok`` when it is within its limit."""

    what: str
    measured: str
    ratio: str
    limit: str
    ok: bool


def rows() -> Iterator[Measured]:
    """Start a site of its own, measure, stop it. Seconds; the median of some visits."""
    with tempfile.TemporaryDirectory(prefix="mvk-pages-") as home, Site(Path(home)) as site:
        site.serve()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
            yield from _measure(site, browser)
            browser.close()


def _measure(site: Site, browser: Browser) -> Iterator[Measured]:
    warm = browser.new_page()
    warm.goto(f"{site.address}/workflows")
    warm.close()
    for name, what, limit in (
        ("chain", "run page, chain of 1,000 steps", 1.0),
        ("grid", "run page, 1,000 steps in 40 columns", 1.0),
        ("one_loop", "run page, 10,000 executions in a loop", 2.0),
        ("many_loops", "run page, 10,000 executions in 250 loops", 2.0),
    ):
        runs = site.run(SEED.format(name=name, times=TIMES)).split()
        took = [_visit(site, browser, run) for run in runs]
        seconds = statistics.median(took)
        yield Measured(
            f"{what}: until drawn",
            f"{seconds * 1000:,.0f} ms",
            f"{seconds / limit:.2f} of {limit:g} s (first visit {took[0] * 1000:,.0f} ms)",
            f"under {limit:g} s",
            seconds < limit,
        )
        if name == "chain":
            yield _graph_data(site, runs[0])


def _visit(site: Site, browser: Browser, run: str) -> float:
    """Seconds from the navigation to the drawn graph, in a browser that has nothing in its cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(DRAWN)
    page.goto(f"{site.address}/runs/{run}", wait_until="commit")
    drawn = page.wait_for_selector("html[data-drawn]", state="attached")
    assert drawn is not None
    found = float(drawn.get_attribute("data-drawn") or "nan") / 1000
    context.close()
    return found


def _graph_data(site: Site, run: str) -> Measured:
    with httpx.Client(base_url=site.address) as client:
        taken = []
        for _ in range(2 * TIMES):
            began = time.perf_counter()
            nodes = client.get(f"/api/v1/runs/{run}/graph").raise_for_status().json()["nodes"]
            taken.append(time.perf_counter() - began)
    assert len(nodes) == 1000
    seconds = statistics.median(taken[1:])
    return Measured(
        "graph data of 1,000 steps by the API",
        f"{seconds * 1000:,.0f} ms",
        f"{seconds / 0.05:.2f} of 50 ms",
        "under 50 ms",
        seconds < 0.05,
    )


def main() -> int:
    """Print the rows; 1 when one is over its limit."""
    ok = True
    for row in rows():
        print(f"{row.what:48} {row.measured:>10}  {row.ratio:40} {row.limit}", flush=True)
        ok &= row.ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
