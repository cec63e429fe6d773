"""Arguments by position."""

from pathlib import Path

import pytest

from .here import done, steps

pytestmark = pytest.mark.django_db(transaction=True)

ACTION = """
@action("joined")
def joined(first, second, *, between):
    return f"{first}{between}{second}"
"""


def test_an_action_is_called_with_positional_and_keyword_arguments(project: Path) -> None:
    with (project / "maverick_actions.py").open("a") as file:
        file.write(ACTION)
    run = done(
        project,
        """
        version: "1.0"
        name: positional
        inputs: {word: {type: string, default: two}}
        steps:
          - {name: a, type: python, action: joined, args: [1, "${{ inputs.word }}"], kwargs: {between: "-"}}
        """,
    )
    assert run.status == "succeeded", run.status_reason
    assert steps(run)["a"].output == "1-two"
