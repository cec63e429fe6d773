"""Checks in stages, with the real tools and with small commands."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runs.errors import StepCancelled
from runs.library.check_output import find_errors
from runs.library.validation import BadStages, ValidationSettings, load_validation, run_stages
from runs.processes import RunProgram, run_program
from tests.processes import living

GOOD = "def add(a: int, b: int) -> int:\n    return a + b\n"
TEST = "from a import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n"


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools of these tests' own environment, activated or not."""
    here = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small project that passes everything."""
    place = tmp_path / "sources"
    place.mkdir()
    (place / "a.py").write_text(GOOD)
    (place / "test_a.py").write_text(TEST)
    (place / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    return place


class Check:
    """Runs stages, and keeps what was logged and which commands began."""

    def __init__(self, folder: Path, settings: ValidationSettings | None = None) -> None:
        self.folder, self.settings = folder, settings or load_validation(folder, None)
        self.log: list[tuple[str, str]] = []
        self.began: list[tuple[str, ...]] = []

    def __call__(self, *stages: Any, run: RunProgram = run_program) -> dict[str, Any]:
        def counted(words: Any, **more: Any) -> Any:
            self.began.append(tuple(words))
            return run(words, **more)

        return run_stages(
            list(stages),
            self.settings,
            self.folder,
            log=lambda text, stream: self.log.append((stream, text)),
            run_command=counted,
        )

    @property
    def logged(self) -> str:
        return "".join(text for _, text in self.log)


def commands(**named: Any) -> ValidationSettings:
    return ValidationSettings(named)


def test_a_sound_project_passes_all_four_stages(sources) -> None:
    result = Check(sources)("format", "lint", "typecheck", "test")
    assert result["passed"] is result["success"] is True
    assert result["stages"] == ["format", "lint", "typecheck", "test"]
    stage = result["stage_results"]["test"]
    assert stage["passed"] is True
    assert stage["errors"] == []
    assert stage["duration_ms"] > 0
    assert "1 passed" in stage["output"]
    assert stage["command"] == "pytest -q"


def test_the_first_failure_ends_it_and_the_rest_is_told_as_skipped(sources) -> None:
    (sources / "a.py").write_text("import os\n" + GOOD)
    check = Check(sources)
    result = check("lint", "typecheck", "test")
    assert result["passed"] is result["success"] is False
    assert [result["stage_results"][name]["passed"] for name in result["stages"]] == [False] * 3
    for name in ("typecheck", "test"):
        assert result["stage_results"][name]["output"] == "skipped: prior stage failed"
        assert result["stage_results"][name]["skipped"] == "prior stage failed"
    assert len(check.began) == 1


def test_ruff_s_findings_have_file_line_and_message(sources) -> None:
    (sources / "a.py").write_text("import os\n\n\n" + GOOD)
    stage = Check(sources)("lint")["stage_results"]["lint"]
    assert {key: stage["errors"][0][key] for key in ("file", "line")} == {"file": "a.py", "line": 1}
    assert "`os` imported but unused" in stage["errors"][0]["message"]
    (sources / "a.py").write_text("x   =  1\n")
    stage = Check(sources)("format")["stage_results"]["format"]
    assert [error["file"] for error in stage["errors"]] == ["a.py"]


def test_mypy_s_findings_have_file_line_and_message(sources) -> None:
    (sources / "a.py").write_text('def f() -> int:\n    return "x"\n')
    stage = Check(sources)("typecheck")["stage_results"]["typecheck"]
    assert [(error["file"], error["line"]) for error in stage["errors"]][:1] == [("a.py", 2)]
    assert stage["errors"][0]["message"].startswith("Incompatible return value type")


def test_pytest_s_failures_have_file_line_and_message(sources) -> None:
    (sources / "test_a.py").write_text(
        textwrap.dedent(
            """
            import pytest


            class TestX:
                def test_y(self):
                    helper()


            def helper():
                assert 1 == 2, "no: luck"


            @pytest.mark.parametrize("v", ["a b", "c"])
            def test_p(v):
                assert v == "c"


            @pytest.fixture
            def bad():
                raise ValueError("setup")


            def test_e(bad):
                pass
            """
        )
    )
    (sources / "test_b.py").write_text("import nothere\n")
    settings = commands(test=("pytest", "--continue-on-collection-errors"))
    stage = Check(sources, settings)("test")["stage_results"]["test"]
    assert stage["exit_code"] == 1
    assert stage["errors"] == [
        {"file": "test_a.py", "line": 11, "message": "TestX::test_y: AssertionError: no: luck"},
        {
            "file": "test_a.py",
            "line": 16,
            "message": "test_p[a b]: AssertionError: assert 'a b' == 'c'",
        },
        {
            "file": "test_b.py",
            "line": 1,
            "message": "ModuleNotFoundError: No module named 'nothere'",
        },
        {"file": "test_a.py", "line": 21, "message": "test_e: ValueError: setup"},
    ]


@pytest.mark.parametrize(
    ("printed", "errors"),
    [
        ("a.py:1:8: F401 unused\n", [("a.py", 1, "F401 unused")]),
        ("/w/src/a.py:3: error: Bad  [misc]\n", [("src/a.py", 3, "Bad  [misc]")]),
        ("a.py:1: note: See the docs\n", []),
        (
            "Would reformat: a b.py\n1 file would be reformatted",
            [("a b.py", None, "It is not formatted.")],
        ),
        (
            "src/x.ts(3,8): error TS2304: Cannot find\n",
            [("src/x.ts", 3, "error TS2304: Cannot find")],
        ),
        ("main.go:4:2: undefined: x\n", [("main.go", 4, "undefined: x")]),
        ("2024-01-01 12:30:45 starting\n", []),
        ("FAILED t.py::test_x\n", [("t.py", None, "test_x: It failed.")]),
    ],
)
def test_what_tools_print_becomes_errors(printed, errors) -> None:
    found = find_errors(printed, Path("/w"))
    assert [(one["file"], one["line"], one["message"]) for one in found] == errors


def test_a_failure_without_a_word_that_we_know_is_still_one_error(sources) -> None:
    stage = Check(sources, commands(lint="echo Nope.; exit 3"))("lint")["stage_results"]["lint"]
    assert stage["errors"] == [{"file": "", "line": None, "message": "exit code 3: Nope."}]


@pytest.mark.parametrize("stage", ["format", "lint", "typecheck", "test"])
def test_where_there_is_nothing_to_check_a_stage_is_skipped_and_passes(tmp_path, stage) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.py").write_text("x\n")
    check = Check(tmp_path)
    result = check(stage)
    assert result["passed"] is True
    assert result["stage_results"][stage]["skipped"] == "nothing to check"
    assert check.began == []


def test_tests_that_are_none_are_nothing_to_check(tmp_path) -> None:
    (tmp_path / "a.py").write_text(GOOD)
    assert Check(tmp_path)("test")["stage_results"]["test"]["skipped"] == "nothing to check"


def test_an_unknown_stage_is_skipped_passes_and_is_told(sources) -> None:
    check = Check(sources)
    result = check("speling", "lint")
    assert result["passed"] is True
    assert result["stage_results"]["speling"]["skipped"] == "there is no stage 'speling'"
    assert result["stage_results"]["lint"]["passed"] is True
    assert "speling: there is no such stage; set speling_cmd." in check.logged


def test_a_tool_that_is_not_there_fails_and_is_named(sources) -> None:
    result = Check(sources, commands(lint=("no-such-linter", ".")))("lint")
    assert result["passed"] is False
    [error] = result["stage_results"]["lint"]["errors"]
    assert "no program 'no-such-linter'" in error["message"]


def test_a_stage_may_be_a_command_with_its_own_time_and_folder(sources) -> None:
    (sources / "docs").mkdir()
    stage = {"name": "where", "run": "pwd | tr a-z A-Z", "cwd": "docs", "timeout": "1m"}
    result = Check(sources)(stage)
    assert result["stage_results"]["where"]["output"].endswith("/SOURCES/DOCS")


def test_a_stage_that_takes_too_long_fails_and_is_ended(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CHECK_MARK", tmp_path.name)
    result = Check(sources)(
        {"name": "slow", "run": "sleep 600 & sleep 600", "timeout": 0.3}, "lint"
    )
    [error] = result["stage_results"]["slow"]["errors"]
    assert "took longer than 0.3 s" in error["message"]
    assert result["stage_results"]["lint"]["skipped"] == "prior stage failed"
    assert living(f"CHECK_MARK={tmp_path.name}") == {}


def test_a_stop_is_no_failed_check(sources) -> None:
    stopped: Callable[[], bool] = lambda: True  # noqa: E731
    with pytest.raises(StepCancelled):
        Check(sources)(
            {"name": "slow", "run": "sleep 600"}, run=partial(run_program, stopped=stopped)
        )


def test_a_long_output_is_cut_in_the_result_and_whole_in_the_log(sources) -> None:
    check = Check(sources, commands(lint="seq 1 2000; exit 1"))
    output = check("lint")["stage_results"]["lint"]["output"]
    assert len(output) == 1000
    assert output.startswith("…")
    assert output.endswith("\n2000")
    assert check.logged == "$ seq 1 2000; exit 1\n" + "".join(f"{n}\n" for n in range(1, 2001))


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "list of names"),
        (["lint", "lint"], "Two stages are called 'lint'"),
        ([{}], "neither name nor run"),
        ([3], "a mapping with name and run"),
        ([{"name": "x", "run": "y", "timeout": "soon"}], "The stage 'x': a duration"),
        ([{"name": "x", "run": 3}], "The stage 'x': has to be a text or a list"),
    ],
)
def test_stages_that_make_no_sense_are_refused(sources, stages, said) -> None:
    with pytest.raises(BadStages, match=said):
        Check(sources)(*stages)


def test_settings_come_from_the_project_then_from_the_user(tmp_path) -> None:
    user = tmp_path / "home"
    user.mkdir()
    (user / "maverick.toml").write_text(
        '[validation]\nlint_cmd = "user"\ntest_cmd = ["user", "test"]\ntimeout = 10\n'
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.maverick.validation]\nlint_cmd = "project"\ndocs_cmd = "docs"\nproject_root = "src"\n'
    )
    settings = load_validation(tmp_path, user)
    assert settings.problems == ()
    assert settings.commands["lint"] == "project"
    assert settings.commands["test"] == ("user", "test")
    assert settings.commands["docs"] == "docs"
    assert settings.commands["format"] == ("ruff", "format", "--check", ".")
    assert settings.timeout == 10
    assert settings.folder(tmp_path) == tmp_path / "src"
    assert settings.folder(tmp_path, "lib") == tmp_path / "lib"


def test_bad_settings_are_problems_with_file_and_key(tmp_path) -> None:
    (tmp_path / "maverick.toml").write_text(
        "[validation]\nlint_cmd = 3\ntimeout = 0\nlintcmd = 'x'\nproject_root = 1\n"
    )
    found = load_validation(tmp_path, None)
    assert [one.key for one in found.problems] == [
        "validation.lint_cmd",
        "validation.timeout",
        "validation.lintcmd",
        "validation.project_root",
    ]
    assert found.commands["lint"] == ("ruff", "check", ".")
