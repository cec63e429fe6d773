"""Resume from here: the tab of the run page, and the same over REST."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.models import Checkpoint, Run, User
from runs.record import workers

from .here import do, done, effects

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

SAVING = """
version: "1.0"
name: saving
inputs:
  topic: {type: string, default: none}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.topic }}"}}
  - {name: first, type: checkpoint}
  - {name: b, type: python, action: mark}
  - {name: second, type: checkpoint}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def login(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(role, role=role))
    return client


@pytest.fixture
def operator(transactional_db: None) -> Client:
    return login("operator")


@pytest.fixture
def failed(project: Path) -> Run:
    return done(project, SAVING, {"topic": "tea"})


def tab(client: Client, run: Run) -> str:
    answer = client.get(f"/runs/{run.pk}?tab=checkpoints")
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, run: Run, name: str, **form: str) -> tuple[str, str]:
    """Press the button; where it leads, and what that page says."""
    one = Checkpoint.objects.get(run=run, name=name)
    answer = client.post(f"/runs/{run.pk}/checkpoints/{one.pk}/resume", form, follow=True)
    assert answer.status_code == 200
    return answer.redirect_chain[-1][0], answer.content.decode()


def test_resume_from_here_starts_a_run_and_shows_it(
    operator: Client, failed: Run, project: Path
) -> None:
    html = tab(operator, failed)
    assert html.count("Resume from here</button>") == 2
    (project / "fixed").touch()
    where, said = press(operator, failed, "first", key="k")
    run = Run.objects.get(source=failed)
    assert where == f"/runs/{run.pk}"
    assert "resumed: 2 steps kept." in said
    assert (run.kind, run.created_by, run.inputs) == ("resume", "operator", {"topic": "tea"})
    assert effects(project, do(run)) == ["b", "d"]


def test_pressing_twice_starts_one_run(operator: Client, failed: Run) -> None:
    assert (
        press(operator, failed, "second", key="k")[0]
        == press(operator, failed, "second", key="k")[0]
    )
    assert Run.objects.filter(source=failed).count() == 1


def test_a_refusal_is_told_in_words_on_the_tab(
    operator: Client, failed: Run, project: Path
) -> None:
    (project / ".maverick" / "workflows").mkdir(parents=True)
    changed = SAVING.replace("name: b,", "name: bb,")
    (project / ".maverick" / "workflows" / "saving.yaml").write_text(changed)
    # The run was started by its text alone: no file is its workflow.
    where, said = press(operator, failed, "second", restore="1")
    assert where == f"/runs/{failed.pk}?tab=checkpoints"
    assert "The checkpoint has no snapshot of the workspace: the folder is in no git repo" in said
    # What would do nothing is not done in silence.
    _, said = press(operator, failed, "second", force="1")
    assert "here the files stay as they are. Tick “with the files as they were” as well" in said
    assert not Run.objects.filter(source=failed).exists()


def test_a_changed_file_is_named_and_may_be_accepted(operator: Client, project: Path) -> None:
    from runs.actor import SYSTEM
    from runs.operations.start_run import start_run

    file = project / "saving.yaml"
    file.write_text(SAVING)
    run = do(start_run(workflow=str(file), inputs={}, by=SYSTEM, workspace=project))
    file.write_text(SAVING.replace("name: b,", "name: bb,"))
    _, said = press(operator, run, "first")
    assert "bb is new" in said
    assert "b is gone" in said
    (project / "fixed").touch()
    press(operator, run, "first", accept="1")
    assert effects(project, do(Run.objects.get(source=run))) == ["bb", "d"]


def test_a_run_that_was_resumed_shows_what_it_has_from_its_source(
    operator: Client, failed: Run, project: Path
) -> None:
    press(operator, failed, "second")
    second = do(Run.objects.get(source=failed))
    html = tab(operator, second)
    assert f"Saved by {failed.pk}" in html
    one = Checkpoint.objects.get(run=failed, name="first")
    (project / "fixed").touch()
    answer = operator.post(f"/runs/{second.pk}/checkpoints/{one.pk}/resume")
    third = Run.objects.get(source=second)
    assert answer["Location"] == f"/runs/{third.pk}"
    assert do(third).status == "succeeded"
    assert "Resume from here</button>" not in tab(operator, third)
    assert "nothing is left to resume" in tab(operator, third)


