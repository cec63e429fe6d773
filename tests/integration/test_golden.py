"""Golden runs: one run a name, also when two are marked at once; checks; accepted values."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from runs.actor import SYSTEM
from runs.errors import InvalidAssertions, Refused, RunNotOver
from runs.models import AcceptedValue, Event, Execution, Golden, Run
from runs.operations.golden import (
    GoldenNameTaken,
    NotGolden,
    accept_value,
    mark_golden,
    set_assertions,
    unmark_golden,
)
from runs.operations.restart_run import restart_run
from runs.projections.golden import UnknownGolden, check_run, get_golden, list_golden

from .here import do, done, start

VALUE = """
version: "1.0"
name: value
inputs: {n: {type: integer, default: 1}}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.n }}"}}
  - name: each
    type: loop
    for_each: "${{ range(2) }}"
    steps:
      - {name: b, type: python, action: mark, kwargs: {value: "${{ item }}"}}
  - {name: save, type: checkpoint}
"""
FAILS = """
version: "1.0"
name: value
inputs: {n: {type: integer, default: 1}}
steps:
  - {name: a, type: python, action: fails_unless, kwargs: {name: never}}
"""
LARGE = """
version: "1.0"
name: large
inputs: {letter: {type: string, default: x}}
steps:
  - {name: a, type: python, action: files.read, kwargs: {path: "${{ inputs.letter }}"}}
