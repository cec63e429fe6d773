"""Public ids: unique, sortable, safe in a path."""

import os
import re
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
