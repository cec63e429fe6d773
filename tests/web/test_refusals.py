"""What a button's command was refused for stands on the next page."""

from html import unescape

from django.test import Client

from runs.actor import SYSTEM
from runs.operations.publish_workflow import publish_workflow

GREET = """
version: "1.0"
name: greet
inputs:
  times: {type: integer}
  loud: {type: boolean, default: false}
steps:
  - {name: hello, type: shell, run: "echo ${{ inputs.times }} ${{ inputs.loud }}"}
"""


def test_each_input_that_does_not_fit_is_told_once(alice: Client) -> None:
    publish_workflow(GREET, by=SYSTEM)
    sent = {"input.times": "many", "input.loud": "perhaps"}
    answer = alice.post("/workflows/greet/run", sent, follow=True)
    html = unescape(answer.content.decode())
    assert "2 inputs do not fit the workflow's declaration." in html
    for told in ('The input `times` must be a whole number, not "many".', "The input `loud` must"):
        assert html.count(told) == 1, told
