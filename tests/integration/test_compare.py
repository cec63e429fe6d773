"""Two runs side by side, as they were really recorded."""

import time
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs import ids
from runs.actor import SYSTEM
from runs.canonical import digest
from runs.errors import UnknownExecution, UnknownRun
from runs.models import Execution, Run
from runs.operations.restart_run import RestartRequest, restart_run
from runs.projections.compare import ComparedNode, Comparison, compare_runs

from .here import do, done, start

pytestmark = pytest.mark.django_db(transaction=True)

FLOW = """
version: "1.0"
name: compared
inputs:
  topic: {type: string, default: rain}
  list: {type: array, default: [1, 2]}
steps:
  - {name: plan, type: python, action: mark, kwargs: {value: "${{ inputs.topic }}"}}
  - {name: other, type: python, action: mark, kwargs: {value: 1}, needs: []}
  - name: each
    type: loop
    for_each: ${{ inputs.list }}
    needs: []
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
  - {name: write, type: python, action: mark, kwargs: {value: "${{ steps.plan.output.value }}"}, needs: [plan]}
  - {name: last, type: python, action: mark, kwargs: {value: 3}, needs: [write, other]}
outputs: {said: "${{ steps.write.output.value }}"}
"""


def fork(run: Run, **asked: object) -> Run:
    return do(restart_run(run.pk, RestartRequest(**asked), by=SYSTEM))  # type: ignore[arg-type]


def nodes(found: Comparison) -> dict[str, ComparedNode]:
    return {node.path: node for node in found.nodes}


def test_a_run_is_the_same_as_itself(project: Path) -> None:
    run = done(project, FLOW)
    found = compare_runs(run.pk, run.pk)
    assert found.same
    assert found.first_divergence is None
    assert found.counts.same == len(found.nodes) == 7
    assert found.duration_difference_ms == 0


def test_a_fork_names_the_changed_input_and_what_follows_from_it(project: Path) -> None:
    first = done(project, FLOW)
    second = fork(first, input_patch={"topic": "snow"})
    found = compare_runs(first.pk, second.pk)
    assert not found.same
    assert (found.first_divergence, found.because) == ("plan", "input `topic` changed")
    assert [(p.path, p.kind, p.a, p.b) for p in found.inputs.items] == [
        ("topic", "changed", "rain", "snow")
    ]
    assert [(p.path, p.a, p.b) for p in found.outputs.items] == [("said", "rain", "snow")]
    by_path = nodes(found)
    assert by_path["other"].verdict == by_path["each[0]/x"].verdict == "reused"
    write = by_path["write"]
    assert (write.role, write.root, write.because) == ("consequence", "plan", "follows from `plan`")
    assert write.input is not None
    assert [(p.path, p.a, p.b) for p in write.input.items] == [("value", "rain", "snow")]
    assert write.output is not None
    assert write.duration_difference_ms is not None
    assert by_path["other"].duration_difference_ms is None
    # `last` has run again, and came to the same.
    assert by_path["last"].verdict in ("same", "changed")
    swapped = compare_runs(second.pk, first.pk)
    assert swapped.counts == found.counts
    assert swapped.first_divergence == "plan"


def test_turns_are_compared_by_their_item(project: Path) -> None:
    first = done(project, FLOW)
    second = done(project, FLOW, {"list": [0, 1, 2]})
    found = compare_runs(first.pk, second.pk)
    told = {
        node.path: (node.verdict, node.a.path if node.a else None)
        for node in found.nodes
        if node.path.startswith("each[")
    }
    assert told["each[0]/x"] == ("only_b", None)
    assert told["each[1]/x"][1] == "each[0]/x"
    assert told["each[2]/x"][1] == "each[1]/x"
    assert found.first_divergence == "each"
    assert nodes(found)["each[0]/x"].root == "each"


BREAKS = """
version: "1.0"
name: breaks
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: c, type: python, action: mark, kwargs: {value: 2}}
"""


def test_what_failed_is_the_cause_and_what_it_kept_from_running_the_consequence(
    project: Path,
) -> None:
    failed = done(project, BREAKS)
    (project / "fixed").touch()
    mended = fork(failed)
    found = compare_runs(failed.pk, mended.pk)
    by_path = nodes(found)
    assert by_path["a"].verdict == "reused"
    assert (by_path["b"].role, by_path["b"].because) == (
        "cause",
        "the input is the same, the outcome is not",
    )
    assert "status" in by_path["b"].differs
    assert (by_path["c"].verdict, by_path["c"].role, by_path["c"].root) == (
        "only_b",
        "consequence",
        "b",
    )


