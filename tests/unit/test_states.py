"""Legal moves are a table, and these walk the whole product."""

from itertools import product

import pytest

from runs.states import (
    RUN_OVER,
    STEP_BAD,
    STEP_OVER,
    RunStatus,
    StepStatus,
    may_move_run,
    may_move_step,
)


@pytest.mark.parametrize(("old", "new"), list(product(sorted(RUN_OVER), RunStatus)))
def test_a_run_that_is_over_never_moves_again(old: RunStatus, new: RunStatus) -> None:
    assert not may_move_run(old, new)


@pytest.mark.parametrize(("old", "new"), list(product(sorted(STEP_OVER), StepStatus)))
def test_a_step_that_is_over_never_moves_again(old: StepStatus, new: StepStatus) -> None:
    assert not may_move_step(old, new)


@pytest.mark.parametrize("old", sorted(set(RunStatus) - RUN_OVER))
def test_an_open_run_can_end_in_every_way(old: RunStatus) -> None:
    assert all(may_move_run(old, new) for new in RUN_OVER)


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_never_becomes_queued_again(status: RunStatus) -> None:
    assert not may_move_run(status, RunStatus.QUEUED)


def test_nothing_moves_to_where_it_stands() -> None:
    assert not any(may_move_run(status, status) for status in RunStatus)
    assert not any(may_move_step(status, status) for status in StepStatus)


def test_what_runs_cannot_be_skipped() -> None:
    assert not may_move_step(StepStatus.RUNNING, StepStatus.SKIPPED)
    assert may_move_step(StepStatus.PENDING, StepStatus.SKIPPED)


def test_an_interrupted_step_goes_back_to_the_queue() -> None:
    assert may_move_step(StepStatus.RUNNING, StepStatus.QUEUED)


def test_what_is_over_went_well_was_left_out_or_is_bad() -> None:
    assert {StepStatus.SUCCEEDED, StepStatus.SKIPPED} == STEP_OVER - STEP_BAD
    assert STEP_BAD < STEP_OVER
