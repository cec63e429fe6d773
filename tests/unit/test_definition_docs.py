"""docs/language.md says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runs.definition import CODES, load_workflow
from runs.definition.reporting import yaml_keys
from runs.definition.settings import CONFIG_KEYS, PREREQUISITES
from runs.definition.spec import STEP_CLASSES
from runs.expressions import FUNCTIONS, ROOTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "language.md").read_text()
ASSERTIONS = (DOCS / "golden.md").read_text()


def test_every_example_loads() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        assert load_workflow(example).problems == ()


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_in_its_table(code: str) -> None:
    table = ASSERTIONS if code.startswith("D6") else PAGE
    assert f"| {code} | {CODES[code]} |" in table


@pytest.mark.parametrize("kind", STEP_CLASSES)
def test_every_kind_of_step_and_its_keys_are_described(kind: str) -> None:
    assert f"### `{kind}`" in PAGE
    for key in yaml_keys(STEP_CLASSES[kind]):
        if key not in ("name", "type"):
            assert f"`{key}" in PAGE


@pytest.mark.parametrize("word", [*ROOTS, *FUNCTIONS, *PREREQUISITES])
def test_every_word_is_named(word: str) -> None:
    assert re.search(rf"`{word}\b", PAGE)


@pytest.mark.parametrize("key", CONFIG_KEYS)
def test_every_setting_of_an_agent_is_described(key: str) -> None:
    page = (DOCS / "steps" / "agent.md").read_text()
    assert re.search(rf"`{key}\b", page)
