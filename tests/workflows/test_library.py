"""The files themselves: no problem in them, a head that tells everything, a drawing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.definition.spec import CheckpointStep, StepBase, WorkflowSpec, nested
from runs.library.find import BUILT_IN, find_workflow
from runs.operations.check_workflow import Report, inspect_workflow
from runs.operations.known_parts import known_parts

FLOWS = (
    "fly",
    "refuel",
    "review",
    "validate",
    "quick-fix",
    "process-single-issue",
    "validate-and-fix",
    "commit-and-push",
    "create-pr-with-summary",
    "review-and-fix",
)
CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.yaml"))
ANY = '[agents."*"]\ncommand = "true"\n[generators."*"]\ncommand = "true"\n'


def inspected(folder: Path, name: str) -> Report:
    found = find_workflow(name, project=folder)
    assert found is not None
    known, problems = known_parts(folder)
    assert problems == []
    return inspect_workflow(found.text, file=str(found.path), project=folder, known=known)


@pytest.mark.parametrize("name", FLOWS)
def test_there_is_no_problem_in_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "maverick.toml").write_text(ANY)
    assert inspected(tmp_path, name).problems == ()


@pytest.mark.parametrize("name", FLOWS)
def test_where_no_agent_is_set_up_that_is_a_warning_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    problems = inspected(tmp_path, name).problems
    assert {one.code for one in problems} <= {"W007"}
    assert all("is not set up here" in one.message for one in problems)


# -- what each file says about itself -------------------------------------------------------------


def head(name: str) -> dict[str, str]:
    """The sections of the comment at the top of a file."""
    found = find_workflow(name)
    assert found is not None
    comment = re.match(r"(#.*\n)+", found.text)
    assert comment is not None
    lines = [line.removeprefix("#").removeprefix(" ") for line in comment[0].splitlines()]
    sections: dict[str, str] = {}
    title = ""
    for line in lines:
        if re.fullmatch(r"[A-Z][a-z]+", line):
            title = line
        sections[title] = sections.get(title, "") + line + "\n"
    return sections


def spec_of(name: str) -> WorkflowSpec:
    spec = inspected(Path(BUILT_IN), name).spec
    assert spec is not None
    return spec


def every(steps: tuple[StepBase, ...]) -> Iterator[StepBase]:
    for step in steps:
        yield step
        yield from every(tuple(inner for _, inner in nested(step)))


def missing(names: list[str], text: str) -> list[str]:
    return [one for one in names if not re.search(rf"\b{re.escape(one)}\b", text)]


@pytest.mark.parametrize("name", FLOWS)
def test_its_head_tells_purpose_inputs_outputs_steps_and_checkpoints(name: str) -> None:
    sections, spec = head(name), spec_of(name)
    assert {"Purpose", "Inputs", "Outputs", "Steps", "Checkpoints"} <= set(sections)
    assert len(sections["Purpose"].split()) > 20
    assert missing(list(spec.inputs), sections["Inputs"]) == []
    assert missing(list(spec.outputs), sections["Outputs"]) == []
    assert missing([step.name for step in spec.steps], sections["Steps"]) == []
    saved = [step for step in every(spec.steps) if isinstance(step, CheckpointStep)]
    ids = [re.sub(r"\$\{\{[^}]*\}\}", "N", step.checkpoint_id or step.name) for step in saved]
    assert ids
    assert missing(ids, sections["Checkpoints"]) == []


@pytest.mark.parametrize("name", FLOWS)
def test_every_input_is_described_and_stands_in_the_docs(name: str) -> None:
    spec = spec_of(name)
    assert [key for key, one in spec.inputs.items() if not one.description] == []
    page = (Path(__file__).parents[2] / "docs" / "built-in-workflows.md").read_text()
    section = re.search(
        rf"^###? {name}\n(.*?)(?=^##+ (?!Phase)|\Z)", page, re.DOTALL | re.MULTILINE
    )
    assert section is not None
    text = section[1]
    if name == "quick-fix":  # it takes what process-single-issue takes
        return
    assert [key for key in spec.inputs if f"`{key}`" not in text] == []


@pytest.mark.parametrize("name", FLOWS)
def test_what_costs_something_is_followed_by_a_checkpoint(name: str) -> None:
    """An agent, a generator, a commit, a pull request: what comes next is saved, or a question."""

    def check(steps: tuple[StepBase, ...]) -> None:
        for at, step in enumerate(steps):
            costly = step.type in ("agent", "generate") or getattr(step, "action", "") in (
                "git_commit",
                "create_github_pr",
            )
            if costly:
                after = [one.type for one in steps[at + 1 : at + 3]]
                assert "checkpoint" in after, f"{name}: {step.name}"
            check(tuple(inner for where, inner in nested(step) if where[0] == "steps"))

    check(spec_of(name).steps)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_old_files_may_call_it_as_they_did(tmp_path: Path, file: Path) -> None:
    """All 43 files give the fragments of today what these take."""
    (tmp_path / "maverick.toml").write_text(ANY)
    report = inspect_workflow(file.read_text(), file=file.name, project=tmp_path, lenient=True)
    assert {one.code for one in report.problems} & {"D302", "D303", "D309"} == set()
