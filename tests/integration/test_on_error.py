"""What happens after a step has failed: another step, nothing, or a skip; and undoing."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.operations.restart_run import restart_run

from .here import do, done, effects, steps

pytestmark = pytest.mark.django_db(transaction=True)

HANDLED = """
version: "1.0"
name: handled
steps:
  - name: risky
    type: python
    action: fails_unless
    kwargs: {name: fixed}
    on_error:
      name: mend
      type: python
      action: mark
      kwargs: {value: "${{ error.code }}: ${{ error.message }}"}
  - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.risky.output }}"}}
"""


def test_a_step_under_on_error_takes_the_place_of_the_one_that_failed(project: Path) -> None:
    run = done(project, HANDLED)
    assert run.status == "succeeded"
    rows = steps(run)
    assert rows["risky"].status == "failed"
    assert rows["mend"].status == "succeeded"
    said = "action-failed: RuntimeError: fixed is missing"
    assert rows["after"].input == {"value": {"path": "mend", "value": said}}
    assert effects(project, run) == ["risky", "mend", "after"]
    assert run.n_failed == 1
    assert run.n_total == 3


def test_the_steps_inside_a_handler_see_the_error_too(project: Path) -> None:
    text = """
        version: "1.0"
        name: handled-deep
        steps:
          - name: risky
            type: shell
            run: exit 3
            on_error:
              name: look
              type: loop
              for_each: [1, 2]
              steps:
                - name: choose
                  type: branch
                  options:
                    - when: error.detail.exit_code == 3
                      step:
                        name: say
                        type: python
                        action: mark
                        kwargs: {value: "${{ item }} ${{ error.code }}"}
          - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.risky.output }}"}}
        """
    run = done(project, text)
    assert run.status == "succeeded", run.status_reason
    said = [one[0]["value"] for one in steps(run)["after"].input["value"]]
    assert said == ["1 command-failed", "2 command-failed"]


INSIDE = """
version: "1.0"
name: inside
steps:
  - name: outer
    type: loop
    steps:
      - name: inner
        type: loop
        for_each: [1, 2]
        steps:
          - {name: risky, type: python, action: fails_unless, kwargs: {name: fixed}}
    on_error:
      name: told
      type: python
      action: mark
      kwargs: {value: "${{ error.message }}"}
"""


def test_what_handles_a_container_is_told_what_went_wrong_inside(project: Path) -> None:
    run = done(project, INSIDE)
    assert run.status == "succeeded"
    message = "outer[0]/inner[0]/risky: RuntimeError: fixed is missing"
    assert steps(run)["told"].output["value"] == message
    assert steps(run)["outer[0]/inner"].error["message"] == message


def test_a_step_under_on_error_is_skipped_when_nothing_failed(project: Path) -> None:
    (project / "fixed").touch()
    run = done(project, HANDLED)
    rows = steps(run)
    assert rows["mend"].status == "skipped"
    assert rows["mend"].status_reason == "`risky` did not fail"
    assert run.n_failed == 0


def test_a_handler_that_fails_fails_the_run_with_the_first_failure(project: Path) -> None:
    run = done(
        project,
        HANDLED.replace(
            "action: mark\n      kwargs: {value", "action: fails_unless\n      kwargs: {name"
        ),
    )
    assert run.status == "failed"
    assert run.status_reason.startswith("step-failed: risky")
    assert steps(run).keys() == {"risky", "mend"}


def test_restart_runs_a_handled_failure_again_and_what_came_of_it(project: Path) -> None:
    first = done(project, HANDLED)
    (project / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    assert steps(second)["after"].input == {"value": "fixed"}
    assert steps(second)["mend"].status == "skipped"


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("continue", "failed", "action-failed: "),
        ("skip", "skipped", "on-error-skip: action-failed"),
    ],
)
def test_a_run_goes_on_after_a_failure_that_may_be(
    project: Path, how: str, status: str, reason: str
) -> None:
    run = done(
        project,
        f"""
        version: "1.0"
        name: goes-on
        steps:
          - {{name: a, type: python, action: fails_unless, kwargs: {{name: x}}, on_error: {how}}}
          - name: l
            type: loop
            for_each: [1, 2]
            on_error: {how}
            steps:
              - {{name: b, type: python, action: fails_unless, kwargs: {{name: x}}}}
          - {{name: c, type: python, action: mark, kwargs: {{value: "${{{{ steps.a.output }}}}"}}}}
        """,
    )
    rows = steps(run)
    assert run.status == "succeeded"
    assert rows["a"].status == rows["l"].status == status
    assert rows["a"].status_reason.startswith(reason)
    assert rows["c"].input == {"value": None}


UNDONE = """
version: "1.0"
name: undone
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}, rollback: mark}
  - name: l
    type: loop
    for_each: [10, 20]
    steps:
      - name: b
        type: python
        action: mark
        kwargs: {value: "${{ item }}"}
        rollback: {action: mark, kwargs: {value: "${{ output.value }}"}}
  - {name: c, type: python, action: mark, kwargs: {value: 3}}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}, rollback: mark}
