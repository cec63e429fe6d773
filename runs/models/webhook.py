"""Webhooks: who wants to be told, and every message to them."""

from django.db import models
from django.db.models import Q

from runs.models.fields import IdField


class WebhookEndpoint(models.Model):
    """An address that is told when a run ends, or waits for somebody.

    While it is not ``enabled`` nothing new is recorded for it, and what is open is held back.
    """

    id = IdField(primary_key=True)
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True, default="")
    events = models.JSONField(default=list)  # `run.failed`, …; `*` is all of them
    workflows = models.JSONField(default=list)  # names, `*` stands for anything; empty: all
    enabled = models.BooleanField(default=True)
    sealed = models.BinaryField(null=True)  # {secret, previous}, encrypted
    hint = models.CharField(max_length=12)  # the secret's first letters
    previous_until = models.DateTimeField(null=True)  # after a rotation both secrets sign
    failing_since = models.DateTimeField(null=True)  # the first failure after the last success
    disabled_reason = models.TextField(blank=True, default="")  # why Maverick itself disabled it
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.id)


class CallWebhook(models.Model):
    """The address that came with one call of an agent: told when that call is over."""

    call_id = IdField(primary_key=True, max_length=60)
    url = models.CharField(max_length=2000)
    sealed = models.BinaryField(null=True)  # {secret, headers}, encrypted


class WebhookDelivery(models.Model):
    """One message to one address: what happened, and each attempt to tell it.

    The rows of runs and calls are added by triggers (migration 0013), in the transaction that
    ends them. No constraint on what a row speaks of: the end of a run never fails because an
    endpoint is being deleted, and a message outlives its run. ``due_at``: when it is to be tried,
    or, while somebody sends it, when that one counts as lost. Null: it is over, or held back.
    """

    id = models.BigAutoField(primary_key=True)
    message_id = IdField(unique=True)  # `webhook-id`: the same with every attempt
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        null=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    call_id = IdField(max_length=60, blank=True, default="")  # of an agent's call, instead
    event = models.CharField(max_length=40)
    run_id = IdField(blank=True, default="")
    execution_id = IdField(max_length=60, blank=True, default="")
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    status = models.CharField(max_length=10, default="pending")  # pending, delivered, failed
    reason = models.TextField(blank=True, default="")  # of the last failure
    attempts = models.IntegerField(default=0)  # also the fence of who sends it
    scheduled = models.IntegerField(default=0)  # attempts since it was (last) set going
    tries = models.JSONField(default=list)  # what came of each attempt
    due_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="hook_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["endpoint", "-id"], name="hook_endpoint"),
            models.Index(fields=["run_id", "-id"], name="hook_run"),
            models.Index(fields=["finished_at"], name="hook_finished"),
        ]

    def __str__(self) -> str:
        return str(self.message_id)
