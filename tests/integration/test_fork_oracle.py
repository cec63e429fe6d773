"""Forks of chance, held against runs from scratch: the same results, whatever was reused."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from runs import steppath
from runs.actor import SYSTEM
from runs.definition import load_workflow
from runs.models import Run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from runs.planning.plan import Action
from runs.planning.preview import Preview

from .here import do, done, effects, steps

pytestmark = pytest.mark.django_db(transaction=True)

INPUTS: dict[str, Any] = {
    "a": {"type": "integer", "default": 1},
    "b": {"type": "integer", "default": 1},
    "l": {"type": "array", "default": [1, 2]},
    "deep": {"type": "object", "default": {"x": 1, "l": [2, 1]}},
}
PATCHES: list[dict[str, Any]] = [
    {"a": 0},
    {"b": 2},
    {"l": [2, 1, 2]},
    {"l": [1]},
    {"l": []},
    {"deep": {"x": 2}},
    {"deep": {"l": [1, 2, 3]}},
    {"a": 2, "l": [1, 3]},
]


class Maker:
    """Workflows with loops over lists, loops until, branches, conditions and what they read."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.names = chance, iter(f"s{n}" for n in range(100))

    def number(self, seen: list[str], turn: tuple[str, ...]) -> str:
        choices = ["inputs.a", "inputs.b", "inputs.deep.x", "len(inputs.l)", "1"]
        choices += [f"default(steps.{name}.output.n, 0)" for name in seen]
        choices += turn
        return self.chance.choice(choices)

    def condition(self, seen: list[str], turn: tuple[str, ...]) -> str:
        return f"${{{{ {self.number(seen, turn)} >= {self.chance.randint(0, 2)} }}}}"

    def work(self, seen: list[str], turn: tuple[str, ...]) -> dict[str, Any]:
        terms = " + ".join(self.number(seen, turn) for _ in range(self.chance.randint(1, 2)))
        return {
            "name": next(self.names),
            "type": "python",
            "action": "count",
            "kwargs": {"n": f"${{{{ ({terms}) % {self.chance.choice([2, 3, 50])} }}}}"},
        }

    def step(self, seen: list[str], turn: tuple[str, ...], depth: int) -> dict[str, Any]:
        kind = self.chance.choice(["work", "work", "each", "until", "branch"])
        made: dict[str, Any] = self.work(seen, turn)
        if depth < 2 and kind != "work":
            name = made["name"]
            if kind == "each":
                numbers = f"range({self.number(seen, turn)} % 4)"
                many = self.chance.choice(["inputs.l", "inputs.deep.l", numbers])
                made = {"name": name, "type": "loop", "for_each": f"${{{{ {many} }}}}"}
                made["max_concurrency"] = self.chance.choice([0, 1, 2])
                made["steps"] = self.scope(seen, ("item", "index"), depth + 1)
            elif kind == "until":
                body = self.scope(seen, ("index",), depth + 1)
                inner = self.work([], ("index",)) | {"name": f"{name}_n"}
                until = f"${{{{ steps.{name}_n.output.n >= {self.number(seen, turn)} }}}}"
                made = {"name": name, "type": "loop", "until": until, "max_iterations": 3}
                made["steps"] = [*body, inner]
                made["on_error"] = "continue"  # the bound may be out of reach
            else:
                arms = [
                    {"when": self.condition(seen, turn), "step": self.step(seen, turn, depth + 1)}
                    for _ in range(2)
                ]
                made = {"name": name, "type": "branch", "options": arms}
        if self.chance.random() < 0.2:
            made["when"] = self.condition(seen, turn)
        return made

    def scope(self, seen: list[str], turn: tuple[str, ...], depth: int) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        seen = list(seen)
        for _ in range(self.chance.randint(1, 2 if depth else 5)):
            step = self.step(seen, turn, depth)
            if made and self.chance.random() < 0.4 and depth == 0:
                earlier = [one["name"] for one in made]
                step["needs"] = sorted(self.chance.sample(earlier, 1))
                seen_here = {*step["needs"]}
                if not _reads_only(step, seen_here, earlier):
                    del step["needs"]
            made.append(step)
            if step["type"] == "python":
                seen.append(step["name"])
        return made


def _reads_only(step: dict[str, Any], needed: set[str], earlier: list[str]) -> bool:
    """Whether what the step reads is among what it needs; else it reads what may not be there."""
    text = yaml.safe_dump(step)
    return all(name in needed for name in earlier if f"steps.{name}." in text)


