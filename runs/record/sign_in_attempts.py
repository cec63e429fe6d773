"""Passwords that were tried, counted in the database: so for all web processes together."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from runs.models import SignInAttempt
from runs.record.sealing import keyed_hex

WINDOW = timedelta(minutes=10)
# For one name from one address; and from all addresses together, of which anybody has many.
MOST_HERE = 5
MOST = 20


def begin(name: str, address: str) -> timedelta | None:
    """Count an attempt before its password is looked at; how long to wait when it is one too many.

    Before, so that a hundred attempts at once are counted like a hundred one after another. One
    that has to wait is not counted: who keeps trying does not keep the person out for longer.
    """
    SignInAttempt.objects.filter(at__lt=Now() - WINDOW).delete()
    mine = SignInAttempt.objects.create(name_hash=_hash(name), address=address[:64], at=Now())
    mine.refresh_from_db()
    of_name = Q(name_hash=mine.name_hash)
    for wanted, most in ((of_name & Q(address=mine.address), MOST_HERE), (of_name, MOST)):
        newest = SignInAttempt.objects.filter(wanted).exclude(pk=mine.pk).order_by("-at")
        counted: datetime | None = newest.values_list("at", flat=True)[most - 1 : most].first()
        if counted is not None:
            mine.delete()
            return counted + WINDOW - mine.at
    return None


def forget(name: str, address: str) -> None:
    """The password was right: nothing of this name and address counts any more."""
    SignInAttempt.objects.filter(name_hash=_hash(name), address=address[:64]).delete()


def _hash(name: str) -> str:
    return keyed_hex(["sign-in", name.strip().casefold()])
