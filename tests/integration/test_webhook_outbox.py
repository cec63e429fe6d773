"""A run's end is recorded as a message for whoever wants to know, in the same transaction."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from runs.actor import SYSTEM
from runs.models import Run, WebhookDelivery, WebhookEndpoint
from runs.operations.cancel_run import cancel_run
from runs.operations.import_run import import_run
from runs.operations.webhooks import WebhookFields, change_webhook, create_webhook, remove_webhook
from runs.projections.export import export_run

from .here import do, done, start

pytestmark = pytest.mark.django_db(transaction=True)

ONE = 'version: "1.0"\nname: {name}\nsteps: [{{name: a, type: python, action: {action}}}]'
ASKS = """
version: "1.0"
name: asks
steps:
  - {name: ok, type: approval, prompt: Ship it?}
"""


def endpoint(*events: str, **fields: Any) -> WebhookEndpoint:
    wanted = WebhookFields(url="https://example.org/hook", events=events or ("*",), **fields)
    return create_webhook(wanted, by=SYSTEM)[0]


def told(of: WebhookEndpoint) -> list[tuple[str, str]]:
    rows = WebhookDelivery.objects.filter(endpoint=of).order_by("id")
    return list(rows.values_list("event", "run_id"))


def test_each_end_is_told_to_who_asked_for_it(project: Path) -> None:
    every, failures = endpoint(), endpoint("run.failed", "run.cancelled")
    good = done(project, ONE.format(name="good", action="mark"))
    bad = done(project, ONE.format(name="bad", action="nothing_of_the_kind"))
    open_ = start(project, ONE.format(name="good", action="mark"))
    cancel_run(open_.pk, by=SYSTEM, reason="enough")
    assert told(every) == [
        ("run.succeeded", good.pk), ("run.failed", bad.pk), ("run.cancelled", open_.pk),
    ]  # fmt: skip
    assert told(failures) == told(every)[1:]
    data = WebhookDelivery.objects.filter(endpoint=every).latest("id").data
    assert (data["status"], data["status_reason"]) == ("cancelled", Run.objects.get(
        pk=open_.pk).status_reason)  # fmt: skip
    assert data["workflow"] == "good"
    assert {"inputs", "outputs"}.isdisjoint(data)


def test_workflows_are_named_or_meant_by_a_star(project: Path) -> None:
    named, starred, other = (endpoint(workflows=w) for w in (["a-b"], ["a*"], ["a_b"]))
    done(project, ONE.format(name="a-b", action="mark"))
    assert [len(told(one)) for one in (named, starred, other)] == [1, 1, 0]


def test_who_is_asked_to_decide_is_told_at_once(project: Path) -> None:
    waits = endpoint("run.waiting")
    run = start(project, ASKS)
    from runs.engine import driver

    driver.work(run.pk)
    (row,) = WebhookDelivery.objects.filter(endpoint=waits)
    assert row.data["status"] == "waiting"
    assert row.data["waiting_for"] == {
        "step": "ok", "execution_id": row.execution_id, "reason": "approval: Ship it?",
    }  # fmt: skip
    cancel_run(run.pk, by=SYSTEM)
    assert told(waits) == [("run.waiting", run.pk)]


def test_what_is_rolled_back_is_told_to_nobody(project: Path) -> None:
    every = endpoint()
    run = start(project, ONE.format(name="good", action="mark"))
    with pytest.raises(RuntimeError), transaction.atomic():
        cancel_run(run.pk, by=SYSTEM)
        assert told(every) == [("run.cancelled", run.pk)]
        raise RuntimeError
    assert told(every) == []


def test_a_disabled_or_removed_endpoint_is_told_nothing_and_stops_no_run(project: Path) -> None:
    off, gone = endpoint(enabled=False), endpoint()
    run = start(project, ONE.format(name="good", action="mark"))
    remove_webhook(gone.pk, by=SYSTEM)
    assert do(run).status == "succeeded"
    assert not WebhookDelivery.objects.exists()
    change_webhook(off.pk, WebhookFields(enabled=True), by=SYSTEM)
    assert not WebhookDelivery.objects.exists()


def test_an_imported_run_has_ended_elsewhere(project: Path, tmp_path: Path) -> None:
    run = done(project, ONE.format(name="good", action="mark"))
    every = endpoint()
    file = tmp_path / "run.zip"
    with file.open("wb") as out:
        export_run(run.pk, out)
    with file.open("rb") as content:
        import_run(content, by=SYSTEM, new_id=True)
    assert told(every) == []


def test_a_step_costs_no_query_more_with_endpoints_than_without(project: Path) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        run = start(project, ONE.format(name="good", action="mark"))
        with CaptureQueriesContext(connection) as seen:
            do(run)
        counts.append(len(seen))
        endpoint()
    assert counts[0] == counts[1]
