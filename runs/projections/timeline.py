"""The Timeline of a run: a row for each step that is open in its tree, bars on one scale."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db import connection

from runs import steppath
from runs.models import Run
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState, moment_of, time_sql
from runs.projections.step_tree import (
    Match,
    Openness,
    Shown,
    TreeNode,
    everything,
    shown,
    step_tree,
)
from runs.projections.timeline_bars import (
    Clock,
    Span,
    Tries,
    label,
    spans_of,
    waited_ms,
    worked_ms,
)
from runs.projections.timeline_critical import Worked, critical_path, places
from runs.projections.timeline_scale import Scale, Tick, make_scale, ticks
from runs.states import RUN_OVER

ROWS_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    opened: Openness = field(default_factory=Openness)
    idle: bool = True  # idle time is drawn at its length
    reused: bool = True  # reused steps have rows
    critical: bool = True  # the critical path is drawn
    find: str = ""
    chosen: str = ""
    first: int = 0


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row: its name, its bars, and what a reader without the drawing is told."""

    path: str
    name: str
    depth: int
    look: str
    status: str
    handled: bool
    icon: str
    is_open: bool | None  # None: nothing inside
    is_turn: bool
    worked: str  # the column: "1 min 02 s", "3 tries", "blocked"
    spans: tuple[Span, ...]
    label: str
    note: str  # in the drawing of a step that has not begun
    critical: bool
    starts: str  # after the beginning of the run
    waited: str
    tries: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of the Timeline tab."""

    rows: tuple[TimelineRow, ...]
    total: int
    first: int
    next_from: int | None
    previous_from: int | None
    scale: Scale
    ticks: tuple[Tick, ...]
    length: float
    now: float | None  # where the line stands while the run goes
    chain: tuple[tuple[str, float, float], ...]  # the critical path: path, from, to
    chain_said: str
    failed: int
    reused: int
    idle_ms: float
    has_inside: bool
    begins: str  # open, closed: what loops are that nobody has turned


def timeline(
    run: Run, states: Mapping[str, StepState], now: datetime, asked: Asked | None = None
) -> Timeline:
    """The Timeline tab. One query beside ``states``."""
    return _Builder(run, states, now, asked or Asked()).made()


# The time since when it could run, and attempts where there is more than one.
_SQL = f"""
SELECT path, {time_sql("created_at")}, CASE WHEN jsonb_array_length(tries) > 1 THEN tries END
FROM runs_execution WHERE run_id = %s
"""  # noqa: S608 - nothing but columns is put in


class _Builder:
    def __init__(
        self, run: Run, states: Mapping[str, StepState], now: datetime, asked: Asked
    ) -> None:
        self._run, self._states, self._asked = run, states, asked
        self._over = run.status in RUN_OVER
        self._made: Compiled | None = drawable_version(run.version_id)
        self._ready: dict[str, datetime | None] = {}
        self._tries: dict[str, Tries] = {}
        self._read()
        self._clock = self._time(now)
        self._worked = self._leaves()
        self._chain = critical_path(self._made, states, self._worked)
        self._on_chain = {place for one in self._chain for place in places(one.path)}
        self._busy = self._when_busy()

    def _read(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [self._run.pk])
            for path, ready, tries in cursor.fetchall():
                self._ready[path] = moment_of(ready)
                if tries:
                    self._tries[path] = json.loads(tries) if isinstance(tries, str) else tries

    def _time(self, now: datetime) -> Clock:
        """From the first moment to the last; a run of reused steps alone is as long as the longest."""
        fresh = [s for s in self._states.values() if not s.reused]
        start = self._run.started_at or self._run.created_at
        start = min((s.started_at for s in fresh if s.started_at), default=start)
        if self._run.started_at and self._run.started_at < start:
            start = self._run.started_at
        ends = [s.finished_at for s in fresh if s.finished_at]
        end = max([*ends, self._run.finished_at or start], default=start)
        if not self._over:
            end = max(end, now)
        elif not any(s.started_at for s in fresh):
            longest = max((s.duration_ms or 0 for s in self._states.values()), default=0)
            end = max(end, start + timedelta(milliseconds=longest))
        return Clock(start, end)

    def _leaves(self) -> dict[str, Worked]:
        around = {steppath.parent_of(path) for path in self._states}
        found = {}
        for path, state in self._states.items():
            if state.started_at is None or state.reused or state.status == "skipped":
                continue
            if path in around and state.type in words.CONTAINERS:
                continue
            end = state.finished_at or self._clock.end
            ready = self._ready.get(path) or state.started_at
            found[path] = Worked(path, ready, state.started_at, end)
        return found

    def made(self) -> Timeline:
        """The page."""
        tree = step_tree(self._made, self._states, self._over)
        rows = shown(
            tree,
            self._asked.opened,
            match=self._match(),
            keep=None if self._asked.reused else lambda node: not node.state.reused,
            chosen=self._asked.chosen,
        )
        first = max(0, min(self._asked.first, len(rows) - 1))
        page = rows[first : first + ROWS_A_PAGE]
        grouped = self._asked.opened.rows != "all"
        # Room behind the line of now, for what it says.
        length = self._clock.length * (1 if self._over else 1.04)
        scale = make_scale(length, None if self._asked.idle else self._busy)
        chain = tuple((w.path, self._clock.ms(w.start), self._clock.ms(w.end)) for w in self._chain)
        return Timeline(
            rows=tuple(self._rows(page) if grouped else map(self._row, page)),
            total=len(rows),
            first=first + 1 if rows else 0,
            next_from=first + ROWS_A_PAGE if first + ROWS_A_PAGE < len(rows) else None,
            previous_from=max(0, first - ROWS_A_PAGE) if first else None,
            scale=scale,
            ticks=ticks(scale, length),
            length=length,
            now=None if self._over else self._clock.length,
            chain=chain if self._asked.critical else (),
            chain_said=words.duration(chain[-1][2] - chain[0][1]) if chain else "",
            failed=sum(1 for s in self._states.values() if s.look in _BAD and not s.handled),
            reused=sum(1 for s in self._states.values() if s.reused),
            idle_ms=sum(c.end - c.start for c in make_scale(length, self._busy).cuts),
            has_inside=any(node.children for node in everything(tree)),
            begins="open" if self._asked.opened.begins_open(tree) else "closed",
        )

    def _when_busy(self) -> list[tuple[float, float]]:
        """When anything worked; what waits for a person, a time or a report does not."""
        return [
            (span.start, span.end)
            for path in self._worked
            for span in self._spans(self._states[path], False)
            if span.kind != "wait"
        ]

    def _spans(self, state: StepState, around: bool) -> tuple[Span, ...]:
        ready = self._ready.get(state.path)
        around_it = steppath.split_turn(state.path)[0] if state.path.endswith("]") else ""
        container = self._states.get(around_it or steppath.parent_of(state.path))
        # A reused step could have begun when what is around it began.
        if state.reused and container and container.started_at and not container.reused:
            ready = container.started_at
        tries = self._tries.get(state.path, ())
        return spans_of(state, ready, tries, around, self._clock)

    def _match(self) -> Match | None:
        find = self._asked.find.casefold()
        return (lambda node: find in node.path.casefold()) if find else None

    def _rows(self, page: Sequence[Shown]) -> Iterator[TimelineRow]:
        """The rows; turns of one loop that were reused one after the other are one row."""

        def of_group(one: Shown) -> str:
            node = one.node
            plain = node.turn and node.state.reused and not one.is_open
            chosen = self._asked.chosen == node.path or self._asked.chosen.startswith(
                f"{node.path}/"
            )
            if not plain or chosen:
                return ""
            scope = node.path if node.is_turn else steppath.scope_of(node.path)
            return steppath.split_turn(scope)[0]

        for loop, group in groupby(page, of_group):
            together = list(group)
            if loop and len(together) > 1:
                yield self._group(together)
            else:
                yield from map(self._row, together)

    def _group(self, together: Sequence[Shown]) -> TimelineRow:
        row = self._row(together[0])
        last = together[-1].node.turn
        saved = sum(one.node.state.duration_ms or 0 for one in together)
        count = len(together)
        return replace(
            row,
            name=f"{row.name} to {last}",
            is_open=None,
            is_turn=True,
            worked=f"×{count}",
            label=f"{count} turns reused, save {words.duration(saved)}",
        )

    def _row(self, one: Shown) -> TimelineRow:
        node, state = one.node, one.node.state
        # A closed turn is told by one bar, as if it were one step.
        around = bool(node.children) and (
            bool(one.is_open) if node.is_turn else state.type in words.CONTAINERS
        )
        spans = self._spans(state, around)
        if around and state.reused and state.duration_ms:
            spans = self._spans(state, False)
        tries = len(self._tries.get(state.path, ())) or state.tries
        note = self._note(state)
        waited = waited_ms(spans)
        return TimelineRow(
            path=node.path,
            name=node.turn if node.turn else state.name,
            depth=min(node.depth, 6),
            look=state.look,
            status=state.status,
            handled=state.handled,
            icon="s-succeeded" if state.reused else f"s-{state.status}",
            is_open=one.is_open,
            is_turn=node.is_turn,
            worked=_column(node, spans, tries, around, note, self._over),
            spans=spans,
            label=label(spans, state, around),
            note=note if note.startswith("blocked") else "",
            critical=self._asked.critical and node.path in self._on_chain,
            starts=words.duration(spans[0].start) if spans else "",
            waited=words.duration(waited) if waited >= 1 else "",
            tries=tries,
        )

    def _note(self, state: StepState) -> str:
        if state.status != "pending":
            return ""
        if self._over:
            return "not reached"
        node = self._made.nodes.get(steppath.pattern(state.path)) if self._made else None
        scope = steppath.scope_of(state.path)
        for need in node.needs if node else ():
            path = steppath.child(scope, need)
            there = self._states.get(path)
            if there and there.look in _BAD and not there.handled:
                return f"blocked by {need}"
        return "waits"


_BAD = frozenset({"failed", "timeout"})


def _column(
    node: TreeNode, spans: Sequence[Span], tries: int, around: bool, note: str, over: bool
) -> str:
    """What stands in the column *Worked*."""
    state = node.state
    if note:
        return "blocked" if note.startswith("blocked") else note
    if state.status == "skipped":
        return "skipped"
    if tries > 1:
        return f"{tries} tries"
    if state.reused or around:
        took = state.duration_ms
        if took is None and spans:
            took = round(spans[-1].end - spans[0].start)
        return words.duration(took) if took is not None else ""
    if not spans or all(span.kind == "wait" for span in spans):
        return "" if over and not spans else "waits" if state.status in _STILL else ""
    return words.duration(worked_ms(spans))


_STILL = frozenset({"queued", "waiting"})
