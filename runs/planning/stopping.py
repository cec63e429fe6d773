"""What ends inside a container whose time is over."""

from collections.abc import Iterator

from runs import steppath
from runs.planning.moves import Move, Settle, Stop
from runs.planning.run_state import Scope
from runs.planning.undoing import Undoing
from runs.states import StepStatus

TIME_OF = "timeout of "  # how the reason of what ended with the container around it begins


class Stopping(Undoing):
    """The open scopes inside one container."""

    def is_open(self, path: str) -> bool:
        """Whether the container at ``path`` has begun and is not over."""
        return path in self._scopes or path in self._loops

    def stop_inside(self, path: str, reason: str) -> list[Move]:
        """End everything inside: what runs or waits is cancelled, what has not begun is skipped.

        Turns that did not open leave no record, as in a loop that fails.
        """
        moves: list[Move] = []
        for scope in self._scopes_in(path):
            for name, node in scope.spec.nodes.items():
                own, status = steppath.child(scope.key, name), scope.status.get(name)
                if status is None and own in self._kept:
                    continue  # done in an earlier attempt, and recorded so
                if status is None:
                    moves.append(Settle(own, node, StepStatus.SKIPPED, reason))
                elif status is StepStatus.QUEUED:
                    moves.append(Stop(own, node, StepStatus.SKIPPED, reason, False))
                elif status in (StepStatus.RUNNING, StepStatus.WAITING):
                    running = status is StepStatus.RUNNING
                    moves.append(Stop(own, node, StepStatus.CANCELLED, reason, running))
                for paths in (self.running, self.waiting):
                    paths.discard(own)
                self.queued.pop(own, None)
                if node.is_container:
                    self._forget_inside(own)
        return moves

    def _scopes_in(self, path: str) -> Iterator[Scope]:
        """The open scopes inside, the innermost first."""
        inside = [
            scope
            for key, scope in self._scopes.items()
            if key == path or key.startswith(steppath.below(path))
        ]
        yield from sorted(inside, key=lambda scope: -scope.key.count("/"))
