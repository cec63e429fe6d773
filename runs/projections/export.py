"""A run as one file: everything that is recorded of it, with digests and RO-Crate metadata."""

import zipfile
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from typing import IO, Any

from runs import run_file
from runs.canonical import digest
from runs.errors import RunNotOver, UnknownRun
from runs.models import AgentCall, Checkpoint, Event, Execution, LogChunk, Payload, Run, RunNote
from runs.projections.run_graph import run_graph
from runs.states import RUN_OVER

RUN_FIELDS = (
    "id", "workflow_name", "status", "status_reason", "kind", "source_id", "family_id", "reason",
    "inputs", "context", "labels", "decisions", "outputs", "n_total", "n_succeeded", "n_failed",
    "n_skipped", "n_reused", "event_seq", "created_at", "started_at", "finished_at", "created_by",
)  # fmt: skip
EXECUTION_FIELDS = (
    "id", "parent_id", "path", "name", "type", "position", "status", "status_reason", "seq",
    "tries", "input", "input_digest", "match_key", "code_version", "output", "payload_id",
    "output_size", "error", "created_at", "started_at", "finished_at", "duration_ms",
    "reused_from", "reused_run", "origin_execution", "origin_run", "decision",
)  # fmt: skip
EVENT_FIELDS = ("seq", "kind", "execution_id", "path", "data", "at")
CALL_FIELDS = (
    "id", "execution_id", "role", "number", "node", "name", "kind", "parent", "session", "actor",
    "replay_run", "replay_before", "replay_mode", "input", "context", "status", "status_reason",
    "error", "error_details", "error_status", "result", "has_result", "usage", "lineage", "notes",
    "created_at", "dispatched_at", "ended_at", "sealed", "sealed_result",
)  # fmt: skip
NOTE_FIELDS = ("text", "revision", "by", "at")
LOG_FIELDS = ("execution_id", "attempt", "stream", "level", "text", "at")
_ROWS = 500  # at a time


