"""Why a run is as it is: graph, reasons, family, origin, comparison."""

from typing import cast

from maverick_client.models import Comparison, Graph, Lineage, Origin, Why
from maverick_client.sending import Sending, part


class ExplainingCalls(Sending):
    """Methods of Client."""

    def graph(self, run_id: str) -> Graph:
        """The run's nodes and edges."""
        return cast(Graph, self._json("GET", f"runs/{part(run_id)}/graph"))

    def why(self, run_id: str, path: str = "") -> Why:
        """Why a run is as it is, or its step `path` (a step path or an execution id)."""
        params = {"path": path} if path else None
        return cast(Why, self._json("GET", f"runs/{part(run_id)}/why", params=params))

    def lineage(self, run_id: str) -> Lineage:
        """A run's family over all generations, and what was changed from run to run."""
        return cast(Lineage, self._json("GET", f"runs/{part(run_id)}/lineage"))

    def origin(self, execution_id: str) -> Origin:
        """Where the output of an execution comes from, back to who did the work."""
        return cast(Origin, self._json("GET", f"executions/{part(execution_id)}/origin"))

    def compare(self, run_id: str, other: str, *, path: str = "") -> Comparison:
        """Run `other` beside run `run_id`; with `path` only that step, with all its values."""
        where = f"runs/{part(run_id)}/compare/{part(other)}"
        params = {"path": path} if path else None
        return cast(Comparison, self._json("GET", where, params=params))
