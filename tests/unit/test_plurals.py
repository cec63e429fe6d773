"""One of something is told as one: by one helper, on pages and on the command line."""

import re
from pathlib import Path

import pytest

from runs.operations.bulk_runs import BulkResult
from runs.projections import words
from runs.templatetags.maverick import plural
from runs.web.pages.bulk import _sentence

ROOT = Path(__file__).parents[2]


def test_a_count_agrees_with_its_noun_and_its_verb() -> None:
    assert words.count(1, "run") == "1 run"
    assert words.count(1200, "run") == "1,200 runs"
    assert words.count(0, "output stays", "outputs stay") == "0 outputs stay"
    assert plural(1, "step differs,steps differ") == "1 step differs"
    assert plural(2, "step differs,steps differ") == "2 steps differ"


@pytest.mark.parametrize(("unchanged", "said"), [(1, "1 was so"), (2, "2 were so")])
def test_what_was_so_already_is_told_in_its_number(unchanged: int, said: str) -> None:
    counts = {"done": 1, "unchanged": unchanged, "refused": 0}
    found = BulkResult(action="cancel", dry_run=False, counts=counts, items=())
    assert _sentence(found) == f"1 run cancelled. {said} already."


def test_nobody_makes_a_plural_of_his_own() -> None:
    own = re.compile(r"""== 1 else f?["']|!= 1 else ["']""")
    faults = []
    for folder in ("runs/cli", "runs/web", "runs/projections", "runs/operations"):
        for file in (ROOT / folder).rglob("*.py"):
            for n, line in enumerate(file.read_text().splitlines(), 1):
                if own.search(line) and not re.search(r"'(was|asks|runs)' if|\"asks\" if", line):
                    faults.append(f"{file.relative_to(ROOT)}:{n}: {line.strip()}")
    assert faults == []
    # A number that something else makes, and a noun that is always many.
    loose = re.compile(r"\{[^{}]*(?:count|len|steps|payloads|would)[^{}]*\} (?:runs|steps|nodes)\b")
    told = [
        f"{file.relative_to(ROOT)}: {found.group()}"
        for folder in ("runs/cli/commands", "runs/web/pages")
        for file in (ROOT / folder).rglob("*.py")
        for found in loose.finditer(file.read_text())
    ]
    assert told == []
