"""AuditEntry: one command that changed something."""

from django.db import models


class AuditEntry(models.Model):
    """Who did what, when and from where. Only added to; it outlives what it speaks of."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()  # the database's clock
    kind = models.CharField(max_length=8)  # user, token, cli, system
    who = models.CharField(max_length=200)
    role = models.CharField(max_length=8)
    via = models.CharField(max_length=8, blank=True, default="")  # page, api, cli
    address = models.CharField(max_length=255, blank=True, default="")
    action = models.CharField(max_length=40)  # run.restart, token.create, …
    target = models.CharField(max_length=200, blank=True, default="")  # an id, or a name
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target", "-id"], name="audit_target"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["who", "-id"], name="audit_who"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target} by {self.who}"
