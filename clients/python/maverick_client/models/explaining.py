"""Why a run is as it is: reasons, family, origin, comparison."""

from typing import Any, Literal, TypedDict

from maverick_client.models.runs import Decision, ReusedFrom, Run, RunStatus, StepStatus


class SeenValue(TypedDict):
    """What a condition read, and what it got; secrets are masked."""

    name: str
    value: Any


class Root(TypedDict):
    """The failure that a failure comes from."""

    path: str
    execution_id: str
    status: str
    code: str
    message: str
    hint: str


class Waits(TypedDict):
    """One thing that is waited for."""

    kind: Literal[
        "step", "container", "turn", "worker", "lease", "timer", "retry", "approval", "pause"
    ]
    on: str  # a step path, or a worker
    until: str | None
    hint: str


class Why(TypedDict):
    """Sentences for people, and the same as facts."""

    run_id: str
    path: str | None  # None: it is told of the run
    execution_id: str | None
    status: str
    verdict: Literal[
        "ran", "runs", "reused", "waits", "skipped", "failed", "cancelled", "not-reached"
    ]
    sentences: list[str]
    decision: Decision | None
    reuse: ReusedFrom | None
    condition: str
    values: list[SeenValue]
    waits_for: list[Waits]
    root: Root | None
    consequences: list[str]  # at most 50 paths, in graph order
    consequence_count: int


class FieldChange(TypedDict):
    """A field of inputs or context that is another than in the source; secrets are masked."""

    field: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Change(TypedDict):
    """What makes a run another than its source."""

    words: str
    source_deleted: bool
    from_step: str | None  # the step that it was restarted from
    alone: bool  # that step ran and nothing else
    reuse: str | None
    checkpoint: str | None
    fields: list[FieldChange]


class Relative(TypedDict):
    """One run of a family."""

    run: Run
    generation: int  # 0 is the first ancestor
    reason: str  # why a person started it
    by: str
    change: Change | None  # None: it has no source


class Lineage(TypedDict):
    """A run's family over all generations, oldest first."""

    run_id: str
    root_run_id: str
    ancestors: list[str]  # from the direct source back to the root
    more: bool  # the family has members that are not told
    items: list[Relative]


class Link(TypedDict):
    """One execution of the chain."""

    execution_id: str
    run_id: str | None  # None: the run was deleted
    path: str
    workflow: str
    status: str
    finished_at: str | None
    reused: bool  # false: it did the work
    deleted: bool  # its run is gone; only the execution's id is left


class Origin(TypedDict):
    """An execution, where its output comes from, and who else has it."""

    execution_id: str
    run_id: str
    path: str
    chain: list[Link]  # from the immediate source to the origin. Empty: it did the work itself.
    origin: Link
    reused_by: int  # how many other runs have this output without having done the work
    reused_by_runs: list[str]  # the newest 20 of them


class Place(TypedDict):
    """One place where two values differ."""

    path: str  # empty: the whole value
    kind: Literal["added", "removed", "changed"]
    a: Any  # None where it was added
    b: Any  # None where it was removed
    is_cut: bool  # a value is long and only its beginning is told, as text


class Places(TypedDict):
    """Where two values differ."""

    items: list[Place]
    more: bool  # there are more places than are told
    note: str


class ComparedRun(TypedDict):
    """One of the two runs."""

    id: str
    workflow: str
    version: int
    status: RunStatus
    status_reason: str
    kind: str | None
    source_run_id: str | None
    created_at: str
    duration_ms: int | None


class ComparedStep(TypedDict):
    """One execution on one side."""

    execution_id: str
    path: str
    status: StepStatus
    status_reason: str
    duration_ms: int | None
    reused: bool


class ComparedNode(TypedDict):
    """One step of both runs, or of one of them."""

    path: str  # where it stands in B, or in A if only that has it
    name: str
    type: str
    # `reused`: it is the same work; one has it from the other, or both from a third
    verdict: Literal["same", "changed", "only_a", "only_b", "reused"]
    differs: list[str]  # of what changed: definition, condition, status, input, output, error
    role: Literal["cause", "consequence"] | None
    because: str
    root: str | None  # the path of the cause that it follows from
    a: ComparedStep | None
    b: ComparedStep | None
    duration_difference_ms: int | None  # b's less A's; None unless both did their own work
    input: Places | None  # None where it does not differ, or is not told
    output: Places | None
    error: Places | None


class DefinitionChange(TypedDict):
    """What differs between the texts that the two runs ran."""

    a_version: int
    b_version: int
    steps: list[str]
    text: str  # a unified diff
    is_cut: bool


class Tally(TypedDict):
    """How many steps are what."""

    same: int
    changed: int
    only_a: int
    only_b: int
    reused: int


class Comparison(TypedDict):
    """Two runs side by side: A is the first of the address, B the second."""

    a: ComparedRun
    b: ComparedRun
    same: bool  # status, inputs, outputs and every step are the same
    counts: Tally
    first_divergence: str | None  # the path of the first cause, in graph order
    because: str
    duration_difference_ms: int | None
    inputs: Places
    context: Places
    outputs: Places
    definition: DefinitionChange | None  # None: both ran one version
    nodes: list[ComparedNode]
