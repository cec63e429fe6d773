"""Every page of the screenshots, with all its rows: six queries at most, the login's included."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Run, User
from runs.web.pages.run_tabs import TABS
from tests.browser import sample_agents, sample_kinds, sample_people, sample_runs, sample_webhooks
from tests.browser.screenshots import pages

MOST = 6


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


def queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200, address
    return [query["sql"][:160] for query in asked.captured_queries]


def too_many(client: Client, addresses: dict[str, str]) -> dict[str, list[str]]:
    """What the addresses ask for that ask for too much."""
    found = {}
    for name, address in addresses.items():
        # Once more: the first visit to a version keeps its text in memory for all others.
        if len(queries(client, address)) > MOST and len(again := queries(client, address)) > MOST:
            found[name] = again
    return found


def test_no_page_takes_more_than_six_queries(root: Client, now: datetime) -> None:
    made = [*sample_runs.everything(now), sample_kinds.waiting(now), sample_kinds.undone(now)]
    sample_webhooks.everything(now, made[0])
    sample_people.people()
    sample_agents.agents(now)
    made.append(sample_agents.nested_calls(now))
    assert too_many(root, pages(*(run.pk for run in made))) == {}


def test_nor_does_a_panel_beside_any_tab_alone_or_of_a_deleted_source(
    root: Client, pair: tuple[Run, Run]
) -> None:
    failed, run = (one.pk for one in pair)
    # One of several generations, the last of them gone; one that nobody has reused; one that
    # failed in a loop, and the loop.
    reused, own = "docs_needed/write_docs/outline", "plan"
    turn, loop = "implement%5B11%5D/validate", "implement"
    asked = {
        **{f"{tab} with a panel": f"/runs/{run}?tab={tab}&node={reused}" for tab in TABS},
        "compared with the source": f"/runs/{run}?tab=io&against=source&node={reused}",
        **{f"panel of {path}": f"/runs/{run}?part=panel&node={path}" for path in (reused, own)},
        **{f"failed {path}": f"/runs/{failed}?part=panel&node={path}" for path in (turn, loop)},
        **{
            f"preview {reuse}": f"/runs/{failed}/restart?from={own}&reuse={reuse}"
            for reuse in ("", "all-succeeded", "succeeded-before", "only", "none")
        },
    }
    assert too_many(root, asked) == {}
