"""After a kill -9, every face counts what the rows say; what was interrupted has not failed."""

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from runs.models import Run, User

from .harness import Site, steps, wait_for
from .test_killed_command import _maverick

HELD = """
version: "1.0"
name: {name}
steps:
  - {{name: a, type: python, action: mark}}
  - {{name: skipped, type: python, action: mark, when: "false"}}
  - {{name: b, type: python, action: held, kwargs: {{name: {name}.go}}}}
  - {{name: c, type: python, action: mark}}
"""


@pytest.fixture
def viewer(site: Site) -> Client:
    user, _ = User.objects.get_or_create(username="counts", defaults={"role": "viewer"})
    client = Client()
    client.force_login(user)
    return client


def _counts(run: Run) -> dict[str, int]:
    """What the rows say."""
    rows = list(steps(run).values())
    number = Counter("failed" if row.status == "timeout" else row.status for row in rows)
    running = number["running"] if run.status not in ("failed", "cancelled") else 0
    settled = number["succeeded"] + number["failed"] + number["skipped"] + running
    return {
        "total": run.n_total,
        "pending": run.n_total - settled,
        "running": running,
        "succeeded": number["succeeded"],
        "failed": number["failed"],
        "skipped": number["skipped"],
        "reused": sum(1 for row in rows if row.reused_from),
    }


def _told(viewer: Client, run: Run) -> list[dict[str, Any]]:
    one = viewer.get(f"/api/v1/runs/{run.pk}").json()
    listed = viewer.get("/api/v1/runs", {"text": run.pk}).json()["items"]
    assert [each["id"] for each in listed] == [run.pk]
    return [one["counts"], listed[0]["counts"]]


def _titles(viewer: Client, run: Run) -> set[str]:
    """What the progress says, on the list and on the run's page."""
    found = set()
    for address in (f"/runs?q={run.pk}", f"/runs/{run.pk}"):
        html = viewer.get(address).content.decode()
        found |= set(re.findall(r"(\d+ of \d+ done, \d+ reused(?:, \d+ failed)?)", html))
    return found


def test_a_run_that_was_taken_over_counts_what_it_did(site: Site, viewer: Client) -> None:
    run = site.start(HELD.format(name="counts-worker"))
    worker = site.start_worker()
    wait_for(lambda: site.running(run, "b"), what="the step has begun")
    run.refresh_from_db()
    assert _told(viewer, run) == [_counts(run)] * 2
    worker.kill()
    site.start_sweeper()
    wait_for(lambda: steps(run)["b"].status == "queued", what="the step is given back")
    run.refresh_from_db()
    expected = _counts(run)
    assert (expected["failed"], expected["running"], expected["pending"]) == (0, 0, 2)
    assert _told(viewer, run) == [expected] * 2
    assert _titles(viewer, run) == {"2 of 4 done, 0 reused"}
    site.start_worker()
    (over,) = site.wait(run)
    expected = _counts(over)
    assert (expected["failed"], expected["succeeded"], expected["skipped"]) == (0, 3, 1)
    assert _told(viewer, over) == [expected] * 2
    assert _titles(viewer, over) == {"4 of 4 done, 0 reused"}


def test_what_a_killed_command_left_has_not_failed(site: Site, viewer: Client) -> None:
    (site.project / "counts-command.yaml").write_text(HELD.format(name="counts-command"))
    command = _maverick(site, "run", "counts-command.yaml")
    runs = Run.objects.filter(workflow_name="counts-command")
    wait_for(lambda: runs.exists() and site.running(runs.get(), "b"), what="the step has begun")
    run = runs.get()
    command.kill()
    command.communicate()
    (site.project / "counts-command.go").touch()
    out, said = _maverick(site, "run", "counts-command.yaml", "--resume").communicate(timeout=60)
    assert "succeeded" in out, said
    run.refresh_from_db()
    assert (run.status, steps(run)["b"].status) == ("failed", "cancelled")
    expected = _counts(run)
    assert (expected["failed"], expected["pending"], expected["succeeded"]) == (0, 2, 1)
    assert _told(viewer, run) == [expected] * 2
    assert _titles(viewer, run) == {"2 of 4 done, 0 reused"}
    new = run.successors.get()
    assert _told(viewer, new) == [_counts(new)] * 2
