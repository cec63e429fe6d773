"""Actions of installed packages, by entry point. Each test has a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODULE = """
from runs.actions import action

@action("acme.polish", version="3", effect="pure")
def polish(text: str) -> str:
    return text + "!"

def plain(text: str) -> str:
    return text
"""
ASK = """
import json, sys
import runs.library.actions
from runs.actions import find_action, known_actions, load_package_actions
names = ["acme.polish", "acme_plain", "git_commit"]
found = {name: find_action(name) for name in names}
print(json.dumps({
    "found": {name: one and [one.version, one.function.__module__] for name, one in found.items()},
    "known": [name for name in names if name in known_actions()],
    "broken": dict(load_package_actions()),
}))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder as pip would have filled it."""
    (tmp_path / "acme_actions.py").write_text(MODULE)
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    return tmp_path


def ask(site: Path, points: str) -> Any:
    (site / "acme-1.0.dist-info" / "entry_points.txt").write_text(f"[maverick.actions]\n{points}")
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"PYTHONPATH": f"{site}:{ROOT}", "DJANGO_SETTINGS_MODULE": "maverick_site.settings"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)


def test_a_module_registers_what_it_decorates(site) -> None:
    said = ask(site, "acme = acme_actions\n")
    assert said["found"]["acme.polish"] == ["3", "acme_actions"]
    assert "acme.polish" in said["known"]
    assert said["broken"] == {}


def test_a_function_is_an_action_of_the_entry_point_s_name(site) -> None:
    said = ask(site, "acme_plain = acme_actions:plain\n")
    assert said["found"]["acme_plain"] == ["1", "acme_actions"]


def test_a_package_that_is_broken_is_told_and_harms_nobody(site) -> None:
    said = ask(site, "bad = acme_nowhere\nacme = acme_actions\n")
    assert "ModuleNotFoundError" in said["broken"]["bad"]
    assert said["found"]["acme.polish"] == ["3", "acme_actions"]


def test_a_package_cannot_replace_what_comes_with_maverick(site) -> None:
    said = ask(site, "git_commit = acme_actions:plain\n")
    assert said["found"]["git_commit"][1].startswith("runs.library")
    assert "there is an action 'git_commit'" in said["broken"]["git_commit"]
