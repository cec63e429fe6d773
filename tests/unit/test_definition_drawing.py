"""Pictures of workflows: right for every file that people have, and nothing breaks out of a label."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.definition import WorkflowSpec, load_workflow
from runs.definition.drawing import mermaid, tree
from runs.definition.drawing.mermaid import escaped
from runs.definition.walk import walk

TESTS = Path(__file__).parents[1]
FOLDERS = (TESTS / "corpus", TESTS / "shapes", TESTS.parent / "runs/library")
FILES = [
    file for folder in FOLDERS for file in sorted(folder.rglob("*.yaml"))
    if "VICTIM" not in file.name and "fuzz" not in file.parts
]  # fmt: skip

EVERYTHING = """\
version: "1.0"
name: everything
inputs: {n: {type: integer, default: 3}}
steps:
  - {name: end, type: shell, run: 'echo "x" # no', when: "inputs.n > 2", retry: 3}
  - {name: b, type: python, action: act, needs: []}
  - name: c
    type: agent
    agent: coder
    needs: [end, b]
    on_error: {name: h, type: generate, generator: gen}
  - name: l
    type: loop
    for_each: [1, 2]
    max_concurrency: 0
    steps:
      - name: v
        type: validate
        stages: [lint]
        retry: 2
        on_failure: {name: fix, type: agent, agent: fixer}
      - {name: saved, type: checkpoint}
    on_error: {name: pause, type: wait, seconds: 5m}
  - name: br
    type: branch
    options:
      - {when: "inputs.n > 2", step: {name: one, type: subworkflow, workflow: w}}
    else: {name: two, type: approval, prompt: "Sure?"}
  - {name: last, type: checkpoint, rollback: undo, effect: once, timeout: 90s}
outputs: {o: 1}
"""

TREE = """\
everything
  input n: integer = 3
├─ 1 end  [shell echo "x" # no]  when inputs.n > 2; up to 3 attempts
├─ 2 b  [python act]  needs nothing
├─ 3 c  [agent coder]  needs end, b
│  └─ on error: 3a h  [generate gen]
├─ 4 l  [loop for each of 1, 2, all at once]
│  ├─ 4.1 v  [validate lint]  up to 2 more rounds
│  │  └─ while not passed: 4.1a fix  [agent fixer]
│  ├─ 4.2 saved  [checkpoint]
│  └─ on error: 4a pause  [wait 5m]
├─ 5 br  [branch]
│  ├─ if inputs.n > 2: 5a one  [subworkflow w]
│  └─ else: 5b two  [approval Sure?]
└─ 6 last  [checkpoint]  at most 1m30s; effect once; undone by undo
  output o"""


def spec_of(text: str) -> WorkflowSpec:
    loaded = load_workflow(text, lenient=True)
    assert loaded.spec is not None, [str(problem) for problem in loaded.problems]
    return loaded.spec


def test_the_tree_says_what_is_inside_what() -> None:
    assert tree(spec_of(EVERYTHING)) == TREE


def test_the_tree_can_be_plain() -> None:
    plain = tree(spec_of(EVERYTHING), ascii_only=True)
    assert plain.isascii()
    assert "|  `- on error: 3a h" in plain


def test_the_chart_has_every_step_and_every_way() -> None:
    chart = mermaid(spec_of(EVERYTHING), "LR")
    assert chart.startswith("flowchart LR\n")
    ids = dict(re.findall(r'^ *(?:subgraph )?(\w+) ?[\[({/]+"(\w+)', chart, re.MULTILINE))
    by_name = {name: node for node, name in ids.items()}
    edges = set(re.findall(r'^ *(\w+) (?:-->|-\.->)(?:\|"([^"]*)"\|)? (\w+)$', chart, re.MULTILINE))
    named = {(ids[a], label, ids[b]) for a, label, b in edges}
    assert named == {
        ("start", "", "end"), ("start", "", "b"), ("end", "", "c"), ("b", "", "c"),
        ("c", "on error", "h"), ("c", "", "l"), ("h", "", "l"), ("v", "not passed", "fix"),
        ("fix", "again", "v"), ("v", "", "saved"), ("l", "on error", "pause"), ("l", "", "br"),
        ("pause", "", "br"), ("br", "inputs.n #gt; 2", "one"), ("br", "else", "two"),
        ("one", "", "last"), ("two", "", "last"), ("last", "", "end"),
    }  # fmt: skip
    assert by_name["b"] != by_name["br"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_file_can_be_drawn(file: Path) -> None:
    spec = spec_of(file.read_text())
    steps = [site.step for site in walk(spec).sites]
    text, chart = tree(spec), mermaid(spec)
    for step in steps:
        assert re.search(rf"[\d.a-z]+ {re.escape(step.name)}  \[{step.type}", text)
    assert_sound(chart, len(steps))


def assert_sound(chart: str, steps: int) -> None:
    """Every line is one of those that we write, and edges lead from node to node."""
    label = r'"[^"`#<>&%$\n]*(?:#[a-z0-9]+;[^"`#<>&%$\n]*|<br/>[^"`#<>&%$\n]*)*"'
    nodes: set[str] = set()
    ends: set[str] = set()
    depth = 0
    first, *lines = chart.splitlines()
    assert re.fullmatch("flowchart (TD|LR)", first)
    for line in map(str.strip, lines):
        if found := re.fullmatch(rf"(\w+)[\[({{/]+{label}[\])}}/]+", line):
            nodes.add(found[1])
        elif found := re.fullmatch(rf"subgraph (\w+) \[{label}\]", line):
            nodes.add(found[1])
            depth += 1
        elif line == "end":
            depth -= 1
        else:
            found = re.fullmatch(rf"(\w+) (?:-->|-\.->)(?:\|{label}\|)? (\w+)", line)
            assert found, line
            ends |= {found[1], found[2]}
    assert depth == 0
    assert len(nodes) == steps + 2
    assert ends <= nodes


@given(st.text())
def test_no_text_of_an_author_can_leave_its_label(text: str) -> None:
    shown = escaped(text)
    assert not set('"`<>&%$\n\r\u2028') & set(shown)
    assert set(re.findall("#[^;]*;?", shown)) <= {
        "#35;", "#quot;", "#lt;", "#gt;", "#amp;", "#96;", "#37;", "#36;",
    }  # fmt: skip


def test_many_steps_are_drawn_at_once() -> None:
    steps = "".join(f"  - {{name: s{n}, type: shell, run: x}}\n" for n in range(2000))
    spec = spec_of(f'version: "1.0"\nname: many\nsteps:\n{steps}')
    began = time.process_time()
    tree(spec)
    mermaid(spec)
    assert time.process_time() - began < 1
