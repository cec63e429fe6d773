"""Forged files of runs: each part that would become a path, a reference, an address or a false
pointer is refused with what is wrong with it, and nothing is written."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from runs import ids
from runs.actor import SYSTEM
from runs.canonical import digest
from runs.errors import MaverickError
from runs.models import AuditEntry, Checkpoint, Event, Execution, LogChunk, Run, Workflow
from runs.operations import import_refusals
from runs.operations.delete_run import delete_run
from runs.operations.import_run import RunExists, import_run
from runs.operations.restart_run import RestartRequest, restart_run
from runs.operations.resume_run import resume_run
from runs.run_file import RunFileDamaged

from .here import do, done, steps
from .test_golden import at_once
from .test_run_file import changed, emptied, exported

pytestmark = pytest.mark.django_db(transaction=True)
FLOW = """
version: "1.0"
name: travels
steps:
  - {name: say, type: shell, run: "echo one"}
  - name: turns
    type: loop
    for_each: [x, y]
    steps:
      - {name: inner, type: shell, run: "echo ${{ item }}"}
  - {name: big, type: python, action: files.read, kwargs: {path: big}}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
Change = Callable[[Any], Any]


@pytest.fixture
def run(project: Path) -> Run:
    (project / "big").write_text("x" * 100_000)
    return done(project, FLOW)


def of_run(**values: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members["run.json"] = json.dumps({**json.loads(members["run.json"]), **values}).encode()

    return change


def of_lines(member: str, act: Change) -> Change:
    """``act`` changes the list of rows in place."""

    def change(members: dict[str, bytes]) -> None:
        rows = [json.loads(line) for line in members[member].splitlines()]
        act(rows)
        members[member] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return change


def of_step(where: str, /, **values: Any) -> Change:
    def act(rows: list[dict[str, Any]]) -> None:
        next(row for row in rows if row["path"] == where).update(values)

    return of_lines("executions.jsonl", act)


def of_checkpoint(act: Change) -> Change:
    """With the SHA-256 that fits."""

    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members["checkpoints/1.json"])
        content = {k: v for k, v in told["content"].items() if k != "sha256"}
        act(content)
        told["content"] = {**content, "sha256": digest(content)}
        members["checkpoints/1.json"] = json.dumps(told).encode()

    return change


def other_payload(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("payloads/"))
    members[name] = json.dumps("y" * 100_000).encode()


def deep(members: dict[str, bytes]) -> None:
    members["run.json"] = b'{"outputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def twice_the_checkpoint(members: dict[str, bytes]) -> None:
    members["checkpoints/2.json"] = members["checkpoints/1.json"]


def first(rows: list[dict[str, Any]], **values: Any) -> None:
    rows[0].update(values)


