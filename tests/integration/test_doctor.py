"""`maverick doctor` on the project's own files."""

from pathlib import Path

import pytest

from runs.operations.doctor import project_settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MAVERICK_PROJECT", str(tmp_path))


def test_sound_settings_are_counted(tmp_path: Path) -> None:
    (tmp_path / "maverick.toml").write_text('[agents.a]\ncommand = "a"\n')
    found = project_settings()
    assert found.ok
    assert found.detail.startswith("1 agents and generators in")


def test_every_fault_of_settings_and_actions_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "maverick.toml").write_text(
        '[agents.a]\ncomand = "a"\n[validation]\ntimeout = 0\n[wrong]\n'
    )
    (tmp_path / "maverick_actions.py").write_text("1 / 0\n")
    found = project_settings()
    assert not found.ok
    for part in ("agents.a.comand", "validation.timeout", "wrong: there is no such section"):
        assert found.detail.count(part) == 1
    assert "ZeroDivisionError" in found.detail
