"""Export and import: the same run on another machine; what is damaged or foreign is refused whole."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs.actor import SYSTEM, Actor
from runs.canonical import canonical
from runs.errors import NotAllowed, RunNotOver
from runs.models import (
    AuditEntry,
    Checkpoint,
    Event,
    Execution,
    LogChunk,
    Payload,
    Run,
    RunNote,
    Workflow,
)  # fmt: skip
from runs.operations.delete_run import delete_run
from runs.operations.import_run import RunExists, import_run
from runs.operations.note_run import write_note
from runs.operations.restart_run import RestartRequest, restart_run
from runs.operations.resume_checkpoint import resume_checkpoint
from runs.operations.start_run import start_run
from runs.projections.export import export_run
from runs.projections.run_detail import load_run
from runs.projections.run_graph import run_graph
from runs.record import checkpoint_files
from runs.run_file import Reader, RunFileDamaged

from .here import do, done, start, steps
from .test_golden import at_once

FLOW = """
version: "1.0"
name: travels
inputs: {word: {type: string, default: one}}
steps:
  - {name: say, type: shell, run: "echo ${{ inputs.word }}"}
  - {name: big, type: python, action: files.read, kwargs: {path: big}}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
SECRET = """
version: "1.0"
name: hidden
inputs: {key: {type: string, secret: true}}
steps:
  - {name: say, type: shell, run: "echo ${{ inputs.key }}"}
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(project: Path) -> Run:
    (project / "big").write_text("x" * 100_000)
    return done(project, FLOW)


def exported(run: Run) -> io.BytesIO:
    out = io.BytesIO()
    export_run(run.pk, out)
    out.seek(0)
    return out


def rows(kind: Any, **which: Any) -> list[dict[str, Any]]:
    found = kind.objects.filter(**which).order_by("pk").values()
    return [{k: v for k, v in one.items() if k not in ("id", "file")} for one in found]


def emptied() -> None:
    """As on another machine: a database without anything."""
    for one in Run.objects.order_by("-id"):
        delete_run(one.pk, by=SYSTEM)
    Payload.objects.all().delete()
    Workflow.objects.all().delete()


def changed(file: io.BytesIO, change: Callable[[dict[str, bytes]], Any], seal: bool = False) -> Any:
    """The file with other members; with ``seal`` the manifest fits again."""
    import hashlib

    members = {n: zipfile.ZipFile(file).read(n) for n in zipfile.ZipFile(file).namelist()}
    change(members)
    if seal:
        told = json.loads(members["manifest.json"])
        told["members"] = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in members.items()
            if name != "manifest.json"
        }
        members["manifest.json"] = json.dumps(told).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    out.seek(0)
    return out


def test_a_run_is_the_same_on_an_empty_machine_and_goes_on_there(run: Run, project: Path) -> None:
    write_note(run.pk, "Looked at with Ann.", by=SYSTEM)
    file = exported(run)
    kinds = ((Execution, {"run_id": run.pk}), (LogChunk, {"execution__run": run.pk}))
    before = [rows(kind, **which) for kind, which in kinds]
    events, graph = rows(Event, run_id=run.pk), canonical(_told(run_graph(run.pk).nodes))
    emptied()
    made = import_run(file, by=SYSTEM, workspace=project)
    assert (made.run.pk, made.notes) == (run.pk, ())
    ours = ("worker", "fence", "lease_until", "due_at")
    for (kind, which), old in zip(kinds, before, strict=True):
        drop = [{k: v for k, v in one.items() if k not in ours} for one in rows(kind, **which)]
        assert drop == [{k: v for k, v in one.items() if k not in ours} for one in old]
    assert rows(Event, run_id=run.pk)[:-1] == events
    assert Event.objects.filter(run=run).latest("seq").kind == "run.imported"
    assert canonical(_told(run_graph(run.pk).nodes)) == graph
    assert Checkpoint.objects.get(run=run).name == "save"
    note = RunNote.objects.get(run=run)
    assert (note.text, note.revision, note.by) == ("Looked at with Ann.", 1, SYSTEM.name)
    load_run(run.pk)
    again = do(restart_run(run.pk, by=SYSTEM))
    assert again.n_reused >= 2
    fork = do(restart_run(run.pk, RestartRequest(input_patch={"word": "two"}), by=SYSTEM))
    assert Execution.objects.get(run=fork, path="say").output["stdout"].strip() == "two"
    assert AuditEntry.objects.filter(action="run.import", target=run.pk).count() == 1


CALLER = """
version: "1.0"
name: caller
steps:
  - {name: inner, type: subworkflow, workflow: callee}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
CALLEE = """
version: "1.0"
name: callee
inputs: {word: {type: string, default: one}}
steps:
  - {name: say, type: shell, run: "echo ${{ inputs.word }}"}
"""