FORGED: list[tuple[str, Change]] = [
    ("is not its own", of_checkpoint(lambda c: c["workspace"].update(ref="refs/heads/main"))),
    ("is no commit", of_checkpoint(lambda c: c["workspace"].update(commit="--batch"))),
    ("is of another run", of_checkpoint(lambda c: c.update(run_id="run_0000000000abcd"))),
    ("another workflow|a run of", of_checkpoint(lambda c: c.update(workflow="other"))),
    ("the checkpoint 'save' twice", twice_the_checkpoint),
    ("not what its name says", other_payload),
    ("cannot be stored|no JSON", deep),
    ("has not ended", of_run(status="running")),
    ("has not ended", of_run(status="glorious")),
    ("has not ended|cannot be stored", of_run(status=["failed"])),
    ("n_total", of_run(n_total=-1)),
    ("n_total", of_run(n_total=2**40)),
    ("n_reused", of_run(n_reused="3")),
    ("journal", of_run(event_seq=-5)),
    ("journal", of_run(event_seq=2**40)),
    ("kind of the run", of_run(kind="evil")),
    ("no id of a run", of_run(family_id="../../x")),
    ("no id of a run", of_run(source_id="<script>")),
    ("no id", of_run(id="run_" + "a" * 120)),
    ("no id", of_run(id="run_../../x")),
    ("no id", of_run(id="import")),
    ("no id", of_run(id=20261121)),
    ("is one of 'deploy'", of_run(workflow_name="deploy")),
    ("labels", of_run(labels=["a"])),
    ("label that is no text", of_run(labels={"a": {"b": 1}})),
    ("What was planned", of_run(decisions={"a": "run"})),
    ("What was planned", of_run(decisions=[])),
    ("no text", of_run(reason={"a": 1})),
    ("no time", of_run(created_at="9999-12-31T23:59:59-14:00")),
    ("no time", of_run(finished_at="0001-01-01T00:00:00+14:00")),
    ("no path", of_step("say", path="../../say")),
    ("no path", of_step("say", path="say\n")),
    ("twice", of_step("say", path="big")),
    ("has not ended", of_step("say", status="running")),
    ("has not ended", of_step("say", status="evil")),
    ("no word", of_step("say", type='"><script>')),
    ("position of say", of_step("say", position=-1)),
    ("Time of say", of_step("say", duration_ms=-1)),
    ("Time of say", of_step("say", duration_ms=True)),
    ("attempts at say", of_step("say", tries="many")),
    ("attempt at say", of_step("say", tries=[1])),
    ("no time", of_step("say", tries=[{"n": 1, "started_at": "soon"}])),
    ("input of say", of_step("say", input=[1])),
    ("items of turns", of_step("turns", input={"items": 5})),
    ("error of b", of_step("b", error="bad")),
    ("decision about say", of_step("say", decision="reuse")),
    ("no id of a run", of_step("say", reused_run="a/b", reused_from="exec_0000000000abc")),
    ("no id of a step", of_step("say", origin_execution="javascript:alert(1)")),
    ("does not stand in its container", of_step("turns[0]/inner", parent_id="exec_0000000000abc")),
    ("output of big is missing", of_step("big", payload_id="0" * 64)),
    ("output of big is missing", of_step("big", payload_id=["a"])),
    ("output of big is missing", of_step("big", output="also inline")),
    ("no word", of_lines("events.jsonl", lambda r: first(r, kind="run.created\nevent: evil"))),
    ("not in order", of_lines("events.jsonl", lambda r: r.reverse())),
    ("not in order", of_lines("events.jsonl", lambda r: r.append(r[-1]))),
    ("Entry 1", of_lines("events.jsonl", lambda r: first(r, data=[1]))),
    ("stream of a log", of_lines("logs.jsonl", lambda r: first(r, stream="<b>"))),
    ("attempt of a log", of_lines("logs.jsonl", lambda r: first(r, attempt=-1))),
    ("none of the run's steps", of_lines("logs.jsonl", lambda r: first(r, execution_id=None))),
    ("another workflow than", lambda m: m.update({"definition.yaml": b"name: harmless"})),
    ("more than", lambda m: m.update({"definition.json": b" " * (17 * 2**20)})),
]  # fmt: skip


@pytest.mark.parametrize(("said", "change"), FORGED)
def test_a_forged_part_is_refused_in_words_and_nothing_is_written(
    run: Run, said: str, change: Change
) -> None:
    file = exported(run)
    emptied()
    with pytest.raises(MaverickError, match=said) as refused:
        import_run(changed(file, change, True), by=SYSTEM)
    assert refused.value.status == 422
    for kind in (Run, Execution, Event, LogChunk, Checkpoint, Workflow):
        assert not kind.objects.exists(), kind
    assert not AuditEntry.objects.filter(action="run.import").exists()


def test_a_definition_names_no_place_of_this_machine(run: Run, project: Path) -> None:
    """Else a page that resumes the run would read its workflow from there."""

    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members["definition.json"])
        told["file"] = str(project / "secret.yaml")
        members["definition.json"] = json.dumps(told).encode()

    file = changed(exported(run), change, True)
    emptied()
    assert import_run(file, by=SYSTEM).run.version.file == "secret.yaml"


def test_a_link_or_a_folder_is_no_member(run: Run) -> None:
    data = exported(run).getvalue()
    for mode, name in ((stat.S_IFLNK, "checkpoints/7.json"), (stat.S_IFDIR, "checkpoints/7.json")):
        out = io.BytesIO(data)
        with zipfile.ZipFile(out, "a") as made:
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o777) << 16
            made.writestr(info, "/etc/passwd")
        with pytest.raises(RunFileDamaged, match="no plain file"):
            import_run(out, by=SYSTEM)


# ---- what is here already ---------------------------------------------------------------------


def test_a_step_of_another_run_is_told_as_that(run: Run, project: Path) -> None:
    file = exported(run)
    here = steps(run)["say"].pk
    forged = changed(file, of_run(id=ids.run_id()), True)
    with pytest.raises(RunExists, match=f"is one of {run.pk}") as refused:
        import_run(forged, by=SYSTEM)
    assert here.startswith("exec_")
    assert "new id" in refused.value.hint
    with pytest.raises(RunExists, match=f"^{run.pk} is here already"):
        import_run(file, by=SYSTEM)


