"""Runs by filter, page by page; one run."""

from dataclasses import dataclass, fields

from django.db.models import Q, QuerySet
from django.utils import timezone

from runs.errors import InvalidFields, UnknownRun
from runs.ids import is_run_id
from runs.models import Golden, Run, Workflow
from runs.models.run import NEWEST_FIRST
from runs.projections.run_facts import RUN_COLUMNS, OneRun, RunFacts, run_facts
from runs.projections.run_order import older_than
from runs.projections.run_query import matching as searched
from runs.projections.run_terms import Parsed, parse

NOTHING = Parsed((), "", ())


def understood(search: str, place: str) -> Parsed:
    """A search of which every word is understood. Raises InvalidFields, naming ``place``."""
    found = parse(search)
    if found.mistakes:
        raise InvalidFields(
            {
                "code": "filter",
                "message": f"{one.written[:100]}: {one.message}",
                "path": place,
                "hint": "Write `key:value`, `-key:value` to exclude.",
            }
            for one in found.mistakes
        )
    return found


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for. Everything empty means all of them, newest first."""

    statuses: tuple[str, ...] = ()
    workflow: str = ""
    kinds: tuple[str, ...] = ()  # "" stands for runs without a source
    golden: bool | None = None
    source: str = ""
    tag: str = ""  # of golden runs
    text: str = ""  # the start of a run id, or a part of a workflow's name
    before: str = ""  # only what stands behind this run: where the last page ended
    search: Parsed = NOTHING  # the same as the page's search, added to the fields above
    me: str = ""  # whom `by:me` means


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs, and the id to go on from (None at the end)."""

    items: tuple[RunFacts, ...]
    next_before: str | None


def list_runs(wanted: RunFilter, limit: int = 50) -> RunPage:
    """One page of runs, newest first. Three queries at most, whatever the filter."""
    rows = matching(wanted)
    if rows is None:
        return RunPage((), None)
    # One more than asked tells whether there is a next page without counting.
    found = list(rows.values(*RUN_COLUMNS)[: limit + 1])
    items = tuple(run_facts(row) for row in found[:limit])
    return RunPage(items, items[-1].id if len(found) > limit else None)


def matching(wanted: RunFilter) -> QuerySet[Run] | None:
    """The filter as a query, newest first; None when nothing can match."""
    found = searched(
        wanted.search.terms, wanted.search.text, now=timezone.localtime(), me=wanted.me
    )
    if found is None:
        return None
    rows = older_than(found, wanted.before) if wanted.before else found.order_by(*NEWEST_FIRST)
    if wanted.statuses:
        rows = rows.filter(status__in=wanted.statuses)
    if wanted.kinds:
        rows = rows.filter(kind__in=wanted.kinds)
    if wanted.workflow:
        rows = rows.filter(workflow_name=wanted.workflow)
    if wanted.golden is not None:
        rows = rows.filter(golden_name__isnull=not wanted.golden)
    if wanted.tag:
        # Golden runs are few: their list is made first.
        rows = rows.filter(pk__in=Golden.objects.filter(tags__contains=[wanted.tag]).values("run"))
    if wanted.source:
        rows = rows.filter(source_id=wanted.source)
    if wanted.text:
        # Names are looked up among the few workflows first: LIKE '%…%' over 100,000 runs would
        # read every row when nothing matches.
        named = Workflow.objects.filter(name__icontains=wanted.text)
        names = list(named.values_list("name", flat=True)[:200])
        if wanted.text.startswith("run_"):
            by_id = Q(id__startswith=wanted.text)
            rows = rows.filter(by_id | Q(workflow_name__in=names) if names else by_id)
        elif names:
            rows = rows.filter(workflow_name__in=names)
        elif is_run_id(wanted.text):  # a run that a client has named
            rows = rows.filter(id__startswith=wanted.text)
        else:
            return None
    return rows


def matching_ids(wanted: RunFilter, limit: int) -> list[str]:
    """The ids of the newest runs that the filter finds."""
    rows = matching(wanted)
    return [] if rows is None else list(rows.values_list("id", flat=True)[:limit])


def get_run(run_id: str) -> OneRun:
    """One run, with its outputs. Raises UnknownRun."""
    row = Run.objects.filter(pk=run_id).values(*RUN_COLUMNS, "outputs").first()
    if row is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    facts = run_facts(row)
    shared = {one.name: getattr(facts, one.name) for one in fields(facts)}
    return OneRun(**shared, outputs=row["outputs"])


def require_run(run_id: str) -> None:
    """Raise UnknownRun unless there is such a run."""
    if not Run.objects.filter(pk=run_id).exists():
        raise UnknownRun(f"There is no run {run_id!r}.")
