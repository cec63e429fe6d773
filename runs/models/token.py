"""ApiToken and LoginToken: both are stored hashed, so that a copy of the table opens nothing."""

from django.db import models


class ApiToken(models.Model):
    """What a program shows instead of a login."""

    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret
    hint = models.CharField(max_length=12)  # the secret's first letters, to tell tokens apart
    role = models.CharField(max_length=8)  # what it may do: its scope
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_living_token_a_name",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "operator", "admin"]),
                name="token_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class LoginToken(models.Model):
    """A link that signs one user in, once, soon."""

    hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey("runs.User", on_delete=models.CASCADE, related_name="login_tokens")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
