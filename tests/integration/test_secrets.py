"""A secret reaches the step and nothing that is written."""

import textwrap
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from runs import environment
from runs.actor import SYSTEM
from runs.masking import MASK
from runs.operations.restart_run import restart_run
from runs.operations.resume_run import resume_run
from tests.interruption.harness import output

from .here import do, done, effects, goes_on_when_written, said, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "v3ry-s3cret-t0ken"
BY_INPUT = """
version: "1.0"
name: by-input
inputs:
  token: {type: string, secret: true}
steps:
  - {name: tell, type: python, action: tell, kwargs: {secret: "${{ inputs.token }}"}}
  - {name: shell, type: shell, run: 'echo "$T"; echo "$T" >&2', env: {T: "${{ inputs.token }}"}}
  - {name: part, type: python, action: mark, kwargs: {value: "in the middle ${{ inputs.token }} of"}}
  - {name: saved, type: checkpoint}
  - {name: late, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: last, type: python, action: tell, kwargs: {secret: "${{ inputs.token }}"}}
"""
BY_NAME = BY_INPUT.replace("inputs.token", "secrets.TOKEN").replace(
    "inputs:\n  token: {type: string, secret: true}\n", ""
)
FAILING = """
version: "1.0"
name: failing-with-it
inputs:
  token: {type: string, secret: true}
steps:
  - {name: tell, type: python, action: tell_and_fail, kwargs: {secret: "${{ inputs.token }}"}}
"""


def everything_written(project: Path) -> str:
    """Every value of every row, and every file that Maverick wrote."""
    encoder = DjangoJSONEncoder(ensure_ascii=False, default=str)
    rows = [
        encoder.encode([str(value) for value in row])
        for model in apps.get_app_config("runs").get_models()
        for row in model._default_manager.values_list()
    ]
    files = [p.read_text() for p in (project / ".maverick").rglob("*") if p.is_file()]
    return "\n".join([*rows, *files])


def test_an_input_that_is_secret_is_written_nowhere(project: Path) -> None:
    run = done(project, BY_INPUT, {"token": SECRET})
    assert (project / "got.txt").read_text() == SECRET, "the step has it"
    assert SECRET not in everything_written(project)
    assert run.inputs == {"token": MASK}
    assert steps(run)["tell"].output == {"it": MASK, "nested": [f"a {MASK} b"]}
    assert steps(run)["shell"].output["stdout"] == MASK


