"""Baselines and their checks, runs in bulk and as files, tokens, the audit log."""

from typing import Any, Literal, TypedDict

from maverick_client.models.runs import Run

BulkAction = Literal["restart", "cancel", "pause", "resume", "golden", "label", "delete"]
Role = Literal["viewer", "operator", "admin"]


class Accepted(TypedDict):
    """A value that checks expect instead of the golden run's own."""

    path: str
    from_run_id: str
    reason: str
    by: str
    at: str


class GoldenRun(TypedDict):
    """One golden run."""

    name: str
    run_id: str
    workflow: str
    tags: list[str]
    note: str
    assertions: dict[str, Any] | None  # None: all outputs are to be equal
    accepted: list[Accepted]
    created_by: str
    created_at: str


class Baseline(TypedDict):
    """What was checked against."""

    run_id: str
    name: str | None  # None: it is not golden


class Finding(TypedDict):
    """One assertion that does not hold."""

    kind: str  # `equal`, `subset`, `schema`, `regex`, `band` or `status`
    at: str  # the place in the output; empty is the whole of it
    message: str
    expected: Any
    actual: Any


class NodeVerdict(TypedDict):
    """How one node stands against the baseline."""

    path: str
    type: str
    verdict: Literal["passed", "failed", "missing", "extra", "ignored"]
    because: str
    accepted: bool  # what was expected is a value that was accepted later
    findings: list[Finding]
    acceptable: bool  # whether the new value can be accepted


class Check(TypedDict):
    """A run against a baseline, node by node."""

    run_id: str
    workflow: str
    baseline: Baseline
    passed: bool
    counts: dict[str, int]
    nodes: list[NodeVerdict]


class BulkFilter(TypedDict, total=False):
    """Which runs: as the filters of the list, which add up."""

    golden: bool | None
    status: list[str]
    tag: str
    text: str
    workflow: str


class BulkItem(TypedDict):
    """What became of one run."""

    run_id: str
    outcome: Literal["done", "unchanged", "refused"]
    new_run_id: str | None  # the run that a restart made
    code: str
    message: str


class BulkResult(TypedDict):
    """What became of all of them."""

    action: str
    dry_run: bool
    counts: dict[str, int]
    items: list[BulkItem]


class Deletion(TypedDict):
    """What a deletion would take, and what stays with others."""

    run_id: str
    workflow: str
    status: str
    steps: int
    checkpoints: int
    outputs_kept: int  # outputs of this run that others reuse: they stay
    successors: int
    refused: str  # why it cannot be deleted; empty when it can
    words: str


class Cleaned(TypedDict):
    """What was cleaned up, or would be."""

    dry_run: bool
    runs: int
    ids: list[str]  # the first thousand of them
    payloads: int  # large outputs that nobody uses any more
    payload_bytes: int
    golden_kept: int


class ImportedRun(TypedDict):
    """A run that was imported, and what is to be known of it."""

    run: Run
    notes: list[str]


class Token(TypedDict):
    """A token; its secret is not kept."""

    id: int
    name: str
    role: str
    hint: str  # the secret's first letters, to tell tokens apart
    created_by: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None


class NewToken(TypedDict):
    """A token that was just made."""

    token: Token
    secret: str  # told this once


class AuditEntry(TypedDict):
    """One command that changed something."""

    id: int
    at: str
    kind: str  # `user`, `token`, `cli` or `system`
    who: str
    role: str
    via: str  # `page`, `api` or `cli`; empty for Maverick itself
    address: str  # where the request came from; for `cli` the machine's name
    action: str  # a stable word, e.g. `run.restart`.
    target: str  # a run's id, or a name
    data: dict[str, Any]
