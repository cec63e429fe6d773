"""No text makes the loader do anything but tell problems.

`tests/corpus/fuzz` keeps the texts that broke something once, and those that try to. Whoever finds
another one puts it there.
"""

from __future__ import annotations

import json
import random
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.definition import CODES, Known
from runs.definition.drawing import mermaid, tree
from runs.errors import Refused
from runs.library.find import Found
from runs.operations.check_workflow import Report, inspect_workflow
from runs.planning.graph import compile_workflow
from tests.thorough import examples
from tests.unit.workflow_documents import VALUES

CORPUS = Path(__file__).parents[1] / "corpus"
KEPT = sorted((CORPUS / "fuzz").glob("*.txt"))
SEEDS = [file.read_text() for file in sorted(CORPUS.glob("*.yaml"))]
TEXTS = SEEDS + [file.read_bytes().decode("utf-8", "replace") for file in KEPT]
KNOWN = Known(actions=["git_commit"], agents=["b"], generators=["x"], stages=["lint"])


def find(name: str) -> Found | None:
    """Any name that is asked for is some file of the corpus, or none."""
    number = sum(map(ord, name))
    return (
        Found(name, Path(f"/{name}.yaml"), "file", TEXTS[number % len(TEXTS)])
        if number % 5
        else None
    )


def law(text: str | bytes) -> Report:
    """What must hold for every text; answers what was told."""
    report = inspect_workflow(text, known=KNOWN, find=find)
    for problem in report.problems:
        assert problem.code in CODES
        assert problem.severity == "warning" or problem.code[0] == "D"
        assert "\n" not in str(problem)
        assert problem.line is None or (problem.line >= 1 and (problem.column or 1) >= 1)
    assert len(report.problems) <= 2000
    lenient = inspect_workflow(text, known=KNOWN, find=find, lenient=True)
    assert len(lenient.errors) <= len(report.errors)
    if lenient.spec is None:
        assert lenient.errors
        assert report.spec is None
        return report
    assert tree(lenient.spec)
    assert mermaid(lenient.spec)
    with suppress(Refused):  # nothing but this: a called workflow is missing, or all is too deep
        compile_workflow(lenient.spec, lenient.called.specs)
    return report


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_text_that_was_kept_is_told_what_is_wrong_with_it(file: Path) -> None:
    began = time.process_time()
    report = law(file.read_bytes())
    assert (report.spec is not None) == file.stem.startswith("ok-")
    assert time.process_time() - began < 20  # CPU seconds; it takes a few hundredths


TOKENS = [
    *"{}[]:,-&*!|>'\"%@`#\n\t ?~<=$\\", "${{", "}}", "$${{", "- ", "  ", "null", "no", "1e309",
    ".nan", "&a", "*a", "<<: *a", "!!set", "when: ", "steps:", "on_error: ", "type: loop",
    "type: branch", "options:", "else:", "on_failure: ", "for_each: ", "until: ", "needs: [",
    "retry: ", "9" * 400, "\u2028", "\x00", "\x85", "steps.", ".output", "__class__", "(" * 50,
    "not " * 30, "'" * 3, "a" * 5000, "? ", "---\n", "\ufeff", "[1]", "{a: 1}", "[]", "-1", "1.5",
]  # fmt: skip


def mutated(seed: int) -> str:
    """A file of the corpus after a few accidents; the same for the same seed."""
    chance = random.Random(seed)
    text = chance.choice(TEXTS) or "a"
    for _ in range(chance.choice([1, 1, 2, 4, 9])):
        at = chance.randrange(len(text) + 1)
        lines = text.split("\n")
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                text = text[:at] + chance.choice(TOKENS) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.choice([1, 2, 5, 40]) :]
            case 2:
                source = chance.choice(TEXTS) or "b"
                begin = chance.randrange(len(source))
                text = text[:at] + source[begin : begin + chance.choice([3, 20, 200])] + text[at:]
            case 3:
                lines[one], lines[other] = lines[other], lines[one]
                text = "\n".join(lines)
            case 4:
                lines[one] = " " * chance.choice([0, 1, 2, 4]) + lines[one]
                text = "\n".join(lines)
            case _:
                values = list(re.finditer(r": [^\n]*", text))
                if values:
                    value = chance.choice(values)
                    new = ": " + chance.choice(TOKENS)
                    text = text[: value.start()] + new + text[value.end() :]
    return text


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**48))
def test_a_file_after_an_accident_is_told_what_is_wrong_with_it(seed: int) -> None:
    law(mutated(seed))


KEYS = sorted(set(re.findall(r"[a-z_]+(?=:)", "\n".join(SEEDS))) | {
    "on_error", "on_failure", "outputs", "rollback", "requires", "config", "else", "form", "fail",
    "prompt", "approvers", "seconds", "rounds", "context", "output_schema", "executor_config", "<<",
})  # fmt: skip
KINDS = ["python", "shell", "agent", "generate", "validate", "subworkflow", "branch", "loop",
         "parallel", "checkpoint", "wait", "approval", "nothing"]  # fmt: skip
SHAPES = st.recursive(
    VALUES | st.sampled_from([*KINDS, "${{ inputs.a }}", "${{ output }}", "${{", "continue"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), SHAPES, max_size=8), SHAPES)
def test_no_shape_of_a_step_or_an_input_is_more_than_a_problem(
    kind: str, fields: dict[str, object], inputs: object
) -> None:
    step = {"name": "a", "type": kind, **fields}
    document = {"version": "1.0", "name": "x", "inputs": inputs, "steps": [step, step]}
    law(json.dumps(document, ensure_ascii=False))
