"""RunNote: what people wrote about a run."""

from django.db import models

from runs.models.run import Run


class RunNote(models.Model):
    """One text in Markdown, written by whoever may operate. Its history is in the audit log.

    ``revision`` counts the writings: who writes names the one that he has read, so that nobody
    writes over what he has not seen.
    """

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, primary_key=True, related_name="notes"
    )
    text = models.TextField()
    revision = models.IntegerField(default=1)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run_id}: {self.text[:60]}"
