"""Deleting runs, and cleaning up."""

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, shown


class DeletionOut(Out):
    """What a deletion would take, and what stays with others."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "run_id": "run_0pkx3m7q2a9f4c",
                "workflow": "release-notes",
                "status": "failed",
                "steps": 12,
                "checkpoints": 1,
                "outputs_kept": 12,
                "successors": 3,
                "refused": "",
                "words": "3 runs were started from it; 12 outputs stay with them.",
            }
        },
    )

    run_id: str
    workflow: str
    status: str
    steps: int
    checkpoints: int
    outputs_kept: int = Field(description="Outputs of this run that others reuse: they stay.")
    successors: int
    refused: str = Field(description="Why it cannot be deleted; empty when it can.")
    words: str


class CleanUpIn(In):
    """What is old, and how much of it stays."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"older_than_days": 30, "keep": 5, "dry_run": True}},
    )

    older_than_days: float = Field(ge=0, le=100_000)
    keep: int = Field(0, ge=0, le=1_000_000, description="The newest of each workflow stay.")
    dry_run: bool = False


class CleanedOut(Out):
    """What was cleaned up, or would be."""

    model_config = shown(
        {
            "dry_run": True,
            "runs": 1,
            "ids": ["run_0pkx3m7q2a9f4c"],
            "payloads": 3,
            "payload_bytes": 524288,
            "golden_kept": 2,
        }
    )

    dry_run: bool
    runs: int
    ids: list[str] = Field(description="The first thousand of them.")
    payloads: int = Field(description="Large outputs that nobody uses any more.")
    payload_bytes: int
    golden_kept: int
