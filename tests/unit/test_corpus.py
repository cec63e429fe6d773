"""The files that people have: all load, and what they lack is named and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runs.definition import Known, Loaded, WorkflowSpec, load_workflow
from runs.definition.spec import AgentStep, GenerateStep, PythonStep, SubworkflowStep
from runs.definition.walk import Site, walk

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))
NOTHING = Known(actions=(), agents=(), generators=(), workflows=lambda name: None)


def load(file: Path, known: Known | None = None, *, lenient: bool = False) -> Loaded:
    return load_workflow(file.read_text(), file=file.name, known=known, lenient=lenient)


def spec_of(file: Path) -> WorkflowSpec:
    loaded = load(file)
    assert loaded.spec is not None
    return loaded.spec


def newest(name: str) -> WorkflowSpec | None:
    files = [file for file in FILES if file.stem.removesuffix(file.stem[-3:]) == name]
    return spec_of(files[-1]) if files else None


def raw_steps(value: Any) -> Iterator[dict[str, Any]]:
    """Every step of a file as plain YAML has it, found without our own reader."""
    if isinstance(value, dict):
        if "name" in value and "type" in value and "version" not in value:
            yield value
        for each in value.values():
            yield from raw_steps(each)
    elif isinstance(value, list):
        for each in value:
            yield from raw_steps(each)


def parts_of(file: Path) -> set[tuple[str, str]]:
    """(code, name) of each thing that is named and lives elsewhere."""
    found = set()
    for step in raw_steps(yaml.safe_load(file.read_text())):
        for key, code in (
            ("action", "D301"), ("workflow", "D302"), ("agent", "D305"), ("generator", "D306"),
        ):  # fmt: skip
            if key in step and "${{" not in step[key]:
                found.add((code, step[key]))
        if isinstance(step.get("context"), str):
            found.add(("D307", step["context"]))
    return found


def named(loaded: Loaded, severity: str) -> set[tuple[str, str]]:
    return {
        (problem.code, problem.message.split("`")[1])
        for problem in loaded.problems
        if problem.code.startswith("D3") and problem.severity == severity
    }


def test_there_are_as_many_files_of_each_workflow_as_there_ever_were() -> None:
    assert Counter(spec_of(file).name for file in FILES) == {
        "feature": 10, "fly-beads": 8, "refuel-speckit": 5, "review-and-fix": 4,
        "commit-and-push": 3, "validate-and-fix": 3, "cleanup": 2, "review": 2,
        "create-pr-with-summary": 2, "review-and-fix-with-registry": 1, "validate": 1,
        "quick-fix": 1, "process-single-issue": 1,
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_can_be_drawn_before_its_parts_exist(file: Path) -> None:
    loaded = load(file, NOTHING, lenient=True)
    assert loaded.ok
    assert named(loaded, "warning") == parts_of(file)
    others = [(p.code, p.message.split("`")[1]) for p in loaded.problems if p.code[0] == "W"]
    expected = []
    if file.stem == "feature-01":
        expected.append(("W003", "type: parallel"))
    if file.stem.startswith("fly-beads"):
        expected.append(("W002", "max_beads"))
    assert others == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_to_be_run_it_lacks_exactly_the_parts_that_are_not_registered(file: Path) -> None:
    loaded = load(file, NOTHING)
    assert not loaded.ok
    assert named(loaded, "error") == parts_of(file)
    assert {problem.code for problem in loaded.errors} == {code for code, _ in parts_of(file)}
    assert all(problem.line and problem.column for problem in loaded.errors)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_with_its_parts_it_is_right(file: Path) -> None:
    parts = parts_of(file)
    known = Known(
        actions={name for code, name in parts if code in ("D301", "D307")},
        agents={name for code, name in parts if code == "D305"},
        generators={name for code, name in parts if code == "D306"},
        workflows=newest,
    )
    loaded = load(file, known)
    assert loaded.errors == ()
    unpassed = [p.message for p in loaded.warnings if p.code == "W004"]
    old = file.stem in {f"feature-{number:02}" for number in range(1, 9)}
    assert ["commit_message" in message for message in unpassed] == ([True] if old else [])
    # `success` of a called workflow is there beside `passed`, whatever the workflow gives.
    assert not any(problem.code == "W008" for problem in loaded.problems)


def all_sites() -> list[Site]:
    return [site for file in FILES for site in walk(spec_of(file)).sites]


def test_the_steps_are_403_of_the_known_kinds() -> None:
    raw = Counter(s["type"] for f in FILES for s in raw_steps(yaml.safe_load(f.read_text())))
    assert raw == {
        "python": 233, "subworkflow": 64, "agent": 37, "checkpoint": 28, "loop": 19,
        "generate": 12, "validate": 7, "branch": 2, "parallel": 1,
    }  # fmt: skip
    read = Counter(site.step.type for site in all_sites())
    raw["loop"] += raw.pop("parallel")
    assert read == raw
    assert read.total() == 403


def test_conditions_metadata_and_inputs_are_as_many_as_they_were() -> None:
    sites = all_sites()
    assert sum(site.step.when is not None for site in sites) == 263
    assert sum(bool(site.step.metadata) for site in sites) == 231
    inputs = [one for file in FILES for one in spec_of(file).inputs.values()]
    assert Counter(one.type for one in inputs) == {
        "string": 57, "boolean": 57, "integer": 23, "array": 5,
    }  # fmt: skip
    assert sum(one.has_default for one in inputs) == 105
    assert sum(bool(spec_of(file).outputs) for file in FILES) == 14


def test_what_stands_inside_what_is_as_it_was() -> None:
    inside: Counter[tuple[str, str]] = Counter()
    for site in all_sites():
        outer = {2: "top", 4: "loop", 5: "branch"}[len(site.path)]
        inside[outer, site.step.type] += 1
    assert inside == {
        ("top", "python"): 154, ("top", "subworkflow"): 38, ("top", "checkpoint"): 20,
        ("top", "loop"): 20, ("top", "agent"): 14, ("top", "generate"): 11,
        ("top", "validate"): 4, ("top", "branch"): 2, ("loop", "python"): 77,
        ("loop", "subworkflow"): 25, ("loop", "agent"): 23, ("loop", "checkpoint"): 8,
        ("loop", "validate"): 3, ("branch", "python"): 2, ("branch", "generate"): 1,
        ("branch", "subworkflow"): 1,
    }  # fmt: skip


def test_the_names_are_those_that_were_used() -> None:
    steps = [site.step for site in all_sites()]
    actions = Counter(step.action for step in steps if isinstance(step, PythonStep))
    assert len(actions) == 51
    assert actions.most_common(6) == [
        ("log_dry_run", 26), ("run_preflight_checks", 16), ("git_commit", 15),
        ("init_workspace", 12), ("get_phase_names", 10), ("create_git_branch", 10),
    ]  # fmt: skip
    assert Counter(step.agent for step in steps if isinstance(step, AgentStep)) == {
        "implementer": 23, "code_reviewer": 8, "issue_analyzer": 2, "issue_fixer": 2,
        "${{ item }}_reviewer": 2,
    }  # fmt: skip
    assert Counter(step.generator for step in steps if isinstance(step, GenerateStep)) == {
        "dependency_extractor": 5, "commit_message_generator": 3, "pr_body_generator": 2,
        "pr_title_generator": 2,
    }  # fmt: skip
    assert Counter(step.workflow for step in steps if isinstance(step, SubworkflowStep)) == {
        "validate-and-fix": 23, "commit-and-push": 22, "create-pr-with-summary": 12,
        "review-and-fix": 4, "review": 3,
    }  # fmt: skip
