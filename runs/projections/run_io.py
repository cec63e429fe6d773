"""What a run took and gave, beside the run that it came from."""

from dataclasses import dataclass
from itertools import islice

from runs.json_diff import Difference, differences
from runs.models import Run

MOST_CHANGES = 200


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """Where input and output differ from the source run's; at most so many places of each."""

    source_id: str
    input: tuple[Difference, ...]
    output: tuple[Difference, ...]
    has_output: bool  # both runs gave something


def source_changes(run: Run) -> SourceChanges | None:
    """None when the source has been deleted. One query."""
    source = Run.objects.filter(pk=run.source_id).values("inputs", "outputs").first()
    if source is None:
        return None
    both = run.outputs is not None and source["outputs"] is not None
    gave = differences(source["outputs"], run.outputs) if both else iter(())
    return SourceChanges(
        str(run.source_id),
        tuple(islice(differences(source["inputs"], run.inputs), MOST_CHANGES)),
        tuple(islice(gave, MOST_CHANGES)),
        both,
    )
