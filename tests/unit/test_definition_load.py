"""Reading a file: every kind of text is answered with a spec or with problems, never a crash."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runs.definition import WorkflowSpec, load_workflow
from runs.definition.load import load_document

GOOD = """\
version: "1.0"
name: demo
steps:
  - {name: a, type: python, action: x}
"""


@given(st.binary(max_size=200))
def test_no_bytes_make_the_loader_raise(content: bytes) -> None:
    assert load_workflow(content).problems


@given(st.text(max_size=200))
def test_no_text_makes_the_loader_raise(content: str) -> None:
    load_workflow(content)


@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@#, \n\t<", max_size=60))
def test_no_yaml_punctuation_makes_the_loader_raise(content: str) -> None:
    load_workflow(content)
    load_workflow(GOOD + "    kwargs: " + content)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["${{ inputs.a }}", "${{ steps.a.output }}", "${{", "loop", "branch", "python"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["name", "type", "steps", "when", "needs", "retry", "timeout", "options", "else", "step",
             "kwargs", "for_each", "until", "inputs", "default", "enum", "metadata", "on", "run",
             "version", "outputs", "parallel", "max_concurrency", "effect", "env", "backoff"]
        ), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@given(_VALUES, st.sampled_from(["python", "shell", "loop", "branch", "checkpoint", "subworkflow"]))
def test_no_shape_makes_the_loader_raise(value: Any, kind: str) -> None:
    load_workflow(yaml.safe_dump(value))
    step = {"name": "a", "type": kind, **(value if isinstance(value, dict) else {"steps": value})}
    body = {"version": "1.0", "name": "x", "steps": [step], "inputs": value}
    for problem in load_workflow(yaml.safe_dump(body)).problems:
        assert problem.line is None or problem.line >= 1


@given(_VALUES)
def test_a_value_is_read_as_safe_yaml_reads_it(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    document = load_document(text, "f")
    if not document.problems:
        assert document.value == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00", "D001"),
        (b"name: \xff", "D001"),
        ("x" * (10 * 1024 * 1024 + 1), "D001"),
        ("a: [1", "D002"),
        ("a:\n\t- b", "D002"),
        ("a: 1\n---\nb: 2", "D002"),
        ("a: *x", "D002"),
        ("a: &x [*x]", "D002"),
        ("? [a]\n: 1", "D002"),
        ("<<: 1", "D002"),
        ("a: \ud800", "D002"),
        ("a: \x00", "D002"),
        ("a: " + "[" * 100 + "]" * 100, "D003"),
        ("- " * 500, "D003"),
        ("a: .nan", "D005"),
        ("a: -.inf", "D005"),
        ("a: !!python/object:os.system x", "D005"),
        ("a: !!binary aGk=", "D005"),
        ("a: !foo {b: 1}", "D005"),
        ("a: " + "9" * 5000, "D005"),
        ("", "D101"),
        ("[1]", "D101"),
        ("text", "D101"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_code(content: str | bytes, code: str) -> None:
    assert code in [problem.code for problem in load_workflow(content).problems]


@pytest.mark.parametrize(
    "bomb",
    [
        "\n".join(
            ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
            + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        ),
        "\n".join(
            ["a0: &a0 {x: 1}"]
            + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 50)]
        ),
        "[" + ",".join(["x"] * 250_000) + "]",
        "[" * 100_000,
        "{a: " * 50_000,
    ],
)  # fmt: skip
def test_bombs_are_problems_and_quick(bomb: str) -> None:
    began = time.process_time()
    assert "D003" in [problem.code for problem in load_workflow(bomb).problems]
    assert time.process_time() - began < 60  # CPU seconds: a busy machine does not change them


@pytest.mark.parametrize(
    "body",
    [
        "  - {name: s, type: python, action: x, kwargs: {a: '${{ steps.nope.output }}'}}\n" * 3000,
        "  - {name: s, type: python, action: x, needs: [a, b, c, d]}\n" * 3000,
        "  - {name: s, type: python, action: x, kwargs: {a: '${{ inputs.x + }}'}}\n" * 3000,
        "  - {name: s, type: python, action: x}\n" * 12_000,
        "  - name: s\n    type: shell\n" + "".join(f"    key{n}: 1\n" for n in range(20_000)),
        "  - {name: s, type: shell, run: '" + "${{ inputs.zz }}" * 20_000 + "'}\n",
        "  - {name: s, type: shell, run: '" + "${{ " * 200_000 + "'}\n",
    ],
    ids=["unknown", "needs", "unreadable", "steps", "keys", "expressions", "open"],
)
def test_a_hostile_file_costs_no_more_than_a_long_one(body: str) -> None:
    began = time.process_time()
    loaded = load_workflow('version: "1.0"\nname: x\nsteps:\n' + body)
    assert loaded.problems
    assert len(loaded.problems) <= 500
    assert time.process_time() - began < 60


def test_a_duplicate_key_is_an_error_with_both_lines() -> None:
    loaded = load_workflow(GOOD + "    when: inputs.a\n".replace("    ", "") + "name: again\n")
    (problem,) = [each for each in loaded.problems if each.code == "D004"]
    assert (problem.line, "2 and 6" in problem.message) == (6, True)
    assert not loaded.ok


def test_anchors_and_merge_keys_work() -> None:
    loaded = load_workflow("""\
