"""Checkpoints, and steps that wait for a decision."""

from collections.abc import Mapping
from typing import Any, cast

from maverick_client.models import Approval, Checkpoint, CheckpointDetail, Imported, Run
from maverick_client.sending import Sending, items, part


class CheckpointCalls(Sending):
    """Methods of Client."""

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """A run's checkpoints, newest first."""
        return items(self._json("GET", f"runs/{part(run_id)}/checkpoints"))

    def checkpoint(self, run_id: str, checkpoint_id: str) -> CheckpointDetail:
        """One checkpoint, by id or name, and what it holds."""
        path = f"runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}"
        return cast(CheckpointDetail, self._json("GET", path))

    def export_checkpoint(self, run_id: str, checkpoint_id: str) -> dict[str, Any]:
        """The content of a checkpoint's file, for `import_checkpoint` of any server."""
        path = f"runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}/export"
        return cast(dict[str, Any], self._json("GET", path))

    def import_checkpoint(self, content: Mapping[str, Any]) -> Imported:
        """Take the content of a checkpoint file in, with the run that saved it."""
        return cast(Imported, self._json("POST", "checkpoints", json=dict(content), safe=True))

    def resume(
        self,
        run_id: str,
        checkpoint_id: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        accept_changes: bool = False,
        restore_workspace: bool = False,
        force: bool = False,
        idempotency_key: str | None = None,
    ) -> Run:
        """Go on from a checkpoint, by id or name, as a new run."""
        path = f"runs/{part(run_id)}/checkpoints/{part(checkpoint_id)}/resume"
        body = {
            "inputs": dict(inputs or {}),
            "accept_changes": accept_changes,
            "restore_workspace": restore_workspace,
            "force": force,
        }
        return cast(Run, self._start(path, body, idempotency_key))

    def approvals(self, run_id: str) -> list[Approval]:
        """The steps of a run that wait for a decision."""
        return items(self._json("GET", f"runs/{part(run_id)}/approvals"))

    def approve(
        self,
        run_id: str,
        where: str,
        *,
        values: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> Run:
        """Say yes to the step `where` (step path or execution id); `values` fill in its form."""
        body = {"approve": True, "comment": comment, "values": dict(values or {})}
        return self._decide(run_id, where, body)

    def reject(self, run_id: str, where: str, *, comment: str = "") -> Run:
        """Say no to the step `where`: it fails with what the comment says."""
        return self._decide(run_id, where, {"approve": False, "comment": comment})

    def _decide(self, run_id: str, where: str, body: Mapping[str, Any]) -> Run:
        path = f"runs/{part(run_id)}/approvals/{part(where)}"
        return cast(Run, self._json("POST", path, json=body))
