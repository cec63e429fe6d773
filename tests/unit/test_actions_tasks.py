"""Phases of a task file, and installing dependencies."""

from __future__ import annotations

import os

import pytest

from runs.library.actions.programs import ProgramFailed
from tests.actions import call

TASKS = """
# Tasks: a feature

- [ ] T000 before everything

## Format: `[ID] [P?] Story`

- **[P]**: can run in parallel

## Phase 1: Setup ##

- [ ] T001 Make it
  - [x] T002 [P] Nested

```markdown
## Phase 0: an example
- [ ] not a task
```

## Phase 2: Foundation

### Database

* [X] T003 Tables

## Notes

Nothing to do here.
"""


def test_phases_are_the_headings_with_tasks(tmp_path) -> None:
    (tmp_path / "tasks.md").write_text(TASKS)
    assert call("get_phase_names", tmp_path, task_file="tasks.md") == [
        "Phase 1: Setup",
        "Phase 2: Foundation",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# One\n- [ ] a\n# Two\n- [ ] b\n", ["One", "Two"]),
        ("# Title\n### One\n- [ ] a\n### Two\n1. b\n", ["One"]),
        ("- [ ] a\n", []),
        ("", []),
    ],
)
def test_other_levels_serve_where_the_second_has_no_tasks(tmp_path, text, names) -> None:
    (tmp_path / "t.md").write_text(text)
    assert call("get_phase_names", tmp_path, task_file="t.md") == names


def test_no_task_file_has_no_phases(tmp_path) -> None:
    assert call("get_phase_names", tmp_path, task_file="nothing.md") == []
    assert call("get_phase_names", tmp_path, task_file=None) == []


def test_dependencies_are_installed_as_the_lock_file_tells(tmp_path, monkeypatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("uv", "npm"):
        (tools / name).write_text(f'#!/bin/sh\necho {name} "$@" in $(pwd)\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    place = tmp_path / "place"
    (place / "web").mkdir(parents=True)
    skipped = call("sync_dependencies", place)
    assert (skipped["success"], skipped["skipped"]) == (True, True)
    assert skipped["reason"] == "no lock file was found"
    (place / "uv.lock").touch()
    (place / "web" / "package-lock.json").touch()
    assert call("sync_dependencies", place)["command"] == "uv sync --frozen"
    web = call("sync_dependencies", place, cwd="web")
    assert (web["command"], web["output"]) == ("npm ci", f"npm ci in {place.resolve()}/web")
    assert call("sync_dependencies", place, sync_cmd="echo own")["output"] == "own"
    (place / "maverick.toml").write_text('[actions]\nsync_cmd = ["echo", "settings"]\n')
    assert call("sync_dependencies", place)["output"] == "settings"


def test_an_installation_that_fails_fails_the_step(tmp_path) -> None:
    with pytest.raises(ProgramFailed, match="no such package"):
        call("sync_dependencies", tmp_path, sync_cmd="echo no such package >&2; exit 3")
