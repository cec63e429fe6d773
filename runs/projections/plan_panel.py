"""The panel "Why" of a restart's preview: the decisions in groups, the longest lists cut. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from runs import steppath
from runs.planning.plan import Action
from runs.planning.preview import Preview, PreviewItem
from runs.projections import words
from runs.projections.plan_beside import later, rows_beside

SHOWN, MOST = 12, 200  # rows at once, and behind "Show more"; the command line has all


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One decision."""

    path: str
    because: str  # a sentence; what stands in backticks is code
    time: str  # "about 52 s", "48 s saved"
    inside: int  # of a container that is reused whole: how many steps that stands for


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """The decisions of one kind."""

    action: str
    title: str
    count: int
    rows: tuple[PlanRow, ...]
    more: tuple[PlanRow, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class PlanPanel:
    """What a restart would do, in words."""

    plan_id: str
    groups: tuple[PlanGroup, ...]
    confirm: tuple[str, ...]
    once: tuple[str, ...]  # they would run, have the effect `once`, and have no receipt
    reuse: int
    run: int
    unknown: int
    later: str  # what more runs, that nobody can count yet: "and more in `each`"
    saves: str  # "4 min 12 s"; empty when it is nothing
    saved_cost: str


_TITLES = (
    (Action.RUN, "Will run"),
    (Action.UNKNOWN, "Not known yet"),
    (Action.REUSE, "Reused"),
)


def plan_panel(preview: Preview) -> PlanPanel:
    """The panel, and the counter in the bar."""
    counts = preview.counts
    not_begun = [asdict(more) for more in preview.not_begun]
    groups = []
    for action, title in _TITLES:
        items = [item for item in preview.items if item.action is action]
        beside = rows_beside(not_begun, action.value)
        rows = [*_rows(items), *(PlanRow(path, sentence(said), "", 0) for path, said in beside)]
        if rows:
            more = tuple(rows[SHOWN:MOST])
            left = max(0, len(rows) - MOST)
            groups.append(
                PlanGroup(action.value, title, counts[action], tuple(rows[:SHOWN]), more, left)
            )
    once = [
        item.path
        for item in preview.items
        if item.effect == "once" and item.action is not Action.REUSE
    ]
    return PlanPanel(
        plan_id=preview.plan_id,
        groups=tuple(groups),
        confirm=preview.confirm,
        once=tuple(once[:5]),
        reuse=counts["reuse"],
        run=counts["run"],
        unknown=counts["unknown"],
        later=later(not_begun),
        saves=words.duration(preview.saved_ms) if preview.saved_ms else "",
        saved_cost=words.cost(preview.saved_cost) if preview.saved_cost else "",
    )


def _rows(items: Sequence[PreviewItem]) -> Iterator[PlanRow]:
    """A row for each; what is inside a container that is reused whole is counted in its row."""
    whole = {item.path for item in items if item.is_container and item.action is Action.REUSE}
    inside: dict[str, int] = {}
    saved: dict[str, int] = {}
    rows: list[PreviewItem] = []
    for item in items:
        around = _whole_around(item.path, whole)
        if around:
            inside[around] = inside.get(around, 0) + 1
            saved[around] = saved.get(around, 0) + (item.saved_ms or 0)
        else:
            rows.append(item)
    for item in rows:
        ms = (item.saved_ms or 0) + saved.get(item.path, 0)
        time = f"{words.duration(ms)} saved" if ms else ""
        if item.expected_ms:
            time = f"about {words.duration(item.expected_ms)}"
        yield PlanRow(item.path, sentence(item.because), time, inside.get(item.path, 0))


def _whole_around(path: str, whole: set[str]) -> str:
    """The outermost container of ``whole`` that ``path`` stands in."""
    found, at = "", steppath.parent_of(path)
    while at and whole:
        found = at if at in whole else found
        at = steppath.parent_of(at)
    return found


def sentence(because: str) -> str:
    """``failed last time`` → ``Failed last time.``"""
    return f"{because[:1].upper()}{because[1:]}." if because else ""
