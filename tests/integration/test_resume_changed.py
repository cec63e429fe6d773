"""Resume with a workflow file that was edited: what is a change, and what the new text does."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.canonical import digest
from runs.errors import CheckpointDamaged, WorkflowChanged
from runs.models import Checkpoint, Run
from runs.operations.resume_run import ResumeRequest, resume_run

from .here import do, done, effects, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

EDITED = """
version: "1.0"
name: edited
steps:
  - {name: a, type: python, action: mark}
  - {name: deep, type: python, action: mark, when: "false"}
  - {name: light, type: python, action: mark, when: "true"}
  - name: choose
    type: branch
    options:
      - {when: "false", step: {name: long, type: python, action: mark}}
    else: {name: short, type: python, action: mark}
  - name: turns
    type: loop
    when: "true"
    for_each: [1, 2]
    steps:
      - {name: x, type: python, action: mark}
  - {name: saved, type: checkpoint}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
DEEP = (
    'name: deep, type: python, action: mark, when: "false"',
    "name: deep, type: python, action: mark",
)
LIGHT = (
    'name: light, type: python, action: mark, when: "true"',
    'name: light, type: python, action: mark, when: "1 > 2"',
)
CHOOSE = ('- {when: "false", step: {name: long', '- {when: "true", step: {name: long')
TURNS = ('    when: "true"\n    for_each', '    when: "1 > 2"\n    for_each')


def edited(change: tuple[str, str]) -> str:
    old, new = change
    assert EDITED.count(old) == 1
    return EDITED.replace(old, new)


def resume(project: Path, text: str, **more: object) -> Run:
    run, _ = resume_run(
        definition=text,
        inputs={},
        by=SYSTEM,
        workspace=project,
        request=ResumeRequest(**more),  # type: ignore[arg-type]
    )
    return run


@pytest.mark.parametrize(
    ("change", "name"), [(DEEP, "deep"), (LIGHT, "light"), (CHOOSE, "choose"), (TURNS, "turns")]
)
def test_a_condition_that_was_edited_is_a_change(
    project: Path, change: tuple[str, str], name: str
) -> None:
    first = done(project, EDITED)
    with pytest.raises(WorkflowChanged, match=f"the condition of {name} changed"):
        resume(project, edited(change))
    file = Checkpoint.objects.get(run=first).file
    Run.objects.all().delete()
    with pytest.raises(WorkflowChanged, match=f"the condition of {name} changed"):
        resume(project, edited(change), checkpoint=file)


def test_a_longer_timeout_is_no_change(project: Path) -> None:
    done(project, EDITED)
    (project / "fixed").touch()
    text = EDITED.replace("name: end,", "name: end, timeout: 90, retry: 2,")
    assert effects(project, do(resume(project, text))) == ["end"]


def test_a_step_that_was_skipped_runs_when_its_condition_now_holds(project: Path) -> None:
    done(project, EDITED)
    (project / "fixed").touch()
    run = do(resume(project, edited(DEEP), accept_changes=True))
    assert effects(project, run)[0] == "deep"
    assert steps(run)["deep"].decision == {"action": "run", "because": "condition changed"}
    assert steps(run)["a"].reused_from


def test_a_step_that_succeeded_is_skipped_when_its_condition_no_longer_holds(project: Path) -> None:
    done(project, EDITED)
    (project / "fixed").touch()
    run = do(resume(project, edited(LIGHT), accept_changes=True))
    assert "light" not in effects(project, run)
    assert steps(run)["light"].status == "skipped"
    assert steps(run)["light"].decision["because"] == "condition changed"


def test_a_branch_takes_the_arm_that_it_now_chooses(project: Path) -> None:
    done(project, EDITED)
    (project / "fixed").touch()
    run = do(resume(project, edited(CHOOSE), accept_changes=True))
    assert effects(project, run)[:1] == ["choose/long"]
    found = steps(run)
    assert (found["choose/long"].status, found["choose/short"].status) == ("succeeded", "skipped")


def test_a_loop_whose_condition_no_longer_holds_has_no_turns(project: Path) -> None:
    done(project, EDITED)
    (project / "fixed").touch()
    run = do(resume(project, edited(TURNS), accept_changes=True))
    assert steps(run)["turns"].status == "skipped"
    assert not [path for path in steps(run) if path.startswith("turns[")]
    assert run.n_total == len(steps(run))


def test_a_checkpoint_file_without_an_outline_is_told(project: Path) -> None:
    import json

    first = done(project, EDITED)
    file = Path(Checkpoint.objects.get(run=first).file)
    content = json.loads(file.read_text())
    del content["outline"], content["sources"], content["sha256"]
    content["sha256"] = digest(content)
    file.write_text(json.dumps(content))
    Run.objects.all().delete()
    with pytest.raises(CheckpointDamaged, match="which steps its workflow had"):
        resume(project, EDITED, checkpoint=str(file))
    assert resume(project, EDITED, checkpoint=str(file), accept_changes=True).n_reused
