"""SignInAttempt: a password that was tried, until it turns out right or is long ago."""

from django.db import models


class SignInAttempt(models.Model):
    name_hash = models.CharField(max_length=64)  # keyed: people type passwords into this field
    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["name_hash", "-at"], name="sign_in_attempt_name")]

    def __str__(self) -> str:
        return f"{self.address} at {self.at}"