def test_a_file_tells_nothing_of_the_folders_of_the_machine_it_comes_from(project: Path) -> None:
    folder = project / "workflows"
    folder.mkdir()
    (folder / "callee.yaml").write_text(CALLEE)
    (folder / "caller.yaml").write_text(CALLER)
    run = do(start_run(workflow=str(folder / "caller.yaml"), by=SYSTEM, workspace=project))
    file = exported(run)
    members = zipfile.ZipFile(file)
    told = json.loads(members.read("definition.json"))
    assert (told["file"], told["bundle"]["callee"]["file"]) == ("caller.yaml", "callee.yaml")
    for name in ("definition.json", "graph.json", "run.json", "ro-crate-metadata.json"):
        assert str(project) not in members.read(name).decode(), name
    content = json.loads(members.read("checkpoints/1.json"))["content"]
    checkpoint_files.check(content, "it")
    del content["steps"]["save"]["output"]["file"]  # what the step has said is its own
    assert str(project) not in json.dumps(content)
    emptied()
    made = import_run(file, by=SYSTEM, workspace=project)
    fork = do(restart_run(made.run.pk, RestartRequest(from_="inner/say"), by=SYSTEM))
    assert steps(fork)["inner/say"].status == "succeeded"
    (project / "fixed").touch()
    again, _ = resume_checkpoint(made.run.pk, "save", by=SYSTEM)
    assert do(again).status == "succeeded"


@pytest.mark.parametrize(("there", "here"), [(64, 1_000_000), (1_000_000, 64), (65_536, 65_536)])
def test_what_counts_as_a_large_output_may_be_another_here(
    run: Run, project: Path, settings: Any, there: int, here: int
) -> None:
    settings.MAVERICK_INLINE_BYTES = there
    run = do(restart_run(run.pk, RestartRequest(reuse="none"), by=SYSTEM))
    file = exported(run)
    before = {path: _value(row) for path, row in steps(run).items()}
    for one in Run.objects.order_by("-id"):
        delete_run(one.pk, by=SYSTEM)
    Payload.objects.all().delete()
    settings.MAVERICK_INLINE_BYTES = here
    made = import_run(file, by=SYSTEM, workspace=project).run
    after = steps(made)
    assert {path: _value(row) for path, row in after.items()} == before
    big = after["big"]
    assert (big.payload is None, big.output is None) == (here > 100_000, here < 100_000)
    assert big.output_size > 100_000
    assert Payload.objects.exists() == (here < 1_000_000)
    assert do(restart_run(made.pk, by=SYSTEM)).n_reused >= 2


def _value(row: Execution) -> Any:
    return row.payload.value if row.payload else row.output


def _told(value: Any) -> Any:
    from runs.cli.local import plain

    return plain(value)


def test_an_id_that_is_taken_is_refused_or_gives_way_to_a_new_one(run: Run, project: Path) -> None:
    file = exported(run)
    with pytest.raises(RunExists):
        import_run(file, by=SYSTEM)
    made = import_run(file, by=SYSTEM, new_id=True, workspace=project)
    assert made.run.pk != run.pk
    assert "It was" in made.notes[0]
    mine = Execution.objects.filter(run=made.run)
    assert mine.count() == Execution.objects.filter(run=run).count()
    assert LogChunk.objects.filter(execution__run=made.run).exists()
    assert do(restart_run(made.run.pk, by=SYSTEM)).n_reused >= 2


def test_one_file_imported_twice_at_once_is_one_run(run: Run, project: Path) -> None:
    data = exported(run).getvalue()
    emptied()
    raised = at_once(
        *[lambda: import_run(io.BytesIO(data), by=SYSTEM, workspace=project) for _ in range(2)]
    )
    assert sorted(type(one).__name__ for one in raised) == ["NoneType", "RunExists"]
    assert Run.objects.count() == 1
    assert Execution.objects.filter(run=run.pk).count() == len(
        {*Execution.objects.values_list("path")}
    )


def test_secrets_are_masked_in_the_file(project: Path) -> None:
    run = done(project, SECRET, {"key": "tops3cret-value"})
    file = exported(run)
    members = zipfile.ZipFile(file)
    assert not any(b"tops3cret-value" in members.read(name) for name in members.namelist())
    emptied()
    made = import_run(file, by=SYSTEM, workspace=project)
    assert "Secret inputs are not in the file" in made.notes[0]


def test_the_metadata_is_an_ro_crate(run: Run) -> None:
    members = zipfile.ZipFile(exported(run))
    crate = json.loads(members.read("ro-crate-metadata.json"))
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    by_id = {one["@id"]: one for one in crate["@graph"]}
    assert by_id["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = by_id["./"]
    assert root["@type"] == "Dataset"
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    parts = {one["@id"] for one in root["hasPart"]}
    assert parts == set(members.namelist()) - {"manifest.json", "ro-crate-metadata.json"}
    assert parts <= by_id.keys()

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["@id"]] if set(value) == {"@id"} else []
            return own + [found for one in value.values() for found in references(one)]
        return (
            [found for one in value for found in references(one)] if isinstance(value, list) else []
        )

    local = {one for one in references(crate["@graph"]) if not one.startswith("http")}
    assert local <= by_id.keys()


def bomb(members: dict[str, bytes]) -> None:
    members["logs.jsonl"] = b" " * (300 * 2**20)


