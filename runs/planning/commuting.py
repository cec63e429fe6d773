"""Which records of a finished step may be made without having seen what others record meanwhile.

Workers that share a run decide what follows from a finished step by what they know of it. Most
often that must be everything: two that finish the last two turns of a loop, each believing that
the other one still runs, would both leave the loop open for good. But a worker that finishes one
turn and goes on with another one in the same statement cannot have closed the loop, whatever
others did. Such records commute: in either order they give the same run, so they need no look at
the others' before they are written.
"""

from runs import steppath
from runs.planning.graph import Compiled, Node, ScopeSpec


def made_ready(compiled: Compiled, finished: str, other: str | None) -> set[str] | None:
    """The steps that become ready when the one at ``finished`` succeeds and its worker goes on
    with one of them or else with ``other``, a step that is queued. None when that cannot be said
    by the definition alone: others may have a part in it.

    It holds as long as nothing has failed. So what is asked of the ledger in the same statement
    is that ``finished`` is still this worker's, ``other`` still free, and that nobody has
    recorded more than starts and successes.
    """
    scope, node = steppath.scope_of(finished), compiled.node(finished)
    if node.handler or node.handles or node.undoes or node.step.rollback is not None:
        return None  # what follows is decided by more than its scope, or by the order
    spec = compiled.scopes[node.parent]
    waiting = [spec.nodes[name] for name in spec.dependents.get(node.name, ())]
    ready = [one for one in waiting if one.needs == (node.name,)]
    if any(one.is_container or one.step.when is not None for one in ready):
        return None  # what comes of it is seen only when it is tried
    if ready:
        following = ready[0].name
    elif other is None:
        return None
    elif steppath.scope_of(other) == scope:
        following = steppath.name_of(other)
    else:
        # The scope may be over: then it is a turn that no second worker can have been in, and
        # its loop is not over, because `other` is in another turn of it.
        over = not waiting and _is_chain(spec) and _same_loop(scope, steppath.scope_of(other))
        return set() if over and _opens_all_turns(compiled, node) else None
    # The scope is not over, because `following` is in it; and what waits for this step and for
    # others as well is not ready, because it waits for `following`.
    if all(one in ready or following in one.needs for one in waiting):
        return {steppath.child(scope, one.name) for one in ready}
    return None


def _opens_all_turns(compiled: Compiled, node: Node) -> bool:
    """Whether all turns of the loop around the step begin at once. Otherwise the end of a turn
    begins another one, and which one others decide as well."""
    loop = compiled.node(node.parent).loop
    return loop is not None and loop.max_concurrency == 0


def _same_loop(turn: str, other: str) -> bool:
    (loop, index), (other_loop, other_index) = steppath.split_turn(turn), steppath.split_turn(other)
    return loop == other_loop and index is not None and other_index is not None


def _is_chain(spec: ScopeSpec) -> bool:
    """Whether at most one step of the scope can be ready at any time."""
    first = [node for node in spec.nodes.values() if not node.needs]
    return len(first) == 1 and all(
        len(node.needs) <= 1 and len(spec.dependents.get(name, ())) <= 1
        for name, node in spec.nodes.items()
    )