def test_who_may_only_look_has_no_button_and_is_refused(failed: Run) -> None:
    viewer = login("viewer")
    assert "Resume from here" not in tab(viewer, failed)
    one = Checkpoint.objects.get(run=failed, name="first")
    assert viewer.post(f"/runs/{failed.pk}/checkpoints/{one.pk}/resume").status_code == 403


def test_the_file_can_be_downloaded(operator: Client, failed: Run) -> None:
    one = Checkpoint.objects.get(run=failed, name="first")
    assert f"/runs/{failed.pk}/checkpoints/{one.pk}" in tab(operator, failed)
    answer = operator.get(f"/runs/{failed.pk}/checkpoints/{one.pk}")
    assert answer["Content-Disposition"] == 'attachment; filename="first.json"'
    assert json.loads(answer.content) == json.loads(Path(one.file).read_text())
    assert operator.get(f"/runs/{failed.pk}/checkpoints/none").status_code == 404


# ---- REST ------------------------------------------------------------------------------------------


class Rest:
    def __init__(self, secret: str) -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=self.headers,
        )
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def rest(transactional_db: None) -> Rest:
    from runs.actor import SYSTEM
    from runs.operations.tokens import create_token

    return Rest(create_token("t", "operator", None, SYSTEM)[1])


def test_list_show_export_and_import_over_rest(rest: Rest, failed: Run) -> None:
    _, page = rest("GET", f"runs/{failed.pk}/checkpoints")
    assert [one["name"] for one in page["items"]] == ["second", "first"]
    _, shown = rest("GET", f"runs/{failed.pk}/checkpoints/first")
    status, content = rest("GET", f"runs/{failed.pk}/checkpoints/first/export")
    assert (status, content) == (200, shown["content"])
    status, again = rest("POST", "checkpoints", content)
    assert (status, again["is_new"]) == (201, False)
    Run.objects.all().delete()
    status, made = rest("POST", "checkpoints", content)
    assert (status, made["is_new"]) == (201, True)
    assert made["run"]["id"] == failed.pk
    assert made["checkpoint"]["name"] == "first"
    content["inputs"] = {"topic": "coffee"}
    status, problem = rest("POST", "checkpoints", content)
    assert (status, problem["code"]) == (422, "checkpoint-damaged")


def test_resume_over_rest(rest: Rest, failed: Run, project: Path) -> None:
    where = f"runs/{failed.pk}/checkpoints/first/resume"
    status, problem = rest("POST", where, {"inputs": {"topic": "coffee"}})
    assert (status, problem["code"]) == (422, "inputs-differ")
    assert "topic" in problem["detail"]
    status, problem = rest("POST", where, {"restore_workspace": True})
    assert (status, problem["code"]) == (422, "no-snapshot")
    status, problem = rest("POST", where, {"force": True})
    assert (status, problem["code"]) == (422, "nothing-to-overwrite")
    status, problem = rest("POST", where, {"what": 1})
    assert status == 422
    (project / "fixed").touch()
    status, run = rest("POST", where)
    assert (status, run["kind"], run["source_run_id"]) == (201, "resume", failed.pk)
    workers.beat()
    status, problem = rest("POST", f"runs/{failed.pk}/checkpoints/second/resume")
    assert (status, problem["code"]) == (409, "run-still-running")
    assert effects(project, do(Run.objects.get(pk=run["id"]))) == ["b", "d"]
    status, problem = rest("POST", where)
    assert (status, problem["code"]) == (422, "nothing-to-resume")
    assert rest("POST", "runs/run_00000000000000/checkpoints/x/resume")[0] == 404
    assert rest("POST", f"runs/{failed.pk}/checkpoints/x/resume")[0] in (404, 422)
