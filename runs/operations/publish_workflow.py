"""publish_workflow: YAML → checked, versioned workflow, with every workflow that it calls."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from runs.canonical import digest
from runs.definition import Known, load_workflow
from runs.definition.pending import not_run_yet
from runs.definition.problems import Problem
from runs.definition.spec import WorkflowSpec, called_workflows
from runs.errors import InvalidDefinition
from runs.library.find import SUFFIXES, Found, find_workflow
from runs.models import Workflow, WorkflowVersion
from runs.operations.places import project_folder, user_folder
from runs.planning.graph import Compiled, compile_workflow

# Texts that call no other workflow, checked lately: who submits two hundred runs of one workflow
# has it read once. What such a text means depends on nothing but itself.
_checked: dict[tuple[str | bytes, str], "Checked"] = {}
_MOST_CHECKED = 64

_MOST_CALLED = 200  # workflows called by one, directly and indirectly


@dataclass(frozen=True)
class Checked:
    """A workflow text that holds, laid out, with the texts it calls."""

    compiled: Compiled
    source: str
    file: str
    bundle: dict[str, dict[str, str]]
    warnings: tuple[Problem, ...]


def check_workflow(
    text: str | bytes, *, file: str = "", project: Path | None = None, anywhere: bool = True
) -> Checked:
    """Load and check a workflow and everything it calls.

    ``anywhere`` says whether it may call files outside the project by their paths: problems quote
    what they are about, and who may only look must not read the machine's files that way.

    Raises InvalidDefinition with every problem, those of called workflows included.
    """
    cached = _checked.get((text, file))
    if cached is not None:
        return cached
    specs: dict[str, WorkflowSpec] = {}
    bundle: dict[str, dict[str, str]] = {}

    def called(name: str) -> WorkflowSpec | None:
        if name in specs:
            return specs[name]
        found = find_workflow(name, project=project_folder(project), user=user_folder())
        if found is not None and not anywhere and not _is_in(project_folder(project), found):
            return None
        if found is None or len(bundle) >= _MOST_CALLED:
            return None
        loaded = load_workflow(found.text, file=str(found.path))
        if loaded.spec is None:
            raise InvalidDefinition(loaded.errors, f"The called workflow {name} has problems.")
        specs[name] = loaded.spec
        bundle[name] = {"source": found.text, "file": str(found.path)}
        return loaded.spec

    loaded = load_workflow(text, file=file or "<text>", known=Known(actions=None, workflows=called))
    if loaded.spec is None or loaded.errors:
        raise InvalidDefinition(loaded.problems)
    todo = list(called_workflows(loaded.spec.steps))
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        inner = called(name)
        if inner is not None:
            todo.extend(called_workflows(inner.steps))
    compiled = compile_workflow(loaded.spec, specs)
    source = text if isinstance(text, str) else text.decode("utf-8")
    kept = {name: bundle[name] for name in sorted(reached) if name in bundle}
    checked = Checked(compiled, source, file, kept, loaded.warnings)
    if not reached:
        if len(_checked) >= _MOST_CHECKED:
            _checked.clear()
        _checked[(text, file)] = checked
    return checked


def _is_in(project: Path, found: Found) -> bool:
    """Whether the file was found by a name, or is a workflow file of the project."""
    if found.origin != "file":
        return True
    path = found.path.resolve()
    return path.suffix in (*SUFFIXES, ".json") and path.is_relative_to(project)


def store_version(checked: Checked) -> WorkflowVersion:
    """The version row of a checked workflow: the same text and calls give the same version.

    Raises InvalidDefinition for what this version of the program cannot run.
    """
    spec = checked.compiled.spec
    owners = {id(scope.workflow): scope.workflow for scope in checked.compiled.scopes.values()}
    pending = [problem for owner in owners.values() for problem in not_run_yet(owner)]
    if pending:
        raise InvalidDefinition(pending)
    content = digest([checked.source, {n: b["source"] for n, b in checked.bundle.items()}])
    known = WorkflowVersion.objects.filter(workflow__name=spec.name, digest=content).first()
    if known is not None:
        return known
    with transaction.atomic():
        Workflow.objects.get_or_create(
            name=spec.name, defaults={"description": spec.description or ""}
        )
        # Two first starts at once: the lock makes the second one see the first one's version.
        workflow = Workflow.objects.select_for_update().get(name=spec.name)
        last = workflow.versions.aggregate(last=Max("number"))["last"] or 0
        version, created = WorkflowVersion.objects.get_or_create(
            workflow=workflow,
            digest=content,
            defaults={
                "number": last + 1,
                "source": checked.source,
                "bundle": checked.bundle,
                "file": checked.file,
            },
        )
        if created and workflow.description != (spec.description or ""):
            workflow.description = spec.description or ""
            workflow.save(update_fields=["description"])
    return version


def publish_workflow(
    text: str | bytes, *, file: str = "", project: Path | None = None, by: object = None
) -> WorkflowVersion:
    """Check a workflow text and keep it as a version. Raises InvalidDefinition."""
    return store_version(check_workflow(text, file=file, project=project))
