"""The repository that the demo releases: a tiny package, its tests, its history. Real git."""

import os
import shutil
import subprocess
from pathlib import Path

NAME = "tidepool"
LOCK = "release/LOCK"
_LOCK_TEXT = "release 0.2.1 by build-7, waiting for a signature\n"

_INIT = '"""Tides, for people who collect shells."""\n\n__version__ = "{version}"\n'

_UNITS = '''"""Feet and metres."""

METRES_PER_FOOT = 0.3048


def to_metres(feet: float) -> float:
    """Feet as metres."""
    return feet * METRES_PER_FOOT


def to_feet(metres: float) -> float:
    """Metres as feet."""
    return metres / METRES_PER_FOOT
'''

_TIDES = '''"""How high the water stands: the sum of a few harmonic constituents."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Constituent:
    """One regular part of the tide."""

    name: str
    hours: float  # one period
    metres: float  # amplitude


M2 = Constituent("M2", 12.4206, 1.2)
S2 = Constituent("S2", 12.0, 0.4)
O1 = Constituent("O1", 25.8193, 0.2)


def height(hour: float, parts: tuple[Constituent, ...] = (M2, S2, O1)) -> float:
    """The height above the mean, in metres."""
    return sum(part.metres * math.cos(2 * math.pi * hour / part.hours) for part in parts)


def low_water(first: float, last: float, step: float = 0.05) -> float:
    """The hour with the lowest water between two hours."""
    count = int((last - first) / step)
    return min((first + n * step for n in range(count + 1)), key=height)
'''

_REPORT = '''"""A day of tides as text."""

from tidepool.tides import height, low_water
from tidepool.units import to_feet


def line(hour: float) -> str:
    """One line: the hour, metres and feet."""
    metres = height(hour)
    return f"{hour:05.2f}  {metres:+.2f} m  {to_feet(metres):+.1f} ft"


def day(start: float = 0.0) -> str:
    """Every third hour of a day, and its lowest water."""
    lines = [line(start + hour) for hour in range(0, 24, 3)]
    return "\\n".join([*lines, f"lowest at {low_water(start, start + 24):.1f}"])
'''

_TESTS = {
    "units": """import unittest

from tidepool.units import to_feet, to_metres


class Units(unittest.TestCase):
    def test_a_fathom(self) -> None:
        self.assertAlmostEqual(to_metres(6), 1.8288)

    def test_there_and_back(self) -> None:
        for feet in range(-50, 50):
            self.assertAlmostEqual(to_feet(to_metres(feet)), feet)
""",
    "tides": """import unittest

from tidepool.tides import M2, height, low_water


class Tides(unittest.TestCase):
    def test_high_water_at_the_start(self) -> None:
        self.assertAlmostEqual(height(0), 1.8)

    def test_one_constituent_repeats(self) -> None:
        self.assertAlmostEqual(height(3, (M2,)), height(3 + M2.hours, (M2,)))

    def test_the_lowest_water_of_two_months(self) -> None:
        self.assertLess(height(low_water(0, 60 * 24)), -1.5)
""",
    "report": """import unittest

from tidepool.report import day, line


class Report(unittest.TestCase):
    def test_a_line(self) -> None:
        self.assertEqual(line(0), "00.00  +1.80 m  +5.9 ft")

    def test_a_year_of_days(self) -> None:
        for number in range(120):
            self.assertEqual(len(day(number * 24).splitlines()), 9)
""",
}

_CHANGES = "# Changes\n\n## 0.2.0\n\n- Units: feet and metres.\n"
_IGNORED = "build/\nrelease/\n__pycache__/\n.maverick/\n"

# One commit each: its subject, then what it writes.
_HISTORY: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "Feet and metres",
        {
            ".gitignore": _IGNORED,
            "CHANGES.md": _CHANGES,
            "tidepool/__init__.py": _INIT.format(version="0.2.0"),
            "tidepool/units.py": _UNITS,
            "tests/__init__.py": "",
            "tests/test_units.py": _TESTS["units"],
        },
    ),
    ("Heights from three constituents", {"tidepool/tides.py": _TIDES}),
    ("The lowest water is searched for, and tested", {"tests/test_tides.py": _TESTS["tides"]}),
    (
        "A day as a report, in metres and feet",
        {"tidepool/report.py": _REPORT, "tests/test_report.py": _TESTS["report"]},
    ),
    ("Version 0.3.0", {"tidepool/__init__.py": _INIT.format(version="0.3.0")}),
)
_TAGS = {0: "v0.2.0"}
_START = 1_735_722_000  # seconds; fixed, so that every demo has the same commits


def build_repository(folder: Path) -> Path:
    """The demo's repository in ``folder``; made when it is not there, else left as it is.

    It is there as a whole or not at all: built beside its place, then renamed.
    Raises OSError or subprocess.CalledProcessError, for example without git.
    """
    place = folder / NAME
    if (place / ".git").is_dir():
        return place
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{NAME}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _git(draft, 0, "init", "--quiet", "--initial-branch=main")
    # Commits and tags of the steps work on a machine where nobody has told git a name.
    _git(draft, 0, "config", "user.name", "Maverick demo")
    _git(draft, 0, "config", "user.email", "demo@localhost")
    _git(draft, 0, "config", "commit.gpgSign", "false")
    _git(draft, 0, "config", "tag.gpgSign", "false")
    for number, (subject, files) in enumerate(_HISTORY):
        for name, text in files.items():
            file = draft / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        _git(draft, number, "add", "--all")
        _git(draft, number, "commit", "--quiet", "--no-verify", "-m", subject)
        if number in _TAGS:
            _git(draft, number, "tag", "-a", "-m", _TAGS[number], _TAGS[number])
    shutil.rmtree(place, ignore_errors=True)  # a folder without a repository: a half of nothing
    draft.rename(place)
    return place


def lock_release(repository: Path) -> None:
    """Leave the lock of another release in the way, as happens when somebody walks off."""
    file = repository / LOCK
    file.parent.mkdir(exist_ok=True)
    file.write_text(_LOCK_TEXT)


def unlock_release(repository: Path) -> None:
    """What a person would do about it."""
    (repository / LOCK).unlink(missing_ok=True)


def _git(folder: Path, number: int, *arguments: str) -> None:
    date = f"{_START + number * 86_400} +0000"
    # The person's own configuration could sign, template or hook; this repository is nobody's.
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "GIT_TERMINAL_PROMPT": "0",
    }
    subprocess.run(
        ["git", *arguments], cwd=folder, env=env, check=True, capture_output=True, timeout=30
    )
