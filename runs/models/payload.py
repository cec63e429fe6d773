"""Payload: JSON above 64 KiB, stored once under its hash."""

from django.db import models

from runs.models.fields import IdField


class Payload(models.Model):
    """One JSON value, known by the SHA-256 of its canonical form; shared by reference."""

    digest = IdField(primary_key=True, max_length=64)
    value = models.JSONField()
    size = models.IntegerField()  # bytes of canonical JSON
    # When somebody stored it last: one that was stored just now may have no execution yet.
    stored_at = models.DateTimeField(auto_now_add=True)
