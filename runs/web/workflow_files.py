"""The workflow files that are known here, loaded once as long as they do not change."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.library.find import BUILT_IN, Found, find_workflow, list_workflows
from runs.operations.places import project_folder, user_folder

MOST = 200


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow that lies in a file, and where a person would look for it."""

    spec: WorkflowSpec | None  # None: it has errors
    place: str
    errors: int


def workflow_files() -> dict[str, WorkflowFile]:
    """Every file by workflow name; fragments are called by others and left out."""
    files: dict[str, WorkflowFile] = {}
    for found in list_workflows(project=project_folder(), user=user_folder())[:MOST]:
        if "fragments" in found.path.parts:
            continue
        try:
            spec, errors = _loaded(found.path, found.path.stat().st_mtime_ns)
        except OSError:
            continue  # it went away between the two looks
        name = spec.name if spec else found.name
        files[name] = WorkflowFile(spec, place_of(str(found.path)), errors)
    return files


def workflow_file(name: str) -> Found | None:
    """The file that answers a name when a run is started, with its text; only one that has the name:
    a path is no name of a page."""
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        return None
    return find_workflow(name, project=project_folder(), user=user_folder())


def place_of(file: str) -> str:
    """Where a workflow's file lies, as a person would look for it; "" for a text without one."""
    path, project = Path(file), project_folder()
    if path.is_relative_to(BUILT_IN):
        return "built in"
    return str(path.relative_to(project)) if path.is_relative_to(project) else file


@lru_cache(maxsize=512)
def _loaded(path: Path, changed: int) -> tuple[WorkflowSpec | None, int]:
    made = load_workflow(path.read_bytes(), file=str(path))
    return made.spec, len(made.errors)
