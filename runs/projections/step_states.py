"""Where the steps of a run stand, without their data: what graph, table and header are made from."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, Func, IntegerField
from django.db.models.fields.json import KeyTransform

from runs.models import Execution, Run


@dataclass(frozen=True, slots=True)
class StepState:
    """Where one execution stands, without its data."""

    id: str
    path: str
    name: str
    type: str
    position: int
    status: str
    reason: str
    tries: int
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    reused: bool
    because: str
    turns: int = 0  # of a loop: how many there will be, as far as is known

    @classmethod
    def unborn(cls, path: str, name: str, kind: str, position: int) -> "StepState":
        """A step of the definition that has no execution yet."""
        return cls("", path, name, kind, position, "pending", "", 0, None, None, None, False, "")

    @property
    def look(self) -> str:
        """The status as it is drawn: what was reused has a look of its own."""
        return "reused" if self.reused else self.status


_LIGHT = (
    "id",
    "path",
    "name",
    "type",
    "position",
    "status",
    "status_reason",
    "tries",
    "started_at",
    "finished_at",
    "duration_ms",
    "reused_from",
    "reused_run",
    "decision",
)


def states_of(run: Run) -> dict[str, StepState]:
    """Where every execution of the run stands, by path. One query, without inputs and outputs."""
    rows = Execution.objects.filter(run_id=run.pk).values_list(*_LIGHT)
    states = {}
    for row in rows.iterator(chunk_size=5000):
        (
            pk,
            path,
            name,
            kind,
            position,
            status,
            reason,
            tries,
            started,
            finished,
            ms,
            reused,
            reused_run,
            decision,
        ) = row
        states[path] = StepState(
            id=pk,
            path=path,
            name=name,
            type=kind,
            position=position,
            status=status,
            reason=reason,
            tries=len(tries or ()),
            started_at=started,
            finished_at=finished,
            duration_ms=ms,
            reused=bool(reused or reused_run),
            because=str((decision or {}).get("because") or ""),
        )
    loops = (
        Execution.objects.filter(run_id=run.pk, type="loop", input__items__isnull=False)
        .annotate(
            turns=Func(
                KeyTransform("items", F("input")),
                function="jsonb_array_length",
                output_field=IntegerField(),
            )
        )
        .values_list("path", "turns")
    )
    if any(state.type == "loop" for state in states.values()):
        for path, turns in loops:
            states[path] = replace(states[path], turns=turns or 0)
    return states
