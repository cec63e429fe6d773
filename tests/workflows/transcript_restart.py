"""Writes docs/transcripts/restarted.md: a run of twelve steps that fails at the ninth, and what
one does then.

    make transcript

Everything is real: a project folder, a PostgreSQL of its own, the command line as people type it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.workflows.terminal import Terminal, publish, wait_until_database_ended

WORKFLOW = """\
version: "1.0"
name: release
inputs:
  version: {type: string, default: "2.4.0"}
  channel: {type: string, default: stable}
  regions: {type: array, default: [eu, us]}
steps:
  - {name: fetch, type: shell, run: "echo sources of ${{ inputs.version }}"}
  - {name: deps, type: shell, needs: [fetch], run: "sleep 0.4; echo 41 packages"}
  - {name: lint, type: shell, needs: [fetch], run: "sleep 0.3; echo clean"}
  - {name: build, type: shell, needs: [deps], run: "sleep 0.8; echo release-${{ inputs.version }}.tar"}
  - {name: unit, type: shell, needs: [build], run: "sleep 0.5; echo 210 passed"}
  - {name: docs, type: shell, needs: [build], run: "sleep 0.4; echo 31 pages"}
  - {name: notes, type: shell, needs: [fetch], run: "echo Notes for the channel ${{ inputs.channel }}"}
  - {name: tested, type: checkpoint, needs: [lint, unit, docs, notes]}
  - {name: sign, type: shell, needs: [tested], run: "cat key.pem && echo signed"}
  - {name: upload, type: shell, needs: [sign], effect: once, run: "echo ${{ steps.build.output.stdout }} to ${{ inputs.channel }} | tee -a uploads"}
  - name: announce
    type: loop
    for_each: ${{ inputs.regions }}
    needs: [upload]
    steps:
      - {name: mail, type: shell, run: "echo ${{ item }} told"}
  - {name: close, type: shell, needs: [announce, notes], run: "echo ${{ steps.notes.output.stdout }}; echo done"}
"""
ASSERTIONS = """\
nodes:
  notes: {regex: {stdout: "^Notes for the channel (stable|beta)"}}
  upload: {regex: {stdout: "^release-"}}
  close: {ignore: [stdout]}
"""


def write(folder: Path) -> str:
    """The transcript, in ``folder``."""
    project = folder / "release"
    project.mkdir()
    (project / "release.yaml").write_text(WORKFLOW)
    (project / "assertions.yaml").write_text(ASSERTIONS)
    terminal = Terminal(
        project, folder / "home", {}, [(str(project), "~/release"), (str(folder), "~")]
    )
    say, run = terminal.say, terminal.run
    say("# A restart, from the failure to the baseline")
    say("Written by `make transcript`. Twelve steps; the ninth needs a key that is not there.")
    run("cat release.yaml")
    run("maverick run release.yaml", code=1)
    say("Why?")
    run("maverick why @last")
    say("What would a restart do? Nothing is started by asking.")
    run("maverick restart @last --plan")
    say("The key is put there, and the run restarted. Eight steps are not done again.")
    (project / "key.pem").write_text("key\n")
    run("maverick restart @last")
    say("A good run: it is kept as the baseline.")
    run("maverick golden mark @last --name release")
    say(
        "Once more, for another channel. Only what reads `channel` runs again, and what depends on "
        "it; `upload` has the effect `once`, so its receipt is reused, and that is said."
    )
    run("maverick fork @last -i channel=beta --plan")
    run("maverick fork @last -i channel=beta")
    say("What is different, what came first, and what only follows from it?")
    source = next(one for one in _runs(terminal) if one["golden"])["id"]
    run(f"maverick runs compare {source} @last", code=1)
    say("Why was one of them kept, and why did the other run?")
    run("maverick why @last/upload")
    run("maverick why @last/notes")
    say("Against the baseline it fails at first, node by node.")
    run("maverick check @last --against golden:release", code=1)
    say("What may differ is written down, and kept with the baseline. Then it passes.")
    run("cat assertions.yaml")
    run("maverick golden assertions release assertions.yaml")
    run("maverick check @last --against golden:release")
    say("The family, and where an output really comes from:")
    run("maverick runs lineage @last")
    run("maverick runs lineage @last --step build")
    return terminal.page()


def _runs(terminal: Terminal) -> list[dict[str, object]]:
    found: list[dict[str, object]] = terminal.answer("maverick runs list --json")["items"]
    return found


def main() -> None:
    """Write the page."""
    folder = Path(tempfile.mkdtemp(prefix="mvk-restart-"))
    try:
        text = write(folder)
    finally:
        wait_until_database_ended(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    publish("restarted.md", text)


if __name__ == "__main__":
    main()
