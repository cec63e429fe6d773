"""What a run is made of. Times are texts in ISO 8601, UTC."""

from collections.abc import Iterable
from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

Item = TypeVar("Item")

RunStatus = Literal[
    "queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled", "timeout"
]
StepStatus = Literal[
    "pending",
    "queued",
    "running",
    "waiting",
    "succeeded",
    "failed",
    "cancelled",
    "timeout",
    "skipped",
]
RUN_OVER = frozenset({"succeeded", "failed", "cancelled", "timeout"})


class Page(TypedDict, Generic[Item]):
    """Some items, and the cursor of the next page (None at the end)."""

    items: list[Item]
    next_cursor: str | None


class RunFilter(TypedDict, total=False):
    """Which runs: filters that add up."""

    status: Iterable[str]  # one word, or several
    workflow: str | None
    kind: str | None
    golden: bool | None
    tag: str | None
    source: str | None
    text: str | None
    filter: str | None  # as in the search of the run list: "status:failed started:<24h"


class Counts(TypedDict):
    """How many nodes stand where. Reused ones are among the succeeded."""

    total: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    reused: int


class Golden(TypedDict):
    """The run is kept as a baseline."""

    name: str
    note: NotRequired[str]
    tags: NotRequired[list[str]]


class Run(TypedDict):
    """One attempt at a workflow."""

    id: str
    workflow: str
    status: RunStatus
    status_reason: str  # one stable word, then an optional `: detail`
    kind: Literal["restart", "fork", "resume"] | None
    source_run_id: str | None  # the run that this one was started from
    golden: Golden | None
    counts: Counts
    inputs: dict[str, Any]  # secrets are masked
    labels: dict[str, Any]
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None  # None until the run is over


class OneRun(Run):
    """A run by itself: with what it gave."""

    outputs: Any  # None before it has succeeded, and when the workflow declares none


class ReusedFrom(TypedDict):
    """Where a reused output came from, and who really did the work."""

    source_execution_id: str
    source_run_id: str | None  # None: that run was deleted
    origin_execution_id: str
    origin_run_id: str | None  # None: that run was deleted


class Decision(TypedDict):
    """What the planner decided, and why."""

    action: str
    because: str


class Attempt(TypedDict):
    """One try."""

    n: int
    outcome: str | None  # None while it runs
    reason: str
    worker: str
    started_at: str | None
    finished_at: str | None
    # of an agent: agent, model, tokens_in, tokens_out, cost. None for others.
    usage: dict[str, Any] | None


class Execution(TypedDict):
    """One node of a run."""

    id: str
    run_id: str
    parent_id: str | None
    path: str
    name: str
    type: str
    status: StepStatus
    status_reason: str
    attempts: list[Attempt]
    input: Any
    output: Any
    error: dict[str, Any] | None
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    reuse: ReusedFrom | None
    decision: Decision | None


class LogPart(TypedDict):
    """Some lines."""

    id: int
    attempt: int
    stream: str
    level: str
    text: str
    at: str


class Event(TypedDict):
    """One entry."""

    seq: int
    kind: str
    execution_id: str | None
    path: str | None
    data: dict[str, Any]
    at: str


class EventPage(TypedDict):
    """Entries in order."""

    items: list[Event]
    last_seq: int  # send it as `after` for what follows
    status: RunStatus
    over: bool  # the run has ended and nothing follows


class Usage(TypedDict):
    """What an agent used; None is what nobody said."""

    model: str
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None  # in the currency of the configured prices


class GraphNode(TypedDict):
    """One node; `id` is None when it has not started."""

    id: str | None
    path: str
    name: str
    type: str
    parent: str | None  # the path of the container around it
    status: StepStatus
    status_reason: str
    attempts: int
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    reused: bool
    reuse: ReusedFrom | None
    decision: Decision | None
    file: str
    line: int | None
    # what a failure of it means: nothing (the run fails), that the run goes on, that it
    # counts as skipped, or that another step handles it
    on_error: Literal["", "continue", "skip", "handle"]
    handled: bool  # it failed, and the run went on from that
    undoes: str | None  # the path of the step that it undid
    usage: Usage | None  # of all attempts of an agent in this run


class GraphEdge(TypedDict):
    """How two nodes belong together; `source` and `target` are paths."""

    source: str
    target: str
    # `target` needs `source`; `target` runs if `source` fails; `target` undid `source` when
    # the run had failed
    kind: Literal["needs", "on_error", "undoes"]


class Graph(TypedDict):
    """A run as a graph: what was executed, and the steps that never started."""

    run_id: str
    status: RunStatus
    seq: int  # follow the events behind this number to stay up to date
    nodes: list[GraphNode]
    edges: list[GraphEdge]
