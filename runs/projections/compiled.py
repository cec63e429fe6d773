"""A stored version's steps, for drawing what has not started yet."""

from functools import lru_cache

from runs.models.stored import drawable_version
from runs.planning.graph import StaticNode, static_graph


@lru_cache(maxsize=128)
def static_nodes(version_id: int) -> tuple[StaticNode, ...]:
    """Every step of a stored version; nothing when its text no longer loads.

    A text that an older release accepted must not make its runs unreadable.
    """
    compiled = drawable_version(version_id)
    return () if compiled is None else tuple(static_graph(compiled))
