"""Agent: a program elsewhere that does work for us; and every call of one."""

from typing import Any

from django.db import models
from django.db.models import Q

from runs.models.fields import IdField
from runs.models.run import Run


class Agent(models.Model):
    """An agent as it has registered itself (docs/agentfield.md).

    ``instance_id`` is another one after each start of its process: what the process before it had
    been given is lost (`record.lost_calls.orphaned`).
    """

    id = models.CharField(primary_key=True, max_length=200)
    base_url = models.CharField(max_length=500)
    version = models.CharField(max_length=100, blank=True, default="")
    instance_id = models.CharField(max_length=100, blank=True, default="")
    instance_since = models.DateTimeField()
    status = models.CharField(max_length=20, default="starting")
    last_heartbeat = models.DateTimeField(null=True)
    registered_at = models.DateTimeField()
    reasoners = models.JSONField(default=list)  # as it described them, schemas included
    skills = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]

    def kind_of(self, name: str) -> str:
        """``reasoner`` or ``skill``; empty when it has nothing of that name."""
        for kind, known in (("reasoner", self.reasoners), ("skill", self.skills)):
            if any(one.get("id") == name for one in known):
                return kind
        return ""


class AgentCall(models.Model):
    """One call of an agent's reasoner or skill, under the id that agent and caller know.

    ``role``: `root` (the call is the run), `nested` (made by an agent while it worked), `step`
    (a step of a workflow; a further attempt of it is a call of its own). The execution of a root
    or nested call is settled by the report itself, that of a step by the engine.
    ``state`` is about the request to the agent: `new`, `begun` (it goes out, or went out, once
    and never again), `over`.
    """

    id = IdField(primary_key=True, max_length=60)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="calls", db_index=False)
    execution_id = IdField()
    role = models.CharField(max_length=6)
    number = models.IntegerField()  # the run's journal number at its birth: an order without ties
    node = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)  # reasoner, skill
    parent = models.CharField(max_length=200, blank=True, default="")  # as given; may be unknown
    session = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=200, blank=True, default="")
    replay_run = models.CharField(max_length=200, blank=True, default="")
    replay_before = models.CharField(max_length=200, blank=True, default="")
    replay_mode = models.CharField(max_length=20, blank=True, default="")
    match_key = models.CharField(max_length=64)  # keyed hash of input and context
    input = models.JSONField(default=dict)  # as shown: secrets masked
    context = models.JSONField(null=True)
    sealed = models.BinaryField(null=True)  # input and context as they are, if they differ
    state = models.CharField(max_length=6, default="new")
    status = models.CharField(max_length=12, default="queued")  # in the protocol's words
    status_reason = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    error_details = models.JSONField(null=True)
    error_status = models.IntegerField(null=True)  # what the agent would answer to its caller
    result = models.JSONField(null=True)  # of a step, and of a failure that came with one
    has_result = models.BooleanField(default=False)
    sealed_result = models.BinaryField(null=True)
    usage = models.JSONField(null=True)
    instance_id = models.CharField(max_length=100, blank=True, default="")
    worker = models.CharField(max_length=100, blank=True, default="")  # that sends it
    restarted_execution = IdField(max_length=60, blank=True, default="")
    restarted_run = models.CharField(max_length=200, blank=True, default="")
    lineage = models.JSONField(null=True)  # of the root of a restart
    notes = models.JSONField(default=list)
    approval = models.JSONField(null=True)
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)  # the agent has taken it
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_call_a_number"),
        ]
        indexes = [
            models.Index(fields=["execution_id"], name="call_execution"),
            # The whole of a replay: one look for one call.
            models.Index(
                fields=["run", "node", "name", "match_key", "number"],
                name="call_replay",
                condition=Q(status="succeeded"),
            ),
            # The run list's filter by agent.
            models.Index(fields=["node", "run"], name="call_node_run"),
            models.Index(
                fields=["node", "state"], name="call_open", condition=Q(ended_at__isnull=True)
            ),
        ]

    @property
    def question(self) -> dict[str, Any]:
        """What the agent has asked to be decided; empty when it has asked nothing."""
        return self.approval or {}

    @property
    def target(self) -> str:
        """What was called, as ``agent.reasoner``."""
        return f"{self.node}.{self.name}"


class AgentMemory(models.Model):
    """One value that agents keep: of everybody, a run, a session or an actor."""

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=20)
    scope_id = models.CharField(max_length=200, blank=True, default="")
    key = models.CharField(max_length=500)
    data = models.JSONField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "scope_id", "key"], name="one_value_a_key"),
        ]
