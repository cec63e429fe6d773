"""The family of a run, and where an output comes from."""

import time
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs import ids
from runs.actor import SYSTEM
from runs.errors import UnknownExecution, UnknownRun
from runs.models import Execution, Run
from runs.operations.delete_run import delete_run
from runs.operations.restart_run import RestartRequest, restart_run
from runs.operations.resume_run import resume_run
from runs.projections.lineage import Relative, family, in_tree
from runs.projections.origin import origin
from runs.projections.why import why

from .here import do, done, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

FLOW = """
version: "1.0"
name: kin
inputs:
  topic: {type: string, default: rain}
  word: {type: string, secret: true}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ inputs.topic }} ${{ inputs.word }}"}}
  - {name: c, type: checkpoint, checkpoint_id: half}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def again(run: Run, **asked: object) -> Run:
    return do(restart_run(run.pk, RestartRequest(**asked), by=SYSTEM))  # type: ignore[arg-type]


def members(run: Run) -> dict[str, Relative]:
    return {one.run.id: one for one in family(run.pk).items}


def words(run: Run) -> str:
    change = members(run)[run.pk].change
    return change.words if change else ""


def test_each_way_from_run_to_run_is_told_with_its_change(project: Path) -> None:
    first = done(project, FLOW, {"word": "first-password"})
    assert words(first) == ""
    given = {"word": "first-password"}
    resumed, _ = resume_run(definition=FLOW, inputs=given, by=SYSTEM, workspace=project)
    assert words(do(resumed)) == "resumed from checkpoint `half`"
    (project / "fixed").touch()
    second = again(first)
    assert words(second) == "restarted from failed `d`"
    assert words(again(first, reuse="none")) == "restarted as a whole"
    third = again(second, from_="b", reason="once more")
    assert words(third) == "restarted from `b`"
    assert words(again(third, from_="b", scope="execution")) == "`b` alone ran again"
    forked = again(third, input_patch={"topic": "snow"})
    assert words(forked) == 'forked: input `topic` changed "rain" → "snow"'
    secret = again(forked, input_patch={"word": "second-password"})
    assert words(secret) == "forked: input `word` changed"
    assert "password" not in repr(family(secret.pk))
    both = again(forked, input_patch={"word": "third-password", "topic": "hail"})
    assert words(both) == 'forked: input `topic` changed "snow" → "hail" and 1 more field'
    found = family(forked.pk)
    assert found.root_run_id == first.pk
    assert found.ancestors == (third.pk, second.pk, first.pk)
    generations = {one.run.id: one.generation for one in found.items}
    assert [generations[run.pk] for run in (first, second, third, forked, secret)] == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip
    tree = in_tree(found, timezone.now())
    assert tree[0].run.id == first.pk
    assert [one.current for one in tree].count(True) == 1


def test_an_output_is_followed_back_to_who_did_the_work_and_forward_to_who_has_it(
    project: Path,
) -> None:
    (project / "fixed").touch()
    first = done(project, FLOW, {"word": "x"})
    second = again(first, from_="d")
    third = again(second, from_="d")
    at = [steps(run)["a"].pk for run in (first, second, third)]
    found = origin(at[2])
    assert [(one.execution_id, one.run_id, one.reused) for one in found.chain] == [
        (at[1], second.pk, True),
        (at[0], first.pk, False),
    ]
    assert found.origin.run_id == first.pk
    assert (found.reused_by, found.reused_by_runs) == (1, (second.pk,))
    own = origin(at[0])
    assert own.chain == ()
    assert own.reused_by_runs == (third.pk, second.pk)
    with pytest.raises(UnknownExecution):
        origin("exec_00000000000000000")
    with pytest.raises(UnknownRun):
        family("run_00000000000000")


def test_a_deleted_source_is_told_as_deleted(project: Path) -> None:
    (project / "fixed").touch()
    first = done(project, FLOW, {"word": "x"})
    second = again(first, from_="d")
    third = again(second, from_="d")
    last = steps(third)["a"].pk
    delete_run(second.pk, by=SYSTEM)
    found = origin(last)
    assert [(one.run_id, one.deleted) for one in found.chain] == [(None, True), (first.pk, False)]
    assert "that of a run that was deleted; the work was done by" in why(third.pk, "a").sentences[1]
    delete_run(first.pk, by=SYSTEM)
    assert [one.deleted for one in origin(last).chain] == [True, True]
    change = members(third)[third.pk].change
    assert change is not None
    assert change.source_deleted
    assert change.words == "restarted from `d`; the source was deleted"


def test_five_hundred_generations_are_told_in_few_queries_and_fast(project: Path) -> None:
    root = start(project, FLOW, {"word": "x"})
    now = timezone.now()
    runs = [root]
    rows: list[Execution] = []
    for n in range(500):
        rows.append(
            Execution(
                id=ids.execution_id(), run=runs[-1], path="a", name="a", type="python",
                status="succeeded", created_at=now,
                reused_from=rows[-1].pk if rows else "", reused_run=runs[-2].pk if rows else "",
                origin_execution=rows[0].pk if rows else "", origin_run=root.pk if rows else "",
            )
        )  # fmt: skip
        runs.append(
            Run(
                id=ids.run_id(), workflow_name=root.workflow_name, version=root.version,
                status="succeeded", kind="fork", source=runs[-1], family_id=root.pk,
                inputs={"topic": str(n)}, created_at=now,
            )
        )  # fmt: skip
    Run.objects.bulk_create(runs[1:])
    Execution.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as asked:
        began = time.perf_counter()
        found = family(runs[-1].pk)
        took = time.perf_counter() - began
    assert len(asked) <= 2
    assert len(found.ancestors) == 500
    assert found.items[-1].generation == 500
    assert took < 0.5
    with CaptureQueriesContext(connection) as asked:
        began = time.perf_counter()
        chain = origin(rows[-1].pk)
        took = time.perf_counter() - began
    assert len(asked) == 1
    assert len(chain.chain) == 499
    assert chain.origin.execution_id == rows[0].pk
    assert chain.reused_by == 498
    assert took < 0.5
