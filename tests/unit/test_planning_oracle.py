"""What a fork or restart reuses, held against recomputing everything.

Workflows of chance, whose steps answer a digest of what they are given, are run, changed and
restarted. Whatever is reused must be what recomputing everything gives; and nothing runs again
that neither reads a change nor comes after one that does.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runs.canonical import digest
from runs.definition.spec import InputSpec, PythonStep, WorkflowSpec
from runs.expressions import render
from runs.planning.fields import changed_fields, merge_patch
from runs.planning.graph import Compiled, compile_workflow
from runs.planning.plan import Action
from runs.planning.planner import make_plan
from runs.planning.prior import PriorRun, PriorStep
from runs.states import StepStatus

KEYS = ("a", "b", "c")


def workflow(chance: Random) -> Compiled:
    made: list[PythonStep] = []
    for n in range(chance.randint(2, 9)):
        names = [step.name for step in made]
        needs = chance.sample(names, chance.randint(0, min(3, len(names))))
        kwargs: dict[str, Any] = {"self": n}
        if chance.random() < 0.6:
            field = chance.choice([*KEYS, "deep.x", "deep.y", "deep"])
            kwargs["read"] = f"${{{{ inputs.{field} }}}}"
        for name in needs:
            if chance.random() < 0.7:
                kwargs[name] = f"${{{{ steps.{name}.output }}}}"
        made.append(PythonStep(name=f"s{n}", action="x", kwargs=kwargs, needs=tuple(needs)))
    declared = {
        name: InputSpec(name=name, type="object" if name == "deep" else "integer")
        for name in (*KEYS, "deep")
    }
    return compile_workflow(WorkflowSpec(name="of-chance", inputs=declared, steps=tuple(made)), {})


def work(name: str, resolved: Any, coarse: bool) -> Any:
    # Some answer only one bit of what they are given, so that a change can end there.
    value = digest([name, resolved])
    return int(value, 16) % 2 if coarse else value


def resolved(compiled: Compiled, name: str, inputs: Mapping[str, Any], outputs: Any) -> Any:
    step = compiled.node(name).step
    assert isinstance(step, PythonStep)
    seen = {done: {"output": value} for done, value in outputs.items()}
    return render(dict(step.kwargs), {"inputs": inputs, "steps": seen})


def whole(
    compiled: Compiled, inputs: Mapping[str, Any], coarse: set[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every step's input and output, all computed."""
    given: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for name in compiled.in_order():
        given[name] = resolved(compiled, name, inputs, outputs)
        outputs[name] = work(name, given[name], name in coarse)
    return given, outputs


@settings(max_examples=400, derandomize=True)
@given(
    shape=st.integers(0, 2**32),
    patch=st.fixed_dictionaries(
        {},
        optional={key: st.integers(0, 1) for key in KEYS}
        | {"deep": st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 1))},
    ),
    mode=st.sampled_from([None, "all-succeeded", "unaffected"]),
    chosen=st.integers(-3, 8),
)
def test_what_is_reused_is_what_recomputing_everything_gives(
    shape: int, patch: dict[str, Any], mode: str | None, chosen: int
) -> None:
    chance = Random(shape)
    compiled = workflow(chance)
    names = compiled.in_order()
    coarse = {name for name in names if chance.random() < 0.4}
    before = {"a": 0, "b": 0, "c": 0, "deep": {"x": 0, "y": 0}}
    now = merge_patch(before, patch)
    given_before, outputs_before = whole(compiled, before, coarse)
    failed = {name for name in names if chance.random() < 0.15}
    prior = PriorRun(
        "run_before",
        {
            name: PriorStep(
                name,
                f"exec_{name}",
                "python",
                StepStatus.FAILED if name in failed else StepStatus.SUCCEEDED,
                definition=compiled.node(name).digest,
                condition=compiled.node(name).condition,
                input_digest=digest(given_before[name]),
                started=float(n + 1),
            )
            for n, name in enumerate(names)
        },
    )
    from_ = names[chosen] if 0 <= chosen < len(names) else ""
    changed = changed_fields(before, now)
    plan = make_plan(compiled, prior, reuse=mode, from_=from_, changed=changed)
    actions = {item.path: item.action for item in plan.items}
    given_now, outputs_now = whole(compiled, now, coarse)
    outputs: dict[str, Any] = {}
    ran: set[str] = set()
    for name in names:
        asked = resolved(compiled, name, now, outputs)
        same = actions[name] is Action.UNKNOWN and digest(asked) == digest(given_before[name])
        if actions[name] is Action.REUSE or same:
            outputs[name] = outputs_before[name]
        else:
            ran.add(name)
            outputs[name] = work(name, asked, name in coarse)
    # Never more than may be: a reused step would have been given the same, and gives the same.
    assert outputs == outputs_now
    for name in set(names) - ran:
        assert given_before[name] == given_now[name], name
        assert name not in failed
        assert name != from_
    # Never less than can be: what runs has a reason of its own, or comes after one that has.
    own = {
        name
        for name in names
        if name in failed or name == from_ or given_now[name] != given_before[name]
    }
    for name in ran - own:
        assert any(need in ran for need in compiled.node(name).needs), name


def test_fields_of_inputs() -> None:
    before = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert changed_fields(before, before) == frozenset()
    assert changed_fields(before, {"a": {"x": 2, "y": [1, 2]}, "b": 1}) == {("a", "x")}
    assert changed_fields(before, {"a": {"x": 1, "y": [1, 3]}, "b": True}) == {("a", "y"), ("b",)}
    assert changed_fields(before, {"a": {"x": 1}, "b": 1}) == {("a", "y")}
    assert merge_patch(before, {"a": {"x": None, "z": 3}}) == {"a": {"y": [1, 2], "z": 3}, "b": 1}
    assert merge_patch({"a": 1}, {"a": {"b": None}}) == {"a": {}}
