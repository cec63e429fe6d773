"""Stored workflow versions, read back as laid-out workflows. Kept in memory: they never change."""

from collections.abc import Collection
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


JUDGED_AT_ONCE = 20  # a text takes some 25 ms, and somebody waits for the page
_errors: dict[int, int] = {}  # by version; a text never changes, so this is asked once


def stored_errors(version_ids: Collection[int]) -> dict[int, int]:
    """How many errors each version's text has today: one may be of an older language, or imported.
    A query only for those that nobody has asked for yet, and of those for the newest few: the
    others are judged when they are asked for again, and are not in the answer before."""
    fresh = sorted((one for one in version_ids if one not in _errors), reverse=True)
    fresh = fresh[:JUDGED_AT_ONCE]
    if fresh:
        rows = WorkflowVersion.objects.filter(pk__in=fresh).values_list("id", "source", "file")
        for pk, source, file in rows:
            _errors[pk] = len(load_workflow(source, file=file or "<text>").errors)
    return {one: _errors[one] for one in version_ids if one in _errors}


def compile_texts(source: str, file: str, bundle: dict[str, dict[str, str]]) -> Compiled:
    """Lay out a workflow text with the texts it calls: ``{name: {source, file}}``."""
    called = {name: _load(b["source"], b.get("file", "")) for name, b in bundle.items()}
    return compile_workflow(_load(source, file), called)


def _load(text: str, file: str) -> WorkflowSpec:
    loaded = load_workflow(text, file=file or "<text>")
    if loaded.spec is None:
        raise InvalidDefinition(loaded.errors)
    return loaded.spec