def test_no_step_says_it_is_another_run_s_work_when_it_is_not(run: Run, project: Path) -> None:
    """Lineage and the checkpoints that a run may resume from are found by these pointers."""
    fork = do(restart_run(run.pk, by=SYSTEM))
    file = exported(fork)
    assert import_run(file, by=SYSTEM, new_id=True).run.n_reused == fork.n_reused, "an honest one"
    theirs = steps(run)["say"].pk
    for lie in (
        {"origin_execution": theirs, "origin_run": ids.run_id()},
        {"reused_from": theirs, "reused_run": ids.run_id()},
        {"output": {"exit_code": 0, "stdout": "forged", "stderr": ""}},
        {"origin_execution": steps(run)["b"].pk},
    ):
        with pytest.raises(RunFileDamaged, match="says that its output is that of"):
            import_run(changed(file, of_step("say", **lie), True), by=SYSTEM, new_id=True)
    assert Run.objects.count() == 3


def test_a_step_does_not_stand_in_a_container_of_another_run(run: Run, project: Path) -> None:
    other = done(project, FLOW)
    change = of_step("say", parent_id=steps(run)["turns"].pk)
    file = changed(exported(other), change, True)
    delete_run(other.pk, by=SYSTEM)
    with pytest.raises(RunFileDamaged, match="container"):
        import_run(file, by=SYSTEM)
    assert Run.objects.count() == 1


def test_a_source_of_another_workflow_is_no_source(run: Run, project: Path) -> None:
    other = done(project, FLOW.replace("name: travels", "name: other"))
    change = of_run(source_id=other.pk, kind="fork")
    with pytest.raises(RunFileDamaged, match="a run of 'other' here"):
        import_run(changed(exported(run), change, True), by=SYSTEM, new_id=True)


def test_a_second_copy_of_a_resumed_run_stands_without_its_source(run: Run, project: Path) -> None:
    """One run has one resume; that was told as "the run is here already, take a new id"."""
    again = do(resume_run(definition=FLOW, inputs={}, by=SYSTEM, workspace=project)[0])
    assert (again.kind, again.source_id) == ("resume", run.pk)
    made = import_run(exported(again), by=SYSTEM, new_id=True, workspace=project)
    assert (made.run.kind, made.run.source_id) == ("resume", None)
    assert any("has been resumed here" in note for note in made.notes)
    file = exported(again)
    delete_run(made.run.pk, by=SYSTEM)
    delete_run(again.pk, by=SYSTEM)
    back = import_run(file, by=SYSTEM, workspace=project)
    assert (back.run.source_id, back.notes) == (run.pk, ())
    delete_run(back.run.pk, by=SYSTEM)
    delete_run(run.pk, by=SYSTEM)
    assert f"{run.pk}, is not here" in import_run(file, by=SYSTEM, workspace=project).notes[0]


def test_two_copies_of_a_resumed_run_at_once_are_told_why(run: Run, project: Path) -> None:
    again = do(resume_run(definition=FLOW, inputs={}, by=SYSTEM, workspace=project)[0])
    data = exported(again).getvalue()
    delete_run(again.pk, by=SYSTEM)
    raised = at_once(
        *[lambda: import_run(io.BytesIO(data), by=SYSTEM, new_id=True) for _ in range(2)]
    )
    told = [str(one) for one in raised if one is not None]
    assert not told or told == [
        "The run that this one went on from was resumed here at the same moment."
    ]
    assert Run.objects.filter(kind="resume", source=run).count() == 1


def test_each_constraint_has_its_own_words(run: Run) -> None:
    """As PostgreSQL names them when two requests meet; nothing else tells these apart."""
    for make, said in (
        (lambda: Run.objects.filter(pk=run.pk).update(status="odd"), "run_status_known"),
        (lambda: Event(run=run, seq=1, kind="x", at=run.created_at).save(), "journal entry twice"),
    ):
        with pytest.raises(IntegrityError) as hurt:
            make()
        told = import_refusals.clash(hurt.value, ids.run_id(), [])
        assert (said in str(told), told.status) == (True, 422), told


def test_a_fork_of_an_imported_run_lives_without_the_file(run: Run, project: Path) -> None:
    file = exported(run)
    emptied()
    made = import_run(file, by=SYSTEM, workspace=project).run
    fork = do(restart_run(made.pk, RestartRequest(from_="turns[1]/inner"), by=SYSTEM))
    assert fork.n_reused >= 2
