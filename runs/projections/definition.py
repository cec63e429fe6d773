"""A run's definition, laid out, for drawing what has not started yet. Parsed once a version."""

from functools import lru_cache

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.errors import InvalidDefinition, MaverickError
from runs.models import WorkflowVersion
from runs.planning.graph import Compiled, compile_workflow


@lru_cache(maxsize=128)
def compiled(version_id: int) -> Compiled | None:
    """The version's graph, or None when its text no longer loads: then pages draw what ran."""
    version = WorkflowVersion.objects.get(pk=version_id)
    try:
        called = {
            name: _load(one["source"], one.get("file", "")) for name, one in version.bundle.items()
        }
        return compile_workflow(_load(version.source, version.file), called)
    except MaverickError:
        return None


def _load(text: str, file: str) -> WorkflowSpec:
    loaded = load_workflow(text, file=file or "<text>")
    if loaded.spec is None:
        raise InvalidDefinition(loaded.errors)
    return loaded.spec
