"""Inputs that are secret by their key, and hashes of secrets that nobody can guess back."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actor import SYSTEM
from runs.canonical import digest
from runs.engine import attempt
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.errors import InputsDiffer, InvalidInputs
from runs.masking import MASK
from runs.models import Checkpoint, Run
from runs.operations.restart_run import restart_run
from runs.operations.resume_run import ResumeRequest, resume_run
from runs.operations.start_run import start_run

from .here import do, done, effects, start, steps
from .test_secrets import SECRET, everything_written

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

BY_KEY = """
version: "1.0"
name: by-key
inputs:
  api_key: {type: string, required: false}
  config: {type: object, default: {}}
  address: {type: string, default: ""}
steps:
  - {name: tell, type: python, action: tell, kwargs: {secret: "${{ inputs.api_key }}"}}
  - {name: part, type: python, action: mark, kwargs: {value: "${{ inputs.config }}"}}
  - {name: shell, type: shell, run: 'echo "$P"', env: {P: "${{ inputs.config.password }}"}}
  - {name: saved, type: checkpoint}
  - {name: late, type: python, action: fails_unless, kwargs: {name: fixed}}
  - {name: last, type: python, action: tell, kwargs: {secret: "${{ inputs.config.password }}"}}
"""
OTHER = "0ther-s3cret"
GIVEN = {
    "api_key": SECRET,
    "config": {"host": "db.example", "password": OTHER, "deep": [{"client_secret": OTHER}]},
    "address": f"https://me:{SECRET}@example.test/",
}
SHOWN = {
    "api_key": MASK,
    "config": {"host": "db.example", "password": MASK, "deep": [{"client_secret": MASK}]},
    "address": f"https://me:{MASK}@example.test/",
}
PIN = """
version: "1.0"
name: by-pin
inputs:
  pin: {type: string, secret: true}
  topic: {type: string, default: tea}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.topic }}"}}
  - {name: saved, type: checkpoint}
  - {name: late, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def resume(project: Path, text: str, inputs: dict[str, Any], **more: Any) -> tuple[Run, list[str]]:
    run, note = resume_run(
        definition=text, inputs=inputs, by=SYSTEM, workspace=project, request=ResumeRequest(**more)
    )
    return run, note.warnings


def test_an_input_whose_key_says_so_is_written_nowhere(project: Path) -> None:
    run = done(project, BY_KEY, GIVEN)
    written = everything_written(project)
    assert SECRET not in written
    assert OTHER not in written
    assert "db.example" in written, "what stands beside a secret is none"
    assert run.inputs == SHOWN
    assert (project / "got.txt").read_text() == SECRET, "the step has it"
    found = steps(run)
    assert found["part"].output["value"] == SHOWN["config"]
    assert found["shell"].output["stdout"] == MASK


def test_patterns_of_the_settings_count_as_well(project: Path, settings: Any) -> None:
    settings.MAVERICK_SECRET_KEYS = ("^address$",)
    run = done(project, BY_KEY, {"address": "42 Secret Street"})
    assert run.inputs["address"] == MASK
    assert "Secret Street" not in everything_written(project)


def test_no_face_shows_it(project: Path, make_secret: Any, alice: Any) -> None:
    run = done(project, BY_KEY, GIVEN)
    page, api = Client(), Client(headers={"Authorization": f"Bearer {make_secret('viewer')}"})
    page.force_login(alice)
    told = [page.get(f"/runs/{run.pk}{more}") for more in ("", "/input", "?tab=input")]
    told += [api.get(f"/api/v1/runs/{run.pk}{more}") for more in ("", "/executions", "/events")]
    told += [api.get("/api/v1/runs"), page.get("/runs")]
    for answer in told:
        assert answer.status_code == 200
        for secret in (SECRET, OTHER):
            assert secret not in answer.content.decode()
    assert told[3].json()["inputs"] == SHOWN


def test_a_restart_and_a_resume_have_the_real_values_again(project: Path) -> None:
    first = done(project, BY_KEY, GIVEN)
    (project / "fixed").touch()
    for ask in (
        lambda: resume(project, BY_KEY, {})[0],
        lambda: restart_run(first.pk, by=SYSTEM),
        lambda: resume(project, BY_KEY, GIVEN, checkpoint="saved")[0],
    ):
        (project / "got.txt").unlink(missing_ok=True)
        run = do(ask())
        assert run.status == "succeeded", run.status_reason
        assert effects(project, run) == ["late", "last"]
        assert (project / "got.txt").read_text() == OTHER
        Run.objects.filter(pk=run.pk).delete()


def test_another_value_inside_a_mapping_is_another_input(project: Path) -> None:
    done(project, BY_KEY, GIVEN)
    other = {**GIVEN, "config": {**GIVEN["config"], "password": "wh0lly-other"}}  # type: ignore[dict-item]
    with pytest.raises(InputsDiffer, match="config") as caught:
        resume(project, BY_KEY, other)
    assert "wh0lly-other" not in str(caught.value)


def test_a_refusal_does_not_quote_it(project: Path) -> None:
    text = BY_KEY.replace("api_key: {type: string", "api_key: {type: integer")
    with pytest.raises(InvalidInputs) as caught:
        start(project, text, {"api_key": SECRET})
    told = str(caught.value) + "".join(problem.message for problem in caught.value.problems)
    assert "api_key" in told
    assert SECRET not in told


def test_no_hash_can_be_tried_out(project: Path) -> None:
    run = start_run(
        definition=PIN,
        inputs={"pin": "4711"},
        by=SYSTEM,
        workspace=project,
        idempotency_key="once",
    )
    do(run)
    written = everything_written(project)
    given = {"pin": "4711"}
    bound = {"pin": "4711", "topic": "tea"}
    bodies = [[None, PIN, given, {}], ["", PIN, given, {}]]
    tried = [digest(one) for one in (given, bound, "4711", ["pin", "4711"], *bodies)]
    assert not [one for one in tried if one in written]
    assert digest(["topic", "tea"]) in written, "what is not secret is compared as before"


def test_another_pin_is_noticed_without_knowing_it(project: Path) -> None:
    first = done(project, PIN, {"pin": "4711"})
    file = Checkpoint.objects.get(run=first).file
    with pytest.raises(InputsDiffer, match="pin"):
        resume(project, PIN, {"pin": "4712"})
    Run.objects.all().delete()
    with pytest.raises(InputsDiffer, match="pin"):
        resume(project, PIN, {"pin": "4712"}, checkpoint=file)
    run, warnings = resume(project, PIN, {"pin": "4711"}, checkpoint=file)
    assert run.n_reused
    assert warnings == []


def test_a_file_of_another_installation_goes_on_and_says_what_it_could_not_compare(
    project: Path, settings: Any
) -> None:
    first = done(project, PIN, {"pin": "4711"})
    file = Checkpoint.objects.get(run=first).file
    Run.objects.all().delete()
    settings.SECRET_KEY = "the key of another installation, long enough"
    with pytest.raises(InputsDiffer, match="topic"):
        resume(project, PIN, {"pin": "4711", "topic": "coffee"}, checkpoint=file)
    with pytest.raises(InputsDiffer, match="cannot be read here: pin"):
        resume(project, PIN, {}, checkpoint=file)
    run, warnings = resume(project, PIN, {"pin": "4711"}, checkpoint=file)
    assert run.n_reused
    assert len(warnings) == 1
    assert "pin" in warnings[0]
    assert "another installation" in warnings[0]


def test_a_run_whose_secrets_cannot_be_decrypted_goes_on_with_those_that_are_given(
    project: Path, settings: Any
) -> None:
    first = done(project, PIN, {"pin": "4711"})
    settings.SECRET_KEY = "the key after the old one was lost, long enough"
    with pytest.raises(InputsDiffer, match="cannot be read here: pin"):
        resume(project, PIN, {})
    with pytest.raises(InputsDiffer, match="topic"):
        resume(project, PIN, {"pin": "4711", "topic": "coffee"})
    run, warnings = resume(project, PIN, {"pin": "4711"})
    assert run.source_id == first.pk
    assert any("pin" in warning and "cannot be compared" in warning for warning in warnings)


def test_the_same_key_and_secret_answer_the_same_run(project: Path) -> None:
    def ask(pin: str) -> str:
        return start_run(
            definition=PIN, inputs={"pin": pin}, by=SYSTEM, workspace=project, idempotency_key="k"
        ).pk

    from runs.errors import IdempotencyMismatch

    first = ask("4711")
    assert ask("4711") == first
    with pytest.raises(IdempotencyMismatch):
        ask("4712")


def test_checkpoint_files_name_the_kind_of_each_hash(project: Path) -> None:
    first = done(project, PIN, {"pin": "4711"})
    content = json.loads(Path(Checkpoint.objects.get(run=first).file).read_text())
    kinds = {key: value.count(":") for key, value in content["input_digests"].items()}
    assert kinds == {"pin": 2, "topic": 0}
    guesses = {digest(["pin", "".join(each)]) for each in product("1247", repeat=4)}
    assert not guesses & set(content["input_digests"].values())


def test_the_turns_of_a_loop_have_it_again_after_a_takeover(project: Path) -> None:
    run = start(
        project,
        """
        version: "1.0"
        name: keys-of-a-loop
        inputs:
          tokens: {type: array, secret: true}
        steps:
          - name: each
            type: loop
            for_each: "${{ inputs.tokens }}"
            steps:
              - {name: first, type: python, action: mark}
              - {name: tell, type: python, action: tell, kwargs: {secret: "${{ item }}"}}
        """,
        {"tokens": [SECRET, OTHER]},
    )
    for turn, secret in enumerate([SECRET, OTHER]):
        # Each step by a worker that knows of the run only what is recorded.
        for _ in range(2):
            state = RunState.load(run.pk)
            assert state is not None
            session = Session(state)
            job = session.claim()
            assert job is not None
            session.finish(job, attempt.attempt(state, job), go_on=False)
        assert job.path == f"each[{turn}]/tell"
        assert (project / "got.txt").read_text() == secret
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert not any(secret in everything_written(project) for secret in (SECRET, OTHER))
