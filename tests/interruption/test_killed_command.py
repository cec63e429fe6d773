"""`maverick run` without workers, killed with -9 between any two steps, then `--resume`."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .harness import CHECKOUT, Site

STEPS = ("a", "saved", "turns[0]/x", "turns[1]/x", "b", "c")
WORKFLOW = """
version: "1.0"
name: killed-{mark}
steps:
  - {{name: a, type: python, action: mark, kwargs: {{value: 1}}}}
  - {{name: saved, type: checkpoint}}
  - name: turns
    type: loop
    for_each: [x, y]
    steps:
      - {{name: x, type: python, action: mark, kwargs: {{value: "${{{{ item }}}}"}}}}
  - {{name: b, type: python, action: mark, kwargs: {{value: "${{{{ steps.a.output.value }}}}"}}}}
  - {{name: c, type: python, action: mark, kwargs: {{value: "${{{{ len(steps.turns.output) }}}}"}}}}
outputs:
  all: ["${{{{ steps.b.output.value }}}}", "${{{{ steps.c.output.value }}}}"]
"""


@dataclass
class Told:
    killed: int
    code: int
    run: dict[str, Any]
    said: str
    times: Counter[str]


@pytest.fixture(scope="module")
def told(site: Site) -> dict[str, Told]:
    """Each workflow is killed after another step; all go at once."""
    first = {}
    for number, step in enumerate(STEPS[:-1]):
        (site.project / f"{number}.yaml").write_text(WORKFLOW.format(mark=number))
        first[number] = _maverick(
            site, "run", f"{number}.yaml", MAVERICK_CRASH_AT=f"after-commit@{step}"
        )
    codes = {number: process.wait(60) for number, process in first.items()}
    for process in first.values():
        process.communicate()
    again = {n: _maverick(site, "run", f"{n}.yaml", "--resume", "--json") for n in first}
    found = {}
    for number, process in again.items():
        out, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        run = json.loads(out.splitlines()[-1])
        pks = {run["id"], run["source_run_id"]}
        lines = (site.project / "effects.log").read_text().splitlines()
        times = Counter(line.split()[1] for line in lines if line.split()[0] in pks)
        found[STEPS[number]] = Told(codes[number], process.returncode, run, said, times)
    return found


def _maverick(site: Site, *words: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "maverick"), *words],
        cwd=site.project,
        env={**site.env, "MAVERICK_PROCESS": "other", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_killed_command_is_resumed(told: dict[str, Told], step: str) -> None:
    one = told[step]
    assert one.killed == -9
    assert one.run["status"] == "succeeded"
    assert one.run["kind"] == "resume"


@pytest.mark.parametrize("step", STEPS[:-1])
def test_what_the_checkpoint_holds_is_not_done_again(told: dict[str, Told], step: str) -> None:
    one = told[step]
    assert one.times["a"] == 1
    done = [path for path in STEPS[: STEPS.index(step) + 1] if path != "saved"]
    for path in ("turns[0]/x", "turns[1]/x", "b", "c"):
        # Steps after the checkpoint run again, those that were not reached run once.
        assert one.times[path] == (2 if path in done else 1), path
    assert ("from checkpoint saved" in one.said) == (step != "a")


def test_the_checkout_is_not_the_project(site: Site) -> None:
    assert not (CHECKOUT / ".maverick").exists()
    assert (site.project / ".maverick" / ".gitignore").read_text() == "*\n"
