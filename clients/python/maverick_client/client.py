"""The client: one method for each thing that the server can be asked for."""

from maverick_client.calls.admin import AdminCalls
from maverick_client.calls.agents import AgentCalls
from maverick_client.calls.checkpoints import CheckpointCalls
from maverick_client.calls.explaining import ExplainingCalls
from maverick_client.calls.journal import JournalCalls
from maverick_client.calls.keeping import KeepingCalls
from maverick_client.calls.notes import NoteCalls
from maverick_client.calls.views import ViewCalls
from maverick_client.calls.webhooks import WebhookCalls
from maverick_client.calls.workflows import WorkflowCalls


class Client(
    JournalCalls,
    ExplainingCalls,
    CheckpointCalls,
    WorkflowCalls,
    AgentCalls,
    KeepingCalls,
    NoteCalls,
    AdminCalls,
    WebhookCalls,
    ViewCalls,
):
    """Talks to one Maverick server.

    `token` is an API token. `retries` is how often a request is repeated that may be repeated:
    reads, and whatever carries an idempotency key. `transport` takes the place of the network
    in tests.
    """
