"""start_run: a workflow and inputs → a recorded run, and a wake-up."""

from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from runs import dispatch
from runs.actor import Actor
from runs.canonical import to_json_value
from runs.definition import Known
from runs.definition.inputs import bind_inputs
from runs.definition.spec import WorkflowSpec
from runs.errors import IdempotencyMismatch, InvalidInputs, Refused, UnknownWorkflow
from runs.library.find import find_workflow
from runs.models import IdempotencyRecord, Run, WorkflowVersion
from runs.models.stored import compiled_version
from runs.operations.known_parts import known_parts
from runs.operations.places import project_folder, user_folder
from runs.operations.publish_workflow import Checked, check_workflow, store_version
from runs.record import audit, sealing
from runs.record.new_run import NewRun, create_run

MOST_LABELS = 50


def start_run(
    *,
    workflow: str | None = None,
    definition: str | bytes | None = None,
    file: str = "",
    inputs: dict[str, Any] | None = None,
    labels: dict[str, Any] | None = None,
    by: Actor,
    workspace: str | Path | None = None,
    placement: str = "",
    idempotency_key: str | None = None,
) -> Run:
    """Start a workflow, named (or a path) or given as text.

    Raises UnknownWorkflow, InvalidDefinition, InvalidInputs, IdempotencyMismatch, Refused.
    """
    given = to_json_value(inputs or {}, "inputs")
    folder = project_folder(workspace)
    body = sealing.keyed_hex([workflow, _text(definition), given, labels or {}])
    with transaction.atomic():
        known = answered(by, idempotency_key, body)
        if known is not None:
            return known
        actions = known_actions_of(folder) if placement else None
        version, spec = resolve_version(workflow, definition, file, folder, actions)
        bound = checked_inputs(spec, given)
        shown, secret = sealing.split(spec, bound)
        run = create_run(
            NewRun(
                version=version,
                compiled=compiled_version(version.pk),
                inputs=shown,
                sealed=sealing.seal(secret),
                created_by=by.name,
                workspace=str(folder),
                labels=checked_labels(labels),
                placement=placement,
            )
        )
        made = run
        run = remember(made, by, idempotency_key, body)
        if run is made:
            audit.note(by, "run.start", run.id, workflow=run.workflow_name)
        if not placement:
            dispatch.wake_run(run.id)
    return run


def _text(definition: str | bytes | None) -> str | None:
    return definition.decode("utf-8", "replace") if isinstance(definition, bytes) else definition


def resolve_version(
    workflow: str | None,
    definition: str | bytes | None,
    file: str,
    folder: Path,
    known: Known | None = None,
) -> tuple[WorkflowVersion, WorkflowSpec]:
    """The stored version that a name, a path or a text stands for."""
    checked = resolve(workflow, definition, file, folder, known)
    if isinstance(checked, WorkflowVersion):
        return checked, compiled_version(checked.pk).spec
    return store_version(checked), checked.compiled.spec


def known_actions_of(folder: Path) -> Known:
    """The actions that this process has, which is about to run the steps: one that is missing is
    told before the first step and not by the last. Agents are left out, as a run may well come to
    its end without one that is not set up yet."""
    return Known(actions=known_parts(folder)[0].actions)


def resolve(
    workflow: str | None,
    definition: str | bytes | None,
    file: str,
    folder: Path,
    known: Known | None = None,
) -> Checked | WorkflowVersion:
    """What to run: files come before what was published; nothing is stored."""
    if (workflow is None) == (definition is None):
        raise Refused("Give either `workflow` (a name) or `definition` (its YAML text).")
    if definition is not None:
        return check_workflow(definition, file=file, project=folder, known=known)
    assert workflow is not None
    found = find_workflow(workflow, project=folder, user=user_folder())
    if found is not None:
        return check_workflow(found.text, file=str(found.path), project=folder, known=known)
    version = WorkflowVersion.objects.filter(workflow__name=workflow).order_by("-number").first()
    if version is None:
        raise UnknownWorkflow(
            f"There is no workflow {workflow!r}.",
            hint="`maverick workflow list` shows those that are known here.",
        )
    return version


def checked_inputs(spec: WorkflowSpec, given: dict[str, Any]) -> dict[str, Any]:
    """The inputs with defaults, each of its declared type. Raises InvalidInputs."""
    bound, problems = bind_inputs(with_secret_names(spec), given)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InvalidInputs(errors)
    plain: dict[str, Any] = to_json_value(bound, "inputs")
    return plain


def with_secret_names(spec: WorkflowSpec) -> WorkflowSpec:
    """The same declarations, with those secret whose names are: no message quotes their values."""
    named = {
        name: declared.model_copy(update={"secret": True})
        for name, declared in spec.inputs.items()
        if not declared.secret and sealing.is_secret(declared)
    }
    return spec.model_copy(update={"inputs": {**spec.inputs, **named}}) if named else spec


def checked_labels(labels: dict[str, Any] | None) -> dict[str, str]:
    """Labels as short texts. Raises Refused."""
    labels = labels or {}
    if len(labels) > MOST_LABELS:
        raise Refused(f"{len(labels)} labels are more than {MOST_LABELS}.")
    checked = {str(key): str(value) for key, value in labels.items()}
    for key, value in checked.items():
        if len(key) > 63 or len(value) > 200:
            raise Refused(f"The label {key[:63]!r} is too long (63 and 200 characters).")
    return checked


def answered(by: Actor, key: str | None, body: str) -> Run | None:
    """The run that this Idempotency-Key has started. Raises IdempotencyMismatch."""
    if not key:
        return None
    known = IdempotencyRecord.objects.filter(scope=str(by), key=key).select_related("run").first()
    if known is None:
        return None
    if known.body_digest != body or known.run is None:  # None: it did something to many runs
        raise IdempotencyMismatch(hint="Use a new key for a new request.")
    return known.run


def remember(run: Run, by: Actor, key: str | None, body: str) -> Run:
    """Tie the run to its Idempotency-Key; when another request was first, answer its run."""
    if not key:
        return run
    try:
        with transaction.atomic():
            IdempotencyRecord.objects.create(scope=str(by), key=key, body_digest=body, run=run)
    except IntegrityError:
        # The other one has committed: the unique index made us wait for that.
        other = answered(by, key, body)
        if other is None:
            raise
        run.delete()
        return other
    return run
