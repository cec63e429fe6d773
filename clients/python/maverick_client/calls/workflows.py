"""Workflows and their texts."""

from collections.abc import Iterator
from typing import cast

from maverick_client.models import Validation, Workflow, WorkflowDetail
from maverick_client.sending import Sending, part


class WorkflowCalls(Sending):
    """Methods of Client."""

    def workflows(self) -> Iterator[Workflow]:
        """Every workflow that the server knows, by name."""
        return cast(Iterator[Workflow], self._all("workflows", {}))

    def workflow(self, name: str) -> WorkflowDetail:
        """One workflow with its source and its versions."""
        return cast(WorkflowDetail, self._json("GET", f"workflows/{part(name)}"))

    def publish_workflow(self, definition: str, *, file: str = "") -> WorkflowDetail:
        """Check a text and keep it as a version; the same text gives the same version."""
        body = {"definition": definition, "file": file}
        return cast(WorkflowDetail, self._json("POST", "workflows", json=body, safe=True))

    def validate_workflow(self, definition: str, *, file: str = "") -> Validation:
        """What is wrong with a text; nothing is kept or started."""
        body = {"definition": definition, "file": file}
        return cast(Validation, self._json("POST", "workflows/validate", json=body, safe=True))
