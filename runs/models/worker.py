"""WorkerProcess: a process that runs steps, and when it was last heard of.

The kind is `celery` for a worker, which takes any run, and `here` for a command that drives its own.
"""

from django.db import models


class WorkerProcess(models.Model):
    id = models.TextField(primary_key=True)
    host = models.TextField()
    pid = models.IntegerField()
    kind = models.CharField(max_length=20, default="celery")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["started_at", "id"]

    def __str__(self) -> str:
        return self.id