version: "1.0"
name: demo
metadata: &common
  type: python
  action: x
  timeout: 5m
steps:
  - {<<: *common, name: a}
  - {name: b, <<: *common, action: y}
""")
    assert loaded.problems == ()
    assert loaded.spec is not None
    assert [(s.name, s.action, s.timeout) for s in loaded.spec.steps] == [  # type: ignore[union-attr]
        ("a", "x", 300.0),
        ("b", "y", 300.0),
    ]


def test_keys_are_text_and_dates_stay_text() -> None:
    document = load_document("on: 1\n1: 2\n~: 3\nd: 2024-01-01\nt: 1:30\no: 010\n", "f")
    assert document.value == {"on": 1, "1": 2, "~": 3, "d": "2024-01-01", "t": "1:30", "o": 8}


def test_windows_lines_and_byte_order_marks_are_read() -> None:
    for content in (GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.encode("utf-8-sig"),
                    GOOD.encode("utf-16")):  # fmt: skip
        assert load_workflow(content).ok


def test_json_is_yaml() -> None:
    text = (
        '{"version": "1.0", "name": "j", "steps": [{"name": "a", "type": "python", "action": "x"}]}'
    )
    assert load_workflow(text).ok


def test_json_may_write_any_character_as_escapes() -> None:
    document = {
        "version": "1.0", "name": "j", "description": "\U0001f680 \\ud83d \\\U00010000",
        "steps": [{"name": "a", "type": "python", "action": "x"}],
    }  # fmt: skip
    for ascii_only in (True, False):
        loaded = load_workflow(json.dumps(document, ensure_ascii=ascii_only))
        assert loaded.spec is not None
        assert loaded.spec.description == document["description"]


def test_the_numbers_of_json_are_numbers_and_in_yaml_they_are_what_they_were() -> None:
    value = load_document('{"a": 1e-05, "b": -2E3, "c": "1e5", "d": 1e999}', "x")
    assert value.value == {"a": 1e-05, "b": -2000.0, "c": "1e5", "d": None}
    assert [problem.code for problem in value.problems] == ["D005"]
    assert load_document("sha: 12e45", "x").value == {"sha": "12e45"}


def test_a_large_file_is_read_in_reasonable_time() -> None:
    steps = "".join(
        f"  - {{name: s{n}, type: python, action: x, kwargs: {{a: '${{{{ steps.s{n - 1}.output }}}}'}}}}\n"
        for n in range(1, 3000)
    )
    text = 'version: "1.0"\nname: big\nsteps:\n  - {name: s0, type: python, action: x}\n' + steps
    began = time.process_time()
    assert load_workflow(text).ok
    assert time.process_time() - began < 60


def test_a_spec_survives_json() -> None:
    loaded = load_workflow(
        """\
version: "1.0"
name: demo
inputs: {a: {type: array, default: [1]}}
steps:
  - {name: a, type: shell, run: "x ${{ inputs.a }}", retry: 3, env: {A: 1}}
  - name: l
    type: loop
    for_each: [1, 2]
    steps:
      - {name: c, type: checkpoint}
      - name: b
        type: branch
        options: [{when: true, step: {name: s, type: subworkflow, workflow: w}}]
        else: {name: e, type: python, action: x}
outputs: {o: "${{ steps.l.output }}"}
""",
        file="f.yaml",
    )
    assert loaded.ok
    assert loaded.spec is not None
    assert WorkflowSpec.model_validate(loaded.spec.model_dump(mode="json")) == loaded.spec
    assert WorkflowSpec.model_validate_json(loaded.spec.model_dump_json()) == loaded.spec
    assert loaded.spec.file == "f.yaml"
    assert loaded.spec.steps[1].mark.line == 6
