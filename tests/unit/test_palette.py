"""The safe status colours: readable in both themes, and told apart by eyes without red or green."""

import re
from itertools import combinations

import pytest

from tests.docs.pages import ROOT

TOKENS = (ROOT / "static/css/tokens.css").read_text()
SAFE = (ROOT / "static/css/palette.css").read_text()
NAMES = ("succeeded", "failed", "timeout", "running", "waiting")
# What a deuteranope and a protanope see of linear light (Machado, Oliveira and Fernandes 2009).
EYES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranope": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanope": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}
Colour = tuple[float, float, float]


def colour(css: str, name: str, theme: int) -> Colour:
    """Linear light of ``--name``; theme 0 is light, 1 dark."""
    found = re.search(rf"--{name}:\s*light-dark\((#\w{{6}}), (#\w{{6}})\)", css)
    assert found, name
    parts = [int(found[theme + 1][at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return r, g, b


def light(one: Colour) -> float:
    return 0.2126 * one[0] + 0.7152 * one[1] + 0.0722 * one[2]


def contrast(one: Colour, other: Colour) -> float:
    a, b = sorted((light(one), light(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def lab(one: Colour) -> Colour:
    """CIE L*a*b*, in which a distance of 10 is seen at a glance."""
    r, g, b = (min(1.0, max(0.0, part)) for part in one)
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def apart(one: Colour, other: Colour, eye: str) -> float:
    seen = [
        lab(tuple(sum(w * c for w, c in zip(row, each, strict=True)) for row in EYES[eye]))
        for each in (one, other)
    ]
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_words_and_marks_stand_out_from_their_ground(name: str, theme: int) -> None:
    surface = colour(TOKENS, "surface", theme)
    word, mark = colour(SAFE, f"{name}-fg", theme), colour(SAFE, f"{name}-mark", theme)
    r, g, b = (0.91 * s + 0.09 * m for s, m in zip(surface, mark, strict=True))
    tint: Colour = (r, g, b)
    assert contrast(word, surface) >= 4.5
    assert contrast(word, tint) >= 4.5
    assert contrast(mark, surface) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_no_two_of_them_look_alike_to_any_eye(eye: str, theme: int) -> None:
    marks = {name: colour(SAFE, f"{name}-mark", theme) for name in NAMES}
    near = {
        (a, b): round(apart(marks[a], marks[b], eye), 1)
        for a, b in combinations(NAMES, 2)
        if apart(marks[a], marks[b], eye) < 15
    }
    assert near == {}
    assert apart(marks["succeeded"], marks["failed"], eye) > 40


def test_the_measure_would_find_the_standard_ones_alike() -> None:
    """Else it would prove nothing: green and red are near each other for a deuteranope."""
    green, red = (colour(TOKENS, f"{name}-mark", 0) for name in ("succeeded", "failed"))
    assert apart(green, red, "deuteranope") < apart(green, red, "all") / 2
