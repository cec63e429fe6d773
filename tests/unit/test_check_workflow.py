"""A workflow is checked together with everything that it calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runs.definition import Known
from runs.errors import InvalidDefinition
from runs.library.find import Found
from runs.operations.check_workflow import Report, check_workflow, inspect_workflow

HEAD = 'version: "1.0"\nname: {0}\n'
LEAF = HEAD.format("leaf") + "steps: [{name: x, type: python, action: act}]\n"


def calling(name: str, *others: str) -> str:
    steps = [
        f"  - {{name: s{n}, type: subworkflow, workflow: {o}}}\n" for n, o in enumerate(others)
    ]
    return HEAD.format(name) + "steps:\n" + "".join(steps)


def inspect(text: str, known: Known | None = None, lenient: bool = False, **others: str) -> Report:
    def find(name: str) -> Found | None:
        text = others.get(name)
        return Found(name, Path(f"/{name}.yaml"), "file", text) if text else None

    return inspect_workflow(text, file="top.yaml", known=known, lenient=lenient, find=find)


def told(report: Report) -> list[tuple[str, str, int | None]]:
    return [(Path(problem.file).stem, problem.code, problem.line) for problem in report.problems]


def test_what_is_called_is_checked_too_and_told_by_its_own_file() -> None:
    broken = calling("b", "leaf") + "  - {name: s0, type: shell}\n"
    report = inspect(calling("top", "b", "leaf"), b=broken, leaf=LEAF)
    assert told(report) == [("b", "D101", 5), ("b", "D201", 5)]
    assert report.spec is not None  # nothing is wrong with the file itself
    assert report.errors


def test_a_broken_callee_does_not_hide_what_is_wrong_with_the_caller() -> None:
    report = inspect(calling("top", "b") + "  - {name: x, type: shell}\n", b="steps: 5")
    assert {(file, code) for file, code, _ in told(report)} == {
        ("top", "D101"), ("b", "D101"), ("b", "D102"),
    }  # fmt: skip


def test_a_missing_callee_of_a_callee_is_told_where_it_is_called() -> None:
    assert told(inspect(calling("top", "b"), b=calling("b", "nobody"))) == [("b", "D302", 4)]
    lenient = inspect(calling("top", "b"), lenient=True, b=calling("b", "nobody"))
    assert lenient.errors == ()


@pytest.mark.parametrize(
    ("others", "where"),
    [
        ({"b": calling("b", "b")}, "b"),
        ({"b": calling("b", "c"), "c": calling("c", "b")}, "b"),
        ({"b": calling("b", "c"), "c": calling("c", "top")}, "top"),
    ],
)
def test_who_calls_itself_in_the_end_is_told_once_and_nothing_hangs(
    others: dict[str, str], where: str
) -> None:
    report = inspect(calling("top", "b"), **others)
    assert [(file, code) for file, code, _ in told(report)] == [(where, "D308")]


def test_a_long_chain_of_calls_has_an_end() -> None:
    chain = {f"w{n}": calling(f"w{n}", f"w{n + 1}") for n in range(300)}
    report = inspect(calling("top", "w0"), **chain)
    assert {code for _, code, _ in told(report)} == {"D302"}


def test_actions_of_what_is_called_are_looked_up() -> None:
    report = inspect(calling("top", "leaf"), Known(actions={"other"}), leaf=LEAF)
    assert told(report) == [("leaf", "D301", 3)]


def test_to_be_run_everything_must_be_there(tmp_path: Path) -> None:
    text = calling("top", "nobody-at-all")
    with pytest.raises(InvalidDefinition) as refused:
        check_workflow(text, project=tmp_path)
    assert [problem.code for problem in refused.value.problems] == ["D302"]


def test_checking_needs_no_database_and_no_framework() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, runs.operations.check_workflow; "
         "print([m for m in ('django', 'celery', 'psycopg') if m in sys.modules])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
