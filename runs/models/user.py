"""User: somebody who signs in to the pages."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Django's user with one of three roles."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"  # sees everything that is not secret, changes nothing
        OPERATOR = "operator", "Operator"  # starts, restarts, cancels
        ADMIN = "admin", "Admin"  # makes users and tokens, deletes

    role = models.CharField(max_length=8, choices=Role.choices, default=Role.VIEWER)
    # runs/look.py. A column and no table of its own: the row is read for every page anyway.
    preferences = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "operator", "admin"]),
                name="user_role_known",
            )
        ]
