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
    answer = alice.post("/workflows/greet/run", sent)
    assert answer.status_code == 422
    html = unescape(answer.content.decode())
    assert "2 inputs do not fit the workflow's declaration." in html
    for name, told in (("times", 'must be a whole number, not "many".'), ("loud", "must")):
        beside = f'id="i-{name}-wrong">The input <code>{name}</code> {told}'
        assert html.count(beside) == 1, beside
        assert f'aria-describedby="i-{name}-wrong"' in html
    assert 'value="many"' in html  # what was typed stays
