"""Stored workflow versions, read back as laid-out workflows. Kept in memory: they never change."""

from functools import lru_cache

from runs.definition import load_workflow
from runs.definition.spec import WorkflowSpec
from runs.errors import InvalidDefinition, MaverickError
from runs.models.workflow import WorkflowVersion
from runs.planning.graph import Compiled, compile_workflow


@lru_cache(maxsize=128)
def compiled_version(version_id: int) -> Compiled:
    """The workflow of a stored version. Raises InvalidDefinition when it no longer loads."""
    version = WorkflowVersion.objects.get(pk=version_id)
    return compile_texts(version.source, version.file, version.bundle)


def drawable_version(version_id: int) -> Compiled | None:
    """The same for pages: None when the text no longer loads; then they draw what ran."""
    try:
        return compiled_version(version_id)
    except MaverickError:
        return None


def compile_texts(source: str, file: str, bundle: dict[str, dict[str, str]]) -> Compiled:
    """Lay out a workflow text with the texts it calls: ``{name: {source, file}}``."""
    called = {name: _load(b["source"], b.get("file", "")) for name, b in bundle.items()}
    return compile_workflow(_load(source, file), called)


def _load(text: str, file: str) -> WorkflowSpec:
    loaded = load_workflow(text, file=file or "<text>")
    if loaded.spec is None:
        raise InvalidDefinition(loaded.errors)
    return loaded.spec
