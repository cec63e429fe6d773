"""Event: a run's journal, numbered from 1, only added to."""

from django.db import models

from runs.models.fields import IdField
from runs.models.run import Run


class Event(models.Model):
    """One entry of a run's journal.

    ``kind``: run.created, run.started, run.succeeded, …, step.queued, step.started,
    step.succeeded, step.failed, step.retrying, step.interrupted, step.skipped, step.reused, …
    """

    id = models.BigAutoField(primary_key=True)
    # No constraint: written under the run's row lock; the unique (run, seq) is the index.
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    seq = models.IntegerField()
    kind = models.CharField(max_length=40)
    execution_id = IdField(blank=True, default="")
    path = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["run", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_event_a_number")]
