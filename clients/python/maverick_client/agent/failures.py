"""How a call can end other than well."""

from collections.abc import Mapping
from typing import Any

from maverick_client.errors import ClientError


class CallFailed(ClientError):
    """A call of another reasoner has failed, or was cancelled, or took too long."""

    def __init__(self, target: str, told: Mapping[str, Any]) -> None:
        self.target = target
        self.execution_id = str(told.get("execution_id") or "")
        self.status = str(told.get("status") or "failed")
        self.reason = str(told.get("status_reason") or "")
        self.details = told.get("error_details")
        self.result = told.get("result")
        why = told.get("error") or told.get("error_message") or self.reason
        super().__init__(f"{target} {self.status}" + (f": {why}" if why else ""))


class ReasonerFailed(ClientError):
    """Raised in a reasoner: it fails, and tells more than a text.

    `status_code` is what a synchronous caller is answered with, 400 to 499.
    """

    def __init__(
        self,
        message: str,
        *,
        result: Any = None,
        details: Any = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.result, self.details, self.status_code = result, details, status_code