def results(run: Run) -> dict[str, tuple[str, Any]]:
    """What each leaf gave; what was not reached is left out, as is what says so."""
    return {
        path: (row.status, row.output)
        for path, row in steps(run).items()
        if row.type == "python" and row.status != "skipped"
    }


ACTION = """
from runs.actions import action
@action("count")
def count(context, n):
    _effect(context)
    return {"n": int(n)}
"""


@pytest.mark.parametrize("seed", range(40))
def test_a_fork_gives_what_a_run_from_scratch_gives(project: Path, seed: int) -> None:
    chance = Random(seed)
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(ACTION)
    document: dict[str, Any] = {
        "version": "1.0",
        "name": f"chance-{seed}",
        "inputs": INPUTS,
        "steps": Maker(chance).scope([], (), 0),
    }
    text = yaml.safe_dump(document, sort_keys=False)
    if load_workflow(text).errors:  # a step reads what it does not need: then all in file order
        for step in document["steps"]:
            step.pop("needs", None)
        text = yaml.safe_dump(document, sort_keys=False)
    patch = chance.choice(PATCHES)
    mode = chance.choice([None, "all-succeeded", "unaffected"])
    first = done(project, text)
    scratch = done(project, text, {**first.inputs, **merged(first.inputs, patch)})
    asked = RestartRequest(input_patch=patch, reuse=mode)
    preview = plan_restart(first.pk, asked)
    forked = do(restart_run(first.pk, asked, by=SYSTEM))
    assert results(forked) == results(scratch), text
    assert forked.status == scratch.status
    as_previewed(preview, forked)
    # And it is a fork for something: what the change cannot reach did not run again.
    assert len(effects(project, forked)) <= len(effects(project, scratch))


@pytest.mark.parametrize("seed", range(20))
def test_a_restart_runs_what_its_preview_says(project: Path, seed: int) -> None:
    """A run that failed half way has loops that never opened, and some with turns to come."""
    chance = Random(1000 + seed)
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(ACTION)
    steps_of = Maker(chance).scope([], (), 0)
    for step in steps_of:
        step.pop("needs", None)
    loops = [step for step in steps_of if step["type"] == "loop"]
    into = chance.choice([steps_of, *(loop["steps"] for loop in loops)])
    gate: dict[str, Any] = {
        "name": "gate",
        "type": "python",
        "action": "fails_unless",
        "kwargs": {"name": "fixed"},
    }
    at = chance.randint(0, len(into))
    if chance.random() < 0.5:  # whether it fails again may hang on what runs again
        seen = [step["name"] for step in into[:at] if step["type"] == "python"]
        gate["when"] = Maker(chance).condition(seen, ())
    into.insert(at, gate)
    document = {"version": "1.0", "name": f"half-{seed}", "inputs": INPUTS, "steps": steps_of}
    text = yaml.safe_dump(document, sort_keys=False)
    first = done(project, text)
    (project / "fixed").touch()
    scratch = done(project, text)
    from_ = chance.choice(["", steps_of[0]["name"]])
    reuse = chance.choice([None, "all-succeeded", "unaffected", "none"])
    asked = RestartRequest(from_=from_, reuse=reuse)
    preview = plan_restart(first.pk, asked)
    again = do(restart_run(first.pk, asked, by=SYSTEM))
    assert results(again) == results(scratch), text
    as_previewed(preview, again)


def as_previewed(preview: Preview, run: Run) -> None:
    """What a preview said is what became of it, and it left nothing out without a word."""
    did = {path: row for path, row in steps(run).items() if row.status != "skipped"}
    told = {item.path: item.action for item in preview.items}
    for path, action in told.items():
        if action is Action.REUSE and path in did:
            assert did[path].reused_from, path
        if action is Action.RUN:
            assert path in did, path
            assert not did[path].reused_from, path
    fresh = {path for path, row in did.items() if not row.reused_from}
    known = [more.path for more in preview.not_begun if not more.is_open]
    words = [more.path for more in preview.not_begun if more.is_open]
    beside = fresh - told.keys()
    counted = [path for path in beside if not _stands_in(path, words)]
    assert all(_stands_in(path, known) for path in counted), (counted, preview.not_begun)
    least = sum(more.run for more in preview.not_begun)
    assert least <= len(beside), preview.not_begun
    assert len(counted) <= least + sum(more.unknown for more in preview.not_begun)


def _stands_in(path: str, containers: list[str]) -> bool:
    names = (path, steppath.pattern(path))
    return any(name.startswith(steppath.below(one)) for one in containers for name in names)


def merged(inputs: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {**inputs[key], **part} if isinstance(part, dict) else part
        for key, part in patch.items()
    }
