"""SavedView: a filter of the run list under a name; ListSettings: how somebody likes the list."""

from django.db import models


class SavedView(models.Model):
    """A search of the run list that somebody keeps, for himself or for everybody.

    ``owner`` is the actor as text (``user:alice``): people and tokens alike keep views.
    """

    name = models.CharField(max_length=80)
    owner = models.CharField(max_length=200)
    shared = models.BooleanField(default=False)
    search = models.TextField(blank=True, default="")  # as it is typed: status:failed env=…
    columns = models.JSONField(default=list)  # empty: the reader's own
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_view_a_name"),
        ]
        indexes = [
            models.Index(fields=["id"], name="view_shared", condition=models.Q(shared=True)),
        ]

    def __str__(self) -> str:
        return self.name


class ListSettings(models.Model):
    """What the run list is to one person: the view it opens with, and the columns."""

    owner = models.CharField(max_length=200, primary_key=True)
    default_view = models.ForeignKey(
        SavedView, null=True, on_delete=models.SET_NULL, related_name="default_of"
    )
    columns = models.JSONField(default=list)  # empty: the usual ones