def export_run(run_id: str, out: IO[bytes]) -> None:
    """Write the file of a run that is over into ``out``. Secrets are masked, as they are recorded.

    Rows are read a few at a time: a log of a gigabyte takes no gigabyte of memory. Raises
    UnknownRun, RunNotOver.
    """
    run = Run.objects.select_related("version").filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    if run.state not in RUN_OVER:
        raise RunNotOver(f"{run_id} is {run.status}.", hint="Export it when it has ended.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        writer = run_file.Writer(made)
        writer.json(run_file.RUN, {name: _plain(getattr(run, name)) for name in RUN_FIELDS})
        note = RunNote.objects.filter(run=run).values(*NOTE_FIELDS).first()
        if note is not None:
            writer.json(run_file.NOTE, _plain(note))
        version = run.version
        definition = {
            "name": run.workflow_name,
            "number": version.number,
            "digest": version.digest,
            "file": run_file.plain_name(version.file),
            "source": version.source,
            "bundle": _without_folders(version.bundle),
        }
        writer.json(run_file.DEFINITION, definition)
        writer.stream(run_file.SOURCE, iter([version.source.encode()]))
        writer.json(run_file.GRAPH, _graph(run_id))
        executions = Execution.objects.filter(run=run).order_by("id")
        writer.lines(run_file.EXECUTIONS, _rows(executions, EXECUTION_FIELDS))
        events = Event.objects.filter(run=run).order_by("seq")
        writer.lines(run_file.EVENTS, _rows(events, EVENT_FIELDS))
        logs = LogChunk.objects.filter(execution__run=run).order_by("id")
        writer.lines(run_file.LOGS, _rows(logs, LOG_FIELDS, 20))
        calls = AgentCall.objects.filter(run=run).order_by("number")
        if calls.exists():
            writer.lines(run_file.CALLS, _calls(calls))
        digests = executions.exclude(payload=None).values_list("payload_id", flat=True)
        for digest in sorted(set(digests)):
            value = Payload.objects.values_list("value", flat=True).get(pk=digest)
            writer.json(f"payloads/{digest}.json", value)
        checkpoints = Checkpoint.objects.filter(run=run).order_by("id")
        for number, one in enumerate(checkpoints.iterator(_ROWS), 1):
            told = {"content": _carried(one.content), "retired": one.retired}
            writer.json(f"checkpoints/{number}.json", told)
        writer.json(run_file.CRATE, _crate(run, writer.members, now))
        writer.manifest(run.pk, now)


def _without_folders(bundle: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The texts of called workflows; where they lie on this machine is nobody's business."""
    return {
        name: {**one, "file": run_file.plain_name(one.get("file"))} for name, one in bundle.items()
    }


def _graph(run_id: str) -> Any:
    graph = run_graph(run_id)
    nodes = tuple(replace(node, file=run_file.plain_name(node.file)) for node in graph.nodes)
    return _plain(replace(graph, nodes=nodes))


def _carried(content: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint's content without this machine's folders, sealed again. The snapshot of the
    workspace stays named: it is found wherever the repository has it."""
    told = {key: value for key, value in content.items() if key != "sha256"}
    sources, workspace = told.get("sources"), told.get("workspace")
    if isinstance(sources, dict):
        file = run_file.plain_name(sources.get("file"))
        bundle = _without_folders(sources.get("bundle") or {})
        told["sources"] = {**sources, "file": file, "bundle": bundle}
    if isinstance(workspace, dict):
        told["workspace"] = {**workspace, "folder": ""}
    elif workspace:
        told["workspace"] = ""  # as older ones have it: the folder only
    return {**told, "sha256": digest(told)}


def _rows(rows: Any, names: tuple[str, ...], at_once: int = _ROWS) -> Iterator[dict[str, Any]]:
    for row in rows.values(*names).iterator(chunk_size=at_once):
        yield _plain(row)


def _calls(rows: Any) -> Iterator[dict[str, Any]]:
    """What agents were asked. What is sealed stays here; the file says that there was something."""
    for row in rows.values(*CALL_FIELDS).iterator(chunk_size=_ROWS):
        hidden = {name: row[name] is not None for name in ("sealed", "sealed_result")}
        # Open ones of a run that has ended nobody waits for.
        status = row["status"] if row["ended_at"] else "cancelled"
        yield _plain({**row, **hidden, "status": status})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


_NAMES = {
    run_file.RUN: "The run: status, inputs, outputs, times",
    run_file.DEFINITION: "The workflow's text with the texts that it calls",
    run_file.GRAPH: "The run as a graph",
    run_file.EXECUTIONS: "Every step with input, output and attempts",
    run_file.EVENTS: "The journal",
    run_file.LOGS: "What the steps printed",
    run_file.CALLS: "What agents were asked and have reported",
}
_STATUS = {"succeeded": "CompletedActionStatus"}


def _crate(run: Run, members: dict[str, dict[str, Any]], now: str) -> dict[str, Any]:
    """The metadata file of RO-Crate 1.1: the files, the workflow, and the run as an action."""
    files = [
        {
            "@id": name,
            "@type": "File",
            "name": _NAMES.get(name, name),
            "encodingFormat": "application/json" if name.endswith("json") else "application/jsonl",
            "contentSize": str(told["bytes"]),
            "sha256": told["sha256"],
        }
        for name, told in members.items()
        if name != run_file.SOURCE
    ]
    status = _STATUS.get(run.status, "FailedActionStatus")
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": run_file.CRATE,
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": f"Run {run.pk} of {run.workflow_name}",
                "description": f"A run of the workflow {run.workflow_name}, as Maverick recorded it.",
                "datePublished": now,
                "license": {"@id": "#license"},
                "hasPart": [{"@id": run_file.SOURCE}, *({"@id": one["@id"]} for one in files)],
                "mentions": {"@id": f"#{run.pk}"},
            },
            {"@id": "#license", "@type": "CreativeWork", "name": "No licence was stated."},
            {
                "@id": run_file.SOURCE,
                "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
                "name": run.workflow_name,
                "encodingFormat": "application/yaml",
                "programmingLanguage": {"@id": "#maverick"},
                "contentSize": str(members[run_file.SOURCE]["bytes"]),
                "sha256": members[run_file.SOURCE]["sha256"],
            },
            {"@id": "#maverick", "@type": "ComputerLanguage", "name": "Maverick workflow"},
            {
                "@id": f"#{run.pk}",
                "@type": "CreateAction",
                "name": f"Run {run.pk}",
                "instrument": {"@id": run_file.SOURCE},
                "startTime": _plain(run.started_at or run.created_at),
                "endTime": _plain(run.finished_at),
                "actionStatus": {"@id": f"http://schema.org/{status}"},
                "result": [{"@id": run_file.RUN}, {"@id": run_file.EXECUTIONS}],
            },
            *files,
        ],
    }
