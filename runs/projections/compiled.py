"""Stored workflow versions, laid out for drawing. Kept in memory: a version never changes."""

from functools import lru_cache

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.errors import InvalidDefinition, MaverickError
from runs.models import WorkflowVersion
from runs.planning.graph import StaticNode, compile_workflow, static_graph


@lru_cache(maxsize=128)
def static_nodes(version_id: int) -> tuple[StaticNode, ...]:
    """Every step of a stored version; nothing when its text no longer loads.

    A text that an older release accepted must not make its runs unreadable.
    """
    version = WorkflowVersion.objects.get(pk=version_id)
    try:
        called = {
            name: _load(one["source"], one.get("file", "")) for name, one in version.bundle.items()
        }
        return tuple(static_graph(compile_workflow(_load(version.source, version.file), called)))
    except MaverickError:
        return ()


def _load(text: str, file: str) -> WorkflowSpec:
    loaded = load_workflow(text, file=file or "<text>")
    if loaded.spec is None:
        raise InvalidDefinition(loaded.errors)
    return loaded.spec
