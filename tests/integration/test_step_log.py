"""What a step prints is in its log and its output as it was printed."""

from pathlib import Path

import pytest

from .here import done, goes_on_when_written, said, steps

# Really committed: the heartbeat is another connection, and it writes the log.
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_that_arrives_in_two_reads_is_one_letter(project: Path) -> None:
    with goes_on_when_written(project, "half"):
        run = done(
            project,
            r"""
            version: "1.0"
            name: letter
            steps:
              - name: show
                type: shell
                run: |
                  printf 'caf\303'
                  printf 'half\n' >&2
                  until [ -e go ]; do sleep 0.02; done
                  printf '\251 \303'
            """,
        )
    assert said(run, "show", "stdout") == "café �"
    assert steps(run)["show"].output["stdout"] == "café �"


def test_what_cannot_be_encoded_can_be_logged(project: Path) -> None:
    """A file name, for example. It ended the thread that writes logs and keeps the leases."""
    with (project / "maverick_actions.py").open("a") as actions:
        actions.write(
            """
@action("say_odd")
def say_odd(context):
    context.log("first \\udcff\\x00")
    until_file(context, "go")
    context.log("second")
"""
        )
    with goes_on_when_written(project, "first"):
        run = done(
            project,
            """
            version: "1.0"
            name: odd
            steps:
              - {name: say, type: python, action: say_odd}
            """,
        )
    assert said(run, "say", "log") == "first ?�\nsecond\n"
