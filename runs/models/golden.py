"""Golden: a run that is kept as a baseline, what checks against it mind, and what was accepted since."""

from django.db import models

from runs.models.fields import IdField
from runs.models.payload import Payload
from runs.models.run import Run


class Golden(models.Model):
    """A good run under a name that no other golden run has.

    ``Run.golden_name`` says the same for lists and filters; both are written together.
    """

    # PROTECT is the database's word too: no command, however it races, deletes a golden run.
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="golden")
    name = models.CharField(max_length=200, unique=True)
    tags = models.JSONField(default=list)
    note = models.TextField(blank=True, default="")
    assertions = models.JSONField(null=True)  # see definition/assertions.py; None: all is equal
    created_by = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AcceptedValue(models.Model):
    """What a check expects of one node instead of what the golden run gave. The run stays as it is."""

    golden = models.ForeignKey(Golden, on_delete=models.CASCADE, related_name="accepted")
    path = models.TextField()
    output = models.JSONField(null=True)  # up to 64 KiB; larger ones are in `payload`
    payload = models.ForeignKey(Payload, null=True, on_delete=models.PROTECT, db_constraint=False)
    from_run = IdField()  # text: it outlives the run
    reason = models.TextField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["golden", "path"], name="one_accepted_value_a_path")
        ]
