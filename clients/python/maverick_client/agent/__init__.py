"""Agents: programs whose functions Maverick calls (docs/clients.md)."""

from maverick_client.agent.agent import Agent
from maverick_client.agent.context import Call, current_call
from maverick_client.agent.failures import CallFailed, ReasonerFailed
from maverick_client.agent.jsonform import NotJson
from maverick_client.agent.reasoners import InputRefused

__all__ = [
    "Agent",
    "Call",
    "CallFailed",
    "InputRefused",
    "NotJson",
    "ReasonerFailed",
    "current_call",
]
