"""Alice operates, Charlie only looks; runs are rows, no engine."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from runs.models import Run, User
from tests.browser.sample_ship_feature import ship_feature, ship_feature_before


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def alice(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("alice", role="operator"))
    return client


@pytest.fixture
def charlie(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("charlie", role="viewer"))
    return client


@pytest.fixture
def pair(db: None, now: datetime) -> tuple[Run, Run]:
    """The failed run of the reference picture, and the one that was restarted from it."""
    failed = ship_feature_before(now - timedelta(seconds=1))
    return failed, ship_feature(now, failed)
