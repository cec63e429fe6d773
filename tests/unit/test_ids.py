"""Public ids: unique, sortable, safe in a path."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runs import ids


@pytest.mark.parametrize(
    ("make", "pattern"),
    [
        (ids.run_id, r"run_[0-9a-z]{14}"),
        (ids.execution_id, r"exec_[0-9a-z]{16}"),
        (ids.checkpoint_id, r"cp_[0-9a-z]{14}"),
    ],
)
def test_ids_have_a_shape(make: object, pattern: str) -> None:
    assert re.fullmatch(pattern, make())  # type: ignore[operator]


def test_later_ids_sort_after_earlier_ones() -> None:
    made = [ids.execution_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_do_not_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.run_id(), range(20_000)))
    assert len(set(made)) == len(made)


def test_a_forked_process_makes_ids_of_its_own() -> None:
    ids.execution_id()
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, "\n".join(ids.execution_id() for _ in range(50)).encode())
        os._exit(0)
    mine = {ids.execution_id() for _ in range(50)}
    os.waitpid(child, 0)
    theirs = set(os.read(readable, 65536).decode().split("\n"))
    os.close(readable)
    os.close(writable)
    assert len(theirs) == 50
    assert not mine & theirs


def test_letters_that_look_like_others_are_left_out() -> None:
    made = "".join(ids.run_id().removeprefix("run_") for _ in range(2000))
    assert not set(made) & set("ilou")


def test_a_run_id_of_ours_tells_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    told = ids.moment_of(ids.run_id())
    assert told is not None
    # Up to a few milliseconds later: ids made within one count upward.
    assert before <= round(told.timestamp() * 1000)
    assert ids.moment_of("run_00000000000000").isoformat() == "2026-01-01T00:00:00+00:00"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["", "run_", "run_20261121_093000_ab12cd34", "nightly-1", "run_0pkx"]
)
def test_an_id_that_a_client_chose_tells_no_time(text: str) -> None:
    assert ids.moment_of(text) is None


@pytest.mark.parametrize("text", ["", ".x", "a/b", "a b", "a@1", "ü", "x\n", "r" * 121, "bulk"])
def test_what_no_address_can_hold_is_no_run_id(text: str) -> None:
    assert not ids.is_run_id(text)


def test_what_stands_beside_the_runs_is_no_run_id() -> None:
    from runs.live.urls import urlpatterns as live
    from runs.web.urls import urlpatterns as pages

    words = {
        str(one.pattern).split("/")[1] for one in (*live, *pages) if "runs/" in str(one.pattern)[:5]
    }
    assert {word for word in words if "<" not in word} == ids.TAKEN
