"""What is required is checked first, and only what this run can need."""

import textwrap
from typing import Any

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.expressions import render
from runs.planning.graph import compile_workflow


def spec(text: str) -> WorkflowSpec:
    loaded = load_workflow(textwrap.dedent(text))
    assert loaded.spec is not None
    assert [one for one in loaded.problems if one.severity == "error"] == []
    return loaded.spec


CALLEE = """
    version: "1.0"
    name: callee
    inputs: {dry: {type: boolean, default: false}}
    steps:
      - {name: push, type: shell, run: "true", requires: [git_remote], when: not inputs.dry}
"""
CALLER = """
    version: "1.0"
    name: caller
    inputs:
      dry: {type: boolean, default: false}
      open: {type: boolean, default: true}
    steps:
      - {name: look, type: shell, run: "true", requires: git_repo}
      - {name: call, type: subworkflow, workflow: callee, when: "${{ not inputs.dry }}"}
      - name: pr
        type: loop
        when: not inputs.dry
        steps:
          - {name: make, type: shell, run: "true", requires: gh, when: "${{ inputs.open }}"}
          - name: told
            type: shell
            run: "true"
            requires: jj
            when: steps.make.output.exit_code == 0
"""


def required(inputs: dict[str, Any]) -> list[str]:
    compiled = compile_workflow(spec(CALLER), {"callee": spec(CALLEE)})
    first = compiled.node("preflight")
    assert compiled.node("look").needs == ("preflight",)
    asked = render(first.step.kwargs["requires"], {"inputs": inputs})
    return [name for name in asked if name]


def test_what_is_required_anywhere_is_checked_first() -> None:
    assert required({"dry": False, "open": True}) == ["git_repo", "git_remote", "gh", "jj"]


def test_what_the_inputs_rule_out_is_not_required() -> None:
    assert required({"dry": True, "open": True}) == ["git_repo"]
    assert required({"dry": False, "open": False}) == ["git_repo", "git_remote", "jj"]


def test_an_arm_that_the_inputs_rule_out_requires_nothing() -> None:
    text = """
        version: "1.0"
        name: arms
        inputs: {number: {type: integer, required: false}}
        steps:
          - name: look
            type: branch
            options:
              - when: ${{ inputs.number }}
                step: {name: there, type: shell, run: "true", requires: github_token}
            else: {name: here, type: shell, run: "true", requires: git_repo}
    """
    first = compile_workflow(spec(text), {}).node("preflight")
    for number, wanted in ((7, ["github_token", "git_repo"]), (None, ["git_repo"])):
        asked = render(first.step.kwargs["requires"], {"inputs": {"number": number}})
        assert [name for name in asked if name] == wanted


def test_a_step_called_preflight_is_left_its_name() -> None:
    text = CALLEE.replace("name: push", "name: preflight")
    compiled = compile_workflow(spec(text), {})
    assert list(compiled.scopes[""].nodes) == ["preflight-2", "preflight"]


def test_nothing_required_means_no_step() -> None:
    compiled = compile_workflow(spec(CALLEE.replace("requires: [git_remote], ", "")), {})
    assert list(compiled.scopes[""].nodes) == ["push"]