HARM: list[tuple[str, Callable[[dict[str, bytes]], Any], bool]] = [
    ("a member was changed", lambda m: m.update({"run.json": m["run.json"] + b" "}), False),
    ("a member is missing", lambda m: m.pop("logs.jsonl"), False),
    ("needed and missing, sealed", lambda m: m.pop("executions.jsonl"), True),
    ("no manifest", lambda m: m.pop("manifest.json"), False),
    ("a member too many", lambda m: m.update({"payloads/" + "0" * 64 + ".json": b"1"}), False),
    ("a payload of another name", lambda m: m.update({"payloads/" + "0" * 64 + ".json": b"1"}), True),
    ("a path upward", lambda m: m.update({"../../evil.json": b"{}"}), True),
    ("an absolute path", lambda m: m.update({"/etc/passwd": b"{}"}), True),
    ("a path of Windows", lambda m: m.update({"checkpoints\\1.json": b"{}"}), True),
    ("no JSON", lambda m: m.update({"run.json": b"{"}), True),
    ("a run that goes on", lambda m: m.update({"run.json": m["run.json"].replace(b'"failed"', b'"running"')}), True),
    ("no id", lambda m: m.update({"run.json": m["run.json"].replace(b'"run_', b'"../run_')}), True),
    ("no time", lambda m: m.update({"run.json": m["run.json"].replace(b'"created_at": "', b'"created_at": "x')}), True),
    ("a NUL", lambda m: m.update({"events.jsonl": m["events.jsonl"].replace(b'"kind": "run.c', b'"kind": "\\u0000run.c')}), True),
    ("a number that is none", lambda m: m.update({"executions.jsonl": m["executions.jsonl"].replace(b'"position": 0', b'"position": "x"')}), True),
    ("a name too long", lambda m: m.update({"executions.jsonl": m["executions.jsonl"].replace(b'"name": "say"', b'"name": "' + b"s" * 300 + b'"')}), True),
    ("a step twice", lambda m: m.update({"executions.jsonl": m["executions.jsonl"] * 2}), True),
    ("a log of somebody else", lambda m: m.update({"logs.jsonl": m["logs.jsonl"].replace(b'"exec_', b'"exec_0')}), True),
    ("a workflow that is none", lambda m: m.update({"definition.json": b'{"source": "steps: 5", "bundle": {}}'}), True),
    ("a bomb", bomb, True),
]  # fmt: skip


@pytest.mark.parametrize(("change", "seal"), [h[1:] for h in HARM], ids=[h[0] for h in HARM])
def test_a_damaged_or_foreign_file_is_refused_and_nothing_is_written(
    run: Run, change: Callable[[dict[str, bytes]], Any], seal: bool
) -> None:
    file = exported(run)
    emptied()
    if change is bomb:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for name in zipfile.ZipFile(file).namelist():
                made.writestr(name, zipfile.ZipFile(file).read(name))
            made.writestr("checkpoints/9.json", b" " * (300 * 2**20))
        file = out
    else:
        file = changed(file, change, seal)
    with pytest.raises(Exception) as refused:
        import_run(file, by=SYSTEM)
    assert getattr(refused.value, "status", 0) == 422, refused.value
    for kind in (Run, Execution, Event, LogChunk, Checkpoint, Workflow):
        assert not kind.objects.exists(), kind
    assert not AuditEntry.objects.filter(action="run.import").exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(RunFileDamaged):
        Reader(io.BytesIO(data))


def test_a_zip_that_is_cut_or_has_a_flipped_bit_is_refused(run: Run) -> None:
    data = exported(run).getvalue()
    for cut in range(0, len(data), max(1, len(data) // 40)):
        with pytest.raises(RunFileDamaged):
            Reader(io.BytesIO(data[:cut]))
    broken = bytearray(data)
    broken[len(data) // 3] ^= 0x40
    try:
        Reader(io.BytesIO(bytes(broken)))
    except RunFileDamaged:
        return
    # A bit that no member's content depends on, such as a time in a local header.
    connection.ensure_connection()


def test_an_open_run_and_a_viewer_are_refused(project: Path, run: Run) -> None:
    open_ = start(project, FLOW)
    with pytest.raises(RunNotOver):
        exported(open_)
    do(open_)
    with pytest.raises(NotAllowed):
        import_run(exported(run), by=Actor("user", "vera", "viewer"))


def test_large_logs_are_streamed(run: Run) -> None:
    import tracemalloc

    step = Execution.objects.get(run=run, path="say")
    text = "".join(chr(97 + n * 7 % 26) for n in range(2**16))
    LogChunk.objects.bulk_create(
        [
            LogChunk(execution=step, stream="stdout", text=text, at=run.created_at)
            for _ in range(200)
        ],
        batch_size=100,
    )
    out = io.BytesIO()
    tracemalloc.start()
    export_run(run.pk, out)
    import_run(out, by=SYSTEM, new_id=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**16 * 200  # the file itself is in memory here
    assert LogChunk.objects.filter(text=text).count() == 400
