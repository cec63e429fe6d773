"""The layers of docs/house.md hold; `make lint` asks the same."""

from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_point_downward(capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    code = lint_imports(no_cache=True)
    assert code == 0, capsys.readouterr().out