def test_a_secret_of_the_environment_is_written_nowhere(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_TOKEN", SECRET)
    done(project, BY_NAME)
    assert (project / "got.txt").read_text() == SECRET
    assert SECRET not in everything_written(project)


def test_an_error_gives_nothing_away(project: Path) -> None:
    run = done(project, FAILING, {"token": SECRET})
    assert run.status == "failed"
    assert SECRET not in everything_written(project)
    assert MASK in steps(run)["tell"].error["message"]


def test_a_restart_and_a_resume_have_the_real_value_again(project: Path) -> None:
    first = done(project, BY_INPUT, {"token": SECRET})
    (project / "fixed").touch()
    for ask in (
        lambda: resume_run(definition=BY_INPUT, inputs={}, by=SYSTEM, workspace=project)[0],
        lambda: restart_run(first.pk, by=SYSTEM),
    ):
        (project / "got.txt").unlink(missing_ok=True)
        run = do(ask())
        assert run.status == "succeeded", run.status_reason
        assert effects(project, run) == ["late", "last"]
        assert (project / "got.txt").read_text() == SECRET
    assert SECRET not in everything_written(project)


def test_another_secret_is_another_input(project: Path) -> None:
    from runs.errors import InputsDiffer

    done(project, BY_INPUT, {"token": SECRET})
    with pytest.raises(InputsDiffer) as caught:
        resume_run(
            definition=BY_INPUT, inputs={"token": "another-t0ken"}, by=SYSTEM, workspace=project
        )
    assert SECRET not in str(caught.value)
    assert "another-t0ken" not in str(caught.value)


def test_a_secret_that_another_step_names_is_masked_where_it_was_never_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_TOKEN", SECRET)
    (project / "leak.txt").write_text(SECRET)
    run = done(
        project,
        """
        version: "1.0"
        name: never-named
        steps:
          - {name: show, type: shell, run: cat leak.txt}
        """,
    )
    assert steps(run)["show"].output["stdout"] == MASK
    assert SECRET not in everything_written(project)


def test_a_step_never_gets_the_mask_for_a_secret_that_cannot_be_read(
    project: Path, settings: Any
) -> None:
    run = start(project, BY_INPUT, {"token": SECRET})
    settings.SECRET_KEY = "another key"
    assert do(run).status == "failed"
    assert steps(run)["tell"].error["code"] == "secret-unreadable"
    assert not (project / "got.txt").exists()


HALVES = r"""
version: "1.0"
name: halves
inputs:
  token: {type: string, secret: true}
steps:
  - name: show
    type: shell
    env: {T: "${{ inputs.token }}"}
    run: |
      printf %s "it is ${T%cret-t0ken}"
      printf 'half\n' >&2
      until [ -e go ]; do sleep 0.02; done
      printf '%s\n' "${T#v3ry-s3}, I say"
"""


def test_a_secret_that_is_printed_in_two_pieces_is_written_in_none(project: Path) -> None:
    with goes_on_when_written(project, "half"):
        run = done(project, HALVES, {"token": SECRET})
    written = everything_written(project)
    assert "is v3ry-s3" not in written
    assert "cret-t0ken, I" not in written
    assert said(run, "show", "stdout") == f"it is {MASK}, I say\n"
    assert steps(run)["show"].output["stdout"] == f"it is {MASK}, I say"


def test_what_only_began_like_a_secret_is_in_the_log(project: Path) -> None:
    text = HALVES.replace('${T#v3ry-s3}, I say"', "simple, v3ry-s\" | tr -d '\\n'")
    with goes_on_when_written(project, "half"):
        run = done(project, text, {"token": SECRET})
    assert said(run, "show", "stdout") == "it is v3ry-s3simple, v3ry-s"


def test_a_secret_of_many_lines_is_masked_when_it_is_logged_line_by_line(project: Path) -> None:
    lines = ["aa1", "bb2", "cc3", "dd4"]  # each too short to be a secret of its own
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(
            textwrap.dedent(
                """
                @action("tell_lines")
                def tell_lines(context, secret):
                    context.log("before")
                    for line in secret.splitlines():
                        context.log(line)
                    context.log("after", "warning")
                """
            )
        )
    text = FAILING.replace("tell_and_fail", "tell_lines")
    run = done(project, text, {"token": "\n".join(lines)})
    assert said(run, "tell", "log") == f"before\n{MASK}\nafter\n"


def test_no_part_of_a_secret_is_left_where_the_log_or_the_output_is_cut(project: Path) -> None:
    run = done(
        project,
        r"""
        version: "1.0"
        name: cut
        inputs:
          token: {type: string, secret: true}
        steps:
          - name: log
            type: shell
            env: {T: "${{ inputs.token }}"}
            run: |
              head -c 1048570 /dev/zero | tr '\0' x
              printf %s "$T"
          - name: tail
            type: shell
            env: {T: "${{ inputs.token }}"}
            run: |
              head -c 200000 /dev/zero | tr '\0' x
              printf %s "$T"
              head -c 65530 /dev/zero | tr '\0' y
        """,
        {"token": SECRET},
    )
    assert set(said(run, "log", "stdout")) <= {"x", *MASK}
    tail = output(steps(run)["tail"])
    assert set(tail["stdout"]) <= {"x", "y", *MASK}
    assert tail["truncated"]


def test_a_workflow_never_reads_the_key_that_signs_sessions(monkeypatch):
    monkeypatch.setenv("MAVERICK_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("MAVERICK_SECRET_KEYS", "pin")
    monkeypatch.setenv("MAVERICK_SECRET_DEPLOY_KEY", "good")
    found = environment.secrets()
    assert found["DEPLOY_KEY"] == "good"
    assert not {"KEY", "KEYS"} & set(found)
