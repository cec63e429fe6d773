"""Keep a good run as the baseline that later runs are checked against."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.definition.assertions import parse_assertions
from runs.errors import (
    Conflict,
    InvalidAssertions,
    NotFound,
    Refused,
    RunNotOver,
    UnknownExecution,
    UnknownRun,
)
from runs.models import Execution, Golden, Run
from runs.record import audit
from runs.record import golden as record
from runs.states import RUN_OVER, RunStatus, StepStatus

MAX_NAME, MAX_NOTE, MAX_TAGS, MAX_TAG, MAX_REASON = 200, 4000, 20, 50, 1000


class RunNotSucceeded(Conflict):
    """Only a run that succeeded can be golden."""

    code = "run-not-succeeded"


class GoldenNameTaken(Conflict):
    """Another run is golden under this name."""

    code = "golden-name-taken"


class NotGolden(NotFound):
    """The run is not golden."""

    code = "run-not-golden"


def mark_golden(
    run_id: str,
    name: str = "",
    *,
    by: Actor,
    tags: Sequence[str] | None = None,
    note: str | None = None,
    replace: bool = False,
    reason: str = "",
) -> Run:
    """Keep the run as golden under ``name`` (the one it has, or else its workflow's, when empty).

    ``replace`` takes the name from the run that has it, with the assertions that belong to it.
    None leaves tags and note as they are. Raises UnknownRun, RunNotOver, RunNotSucceeded,
    GoldenNameTaken, Refused (name, tags, note).
    """
    with transaction.atomic():
        record.lock_names()
        run = _locked(run_id)
        chosen = name.strip() or run.golden_name or run.workflow_name
        if len(chosen) > MAX_NAME or any(ord(letter) < 32 for letter in chosen):
            raise Refused(
                f"A golden name is one line of at most {MAX_NAME} characters.", field="name"
            )
        cleaned = None if tags is None else _tags(tags)
        if note is not None and len(note) > MAX_NOTE:
            raise Refused(f"A note has at most {MAX_NOTE} characters.", field="note")
        if run.state not in RUN_OVER:
            raise RunNotOver(f"{run_id} is {run.status}.", hint="Mark it when it has succeeded.")
        if run.state is not RunStatus.SUCCEEDED:
            raise RunNotSucceeded(
                f"{run_id} ended as {run.status}; only a run that succeeded can be golden."
            )
        other = Golden.objects.filter(name=chosen).exclude(run=run).first()
        if other is not None and not replace:
            raise GoldenNameTaken(
                f"{other.run_id} is golden as {chosen!r}.",
                hint="Choose another name, or let this run replace it.",
                field="name",
            )
        changed, before = record.mark(run, chosen, tags=cleaned, note=note, by=by.name)
        if changed:
            audit.note(
                by,
                "run.golden",
                run_id,
                name=chosen,
                tags=cleaned,
                replaces=before,
                reason=reason,
            )
    run.refresh_from_db()
    return run


def unmark_golden(run_id: str, *, by: Actor) -> Run:
    """No longer keep the run as golden; harmless when it was not. Raises UnknownRun."""
    with transaction.atomic():
        record.lock_names()
        run = _locked(run_id)
        if record.unmark(run_id, by=by.name):
            audit.note(by, "run.ungolden", run_id, name=run.golden_name)
    run.refresh_from_db()
    return run


def set_assertions(
    run_id: str, text: str | bytes | None, *, file: str = "", by: Actor
) -> dict[str, Any] | None:
    """What checks against this golden run mind: YAML or JSON; None takes the assertions away.

    Answers them as they are kept. Raises UnknownRun, NotGolden, InvalidAssertions.
    """
    kept = None
    if text is not None:
        parsed = parse_assertions(text, file=file or "<text>")
        if parsed.problems:
            raise InvalidAssertions(parsed.problems)
        kept = parsed.document
    with transaction.atomic():
        golden = _golden(run_id)
        record.set_assertions(golden, kept)
        nodes = list((kept or {}).get("nodes", {}))
        audit.note(by, "golden.assertions", run_id, name=golden.name, nodes=nodes[:50])
    return kept


def accept_value(run_id: str, source_run_id: str, path: str, reason: str, *, by: Actor) -> Golden:
    """Checks against the golden run ``run_id`` expect at ``path`` what ``source_run_id`` gave.

    The golden run itself stays as it is. Raises UnknownRun, UnknownExecution, NotGolden, Refused
    (no reason, or the step has not succeeded).
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise Refused(
            f"Say why the new value is right, in at most {MAX_REASON} characters.",
            hint="The reason stays with the value and in the audit log.",
        )
    with transaction.atomic():
        golden = _golden(run_id)
        if not Run.objects.filter(pk=source_run_id).exists():
            raise UnknownRun(f"There is no run {source_run_id!r}.")
        source = Execution.objects.filter(run_id=source_run_id, path=path).first()
        if source is None:
            raise UnknownExecution(f"{source_run_id} has no execution {path!r}.")
        if source.state is not StepStatus.SUCCEEDED:
            raise Refused(f"{path} of {source_run_id} is {source.status}; it gave no value.")
        record.accept(golden, source, reason=reason, by=by.name)
        audit.note(
            by, "golden.accept", run_id, name=golden.name, path=path,
            **{"from": source_run_id, "reason": reason},
        )  # fmt: skip
    return golden


def _tags(given: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(tag.strip() for tag in given if tag.strip()))
    if len(tags) > MAX_TAGS:
        raise Refused(f"{len(tags)} tags are more than {MAX_TAGS}.", field="tags")
    for tag in tags:
        if len(tag) > MAX_TAG or "," in tag or not tag.isprintable():
            raise Refused(
                f"A tag has at most {MAX_TAG} printable characters and no comma: {tag[:MAX_TAG]!r}.",
                field="tags",
            )
    return tags


def _golden(run_id: str) -> Golden:
    golden = Golden.objects.select_for_update().filter(run_id=run_id).first()
    if golden is None:
        _locked(run_id)
        raise NotGolden(f"{run_id} is not golden.", hint="Mark it first.")
    return golden


def _locked(run_id: str) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    return run
