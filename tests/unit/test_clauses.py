"""Every kind of reason that a plan or an engine stores makes a right sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.planning import plan, reasons, reuse
from runs.projections import why_parts
from runs.projections.clauses import because, cancelled, clause, ended, skipped

PLANS = {
    "failed last time": "it failed last time",
    "timed out last time": "it timed out last time",
    "was cancelled last time": "it was cancelled last time",
    "was interrupted last time": "it was interrupted last time",
    "did not start last time": "it did not start last time",
    "was waiting to be tried again last time": "it was waiting to be tried again last time",
    "was not finished last time": "it was not finished last time",
    "was left out last time": "it was left out last time",
    "was undone last time": "it was undone last time",
    "never ran last time": "it never ran last time",
    "comes after the checkpoint": "it comes after the checkpoint",
    "comes after `fix[0]`, which runs again": "it comes after `fix[0]`, which runs again",
    "definition changed": "its definition changed",
    "condition changed": "its condition changed",
    "code version changed from 1 to 2": "its code version changed from 1 to 2",
    "chosen to run again": "it was chosen to run again",
    "checked before every run": "it is checked before every run",
    "started after `plan`": "it started after `plan`",
    "input `topic` changed": "the input `topic` changed",
    "context `model` changed": "the context `model` changed",
    "depends on `a`, which runs again": "it depends on `a`, which runs again",
    "depends on `a`, which runs again; reused if its input comes out the same": (
        "it depends on `a`, which runs again; it is reused if its input comes out the same"
    ),
    "depends on `a`, which runs again; its condition decides": (
        "it depends on `a`, which runs again; its condition decides"
    ),
    "runs only if `a` fails": "it runs only if `a` fails",
    "input and definition are unchanged": "its input and definition are unchanged",
    "skipped last time; what decides that is unchanged": (
        "it was skipped last time; what decides that is unchanged"
    ),
    "skipped last time; its condition is evaluated again": (
        "it was skipped last time; its condition is evaluated again"
    ),
    "skipped last time; the checkpoint keeps that": (
        "it was skipped last time; the checkpoint keeps that"
    ),
    "reuse is `none`": "nothing is to be reused (`none`)",
    # These are clauses as they are.
    "the source run succeeded, so a restart runs everything again": "",
    "it has the effect `once` and succeeded; its receipt is reused": "",
    reuse.RECEIPT_OF_ITEM: "",
    "it failed and the run went on; the checkpoint keeps that": "",
    "it reads the environment, and is given something else now": "",
    "its condition reads the environment, and does not hold any more": "",
    "its condition reads the environment, and holds now": "",
    "its input came out the same": "",
    "the item of its turn is another than last time": "",
    "only `a` runs again": "",
    "`each[0]/b` inside it runs again": "",
    "`each` runs again": "",
    "nothing it depends on has changed": "",
    # Of a comparison.
    "follows from `a`": "it follows from `a`",
    "did not begin in B": "it did not begin in B",
    "only the definition of B has this step": "",
    "the input is the same, the outcome is not": "",
    "its input differs": "",
    "it ended in another way": "",
}
SUBJECT = re.compile(r"(it|its|the|what|only|nothing|`[^`]+`) ")


@pytest.mark.parametrize("stored", PLANS)
def test_a_stored_reason_is_a_clause_after_because(stored: str) -> None:
    assert clause(stored) == (PLANS[stored] or stored)
    assert SUBJECT.match(clause(stored))
    assert clause(clause(stored)) == clause(stored)


def test_the_table_has_every_reason_of_the_planner() -> None:
    constants = [
        *reasons.LAST_TIME.values(), reasons.DEFINITION_CHANGED, reasons.CONDITION_CHANGED,
        reasons.CHOSEN, reuse.STAYS_SKIPPED, plan.RECEIPT, reuse.UNCHANGED, reuse.ITEM_CHANGED,
    ]  # fmt: skip
    assert [one for one in constants if one not in PLANS] == []
    # And what is written where it is decided, whatever it names.
    folder = Path(reuse.__file__).parent
    known = {_shape(one) for one in PLANS}
    told = {text for name in ("reuse.py", "reasons.py") for text in _texts(folder / name)}
    ends = ("last time", "runs again", "changed", "checkpoint", "unchanged", "now", "any more")
    wanted = {one for one in told if one.endswith(ends)}
    assert len(wanted) > 15
    assert sorted(wanted - known) == []


def _texts(file: Path) -> Iterator[str]:
    """The texts in a module, what is put into them as `x`; no docstrings."""
    tree = list(ast.walk(ast.parse(file.read_text())))
    joined = [node for node in tree if isinstance(node, ast.JoinedStr)]
    pieces = {id(part) for whole in joined for part in ast.walk(whole)}
    for whole in joined:
        parts = [one.value if isinstance(one, ast.Constant) else "x" for one in whole.values]
        yield _shape("".join(map(str, parts)))
    for node in tree:
        if isinstance(node, ast.Constant) and id(node) not in pieces:
            text = node.value if isinstance(node.value, str) else ""
            if " " in text:
                yield _shape(text)


def _shape(text: str) -> str:
    """The words of a reason, whatever it names."""
    return re.sub(r"from \S+ to \S+", "from x to x", re.sub(r"`[^`]*`", "`x`", text))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("condition is false", "It was skipped because its condition is false"),
        (
            "condition is false; `steps.a` is missing",
            "It was skipped because its condition is false; `steps.a` is missing",
        ),
        ("not taken: condition is false", "It was skipped because its condition is false"),
        ("not taken", "It was skipped because the branch took another way"),
        ("only `a` runs", "It was skipped because only `a` runs"),
        ("`a` did not fail", "It was skipped because `a` did not fail"),
        ("", "It was skipped because it was skipped last time"),
        (
            "on-error-skip: action-failed: no network",
            "It failed, and the run went on from that (`on_error: skip`): no network",
        ),
    ],
)
def test_a_skip_is_a_sentence(stored: str, said: str) -> None:
    assert skipped(stored) == said


def test_an_end_is_a_predicate_and_a_cancellation_is_told_once() -> None:
    assert cancelled("cancelled by bob: enough") == "It was cancelled by bob: enough"
    assert cancelled("run-failed: a") == "It was cancelled: run failed: a"
    assert cancelled("") == "It was cancelled"
    assert [ended(one) for one in ("failed", "cancelled", "timeout", "succeeded")] == [
        "failed", "was cancelled", "ran out of time", "succeeded",
    ]  # fmt: skip


def test_lists_read_as_lists() -> None:
    assert why_parts.listed(["a"]) == "`a`"
    assert why_parts.listed(["a", "b"]) == "`a` and `b`"
    assert why_parts.listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert why_parts.listed("abcdefg") == "`a`, `b`, `c`, `d` and 3 more"


def test_the_panel_begins_a_sentence_that_the_reason_ends() -> None:
    told = because({"action": "run", "because": "failed last time"}, "succeeded")
    assert told == ("Ran again because", "it failed last time")
    told = because({"action": "reuse", "because": ""}, "succeeded")
    assert told == ("Reused because", "nothing it depends on has changed")
