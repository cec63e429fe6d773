"""Checkpoint: the saved state of a run under a name."""

from django.db import models

from runs.models.fields import IdField
from runs.models.run import Run


class Checkpoint(models.Model):
    """A portable snapshot of a run, as the `checkpoint` step saved it."""

    id = IdField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checkpoints")
    execution_id = IdField()
    name = models.CharField(max_length=200)  # its id, masked; the file's name is cleaned
    path = models.TextField()  # the checkpoint step's path
    content = models.JSONField()  # the file's content
    digest = models.CharField(max_length=64)
    # The git reference of the workspace's snapshot; empty: there is none, or it was deleted.
    ref = models.CharField(max_length=300, blank=True, default="")
    file = models.TextField(blank=True, default="")
    n_steps = models.IntegerField(default=0)
    retired = models.BooleanField(default=False)  # its run succeeded
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="one_checkpoint_a_name")
        ]
