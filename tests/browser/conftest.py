"""One browser for the session; one Maverick with workers for each module that wants one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.screenshots import listen
from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, Site
from tests.homes import begun

SAMPLES = """
from django.utils import timezone
from tests.browser import (
    large_runs, sample_agents, sample_groups, sample_kinds, sample_people, sample_runs, sample_webhooks
)
now = timezone.now()
made = [*sample_runs.everything(now), large_runs.grid(now), sample_runs.odd(now)]
made += [sample_kinds.waiting(now), sample_kinds.undone(now), sample_groups.groups(now, 60)]
sample_agents.agents(now)
sample_webhooks.everything(now, made[0])
sample_people.people()
print(*(run.pk for run in made))
"""
WORKFLOW = """\
version: "1.0"
name: two-tries
description: Fails until a file exists.
steps:
  - {name: first, type: shell, run: echo one}
  - {name: left, type: shell, run: echo left, needs: [first]}
  - {name: right, type: shell, run: echo right, needs: [first]}
  - {name: gate, type: shell, run: test -e open, needs: [left, right]}
  - {name: last, type: shell, run: echo done}
"""


PATIENCE_MS = 60_000  # how long a page may take on a busy machine before a test fails


@pytest.fixture(autouse=True, scope="session")
def _patient() -> Iterator[None]:
    """Every condition is waited for, and nowhere a second guess at how long that takes."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield made
        made.close()


@dataclass(frozen=True)
class Shown:
    """Pages over rows that nobody works on: enough to look at."""

    address: str
    running: str  # the run of the design's picture
    failed: str  # the run it was restarted from
    grid: str  # a thousand steps
    odd: str  # long names, long reasons
    waiting: str  # for a decision; failures were handled, checks mended
    undone: str  # what it had done was taken back
    groups: str  # a loop, a sub-workflow, an agent's calls: many in each
    site: Site


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A site without workers and without logins, with sample runs in it."""
    with Site(begun(tmp_path_factory.mktemp("rows"))) as made:
        made.serve()
        yield Shown(made.address, *made.run(SAMPLES).split(), site=made)


class Errors(list[str]):
    """What the pages of a test complain about; nothing, or the test fails."""

    def meant(self, *codes: int) -> None:
        """Take out what a browser notes of refusals that the test is about."""
        found = [int(code) for one in self for code in re.findall(r"status of (\d+) ", one)]
        assert (len(self), sorted(found)) == (len(codes), sorted(codes)), self
        self.clear()


@pytest.fixture
def errors() -> Iterator[Errors]:
    """What `page` and the pages of `look` complain about."""
    made = Errors()
    yield made
    assert made == []


def ready(page: Page) -> None:
    """Until the page answers to keys."""
    page.wait_for_selector("html[data-ready]", state="attached")


def arrived(page: Page, address: str | re.Pattern[str]) -> None:
    """Until another page is there and answers to keys. The one that is left did so before."""
    page.wait_for_url(address)
    ready(page)


def chord(page: Page, keys: str) -> None:
    """Keys that belong together if they come within a second, however busy this machine is."""
    page.evaluate(
        """keys => { for (const key of keys) document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }""",
        keys,
    )


def toast(page: Page, *words: str) -> None:
    """Until the newest toast says all of this."""
    for one in words:
        expect(page.locator(".toast").last).to_contain_text(one)


@pytest.fixture
def look(browser: Browser, shown: Shown, errors: Errors) -> Iterator[Callable[..., Page]]:
    """Opens a page of `shown`: ``look("/runs", width=390, theme="dark")``. None may log an error."""
    contexts: list[BrowserContext] = []

    def look(path: str, width: int = 1440, theme: str = "light") -> Page:
        phone = width < 641
        made = browser.new_context(
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=phone,
            is_mobile=phone,
            # What moves for its looks alone draws sixty pictures a second, in software.
            reduced_motion="reduce",
        )
        made.set_default_timeout(PATIENCE_MS)
        contexts.append(made)
        page = made.new_page()
        listen(page, errors)
        page.goto(shown.address + path)
        ready(page)
        return page

    yield look
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with one workflow that fails the first time."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "workflows").mkdir()
    (folder / "workflows" / "two-tries.yaml").write_text(WORKFLOW)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Site]:
    """Web, workers and sweep, as `maverick up` starts them."""
    with Site(begun(tmp_path_factory.mktemp("home")), MAVERICK_WORKERS="1") as made:
        yield made.up(project)


@pytest.fixture(scope="module")
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A signed-in browser: the link that `maverick up` prints works once."""
    made = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    made.set_default_timeout(PATIENCE_MS)
    page = made.new_page()
    page.goto(site.link)
    page.wait_for_url("**/runs")
    page.close()
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, errors: Errors) -> Iterator[Page]:
    """A page that may log no error: no script fails, nothing breaks the content policy."""
    made = context.new_page()
    listen(made, errors)
    yield made
    made.close()
