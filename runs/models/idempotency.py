"""IdempotencyRecord: what an Idempotency-Key has already done."""

from django.db import models

from runs.models.run import Run


class IdempotencyRecord(models.Model):
    """The answer to a key: the same key and body answers the same run; another body is refused."""

    key = models.CharField(max_length=255)
    scope = models.CharField(max_length=200)  # who asked
    body_digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True)  # that it has started
    # Of one action for many runs: {ids, result}; the result is null until all of it is done.
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_run_a_key")]
