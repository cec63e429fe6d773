"""What restarts, checkpoints and approvals take and give."""

from typing import Any, Literal, NotRequired, TypedDict

from maverick_client.models.runs import Run

Reuse = Literal["succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none"]
Scope = Literal["workflow", "execution"]


class RestartRequest(TypedDict, total=False):
    """What a restart takes over and what it changes. Everything is optional."""

    scope: Scope
    reuse: Reuse | None
    from_: str | None  # an execution id or a step path
    input: dict[str, Any] | None  # replaces the inputs
    input_patch: dict[str, Any] | None  # an RFC 7396 merge patch of the inputs
    context: dict[str, Any] | None
    context_patch: dict[str, Any] | None
    fork: bool
    reason: str
    plan_id: str | None  # from a preview; 409 when it no longer holds
    confirm: list[str]  # step paths whose effect `ask` may happen again


class PlanCounts(TypedDict):
    """How many steps for each action, those of `not_begun` included."""

    reuse: int
    run: int
    unknown: int


class PlanItem(TypedDict):
    """The decision about one step, and why."""

    path: str
    action: Literal["reuse", "run", "unknown"]
    because: str
    source_execution_id: str | None
    saved_ms: int | None  # of what is reused: what it took when it ran
    expected_ms: int | None  # of what is not: what it took last time; None when nobody knows


class NotBegun(TypedDict):
    """What runs inside a container of which nothing was recorded, so that no item decides it."""

    path: str  # the container; without turns where it stands in several
    turns: int | None  # that had not begun; None: it is no loop, or nobody knows how many
    run: int
    unknown: int  # steps whose condition decides
    because: str
    is_open: bool  # how much it is, is known when it runs: it is not counted


class Plan(TypedDict):
    """What a restart would do; nothing was started."""

    plan_id: str  # name it in the restart to commit exactly this
    counts: PlanCounts
    saved_ms: int  # work that need not be done again
    saved_cost: float | None  # what the reused agents cost when they ran; None when nobody knows
    # steps with the effect `ask` that would happen again: name them in the restart's
    # `confirm`
    confirm: list[str]
    items: list[PlanItem]
    not_begun: list[NotBegun]


class Checkpoint(TypedDict):
    """A saved state of a run."""

    id: str
    run_id: str
    name: str
    path: str  # the path of the checkpoint step
    execution_id: str
    digest: str  # SHA-256 of the content
    file: str
    n_steps: int  # how many finished steps it holds
    retired: bool  # its run succeeded: `--resume` passes it over
    created_at: str
    ref: NotRequired[str]  # the git reference of the workspace's snapshot; empty without one


class CheckpointDetail(TypedDict):
    """A checkpoint and what it holds."""

    checkpoint: Checkpoint
    content: Any


class Imported(TypedDict):
    """A checkpoint file, taken in."""

    run: Run  # the run that saved it, as it was then
    checkpoint: Checkpoint
    is_new: bool  # whether the run was not known here before


class FormField(TypedDict):
    """One thing to fill in when the step is approved."""

    name: str
    type: str  # string, integer, boolean, float, object or array
    required: bool
    default: Any  # None when there is none, or when it is secret
    description: str
    enum: list[Any] | None
    secret: bool


class Approval(TypedDict):
    """A step that waits for a decision."""

    execution_id: str
    path: str
    prompt: str
    form: list[FormField]
    approvers: list[str]  # who may decide: names of users, and roles (which every higher role has)
    since: str | None
    due: str | None  # when nobody can decide any more; None: never
    may_decide: bool  # whether you may
