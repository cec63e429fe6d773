"""Pictures of the pages with realistic rows, beside which the reference pictures can be laid.

``make screenshots`` runs it and writes to build/screenshots/, with a table of first paints and
layout shifts (figures.txt). Exits 1 when a page logs an error, is wider than its window, moves while
it loads, asks another host, or has no strict policy. ``make screenshots ONLY="run-list docs"``
takes some pages.
"""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.page_figures import OBSERVE, Figures, Visit, table
from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, ROOT, Site

INTO = ROOT / "build" / "screenshots"
SEED = """
from django.utils import timezone
from tests.browser import sample_agents, sample_kinds, sample_people, sample_webhooks
from tests.browser.sample_events import journal
from tests.browser.sample_runs import everything
now = timezone.now()
made = [*everything(now), sample_kinds.waiting(now), sample_kinds.undone(now)]
sample_webhooks.everything(now, made[0])
sample_people.people()
sample_agents.agents(now)
made.append(sample_agents.nested_calls(now))
for run in made[:2]:
    journal(run)
print(*(run.pk for run in made))
"""


@dataclass(frozen=True, slots=True)
class Window:
    """A browser window that pages are looked at in."""

    label: str
    width: int
    height: int
    dark: bool = False
    scale: float = 1.0

    @property
    def is_phone(self) -> bool:
        return self.width < 641


WINDOWS = (
    *(
        Window(f"{width}-{'dark' if dark else 'light'}", width, height, dark)
        for width, height in ((1440, 900), (820, 1180), (390, 844))
        for dark in (False, True)
    ),
    Window("360", 360, 740),
    Window("4k", 3840, 2160),
    Window("zoom-200", 720, 450, scale=2.0),  # what 200 % leave of a window of 1440 pixels
)


def pages(running: str, failed: str, waiting: str, undone: str, nested: str) -> dict[str, str]:
    """Name of the picture → address."""
    return {
        "run-list": "/runs",
        "run-list-nothing-matches": "/runs?status=timeout&chip=golden",
        "run-detail": f"/runs/{running}?node=plan",
        "run-detail-failed": f"/runs/{failed}",
        "run-preview": f"/runs/{failed}/restart?from=plan&node=implement",
        "run-fork": f"/runs/{failed}/fork?from=plan",
        "run-failed-turn": f"/runs/{failed}?node=implement%5B11%5D%2Fvalidate",
        "run-timeline": f"/runs/{running}?tab=timeline",
        "run-timeline-failed": f"/runs/{failed}?tab=timeline&node=plan&idle=hide",
        "run-events": f"/runs/{failed}?tab=events",
        "run-notes": f"/runs/{failed}?tab=notes&edit=note",
        "run-steps": f"/runs/{running}?tab=steps&node=implement%5B11%5D%2Fvalidate",
        "run-waiting": f"/runs/{waiting}?node=deploy",
        "run-checks": f"/runs/{waiting}?node=check",
        "run-handled": f"/runs/{waiting}?tab=steps&node=sign",
        "run-undone": f"/runs/{undone}",
        "run-io": f"/runs/{running}?tab=io",
        "run-checkpoints": f"/runs/{failed}?tab=checkpoints",
        "run-lineage": f"/runs/{running}?tab=lineage",
        "run-log": f"/runs/{failed}?tab=log",
        "compare": f"/runs/{failed}/compare/{running}",
        "compare-step": f"/runs/{failed}/compare/{running}?node=plan",
        "compare-steps": f"/runs/{failed}/compare/{running}?tab=steps&node=preflight",
        "compare-io": f"/runs/{failed}/compare/{running}?tab=io",
        "run-agent-calls": f"/runs/{nested}?node=research",
        "run-agent-calls-steps": f"/runs/{nested}?tab=steps&node=research%2Fresearch.search~2",
        "workflows": "/workflows",
        "agents": "/agents",
        "agent": "/agents/research?call=plan",
        "workflow": "/workflows/fly-beads",
        "workflow-source": "/workflows/broken?tab=source",
        "workflow-graph": "/workflows/ship-feature?tab=graph",
        "workflow-versions": "/workflows/ship-feature?tab=versions",
        "workflow-run": "/workflows/fly/run",
        "approvals": "/approvals",
        "tokens": "/tokens",
        "users": "/users",
        "settings": "/settings",
        "docs": "/docs/language",
        "docs-search": "/docs?q=checkpoint+loop",
        "audit": "/audit",
        "webhooks": "/webhooks",
        "webhook": "/webhooks/wh_0sample0000002",
        "webhook-message": "/webhooks/deliveries/msg_sample",
        "golden": f"/runs/{running}/golden",
        "check": f"/runs/{failed}/check",
        "import": "/runs/import",
        "clean-up": "/cleaning?older_than=0",
        "api-docs": "/api/v1/docs",
    }


def listen(page: Page, errors: list[str]) -> None:
    """Note what a page complains about."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", said)


def settled(page: Page) -> None:
    """Until the page answers to keys and its letters have their faces."""
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate("document.fonts.ready.then(() => true)")


def take(browser: Browser, site: Site, shots: dict[str, str]) -> tuple[list[Figures], list[str]]:
    """Write every picture; returns the figures, and what was wrong with the pages."""
    figures: list[Figures] = []
    wrong: list[str] = []
    for window in WINDOWS:
        context = browser.new_context(
            viewport={"width": window.width, "height": window.height},
            device_scale_factor=window.scale,
            color_scheme="dark" if window.dark else "light",
            has_touch=window.is_phone,
            is_mobile=window.is_phone,
        )
        context.add_init_script(OBSERVE)
        for name, address in shots.items():
            page = context.new_page()
            errors: list[str] = []
            listen(page, errors)
            visit = Visit(page, name, window.label)
            answer = page.goto(site.address + address)
            settled(page)
            page.screenshot(path=INTO / f"{name}-{window.label}.png", animations="disabled")
            figures.append(visit.figures(answer))
            wrong += [f"{name}-{window.label}: {one}" for one in (*errors, *figures[-1].wrong())]
            page.close()
        context.close()
    return figures, wrong


def main() -> int:
    INTO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maverick-") as folder, Site(Path(folder)) as site:
        site.serve()
        made = site.run(SEED).split()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
            shots = pages(*made)
            asked = os.environ.get("ONLY", "").split() or list(shots)
            figures, wrong = take(browser, site, {name: shots[name] for name in asked})
            browser.close()
    (INTO / "figures.txt").write_text(table(figures), encoding="utf-8")
    print(
        "\n".join([table(figures), *wrong, f"{len(list(INTO.glob('*.png')))} pictures in {INTO}"])
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