"""
pytestmark = pytest.mark.django_db(transaction=True)


def verdicts(found: Any) -> dict[str, str]:
    return {node.path: node.verdict for node in found.nodes}


def at_once(*deeds: Callable[[], Any]) -> list[BaseException | None]:
    """Do all of them at the same moment; what each raised."""
    together = threading.Barrier(len(deeds))
    raised: list[BaseException | None] = [None] * len(deeds)

    def one(number: int) -> None:
        try:
            together.wait(60)
            deeds[number]()
        except Exception as error:
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[n]) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_two_marks_with_one_name_at_once_leave_one(project: Path) -> None:
    runs = [done(project, VALUE) for _ in range(4)]
    raised = at_once(*[lambda run=run: mark_golden(run.pk, "one", by=SYSTEM) for run in runs])
    assert sorted(type(one).__name__ for one in raised if one) == ["GoldenNameTaken"] * 3
    assert Run.objects.filter(golden_name="one").count() == 1
    assert Golden.objects.get().run.golden_name == "one"
    raised = at_once(
        *[lambda run=run: mark_golden(run.pk, "one", by=SYSTEM, replace=True) for run in runs]
    )
    assert raised == [None] * 4
    assert Run.objects.filter(golden_name__isnull=False).count() == 1
    assert Golden.objects.get().run.golden_name == "one"


def test_a_run_that_replaces_another_takes_the_assertions_and_not_the_accepted_values(
    project: Path,
) -> None:
    old, new = done(project, VALUE), done(project, VALUE, {"n": 2})
    mark_golden(old.pk, "base", by=SYSTEM, tags=["x"], note="why")
    set_assertions(old.pk, "nodes: {a: ignore}", by=SYSTEM)
    accept_value(old.pk, new.pk, "a", "because", by=SYSTEM)
    with pytest.raises(GoldenNameTaken):
        mark_golden(new.pk, "base", by=SYSTEM)
    mark_golden(new.pk, "base", by=SYSTEM, replace=True)
    kept = get_golden(new.pk)
    assert kept is not None
    assert (kept.name, kept.tags, kept.note) == ("base", ("x",), "why")
    assert kept.assertions == {"version": 1, "nodes": {"a": "ignore"}}
    assert kept.accepted == ()
    old.refresh_from_db()
    assert old.golden_name is None
    assert Event.objects.filter(run=old).latest("seq").kind == "run.ungolden"


def test_a_second_mark_changes_what_it_names_and_nothing_else(project: Path) -> None:
    run = done(project, VALUE)
    assert mark_golden(run.pk, by=SYSTEM).golden_name == "value"
    mark_golden(run.pk, "v1", by=SYSTEM, tags=["a", " a ", "b"], note="n")
    mark_golden(run.pk, by=SYSTEM, note="m")
    kept = get_golden(run.pk)
    assert kept is not None
    assert (kept.name, kept.tags, kept.note) == ("v1", ("a", "b"), "m")
    assert [one.name for one in list_golden("value")] == ["v1"]
    assert list_golden("other") == ()
    for wrong in ({"tags": ["a,b"]}, {"tags": ["x" * 51]}, {"note": "x" * 4001}):
        with pytest.raises(Refused):
            mark_golden(run.pk, by=SYSTEM, **wrong)
    unmark_golden(run.pk, by=SYSTEM)
    assert get_golden(run.pk) is None
    with pytest.raises(NotGolden):
        set_assertions(run.pk, "nodes: {}", by=SYSTEM)


def test_the_database_itself_keeps_a_golden_run(project: Path) -> None:
    run = done(project, VALUE)
    mark_golden(run.pk, by=SYSTEM)
    with pytest.raises(ProtectedError):
        run.delete()
    with (
        pytest.raises(IntegrityError, match="runs_golden"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM runs_checkpoint WHERE run_id = %s", [run.pk])
        cursor.execute("DELETE FROM runs_run WHERE id = %s", [run.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_run_with_the_same_outputs_passes_and_another_does_not(project: Path) -> None:
    base, same, other = done(project, VALUE), done(project, VALUE), done(project, VALUE, {"n": 2})
    mark_golden(base.pk, "base", by=SYSTEM)
    found = check_run(same.pk, "golden:base")
    assert found.passed
    assert verdicts(found) == {
        "a": "passed", "each": "ignored", "each[0]/b": "passed", "each[1]/b": "passed",
        "save": "ignored",
    }  # fmt: skip
    found = check_run(other.pk, "golden:base")
    assert not found.passed
    assert found.counts["failed"] == 1
    finding = next(node for node in found.nodes if node.verdict == "failed").findings[0]
    assert (finding.at, finding.expected, finding.actual) == ("value", 1, 2)
    assert check_run(other.pk, other.pk[:0] + base.pk).baseline.name == "base"


def test_a_node_too_few_or_too_many_or_with_another_status_fails(project: Path) -> None:
    base, failed = done(project, VALUE), done(project, FAILS)
    found = check_run(failed.pk, base.pk)
    assert verdicts(found)["a"] == "failed"
    assert verdicts(found)["each[0]/b"] == "missing"
    assert "is failed, not succeeded" in found.nodes[0].because
    shorter = done(project, VALUE.replace("range(2)", "range(1)"))
    assert verdicts(check_run(base.pk, shorter.pk))["each[1]/b"] == "extra"
    with pytest.raises(Refused):
        check_run(base.pk, failed.pk)


def test_assertions_of_the_golden_run_count_and_those_of_the_call_instead(project: Path) -> None:
    base, other = done(project, VALUE), done(project, VALUE, {"n": 2})
    mark_golden(base.pk, "base", by=SYSTEM)
    set_assertions(base.pk, "nodes: {a: {band: {value: 1}}}", by=SYSTEM)
    assert check_run(other.pk, "golden:base").passed
    assert not check_run(other.pk, "golden:base", assertions="nodes: {}").passed
    named = check_run(other.pk, "golden:base", assertions="nodes: {save: equal, '**': ignore}")
    assert verdicts(named)["save"] == "failed"
    assert verdicts(named)["a"] == "ignored"
    with pytest.raises(InvalidAssertions) as refused:
        set_assertions(base.pk, "nodes: {a: {bend: 1}}", file="x.yaml", by=SYSTEM)
    assert (refused.value.problems[0].line, refused.value.problems[0].file) == (1, "x.yaml")
    set_assertions(base.pk, None, by=SYSTEM)
    assert not check_run(other.pk, "golden:base").passed


def test_an_accepted_value_is_expected_and_the_golden_run_stays_as_it_is(project: Path) -> None:
    base, other = done(project, VALUE), done(project, VALUE, {"n": 2})
    mark_golden(base.pk, "base", by=SYSTEM)
    before = list(Execution.objects.filter(run=base).order_by("path").values())
    with pytest.raises(Refused):
        accept_value(base.pk, other.pk, "a", "  ", by=SYSTEM)
    accept_value(base.pk, other.pk, "a", "two is right", by=SYSTEM)
    found = check_run(other.pk, "golden:base")
    assert found.passed
    assert next(node for node in found.nodes if node.path == "a").accepted
    assert not check_run(done(project, VALUE).pk, "golden:base").passed
    assert list(Execution.objects.filter(run=base).order_by("path").values()) == before
    accept_value(base.pk, other.pk, "a", "still", by=SYSTEM)
    assert AcceptedValue.objects.get().reason == "still"


def test_large_outputs_are_checked_too(project: Path) -> None:
    (project / "x").write_text("x" * 100_000)
    (project / "y").write_text("x" * 99_999 + "y")
    base, same = done(project, LARGE), done(project, LARGE)
    assert Execution.objects.get(run=base).payload_id
    other = done(project, LARGE, {"letter": "y"})
    assert check_run(same.pk, base.pk).passed
    assert not check_run(other.pk, base.pk).passed
    mark_golden(base.pk, "big", by=SYSTEM)
    accept_value(base.pk, other.pk, "a", "y it is", by=SYSTEM)
    assert check_run(other.pk, "golden:big").passed


def test_what_cannot_be_checked_is_refused(project: Path) -> None:
    base = done(project, VALUE)
    with pytest.raises(UnknownGolden):
        check_run(base.pk, "golden:none")
    with pytest.raises(Refused):
        check_run(base.pk, base.pk)
    with pytest.raises(Refused):
        check_run(base.pk, "silver:x")
    open_ = start(project, VALUE)
    with pytest.raises(RunNotOver):
        check_run(open_.pk, base.pk)
    do(open_)


def test_a_restart_passes_against_its_source(project: Path) -> None:
    base = done(project, VALUE)
    mark_golden(base.pk, "base", by=SYSTEM)
    again = do(restart_run(base.pk, by=SYSTEM))
    assert check_run(again.pk, "golden:base").passed
