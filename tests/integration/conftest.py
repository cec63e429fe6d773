from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with actions that leave a line for each effect."""
    from .here import make_project

    return make_project(tmp_path)