def test_another_definition_is_told_step_by_step_and_as_a_diff(project: Path) -> None:
    first = done(project, BREAKS.replace("{name: fixed}", "{name: maverick_actions.py}"))
    second = done(
        project,
        BREAKS.replace("{name: fixed}", "{name: maverick_actions.py}").replace(
            "{value: 1}", "{value: 7}"
        ),
    )
    found = compare_runs(first.pk, second.pk)
    assert found.definition is not None
    assert found.definition.steps == ("a changed",)
    assert "+  - {name: a, type: python, action: mark, kwargs: {value: 7}}" in found.definition.text
    assert (found.first_divergence, found.because) == ("a", "definition changed")
    one = compare_runs(first.pk, second.pk, path="b")
    assert [node.path for node in one.nodes] == ["b"]
    assert one.counts == found.counts


def test_what_is_not_there_is_refused(project: Path) -> None:
    run = done(project, FLOW)
    with pytest.raises(UnknownRun):
        compare_runs(run.pk, "run_00000000000000")
    with pytest.raises(UnknownExecution):
        compare_runs(run.pk, run.pk, path="nobody")


SECRET = """
version: "1.0"
name: hidden
inputs:
  word: {type: string, secret: true}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.word }}"}}
  - {name: length, type: python, action: mark, kwargs: {value: "${{ len(inputs.word) }}"}}
"""


def test_a_secret_that_a_fork_changed_is_the_cause_and_stays_masked(project: Path) -> None:
    first = done(project, SECRET, {"word": "first-password"})
    second = fork(first, input_patch={"word": "second-password"})
    for found in (compare_runs(first.pk, second.pk), compare_runs(second.pk, first.pk)):
        assert not found.same
        assert [(one.path, one.a, one.b) for one in found.inputs.items] == [("word", "•••", "•••")]
        assert (found.first_divergence, found.because) == ("length", "input `word` changed")
        assert "password" not in repr(found)


def test_secrets_stay_masked(project: Path) -> None:
    first = done(project, SECRET, {"word": "first-password"})
    second = done(project, SECRET, {"word": "second-password"})
    assert "password" not in repr(compare_runs(first.pk, second.pk))


LARGE = """
version: "1.0"
name: large
inputs:
  size: {type: integer, default: 100000}
steps:
  - {name: big, type: python, action: letters, kwargs: {size: "${{ inputs.size }}"}}
  - {name: huge, type: python, action: letters, kwargs: {size: 2000000}}
"""
LETTERS = """
import itertools
@action("letters")
def letters(size):
    return {"text": "x" * size, "n": next(NUMBERS) if size > 1000000 else 0}
NUMBERS = itertools.count()
"""


def test_large_outputs_are_told_apart_by_hash(project: Path) -> None:
    file = project / "maverick_actions.py"
    file.write_text(file.read_text() + LETTERS)
    first, second = done(project, LARGE), done(project, LARGE, {"size": 100001})
    assert first.status == "succeeded", first.status_reason
    with CaptureQueriesContext(connection) as asked:
        found = compare_runs(first.pk, second.pk)
    assert len(asked) <= 5
    big, huge = nodes(found)["big"], nodes(found)["huge"]
    assert big.output is not None
    assert [(place.path, place.is_cut) for place in big.output.items] == [("text", True)]
    assert huge.output is not None
    assert (huge.output.items, huge.output.more) == ((), True)
    assert "too large" in huge.output.note


WIDE = """
version: "1.0"
name: wide
steps:
  - name: l
    type: loop
    for_each: "${{ range(10) }}"
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: y, type: python, action: mark, kwargs: {value: "${{ steps.x.output.value }}"}}
"""


def recorded(project: Path, turns: int, shift: int) -> Run:
    """A run of two steps a turn, as rows: what is compared is not how they came to be."""
    run = start(project, WIDE)
    now = timezone.now()
    loop = {"items": [n + shift for n in range(turns)], "limit": 1}
    rows = [("l", "loop", loop, None)]
    for n in range(turns):
        rows.append((f"l[{n}]/x", "python", {"value": n + shift}, {"value": n, "from": run.pk}))
        rows.append((f"l[{n}]/y", "python", {"value": n}, {"value": n, "from": run.pk}))
    Execution.objects.bulk_create(
        Execution(
            id=ids.execution_id(), run=run, path=path, name=path.rpartition("/")[2], type=kind,
            status="succeeded", input=given, input_digest=digest(given), output=gave,
            created_at=now, duration_ms=5,
        )
        for path, kind, given, gave in rows
    )  # fmt: skip
    return run


@pytest.mark.parametrize("shift", [0, 1])
def test_two_runs_of_a_thousand_steps_are_compared_in_few_queries_and_fast(
    project: Path, shift: int
) -> None:
    first, second = recorded(project, 500, 0), recorded(project, 500, shift)
    compare_runs(first.pk, second.pk)  # the definition is read once
    took = []
    for _ in range(5):
        with CaptureQueriesContext(connection) as asked:
            began = time.perf_counter()
            found = compare_runs(first.pk, second.pk)
            took.append(time.perf_counter() - began)
        assert len(asked) <= 4
    assert found.counts.changed >= 998
    assert (found.counts.only_a, found.counts.only_b) == ((2, 2) if shift else (0, 0))
    assert min(took) < 0.3
