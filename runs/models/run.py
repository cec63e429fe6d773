"""Run: one attempt at a workflow. Never reused, never rewritten by a restart."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from runs.models.fields import IdField
from runs.models.workflow import WorkflowVersion
from runs.states import RunStatus

# By time and not by id: ids of ours sort by time, but an agent's package may choose its own. Spelled
# in every index of a list, so that each gives its rows in this order.
NEWEST_FIRST = ("-created_at", "-id")


class Run(models.Model):
    """One attempt at a workflow.

    ``event_seq`` is the run's journal number and its version at once: every change of the run
    or of one of its executions adds to it under this row's lock, so a worker that has seen n
    can ask for what came after n. ``fence`` grows when the run is taken away from its workers
    (cancel, resume elsewhere); a worker that names an older fence can write nothing.
    """

    id = IdField(primary_key=True)
    workflow_name = models.CharField(max_length=200)
    version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=12, default=RunStatus.QUEUED)
    status_reason = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=8, blank=True, default="")  # restart, fork, resume
    source = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="successors",
        db_index=False,  # the index run_source below
    )
    family_id = IdField(blank=True, default="")  # the first ancestor's id
    reason = models.TextField(blank=True, default="")  # why a person started it
    golden_name = models.CharField(max_length=200, null=True, blank=True)
    inputs = models.JSONField(default=dict)  # secrets masked
    sealed = models.BinaryField(null=True)  # secret inputs, encrypted, so that any worker can go on
    context = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    # What the planner decided for a run with a source: {path: {action, because, …}}.
    decisions = models.JSONField(null=True)
    outputs = models.JSONField(null=True)
    n_total = models.IntegerField(default=0)
    n_running = models.IntegerField(default=0)
    n_succeeded = models.IntegerField(default=0)
    n_failed = models.IntegerField(default=0)
    n_skipped = models.IntegerField(default=0)
    n_reused = models.IntegerField(default=0)
    event_seq = models.IntegerField(default=0)
    fence = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=200, blank=True, default="")
    workspace = models.TextField(blank=True, default="")  # the project folder the steps work in
    # "" = any worker; else the id of the one process that drives it (`maverick run` without a
    # server) in the table of processes, see record/workers.py.
    placement = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering = NEWEST_FIRST
        indexes = [
            models.Index(fields=["status", *NEWEST_FIRST], name="run_status_time"),
            models.Index(fields=["workflow_name", *NEWEST_FIRST], name="run_workflow_time"),
            models.Index(fields=["source"], name="run_source"),
            models.Index(fields=["family_id"], name="run_family"),
            models.Index(
                fields=NEWEST_FIRST,
                name="run_open",
                condition=Q(status__in=["queued", "running", "waiting", "paused"]),
            ),
            models.Index(
                fields=NEWEST_FIRST, name="run_golden", condition=Q(golden_name__isnull=False)
            ),
            models.Index(fields=NEWEST_FIRST, name="run_created"),
            # Restarts, forks and resumes are few among many: their filter needs its own list.
            models.Index(
                fields=["kind", *NEWEST_FIRST], name="run_kind_time", condition=~Q(kind="")
            ),
            models.Index(fields=["created_by", *NEWEST_FIRST], name="run_by_time"),
            # Few runs have labels, and the others are not to pay for the filter.
            GinIndex(fields=["labels"], name="run_labels", condition=~Q(labels={})),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in RunStatus]), name="run_status_known"
            ),
            # Two resumes or takeovers of one run at once create one successor, not two.
            models.UniqueConstraint(
                fields=["source"], condition=Q(kind="resume"), name="one_resume_a_run"
            ),
        ]

    @property
    def state(self) -> RunStatus:
        """The status as the enum (the ORM gives a plain text)."""
        return RunStatus(self.status)

    def __str__(self) -> str:
        return str(self.id)
