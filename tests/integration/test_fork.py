"""Forks: what a changed field of the inputs runs again, and nothing else."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.errors import InvalidInputs, Refused, StalePlan
from runs.models import Run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from tests.fakes.model_server import ModelServer, says

from .here import do, done, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

READS = """
version: "1.0"
name: reads
inputs:
  config: {type: object, default: {region: here, size: 1}}
  title: {type: string, default: one}
steps:
  - {name: region, type: python, action: mark, kwargs: {value: "${{ inputs.config.region }}"}, needs: []}
  - {name: size, type: python, action: mark, kwargs: {value: "${{ inputs.config.size }}"}, needs: []}
  - {name: whole, type: python, action: mark, kwargs: {value: "${{ inputs.config }}"}, needs: []}
  - {name: titled, type: python, action: mark, when: "inputs.title == 'one'", needs: []}
  - {name: join, type: python, action: mark, kwargs: {value: "${{ steps.size.output.value }}"}, needs: [size]}
"""


def fork(run: Run, **asked: object) -> Run:
    return do(restart_run(run.pk, RestartRequest(**asked), by=SYSTEM))  # type: ignore[arg-type]


def reasons(run: Run) -> dict[str, str]:
    return {path: row.decision["because"] for path, row in steps(run).items() if row.decision}


def test_only_readers_of_a_changed_field_and_what_needs_them_run(project: Path) -> None:
    first = done(project, READS)
    second = fork(first, input_patch={"config": {"size": 2}})
    assert second.kind == "fork"
    assert second.inputs == {"config": {"region": "here", "size": 2}, "title": "one"}
    assert sorted(effects(project, second)) == ["join", "size", "whole"]
    assert reasons(second) == {
        "region": "input and definition are unchanged",
        "titled": "input and definition are unchanged",
        "size": "input `config.size` changed",
        "whole": "input `config.size` changed",
        "join": "depends on `size`, which runs again",
    }
    assert steps(second)["join"].output["value"] == 2
    first.refresh_from_db()
    assert first.inputs["config"]["size"] == 1


def test_a_condition_that_reads_a_changed_field_is_asked_again(project: Path) -> None:
    second = fork(done(project, READS), input_patch={"title": "two"})
    assert steps(second)["titled"].status == "skipped"
    assert effects(project, second) == []
    third = fork(second, input_patch={"title": "one"})
    assert effects(project, third) == ["titled"]


def test_null_takes_a_key_away_and_input_replaces(project: Path) -> None:
    first = done(project, READS)
    assert fork(first, input_patch={"title": None}).inputs["title"] == "one"  # the default
    replaced = fork(first, input={"title": "two"})
    assert replaced.inputs == {"config": {"region": "here", "size": 1}, "title": "two"}


def test_a_fork_that_changes_nothing_is_a_restart(project: Path) -> None:
    first = done(project, READS)
    same = fork(first, input_patch={"title": "one"})
    assert same.kind == "restart"
    assert fork(first, fork=True, reuse="all-succeeded").kind == "fork"


@pytest.mark.parametrize(
    "asked", [{"input_patch": {"title": "one"}}, {"input": {}}, {"fork": True}]
)
def test_a_fork_that_changes_nothing_runs_nothing(project: Path, asked: dict[str, object]) -> None:
    second = fork(done(project, READS), **asked)
    assert effects(project, second) == []
    assert set(reasons(second).values()) == {"input and definition are unchanged"}


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"input_patch": {"config": 3}}, InvalidInputs),
        ({"input": {}, "input_patch": {}}, Refused),
        ({"context": {}, "context_patch": {}}, Refused),
        ({"reuse": "succeeded-before"}, Refused),
        ({"reuse": "a-little"}, Refused),
        ({"from_": "nobody"}, Refused),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_started(
    project: Path, asked: dict[str, object], refused: type[Exception]
) -> None:
    first = done(project, READS)
    with pytest.raises(refused):
        fork(first, **asked)
    assert Run.objects.count() == 1


CALLS = """
version: "1.0"
name: calls
inputs:
  config: {type: object, default: {a: 1, b: 1}}
steps:
  - {name: inner, type: subworkflow, workflow: callee, inputs: {given: "${{ inputs.config }}"}}
