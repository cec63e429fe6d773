"""Execution: one node of a run, and the lines it logged."""

from django.db import models
from django.db.models import Q

from runs.models.fields import IdField
from runs.models.payload import Payload
from runs.models.run import Run
from runs.states import StepStatus


class Execution(models.Model):
    """One node of a run: a step, one turn's step of a loop, or a call.

    A row exists from the moment the node is queued, opened, skipped or reused. ``seq`` is the
    run's journal number of its last change. ``tries`` lists the attempts, oldest first:
    ``{n, started_at, finished_at, outcome, reason, worker}``.
    """

    id = IdField(primary_key=True)
    # No constraint and no index of its own: every row is written under the run's row lock, so
    # the check could never fail, and the unique (run, path) serves as the index.
    run = models.ForeignKey(
        Run,
        on_delete=models.CASCADE,
        related_name="executions",
        db_constraint=False,
        db_index=False,
    )
    parent_id = IdField(null=True)  # the container's execution
    path = models.TextField()
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=20)
    position = models.IntegerField(default=0)  # order within its scope, as in the file
    status = models.CharField(max_length=12)
    status_reason = models.TextField(blank=True, default="")
    seq = models.IntegerField(default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True, default="")
    due_at = models.DateTimeField(null=True)  # waits until then; a container: must be over then
    tries = models.JSONField(default=list)
    input = models.JSONField(null=True)  # secrets masked
    input_digest = models.CharField(max_length=64, blank=True, default="")
    match_key = models.CharField(max_length=64, blank=True, default="")
    code_version = models.CharField(max_length=100, blank=True, default="")  # of what ran
    output = models.JSONField(null=True)  # up to 64 KiB; larger ones are in `payload`
    payload = models.ForeignKey(
        Payload, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    output_size = models.IntegerField(default=0)  # bytes of canonical JSON
    error = models.JSONField(null=True)  # {code, message, hint, detail}
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.BigIntegerField(null=True)
    # Where the output came from: the run restarted from, and who really did the work. Plain
    # text, not foreign keys: they outlive the rows (deletion, checkpoint files from elsewhere).
    reused_from = IdField(blank=True, default="")
    reused_run = IdField(blank=True, default="")
    origin_execution = IdField(blank=True, default="")
    origin_run = IdField(blank=True, default="")
    decision = models.JSONField(null=True)  # {action: reuse | run, because}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "path"], name="one_execution_a_path"),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in StepStatus]),
                name="execution_status_known",
            ),
        ]
        indexes = [
            # The sweep's three questions, each answered by a small partial index.
            models.Index(
                fields=["lease_until"], name="execution_leased", condition=Q(status="running")
            ),
            # Which executions use a large output: asked when something is deleted.
            models.Index(
                fields=["payload"],
                name="execution_payload",
                condition=Q(payload__isnull=False),
            ),
            # Which executions have this one's output: asked by lineage.
            models.Index(
                fields=["origin_execution"],
                name="execution_origin",
                condition=~Q(origin_execution=""),
            ),
            # What waits for a time, and containers that have so much time.
            models.Index(
                fields=["due_at"], name="execution_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                fields=["run", "position"], name="execution_ready", condition=Q(status="queued")
            ),
        ]

    @property
    def state(self) -> StepStatus:
        """The status as the enum (the ORM gives a plain text)."""
        return StepStatus(self.status)

    def __str__(self) -> str:
        return f"{self.run_id}/{self.path}"


class LogChunk(models.Model):
    """Some lines that an execution printed or logged, in order."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        Execution, on_delete=models.CASCADE, related_name="log", db_index=False
    )
    attempt = models.IntegerField(default=1)
    stream = models.CharField(max_length=8)  # stdout, stderr, log
    level = models.CharField(max_length=8, default="info")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["execution", "id"], name="log_execution")]
