"""Workflow and its versions. A version never changes; it is known by its hash."""

from django.db import models


class Workflow(models.Model):
    """A workflow by name."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)


class WorkflowVersion(models.Model):
    """One text of a workflow, together with every sub-workflow that it calls.

    ``bundle`` maps the called workflows' names to their texts as they were, so that a restart
    years later runs what was planned and not today's files.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    digest = models.CharField(max_length=64)
    source = models.TextField()
    bundle = models.JSONField(default=dict)
    file = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "digest"], name="one_version_a_digest"),
            models.UniqueConstraint(fields=["workflow", "number"], name="one_version_a_number"),
        ]
