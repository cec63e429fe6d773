"""`validate` steps in runs: rounds of checking and mending, at any place, resumed and restarted."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.operations.restart_run import restart_run

from .here import do, done, steps

pytestmark = pytest.mark.django_db(transaction=True)

MENDED = """
version: "1.0"
name: mended
steps:
  - name: check
    type: validate
    stages:
      - {name: size, run: "test $(wc -l < fixes) -ge 2"}
    on_failure:
      name: mend
      type: shell
      run: echo "${{ len(output.stages) }} ${{ output.stage_results.size.exit_code }}" >> fixes
  - name: after
    type: python
    action: mark
    kwargs: {value: "${{ steps.check.output.passed }} ${{ steps.check.output.attempts }}"}
"""


@pytest.fixture
def fixes(project: Path) -> Path:
    file = project / "fixes"
    file.touch()
    return file


def test_the_steps_inside_what_mends_see_what_the_checks_said(project: Path) -> None:
    text = """
        version: "1.0"
        name: mended-deep
        steps:
          - name: check
            type: validate
            stages: [{name: there, run: "test -e ok"}]
            on_failure:
              name: choose
              type: branch
              options:
                - when: not output.passed
                  step: {name: mend, type: shell, run: "touch ok; echo ${{ output.stages[0] }}"}
        """
    run = done(project, text)
    assert run.status == "succeeded", run.status_reason
    assert steps(run)["check[0]/choose/mend"].output["stdout"].strip() == "there"
    assert steps(run)["check"].output["passed"] is True


def test_checks_are_mended_until_they_pass(project: Path, fixes: Path) -> None:
    run = done(project, MENDED)
    assert run.status == "succeeded", run.status_reason
    assert fixes.read_text() == "1 1\n1 1\n"
    rows = steps(run)
    assert rows["after"].input == {"value": "true 3"}
    assert rows["check"].type == "validate"
    assert rows["check"].output["success"] is True
    assert [fix["exit_code"] for fix in rows["check"].output["fixes"]] == [0, 0]
    assert rows["check[2]/mend"].status == "skipped"
    assert sorted(path for path in rows if path.endswith("/check")) == [
        "check[0]/check",
        "check[1]/check",
        "check[2]/check",
    ]
    assert run.n_total == len(rows) == 8


def test_rounds_are_bounded_and_what_never_passes_says_so(project: Path, fixes: Path) -> None:
    text = MENDED.replace("on_failure:", "retry: 1\n    on_failure:")
    run = done(project, text)
    assert run.status == "succeeded"
    assert fixes.read_text() == "1 1\n"
    assert steps(run)["after"].input == {"value": "false 2"}


def test_a_validation_that_may_not_fail_fails_its_step(project: Path, fixes: Path) -> None:
    text = MENDED.replace("on_failure:", "retry: 1\n    fail: true\n    on_failure:")
    run = done(project, text)
    assert run.status == "failed"
    assert run.status_reason == "step-failed: check: not passed after 2 checks"
    assert steps(run)["check"].error["code"] == "validation-failed"


def test_checks_alone_run_once_unless_told_otherwise(project: Path, fixes: Path) -> None:
    plain = MENDED[: MENDED.index("    on_failure")] + MENDED[MENDED.index("  - name: after") :]
    plain = plain.replace(" ${{ steps.check.output.attempts }}", "")
    run = done(project, plain)
    assert set(steps(run)) == {"check", "after"}
    assert steps(run)["check"].output["passed"] is False
    again = done(project, plain.replace("type: validate", "type: validate\n    retry: 2"))
    assert [p for p in sorted(steps(again)) if "[" in p] == [f"check[{n}]/check" for n in range(3)]
    failing = done(project, plain.replace("type: validate", "type: validate\n    fail: true"))
    assert failing.status == "failed"
    assert failing.status_reason == "step-failed: check: size did not pass."


def test_a_step_that_mends_and_fails_fails_the_validation(project: Path, fixes: Path) -> None:
    text = MENDED.replace("run: echo", "run: exit 3; echo")
    run = done(project, text)
    assert run.status == "failed"
    assert run.status_reason.startswith("step-failed: check[0]/mend: exit code 3")


def test_a_restart_goes_on_in_the_round_that_failed(project: Path, fixes: Path) -> None:
    text = MENDED.replace("run: echo", "run: if [ -s fixes ]; then test -e go; fi; echo")
    first = done(project, text)
    assert first.status_reason.startswith("step-failed: check[1]/mend: exit code 1")
    (project / "go").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded", second.status_reason
    assert fixes.read_text() == "1 1\n1 1\n"
    rows = steps(second)
    assert {p for p, row in rows.items() if row.reused_from} == {
        "check[0]/check",
        "check[0]/mend",
        "check[1]/check",
    }
    assert rows["after"].input == {"value": "true 3"}


def test_stages_come_from_an_expression_and_bad_ones_fail_in_words(project: Path) -> None:
    text = """
        version: "1.0"
        name: given
        inputs: {stages: {type: array, default: [one, two]}}
        steps:
          - {name: check, type: validate, stages: "${{ inputs.stages }}"}
        """
    (project / "maverick.toml").write_text('[validation]\none_cmd = "true"\ntwo_cmd = "exit 4"\n')
    run = done(project, text)
    results = steps(run)["check"].output["stage_results"]
    assert (results["one"]["passed"], results["two"]["exit_code"]) == (True, 4)
    bad = done(project, text, {"stages": [{"run": 3}]})
    assert bad.status == "failed"
    assert steps(bad)["check"].error["code"] == "bad-stages"


def test_a_check_that_takes_too_long_has_not_passed(project: Path) -> None:
    run = done(
        project,
        """
        version: "1.0"
        name: slow
        steps:
          - name: check
            type: validate
            stages: [{name: sleep, run: "sleep 60", timeout: 0.2}]
        """,
    )
    said = steps(run)["check"].output
    assert said["passed"] is False
    assert "longer than 0.2 s" in said["stage_results"]["sleep"]["errors"][0]["message"]
