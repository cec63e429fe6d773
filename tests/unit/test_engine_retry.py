"""Whether and when a failed step is tried again."""

import pytest

from runs.definition.spec import Retry
from runs.engine.outcome import Failed
from runs.engine.retry import next_try

ERROR = Failed("action-failed", "no")


def test_without_a_policy_there_is_no_second_try() -> None:
    assert next_try(None, 1, ERROR) is None


@pytest.mark.parametrize(
    ("made", "wait"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5, None), (6, None)]
)
def test_the_wait_grows_up_to_its_bound(made: int, wait: float | None) -> None:
    policy = Retry(max_attempts=5, backoff=1, factor=2, max_backoff=5)
    assert next_try(policy, made, ERROR) == wait


def test_an_error_that_another_attempt_cannot_help_is_not_tried_again() -> None:
    assert next_try(Retry(max_attempts=5), 1, Failed("x", "no", permanent=True)) is None


def test_only_the_named_errors_are_tried_again() -> None:
    policy = Retry(max_attempts=5, on=("timeout",))
    assert next_try(policy, 1, ERROR) is None
    assert next_try(policy, 1, Failed("timeout", "late")) == 1.0


def test_no_backoff_means_at_once() -> None:
    assert next_try(Retry(max_attempts=2, backoff=0), 1, ERROR) == 0.0


def test_a_hundred_tries_do_not_overflow() -> None:
    policy = Retry(max_attempts=100, backoff=300, factor=100)
    assert next_try(policy, 99, ERROR) == 300.0
