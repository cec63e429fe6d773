"""Requests of a page that a test keeps back, and its clock: what comes when is the test's to say."""

import re
import time
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, Request, Route

from tests.browser.conftest import PATIENCE_MS


class Held:
    """Requests of a page that match, kept back until the test lets them go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.page, self.pattern = page, re.compile(pattern)
        self.routes: list[Route] = []
        self.later = False  # whether what comes now is let through
        page.route(self.pattern, self._came)

    def _came(self, route: Route) -> None:
        if self.later:
            route.continue_()
        else:
            self.routes.append(route)

    def wait(self, number: int) -> None:
        """Until so many of them were sent."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while len(self.routes) < number and time.monotonic() < until:
            self.page.wait_for_timeout(20)
        assert len(self.routes) >= number

    def free(self) -> None:
        """Let all of them go, and what comes after them."""
        self.later = True
        for one in self.routes:
            one.continue_()

    def answer(self, number: int, **answer: Any) -> None:
        """Answer one of them, and wait until the page has taken it up."""
        route = self.routes[number]
        with self.page.expect_event("requestfinished", lambda one: one == route.request):
            route.fulfill(**answer)
        taken_up(self.page)

    def drop(self, number: int) -> None:
        """The connection of one of them breaks."""
        route = self.routes[number]
        with self.page.expect_event("requestfailed", lambda one: one == route.request):
            route.abort()
        taken_up(self.page)


def taken_up(page: Page) -> None:
    """Until scripts have done what an answer that is there leads to; also while the clock stands."""
    for _ in range(3):
        page.evaluate(
            """new Promise((done) => {
              const channel = new MessageChannel();
              channel.port1.onmessage = () => done();
              channel.port2.postMessage(0);
            })"""
        )


def stop_clock(page: Page) -> None:
    """From here on no time passes but what a test lets pass."""
    page.clock.install(time=datetime(2030, 1, 1, tzinfo=UTC))
    page.clock.pause_at(datetime(2030, 1, 2, tzinfo=UTC))


def asks_for(page: Page, pattern: str) -> list[Request]:
    """What the page asks for from now on, as far as it matches."""
    made: list[Request] = []
    page.on("request", lambda one: made.append(one) if re.search(pattern, one.url) else None)
    return made
