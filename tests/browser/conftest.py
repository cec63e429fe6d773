"""One browser for the session; one Maverick with workers for each module that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.screenshots import listen
from tests.browser.site import CHROMIUM, CHROMIUM_ARGS, Site

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield made
        made.close()


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
    with Site(tmp_path_factory.mktemp("home"), MAVERICK_WORKERS="1") as made:
        yield made.up(project)


@pytest.fixture(scope="module")
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A signed-in browser: the link that `maverick up` prints works once."""
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    page = made.new_page()
    page.goto(site.link)
    page.wait_for_url("**/runs")
    page.close()
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that may log no error: no script fails, nothing breaks the content policy."""
    made = context.new_page()
    errors: list[str] = []
    listen(made, errors)
    yield made
    made.close()
    assert errors == []
