"""Small workflows whose steps note in the file `calls` that they ran."""


def flow(name: str, last: str = "echo three >> calls") -> str:
    """Two steps, a checkpoint, and a last step."""
    return f"""\
version: "1.0"
name: {name}
inputs:
  topic: {{type: string, default: tea}}
steps:
  - name: one
    type: shell
    run: echo one-${{{{ inputs.topic }}}} >> calls
  - name: two
    type: shell
    run: echo two >> calls
  - name: save
    type: checkpoint
  - name: three
    type: shell
    run: {last}
"""


FAILS_UNTIL_OK = "test -f ok || exit 3; echo three >> calls"
SLOW = "echo began >> calls; sleep 30; echo three >> calls"