"""


def test_a_failed_run_is_undone_in_the_reverse_order(project: Path) -> None:
    run = done(project, UNDONE)
    assert run.status == "failed"
    assert run.status_reason == "step-failed: d: RuntimeError: fixed is missing"
    assert effects(project, run)[5:] == ["l[1]/b/rollback", "l[0]/b/rollback", "a/rollback"]
    rows = steps(run)
    assert rows["a/rollback"].input == {"value": 1}
    assert rows["l[1]/b/rollback"].input == {"value": 20}
    assert run.n_total == len(rows) == 9


def test_what_was_undone_is_done_again_by_a_restart_and_the_rest_is_reused(project: Path) -> None:
    first = done(project, UNDONE)
    (project / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    rows = steps(second)
    assert rows["a"].decision == {"action": "run", "because": "was undone last time"}
    assert not any(path.endswith("/rollback") for path in rows)


def test_a_run_that_succeeds_undoes_nothing(project: Path) -> None:
    (project / "fixed").touch()
    run = done(project, UNDONE)
    assert run.status == "succeeded"
    assert not any(path.endswith("/rollback") for path in steps(run))


def test_a_rollback_that_fails_does_not_keep_the_others_from_it(project: Path) -> None:
    text = UNDONE.replace(
        "rollback: {action: mark, kwargs: {value", "rollback: {action: fails_unless, kwargs: {name"
    )
    run = done(project, text)
    rows = steps(run)
    assert rows["l[0]/b/rollback"].status == "failed"
    assert rows["a/rollback"].status == "succeeded"
    assert run.status_reason == "step-failed: d: RuntimeError: fixed is missing"


def test_what_was_given_a_secret_in_a_loop_is_not_undone_with_the_mask(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_KEY_OF_IT", "very-secret-value")
    given = 'kwargs: {value: "${{ secrets.KEY_OF_IT }}"}'
    text = UNDONE.replace("kwargs: {value: 1}", given)
    text = text.replace('kwargs: {value: "${{ item }}"}', given)
    text = text.replace(
        'rollback: {action: mark, kwargs: {value: "${{ output.value }}"}}', "rollback: mark"
    )
    run = done(project, text)
    rows = steps(run)
    assert rows["a/rollback"].status == "succeeded"  # its scope is open: the secret is known
    assert rows["l[1]/b/rollback"].status == "failed"
    assert "held a secret" in rows["l[1]/b/rollback"].error["message"]


def test_outputs_are_added_to_what_a_step_gives(project: Path) -> None:
    run = done(
        project,
        """
        version: "1.0"
        name: outputs
        steps:
          - name: a
            type: python
            action: mark
            kwargs: {value: 2}
            outputs: {double: "${{ output.value * 2 }}"}
          - name: l
            type: loop
            for_each: "${{ range(steps.a.output.double) }}"
            max_concurrency: "${{ steps.a.output.value }}"
            steps:
              - {name: b, type: python, action: mark, kwargs: {value: "${{ item }}"}}
            outputs: {count: "${{ len(output) }}"}
        """,
    )
    rows = steps(run)
    assert rows["a"].output == {"path": "a", "value": 2, "double": 4}
    assert rows["l"].output["count"] == 4
    assert rows["l"].input == {"items": [0, 1, 2, 3], "limit": 2}


def test_outputs_that_cannot_be_had_fail_the_step(project: Path) -> None:
    run = done(
        project,
        """
        version: "1.0"
        name: outputs
        steps:
          - name: a
            type: python
            action: mark
            kwargs: {value: 2}
            outputs: {wrong: "${{ output.value / 0 }}"}
        """,
    )
    assert run.status == "failed"
    assert steps(run)["a"].error["code"] == "outputs-failed"


def test_what_steps_require_is_checked_before_the_first_of_them(project: Path) -> None:
    text = """
        version: "1.0"
        name: required
        steps:
          - {name: a, type: python, action: mark, kwargs: {value: 1}}
          - name: l
            type: loop
            for_each: [1]
            steps:
              - {name: b, type: python, action: mark, kwargs: {value: 1}, requires: [git_repo]}
        """
    run = done(project, text)
    assert run.status == "failed"
    assert effects(project, run) == []
    assert "the project folder is not a git repository" in run.status_reason
    assert "git init" in run.status_reason
    (project / ".git").mkdir()
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (project / ".git" / "objects").mkdir()
    (project / ".git" / "refs").mkdir()
    again = do(restart_run(run.pk, by=SYSTEM))
    assert again.status == "succeeded", again.status_reason
    third = do(restart_run(again.pk, by=SYSTEM))
    assert steps(third)["preflight"].status == "succeeded"


def test_a_step_of_ones_own_called_preflight_keeps_its_name(project: Path) -> None:
    text = """
        version: "1.0"
        name: own-preflight
        steps:
          - {name: preflight, type: python, action: fails_unless, kwargs: {name: fixed}}
          - {name: b, type: shell, run: "true", requires: [git]}
        """
    run = done(project, text)
    rows = steps(run)
    assert (rows["preflight"].status, rows["preflight-2"].status) == ("failed", "succeeded")
    (project / "fixed").touch()
    again = do(restart_run(run.pk, by=SYSTEM))
    assert again.status == "succeeded"
    assert not steps(again)["preflight-2"].reused_from  # looked at before every run


def test_a_changed_code_version_is_a_reason_to_run_again(project: Path) -> None:
    actions = project / "maverick_actions.py"
    text = actions.read_text()
    actions.write_text(
        text + '\n@action("versioned", version="1")\ndef versioned():\n    return 1\n'
    )
    flow = """
        version: "1.0"
        name: versions
        steps:
          - {name: a, type: python, action: versioned}
          - {name: b, type: python, action: mark, kwargs: {value: 1}, needs: []}
          - {name: c, type: python, action: fails_unless, kwargs: {name: fixed}, needs: [a, b]}
        """
    first = done(project, flow)
    assert steps(first)["a"].code_version == "1"
    actions.write_text(
        text + '\n@action("versioned", version="2")\ndef versioned():\n    return 2\n'
    )
    (project / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    rows = steps(second)
    assert rows["a"].decision == {"action": "run", "because": "code version changed from 1 to 2"}
    assert rows["b"].decision["action"] == "reuse"
    assert rows["a"].output == 2
