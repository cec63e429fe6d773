"""delete_run, clean_up: runs that nobody needs any more, with everything that is theirs alone."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from runs.actor import Actor
from runs.errors import Conflict, NotAllowed, Refused, RunNotOver, UnknownRun
from runs.models import Golden, Run
from runs.models.deletable import kept
from runs.record import audit, deleting, webhooks

log = logging.getLogger(__name__)

BATCH = 100  # runs of one transaction
MOST_TOLD = 1000  # ids in an answer


class RunIsGolden(Conflict):
    """The run is golden, and golden runs are not deleted."""

    code = "run-is-golden"


class RunInUse(Conflict):
    """Another run that goes on may still reuse what this one recorded."""

    code = "run-in-use"


_REFUSALS: dict[str, type[Conflict]] = {
    one.code: one for one in (RunNotOver, RunIsGolden, RunInUse)
}


@dataclass(frozen=True)
class Cleaned:
    """What was cleaned up, or would be."""

    dry_run: bool
    runs: int
    ids: tuple[str, ...]  # the first thousand
    payloads: int
    payload_bytes: int
    golden_kept: int


def delete_run(run_id: str, *, by: Actor, reason: str = "") -> None:
    """Delete a run. What other runs reused from it stays with them and says "source deleted".

    Raises NotAllowed, UnknownRun, RunNotOver, RunIsGolden, RunInUse.
    """
    _admin_only(by, "delete runs")
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id!r}.")
        stays = kept([run_id]).get(run_id)
        if stays is not None:
            raise _REFUSALS[stays.code](stays.message, hint=stays.hint)
        left = deleting.delete([run_id])
        audit.note(
            by,
            "run.delete",
            run_id,
            workflow=run.workflow_name,
            status=run.status,
            reason=reason,
        )
        transaction.on_commit(left.remove)


def clean_up(
    older_than: timedelta,
    *,
    keep: int = 0,
    dry_run: bool = False,
    by: Actor,
    limit: int | None = None,
    grace: timedelta = deleting.GRACE,
) -> Cleaned:
    """Delete the runs that ended longer ago, and the large outputs that nobody uses any more.

    Golden runs stay, runs that go on, what those were started from, and the newest ``keep`` of
    each workflow. Messages to webhooks that ended longer ago go with them. ``limit``: at most so
    many runs, the oldest first, and no messages. Raises NotAllowed, Refused.
    """
    _admin_only(by, "clean up")
    if older_than < timedelta(0) or keep < 0:
        raise Refused("An age and a number to keep are not below zero.")
    golden = Golden.objects.count()
    if dry_run:
        wanted = deleting.old(older_than, keep, limit or 10_000_000)
        count, size = deleting.unused_payloads(wanted, grace)
        return Cleaned(True, len(wanted), tuple(wanted[:MOST_TOLD]), count, size, golden)
    gone: list[str] = []
    after = deleting.old(older_than, keep, limit or 10_000_000)
    for start in range(0, len(after), BATCH):
        gone += _delete_batch(after[start : start + BATCH], older_than, by)
    count, size = deleting.collect_payloads(grace)
    if limit is None:  # somebody's command; the sweep has an age of its own for messages
        while webhooks.forget(older_than):
            pass
    return Cleaned(False, len(gone), tuple(gone[:MOST_TOLD]), count, size, golden)


def _delete_batch(ids: list[str], older_than: timedelta, by: Actor) -> list[str]:
    with transaction.atomic():
        # Somebody else's cleaning, a restart that is just being made: passed over, not waited for.
        free = deleting.free(deleting.lock_some(ids))
        if free:
            left = deleting.delete(free)
            audit.note(
                by,
                "runs.gc",
                f"{len(free)} runs",
                runs=free,
                older_than_days=older_than / timedelta(days=1),
            )
            transaction.on_commit(left.remove)
    return free


LOCK = 0x6D766763


def clean_up_automatically(days: float, *, by: Actor, most: int = 20) -> int:
    """A few of the oldest runs, by one worker at a time; how many. For the sweep."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return 0
        cleaned = clean_up(timedelta(days=days), by=by, limit=most)
    if cleaned.runs:
        log.info("%s runs older than %s days were deleted", cleaned.runs, days)
    return cleaned.runs


def _admin_only(by: Actor, what: str) -> None:
    if not by.may("admin"):
        raise NotAllowed(f"A {by.role} cannot {what}.", hint="Ask an admin.")
