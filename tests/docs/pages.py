"""The documents, as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """The text of a page of the docs."""
    return (DOCS / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language ("" for those without one)."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [body for named, body in fences if named == language]


def everything() -> list[Path]:
    """README, changelog and all pages."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