"""
CALLEE = """
version: "1.0"
name: callee
inputs:
  given: {type: object}
steps:
  - {name: x, type: python, action: mark, kwargs: {value: "${{ inputs.given.a }}"}, needs: []}
  - {name: y, type: python, action: mark, kwargs: {value: "${{ inputs.given.b }}"}, needs: []}
outputs: {x: "${{ steps.x.output.value }}", y: "${{ steps.y.output.value }}"}
"""


def test_a_changed_field_is_followed_into_a_called_workflow(project: Path) -> None:
    folder = project / ".maverick" / "workflows"
    folder.mkdir(parents=True)
    (folder / "callee.yaml").write_text(CALLEE)
    second = fork(done(project, CALLS), input_patch={"config": {"b": 2}})
    assert effects(project, second) == ["inner/y"]
    assert reasons(second)["inner/y"] == "input `given.b` changed"
    assert steps(second)["inner"].output["y"] == 2


CUT = """
version: "1.0"
name: cut
steps:
  - {name: a, type: python, action: versioned}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ steps.a.output.same }}"}}
  - {name: c, type: python, action: mark, kwargs: {value: "${{ steps.a.output.other }}"}, needs: [a]}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}, needs: [b, c]}
"""


def test_what_depends_on_a_step_with_the_same_outcome_is_reused_after_all(project: Path) -> None:
    actions = project / "maverick_actions.py"
    text = actions.read_text()

    def version(number: int) -> str:
        body = f'def versioned():\n    return {{"same": 1, "other": {number}}}\n'
        return f'{text}\n@action("versioned", version="{number}")\n{body}'

    actions.write_text(version(1))
    first = done(project, CUT)
    actions.write_text(version(2))
    (project / "fixed").touch()
    plan = plan_restart(first.pk)
    assert {item.path: item.action.value for item in plan.items} == {
        "a": "run",
        "b": "unknown",
        "c": "unknown",
        "d": "run",
    }
    assert plan.counts == {"reuse": 0, "run": 2, "unknown": 2}
    second = fork(first)
    assert effects(project, second) == ["c", "d"]
    b = steps(second)["b"]
    assert b.decision == {"action": "reuse", "because": "its input came out the same"}
    assert (b.reused_from, b.reused_run) == (steps(first)["b"].pk, first.pk)
    assert b.output == steps(first)["b"].output
    assert second.n_reused == 1
    assert second.n_succeeded == second.n_total == 4
    third = fork(second, reuse="none")
    assert sorted(effects(project, third)) == ["b", "c", "d"]


TURNS = """
version: "1.0"
name: turns
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 0}, needs: []}
  - name: l
    type: loop
    for_each: [1, 2, 3]
    max_concurrency: 0
    needs: []
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: y, type: python, action: mark, kwargs: {value: "${{ steps.x.output.value }}"}}
  - {name: z, type: python, action: mark, kwargs: {value: 9}}
