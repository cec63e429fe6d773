"""The built-in actions do what their first line says, inside the workspace only."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runs.actions import find_action, known_actions
from runs.definition import Known, load_workflow
from runs.definition.spec import PythonStep, WorkflowSpec
from runs.definition.walk import walk
from runs.library.actions.git_program import GitFailed
from runs.library.actions.workspace import OutsideWorkspace
from runs.library.find import BUILT_IN, find_workflow
from tests.actions import call
from tests.unit.test_corpus import FILES, spec_of


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, tagged v1, that is nobody's."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "alice@localhost")
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "a.txt").write_text("one\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "First")
    git(place, "tag", "v1")
    return place


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode()


# -- all of them ----------------------------------------------------------------------------------


def built_in() -> list[str]:
    own = "runs.library.actions"
    return [n for n, one in known_actions().items() if one.function.__module__.startswith(own)]


@pytest.mark.parametrize("name", built_in())
def test_every_action_says_what_it_does_and_whether_it_may_be_repeated(name: str) -> None:
    action = find_action(name)
    assert action is not None
    assert action.description.endswith((".", "`."))
    assert action.effect in (None, "pure")


@pytest.mark.parametrize("file", sorted(BUILT_IN.glob("*/*.yaml")), ids=lambda f: f.stem)
def test_every_built_in_workflow_has_no_problem(file: Path) -> None:
    def called(name: str) -> WorkflowSpec | None:
        found = find_workflow(name)
        return load_workflow(found.text).spec if found else None

    known = Known(actions=known_actions(), workflows=called)
    assert load_workflow(file.read_text(), file=file.name, known=known).problems == ()


def test_every_action_that_old_files_call_takes_what_they_give() -> None:
    wrong = {
        fault
        for file in FILES
        for site in walk(spec_of(file)).sites
        if isinstance(site.step, PythonStep) and (known := find_action(site.step.action))
        for fault in known.check_kwargs(site.step.kwargs)
    }
    assert wrong == set()


# -- text -----------------------------------------------------------------------------------------


def test_join_puts_texts_and_fields_together() -> None:
    assert call("text.join", items=["a", 2], separator=", ", prefix="#") == "#a, #2"
    assert call("text.join", items=[{"s": "x"}, {"s": "y"}], field="s") == "x\ny"
    assert call("text.join", items=[]) == ""


def test_join_does_not_take_a_text_for_a_list() -> None:
    with pytest.raises(TypeError):
        call("text.join", items="abc")


def test_split_leaves_white_space_and_empty_parts_out() -> None:
    assert call("text.split", text=" a ,, b ", separator=",") == ["a", "b"]
    assert call("text.split", text="a,,b", separator=",", keep_empty=True) == ["a", "", "b"]


def test_match_says_what_where_and_its_groups() -> None:
    found = call("text.match", text="x\nversion: 12\n", pattern=r"^version: (?P<n>\d+)$")
    assert found == {
        "found": True, "match": "version: 12", "groups": ["12"], "named": {"n": "12"}, "line": 2,
    }  # fmt: skip


def test_match_fails_unless_it_is_not_required() -> None:
    with pytest.raises(LookupError, match="Nothing matches"):
        call("text.match", text="x", pattern="y")
    assert call("text.match", text="x", pattern="y", required=False)["found"] is False


def test_render_fills_in_and_names_what_is_missing() -> None:
    assert call("text.render", template="{a}{b} {x.y} {}", values={"a": 1, "b": 2}) == "12 {x.y} {}"
    with pytest.raises(LookupError, match="b, c"):
        call("text.render", template="{a}{c}{b}", values={"a": 1})


def test_render_does_not_evaluate_a_value_again() -> None:
    assert call("text.render", template="{a}", values={"a": "{b}"}) == "{b}"


# -- files ----------------------------------------------------------------------------------------


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    written = call("files.write", tmp_path, path="deep/er/a.txt", text="é\n")
    read = call("files.read", tmp_path, path="deep/er/a.txt")
    assert read["text"] == "é\n"
    assert (read["lines"], read["bytes"]) == (1, 3)
    assert read["sha256"] == written["sha256"]
    assert [f.name for f in (tmp_path / "deep/er").iterdir()] == ["a.txt"]


def test_an_addition_that_is_repeated_is_added_once(tmp_path: Path) -> None:
    call("files.write", tmp_path, path="a", text="1\n")
    for _ in range(2):
        call("files.write", tmp_path, path="a", text="2\n", append=True)
    assert (tmp_path / "a").read_text() == "1\n2\n"


def test_writing_keeps_the_rights_of_a_file(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("")
    script.chmod(0o755)
    call("files.write", tmp_path, path="run.sh", text="#!/bin/sh\n")
    assert script.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "link/x", "a/../../x"])
def test_no_path_leads_out_of_the_workspace(tmp_path: Path, path: str) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "link").symlink_to(tmp_path)
    for name, more in (("files.read", {}), ("files.write", {"text": "x"})):
        with pytest.raises(OutsideWorkspace):
            call(name, workspace, path=path, **more)
    with pytest.raises(ValueError, match="workspace"):
        call("files.glob", workspace, pattern="../*")
    assert not (tmp_path / "x").exists()


def test_glob_answers_names_in_order(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "a.txt", "sub/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert call("files.glob", tmp_path, pattern="**/*.py") == ["a.py", "b.py", "sub/c.py"]
    assert call("files.glob", tmp_path, pattern="*.py", exclude="b*") == ["a.py"]


def test_search_answers_the_first_group_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\nname = 'y'\n")
    assert call("files.search", tmp_path, path="a", pattern=r"name = '(\w+)'")["value"] == "y"
    assert call("files.search", tmp_path, path="a", pattern="name")["line"] == 2
    with pytest.raises(LookupError):
        call("files.search", tmp_path, path="a", pattern="nothing")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.txt is not a file of the workspace"):
        call("files.read", tmp_path, path="gone.txt")


# -- git ------------------------------------------------------------------------------------------


def test_status_tells_branch_commit_and_changes(repository: Path) -> None:
    assert call("git.status", repository)["clean"] is True
    (repository / "b c.txt").write_text("")
    git(repository, "mv", "a.txt", "d.txt")
    told = call("git.status", repository)
    assert told["branch"] == "main"
    assert told["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert {(f["path"], f["state"]) for f in told["files"]} == {("d.txt", "R"), ("b c.txt", "??")}


def test_log_begins_at_the_last_tag(repository: Path) -> None:
    assert call("git.log", repository) == {"since": "v1", "count": 0, "commits": []}
    (repository / "a.txt").write_text("two\n")
    git(repository, "commit", "-q", "-a", "-m", "Second: 'quoted' | and more")
    told = call("git.log", repository)
    assert [c["subject"] for c in told["commits"]] == ["Second: 'quoted' | and more"]
    assert told["commits"][0]["author"] == "Alice"
    assert call("git.log", repository, since="HEAD~1")["count"] == 1


def test_a_commit_that_does_not_exist_is_named_and_never_an_option(repository: Path) -> None:
    for given in ("v9", "--output=x"):
        with pytest.raises(GitFailed, match="There is no commit"):
            call("git.log", repository, since=given)
    assert not (repository / "x").exists()


def test_diff_tells_files_and_text(repository: Path) -> None:
    (repository / "a.txt").write_text("two\n")
    told = call("git.diff", repository)
    assert told["files"] == ["a.txt"]
    assert "+two" in told["text"]


def test_a_commit_that_is_repeated_is_made_once(repository: Path) -> None:
    (repository / "new.txt").write_text("x")
    first = call("git.commit", repository, message="Add new")
    second = call("git.commit", repository, message="Add new")
    assert (first["committed"], second["committed"]) == (True, False)
    assert first["commit"] == second["commit"]


def test_a_tag_that_is_repeated_is_set_once_and_never_moved(repository: Path) -> None:
    assert call("git.tag", repository, name="v2")["created"] is True
    assert call("git.tag", repository, name="v2")["created"] is False
    (repository / "a.txt").write_text("two\n")
    git(repository, "commit", "-q", "-a", "-m", "Second")
    with pytest.raises(GitFailed, match="on another commit"):
        call("git.tag", repository, name="v2")
    with pytest.raises(GitFailed, match="no name that git accepts"):
        call("git.tag", repository, name="v 3")


def test_branch_makes_it_once_and_changes_to_it(repository: Path) -> None:
    assert call("git.branch", repository, name="fix/a") == {"branch": "fix/a", "created": True}
    call("git.branch", repository, name="main")
    assert call("git.branch", repository, name="fix/a")["created"] is False
    assert call("git.status", repository)["branch"] == "fix/a"


def test_outside_a_repository_git_says_so(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not a git repository"):
        call("git.status", tmp_path)
