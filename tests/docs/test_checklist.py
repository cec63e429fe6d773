"""docs/checklist.md: all requirements are there, and what it points at exists."""

import re

import pytest

from tests.docs.pages import ROOT, page

COUNTS = {"022": 22, "023": 32, "024": 31, "025": 25, "026": 49}


def tables() -> dict[str, list[list[str]]]:
    """The rows of each specification's table."""
    found: dict[str, list[list[str]]] = {}
    for section in page("checklist.md").split("\n## ")[1:]:
        spec = section[:3]
        rows = [line for line in section.splitlines() if line.startswith("| FR-")]
        if rows:
            found[spec] = [[cell.strip() for cell in row.split(" |")[:5]] for row in rows]
    return found


def test_all_159_requirements_are_there_once() -> None:
    found = tables()
    assert {spec: len(rows) for spec, rows in found.items()} == COUNTS
    assert sum(COUNTS.values()) == 159
    for rows in found.values():
        ids = [row[0] for row in rows]
        assert len(set(ids)) == len(ids)
        assert ids == sorted(ids)


@pytest.mark.parametrize("spec", COUNTS)
def test_each_is_judged_and_what_is_not_met_has_its_reason(spec: str) -> None:
    for name, _, judged, where, why in tables()[spec]:
        assert judged.removeprefix("| ") in ("yes", "partly", "no"), name
        if judged.endswith("yes"):
            assert where.count("`") >= 2, name
        else:
            assert len(why.removeprefix("| ").split()) >= 4, name


def test_what_it_points_at_exists() -> None:
    pointers = re.findall(r"`((?:docs|runs|tests)/[^`]+)`", page("checklist.md"))
    assert len(pointers) > 150
    gone = []
    for pointer in pointers:
        name, _, inside = pointer.partition("::")
        file = ROOT / name
        if not file.is_file() or (inside and f"def {inside}(" not in file.read_text()):
            gone.append(pointer)
    assert gone == []


def test_the_transcript_shows_a_kill_and_a_resume_and_no_machine() -> None:
    text = page("transcripts/fly-resumed.md")
    assert "$ kill -9 $!" in text
    assert "from checkpoint implementation_complete" in text
    assert text.count('"state": "open"') == 1
    assert re.findall(r"/(?:tmp|home|root|Users)/|127\.0\.0\.1", text) == []


def test_the_transcript_of_a_restart_shows_what_it_is_for_and_no_machine() -> None:
    text = page("transcripts/restarted.md")
    for said in (
        "✗ sign  failed",
        "$ maverick restart @last --plan",
        "↷ 8 steps reused",
        "input `channel` changed",
        "its receipt is reused",
        "First divergence: notes",
        "failed against golden:release",
        "passed against golden:release",
        "did the work",
    ):
        assert said in text
    assert re.findall(r"/(?:tmp|home|root|Users)/|127\.0\.0\.1", text) == []
