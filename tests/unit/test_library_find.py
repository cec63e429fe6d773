"""Which file answers a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runs.library.find import AmbiguousWorkflow, find_workflow, list_workflows


def write(path: Path, name: str | None, extra: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"name: {name}\n" if name else ""
    path.write_text(
        f'version: "1.0"\n{head}{extra}steps:\n  - {{name: a, type: python, action: x}}\n'
    )
    return path


def test_a_workflow_is_known_by_the_name_inside_its_file(tmp_path: Path) -> None:
    file = write(tmp_path / "workflows" / "validate_and_fix.yaml", "check-all")
    found = find_workflow("check-all", project=tmp_path)
    assert found is not None
    assert (found.name, found.path, found.origin) == ("check-all", file, "project")
    assert "steps:" in found.text


def test_the_stem_of_a_file_answers_when_no_name_does(tmp_path: Path) -> None:
    write(tmp_path / "look_and_mend.yml", "check-all")
    for wanted in ("look_and_mend", "look-and-mend"):
        found = find_workflow(wanted, project=tmp_path)
        assert found is not None
        assert found.name == "check-all"


def test_the_project_goes_before_the_user_and_says_what_it_overrides(tmp_path: Path) -> None:
    project, user = tmp_path / "p", tmp_path / "u"
    mine = write(user / "workflows" / "deep" / "x.yaml", "demo")
    own = write(project / ".maverick" / "workflows" / "fragments" / "y.yaml", "demo")
    top = write(project / "z.yaml", "demo")
    found = find_workflow("demo", project=project, user=user)
    assert found is not None
    assert (found.path, found.origin, found.overrides) == (top, "project", [own, mine])
    only_user = find_workflow("demo", user=user)
    assert only_user is not None
    assert only_user.origin == "user"


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_names_are_read_with_and_without_quotes(tmp_path: Path, quote: str) -> None:
    write(tmp_path / "a.yaml", f"{quote}demo{quote}  # the name")
    assert [
        found.name for found in list_workflows(project=tmp_path) if found.origin == "project"
    ] == ["demo"]


def test_a_path_that_exists_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "some" / "x.yaml", "demo")
    found = find_workflow(str(file))
    assert found is not None
    assert (found.name, found.origin) == ("demo", "file")
    monkeypatch.chdir(tmp_path)
    assert find_workflow("some/x.yaml") is not None
    monkeypatch.chdir("/")
    assert find_workflow("some/x.yaml", project=tmp_path) is not None
    assert find_workflow("some/y.yaml", project=tmp_path) is None


def test_a_name_never_leaves_the_known_places(tmp_path: Path) -> None:
    for wanted in (
        "",
        "nobody",
        "..",
        "\0",
        "a" * 5000,
        "a" * 5000 + ".yaml",
        "~nobody/x.yaml",
        "/",
    ):
        assert find_workflow(wanted, project=tmp_path, user=tmp_path / "missing") is None


def test_other_yaml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("name: stack\nservices: {}\n")
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe\x00steps")
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "node_modules" / "a.yaml", "hidden")
    write(tmp_path / "sub" / "a.yaml", "too-deep")
    assert [found for found in list_workflows(project=tmp_path) if found.origin == "project"] == []


def test_a_long_comment_does_not_hide_a_workflow(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", "demo")
    file.write_text("# " + "x" * 5000 + "\n" + file.read_text())
    assert find_workflow("a", project=tmp_path) is not None


def test_a_list_is_in_the_order_of_names_and_holds_no_text(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        write(tmp_path / "workflows" / f"{name}.yaml", f"{name}-flow")
    listed = [found for found in list_workflows(project=tmp_path) if found.origin == "project"]
    assert [found.name for found in listed] == ["a-flow", "b-flow", "c-flow"]
    assert {found.text for found in listed} == {""}


def test_two_files_of_one_place_with_one_name_are_refused_and_both_named(tmp_path: Path) -> None:
    one = write(tmp_path / "workflows" / "a.yaml", "demo")
    two = write(tmp_path / "workflows" / "deep" / "b.yaml", "demo")
    write(tmp_path / "workflows" / "c.yaml", "other")
    with pytest.raises(AmbiguousWorkflow) as refused:
        find_workflow("demo", project=tmp_path)
    assert str(one) in str(refused.value)
    assert str(two) in str(refused.value)
    assert find_workflow("other", project=tmp_path) is not None
    assert find_workflow(two, project=tmp_path) is not None
    (listed,) = [found for found in list_workflows(project=tmp_path) if found.name == "demo"]
    assert (listed.path, listed.rivals, listed.overrides) == (one, [two], [])


def test_a_fragment_is_overridden_wherever_the_file_lies(tmp_path: Path) -> None:
    built_in = {found.name: found for found in list_workflows()}["changelog"]
    assert built_in.is_fragment
    places = (".maverick/workflows", ".maverick/workflows/fragments", "fragments", ".")
    for number, folder in enumerate(places):
        project = tmp_path / f"project-{number}"
        write(project / folder / "any_name.yaml", "changelog")
        found = find_workflow("changelog", project=project)
        assert found is not None
        assert (found.origin, found.overrides) == ("project", [built_in.path])
        assert found.is_fragment == ("fragments" in folder)
