"""The shapes that the server sends, as it sends them. Times are texts in ISO 8601, UTC."""

from typing import Any, Generic, Literal, TypedDict, TypeVar

Item = TypeVar("Item")

RUN_OVER = frozenset({"succeeded", "failed", "cancelled", "timeout"})

Reuse = Literal["succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none"]
Scope = Literal["workflow", "execution"]


class Page(TypedDict, Generic[Item]):
    """Some items, and the cursor of the next page (None at the end)."""

    items: list[Item]
    next_cursor: str | None


class Counts(TypedDict):
    """How many nodes of a run stand where; `reused` ones are among `succeeded`."""

    total: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    reused: int


class Golden(TypedDict):
    """The name under which a run is kept as a baseline."""

    name: str


class Run(TypedDict):
    """One attempt at a workflow."""

    id: str
    workflow: str
    status: str
    status_reason: str
    kind: str | None
    source_run_id: str | None
    golden: Golden | None
    counts: Counts
    inputs: dict[str, Any]
    labels: dict[str, Any]
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None


class OneRun(Run):
    """A run that was asked for by itself: with what it gave."""

    outputs: Any


class ReusedFrom(TypedDict):
    """Where a reused output came from, and who really did the work."""

    source_execution_id: str
    source_run_id: str | None  # None: that run was deleted
    origin_execution_id: str
    origin_run_id: str | None


class Decision(TypedDict):
    """What the planner decided, and why."""

    action: str
    because: str


class Execution(TypedDict):
    """One node of a run."""

    id: str
    run_id: str
    parent_id: str | None
    path: str
    name: str
    type: str
    status: str
    status_reason: str
    attempts: list[dict[str, Any]]
    input: Any
    output: Any
    error: dict[str, Any] | None
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    reuse: ReusedFrom | None
    decision: Decision | None


class LogPart(TypedDict):
    """Some lines that an execution printed."""

    id: int
    attempt: int
    stream: str
    level: str
    text: str
    at: str


class Event(TypedDict):
    """One entry of a run's journal."""

    seq: int
    kind: str
    execution_id: str | None
    path: str | None
    data: dict[str, Any]
    at: str


class PlanItem(TypedDict):
    """What a restart would do with one node."""

    path: str
    action: Literal["reuse", "run", "unknown"]
    because: str
    source_execution_id: str | None
    saved_ms: int | None  # of what is reused
    expected_ms: int | None  # of what runs: how long it took last time


class Plan(TypedDict):
    """What a restart would do, without doing it."""

    plan_id: str
    counts: dict[str, int]
    saved_ms: int
    saved_cost: float | None
    confirm: list[str]  # steps that want to be confirmed before they happen again
    items: list[PlanItem]


class EventPage(TypedDict):
    """Some entries of a journal, the number to go on from, and whether more can follow."""

    items: list[Event]
    last_seq: int
    status: str
    over: bool


class Checkpoint(TypedDict):
    """A saved state of a run."""

    id: str
    run_id: str
    name: str
    path: str
    execution_id: str
    digest: str
    file: str
    n_steps: int
    retired: bool
    created_at: str
    ref: str


class CheckpointDetail(TypedDict):
    """A checkpoint and what it holds."""

    checkpoint: Checkpoint
    content: Any


class Imported(TypedDict):
    """A checkpoint file that was taken in."""

    run: Run
    checkpoint: Checkpoint
    is_new: bool


class FormField(TypedDict):
    """One thing to fill in when a step is approved."""

    name: str
    type: str
    required: bool
    default: Any
    description: str
    enum: list[Any] | None
    secret: bool


class Approval(TypedDict):
    """A step that waits for a decision, and whether the asker may decide."""

    execution_id: str
    path: str
    prompt: str
    form: list[FormField]
    approvers: list[str]
    since: str | None
    due: str | None
    may_decide: bool


class LastRun(TypedDict):
    """The newest run of a workflow."""

    id: str
    status: str


class Workflow(TypedDict):
    """A workflow at its newest version."""

    name: str
    description: str
    version: int
    digest: str
    file: str
    published_at: str
    last_run: LastRun | None


class Version(TypedDict):
    """One text of a workflow."""

    number: int
    digest: str
    file: str
    created_at: str


class WorkflowDetail(TypedDict):
    """A workflow, its newest text, and its versions, newest first."""

    workflow: Workflow
    source: str
    versions: list[Version]


class Validation(TypedDict):
    """What is wrong with a workflow's text; `ok` means no errors, there may be warnings."""

    ok: bool
    name: str
    problems: list[dict[str, Any]]


Graph = dict[str, Any]
Comparison = dict[str, Any]
Why = dict[str, Any]
Lineage = dict[str, Any]
Origin = dict[str, Any]


class AuditEntry(TypedDict):
    """One command that changed something."""

    id: int
    at: str
    kind: str
    who: str
    role: str
    via: str
    address: str
    action: str
    target: str
    data: dict[str, Any]


class GoldenRun(TypedDict):
    """A golden run: what checks against it mind, and what was accepted since."""

    name: str
    run_id: str
    workflow: str
    tags: list[str]
    note: str
    assertions: dict[str, Any] | None
    accepted: list[dict[str, Any]]
    created_by: str
    created_at: str


class Check(TypedDict):
    """A run against a baseline, node by node."""

    run_id: str
    workflow: str
    baseline: dict[str, Any]
    passed: bool
    counts: dict[str, int]
    nodes: list[dict[str, Any]]
