"""The workflow files that are known here, loaded once as long as they do not change."""

from functools import lru_cache
from pathlib import Path

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.library.find import list_workflows
from runs.operations.places import project_folder, user_folder

MOST = 200


def workflow_files() -> dict[str, WorkflowSpec]:
    """Every file that loads, by workflow name; fragments are called by others and left out."""
    specs: dict[str, WorkflowSpec] = {}
    for found in list_workflows(project=project_folder(), user=user_folder())[:MOST]:
        if "fragments" in found.path.parts:
            continue
        try:
            spec = _spec(found.path, found.path.stat().st_mtime_ns)
        except OSError:
            continue  # it went away between the two looks
        if spec is not None:
            specs[spec.name] = spec
    return specs


@lru_cache(maxsize=512)
def _spec(path: Path, changed: int) -> WorkflowSpec | None:
    return load_workflow(path.read_bytes(), file=str(path)).spec
