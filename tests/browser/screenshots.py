"""Pictures of the pages with realistic rows, beside which the reference pictures can be laid.

``make screenshots`` runs it and writes to build/screenshots/. Exits 1 when a page logs an error
or is wider than its window.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

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
WIDTHS = ((1440, 900), (820, 1180), (390, 844))
THEMES = ("light", "dark")


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


def take(browser: Browser, site: Site, shots: dict[str, str]) -> list[str]:
    """Write every picture; returns what was wrong with the pages."""
    wrong: list[str] = []
    for width, height in WIDTHS:
        for theme in THEMES:
            phone = width < 641
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                has_touch=phone,
                is_mobile=phone,
            )
            for name, address in shots.items():
                label = f"{name}-{width}-{theme}"
                page = context.new_page()
                errors: list[str] = []
                listen(page, errors)
                page.goto(site.address + address)
                settled(page)
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    errors.append("wider than its window")
                page.screenshot(path=INTO / f"{label}.png", animations="disabled")
                wrong += [f"{label}: {error}" for error in errors]
                page.close()
            context.close()
    return wrong


def main() -> int:
    INTO.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maverick-") as folder, Site(Path(folder)) as site:
        site.serve()
        made = site.run(SEED).split()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
            wrong = take(browser, site, pages(*made))
            browser.close()
    print("\n".join([*wrong, f"{len(list(INTO.glob('*.png')))} pictures in {INTO}"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
