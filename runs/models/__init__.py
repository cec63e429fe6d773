"""What is stored. Rows are written by ``runs.record`` only."""

from runs.models.agent import Agent, AgentCall, AgentMemory
from runs.models.audit import AuditEntry
from runs.models.checkpoint import Checkpoint
from runs.models.event import Event
from runs.models.execution import Execution, LogChunk
from runs.models.golden import AcceptedValue, Golden
from runs.models.idempotency import IdempotencyRecord
from runs.models.note import RunNote
from runs.models.payload import Payload
from runs.models.run import Run
from runs.models.saved_view import ListSettings, SavedView
from runs.models.session import Session
from runs.models.sign_in import SignInAttempt
from runs.models.token import ApiToken, LoginToken
from runs.models.user import User
from runs.models.webhook import CallWebhook, WebhookDelivery, WebhookEndpoint
from runs.models.worker import WorkerProcess
from runs.models.workflow import Workflow, WorkflowVersion

__all__ = [
    "AcceptedValue",
    "Agent",
    "AgentCall",
    "AgentMemory",
    "ApiToken",
    "AuditEntry",
    "CallWebhook",
    "Checkpoint",
    "Event",
    "Execution",
    "Golden",
    "IdempotencyRecord",
    "ListSettings",
    "LogChunk",
    "LoginToken",
    "Payload",
    "Run",
    "RunNote",
    "SavedView",
    "Session",
    "SignInAttempt",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerProcess",
    "Workflow",
    "WorkflowVersion",
]
