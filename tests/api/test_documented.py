"""What is public is documented."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def errors_page():
    return (DOCS / "errors.md").read_text()


def test_every_error_code_is_documented(errors_page):
    import runs
    from runs.api.v1.docs_page import codes
    from runs.errors import MaverickError

    for module in pkgutil.walk_packages(runs.__path__, "runs."):
        if not re.search(r"\.(migrations|management|cli)\b", module.name):
            importlib.import_module(module.name)
    missing = [one["code"] for one in codes(MaverickError) if f"`{one['code']}`" not in errors_page]
    assert missing == []


def test_every_route_is_documented(viewer):
    text = (DOCS / "api.md").read_text()
    for path, operations in viewer.get("/openapi.json").json()["paths"].items():
        for method in operations:
            short = path.removeprefix("/api/v1").replace("execution_id", "execution")
            short = short.replace("checkpoint_id", "checkpoint").replace("run_id", "id")
            assert f"`{method.upper()} {short}`" in text, short