"""


@pytest.mark.parametrize(
    ("place", "again"),
    [
        ("l[1]", ["l[1]/x", "l[1]/y", "z"]),
        ("l[1]/y", ["l[1]/y", "z"]),
        ("l", ["l[0]/x", "l[0]/y", "l[1]/x", "l[1]/y", "l[2]/x", "l[2]/y", "z"]),
    ],
)
def test_restart_from_a_turn_or_a_step_in_it(project: Path, place: str, again: list[str]) -> None:
    second = fork(done(project, TURNS), from_=place)
    assert sorted(effects(project, second)) == again
    assert second.status == "succeeded"


def test_what_started_before_the_chosen_step_is_kept(project: Path) -> None:
    text = TURNS.replace("max_concurrency: 0", "max_concurrency: 1")
    text = text.replace("    needs: []\n    steps", "    needs: [a]\n    steps")
    second = fork(done(project, text), from_="l[1]/y", reuse="succeeded-before")
    assert effects(project, second) == ["l[1]/y", "l[2]/x", "l[2]/y", "z"]
    assert reasons(second)["l[2]/x"] == "started after `l[1]/y`"


def test_another_model_is_another_agent(project: Path) -> None:
    flow = """
        version: "1.0"
        name: model
        steps:
          - {name: write, type: generate, generator: poet, context: {prompt: hi}}
          - {name: told, type: python, action: mark, kwargs: {value: "${{ default(run.context.tone, 'light') }}"}, needs: []}
          - {name: other, type: python, action: mark, needs: []}
        """
    with ModelServer([says("rain")]) as server:
        (project / "maverick.toml").write_text(
            f'[generators.poet]\nbase_url = "{server.base_url}"\nmodel = "small"\n'
        )
        first = done(project, flow)
        second = fork(first, context_patch={"model": "large"})
        assert [call.body["model"] for call in server.requests] == ["small", "large"]
        third = fork(second, context_patch={"tone": "dark"})
        assert len(server.requests) == 2
    assert second.kind == "fork"
    assert second.context == {"model": "large"}
    assert reasons(second)["write"].startswith("code version changed from small ")
    assert effects(project, third) == ["told"]
    assert reasons(third)["told"] == "context `tone` changed"


def test_a_plan_is_committed_with_what_was_asked_and_nothing_else(project: Path) -> None:
    first = done(project, READS)
    asked = {"config": {"size": 2}}
    plan = plan_restart(first.pk, RestartRequest(input_patch=asked))
    with pytest.raises(StalePlan):
        fork(first, input_patch={"config": {"size": 3}}, plan_id=plan.plan_id)
    assert fork(first, input_patch=asked, plan_id=plan.plan_id).status == "succeeded"


def test_secrets_in_a_fork(project: Path) -> None:
    text = """
        version: "1.0"
        name: hidden
        inputs:
          word: {type: string, secret: true}
          plain: {type: string, default: x}
        steps:
          - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.word }}"}, needs: []}
          - {name: b, type: python, action: mark, kwargs: {value: "${{ inputs.plain }}"}, needs: []}
        """
    first = do(start(project, text, {"word": "first-password"}))
    second = fork(first, input_patch={"plain": "y"})
    assert effects(project, second) == ["b"]
    third = fork(first, input_patch={"word": "second-password"})
    assert effects(project, third) == ["a"]
    assert reasons(third)["a"] == "input `word` changed"
    assert third.inputs["word"] == "•••"
    fourth = fork(third, reuse="none")
    assert sorted(effects(project, fourth)) == ["a", "b"]


ALONE = """
version: "1.0"
name: alone
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - name: l
    type: loop
    for_each: [1, 2]
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ len(steps.l.output) }}"}}
  - {name: c, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: d, type: python, action: mark}
"""


@pytest.mark.parametrize(
    ("place", "again"),
    [
        ("a", ["a"]),
        ("l[1]/x", ["l[1]/x"]),
        ("l[0]", ["l[0]/x"]),
        ("l", ["l[0]/x", "l[1]/x"]),
        ("b", ["b"]),
    ],
)
def test_one_step_alone_runs_again(project: Path, place: str, again: list[str]) -> None:
    first = done(project, ALONE)
    plan = plan_restart(first.pk, RestartRequest(scope="execution", from_=place))
    second = fork(first, scope="execution", from_=place)
    assert second.status == "succeeded", second.status_reason
    assert effects(project, second) == again
    rows = steps(second)
    assert rows["c"].status == rows["d"].status == "skipped"
    assert rows["c"].status_reason == f"only `{place}` runs"
    assert rows["b"].output == {"path": "b", "value": 2}
    assert plan.counts["run"] == sum(item.action.value == "run" for item in plan.items)
    assert {i.path for i in plan.items if i.action.value == "run"} >= set(again)
    assert second.n_total == len(rows)


def test_the_failed_step_alone_and_what_scope_execution_needs(project: Path) -> None:
    first = done(project, ALONE)
    (project / "fixed").touch()
    second = fork(first, scope="execution", from_="c")
    assert effects(project, second) == ["c"]
    assert steps(second)["d"].status == "skipped"
    third = fork(second, reuse="all-succeeded")
    assert reasons(third)["d"] == "was left out last time"
    assert effects(project, third) == ["d"]
    for wrong in ({}, {"from_": "c", "reuse": "none"}, {"from_": "d"}):
        with pytest.raises(Refused):
            fork(first, scope="execution", **wrong)
    with pytest.raises(Refused, match="no scope"):
        fork(first, scope="nothing")
