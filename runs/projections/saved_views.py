"""The views that somebody has, and how the list is to look for him: one query."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from runs.models import SavedView
from runs.projections.run_filter import ALL, USUAL_COLUMNS, RunFilter, known_columns

MOST = 200


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """A saved view, as somebody sees it."""

    id: int
    name: str
    search: str
    columns: tuple[str, ...]
    shared: bool
    owner: str  # without what kind of actor it is
    mine: bool
    default: bool
    created_at: datetime
    changed_at: datetime

    @property
    def filter(self) -> RunFilter:
        """What it finds."""
        return replace(RunFilter.of(self.search), view=str(self.id), columns=self.columns)

    @property
    def query(self) -> str:
        """Its query string: everything it says, so that a link works for who does not see it."""
        return self.filter.query()


@dataclass(frozen=True, slots=True)
class Views:
    """All that somebody sees, and his own settings."""

    items: tuple[ViewFacts, ...]
    columns: tuple[str, ...]  # his own; the usual ones where he has chosen none

    @property
    def default(self) -> ViewFacts | None:
        """What the list opens with."""
        return next((one for one in self.items if one.default), None)

    def get(self, view_id: str) -> ViewFacts | None:
        """By its number as text."""
        return next((one for one in self.items if str(one.id) == view_id), None)


_SQL = """
SELECT v.id, v.name, v.search, v.columns, v.shared, v.owner, v.created_at, v.changed_at,
  v.id = s.default_view_id AS is_default, s.columns
FROM (SELECT %s::text AS owner) AS me
LEFT JOIN runs_listsettings AS s ON s.owner = me.owner
LEFT JOIN runs_savedview AS v ON v.owner = me.owner OR v.shared
ORDER BY v.owner = me.owner DESC, v.id
LIMIT %s
"""


def views_of(owner: str) -> Views:
    """What ``owner`` sees: his own views first, then what others share."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [owner, MOST])
        rows = cursor.fetchall()
    columns = known_columns(_json(rows[0][9]) or ()) if rows else ()
    items = tuple(
        ViewFacts(
            id=row[0],
            name=row[1],
            search=row[2],
            columns=known_columns(_json(row[3])),
            shared=row[4],
            owner=row[5].partition(":")[2],
            mine=row[5] == owner,
            default=bool(row[8]),
            created_at=row[6],
            changed_at=row[7],
        )
        for row in rows
        if row[0] is not None
    )
    return Views(items, columns or USUAL_COLUMNS)


def view_facts(row: SavedView, owner: str) -> ViewFacts:
    """One view that was just written."""
    found = views_of(owner).get(str(row.pk))
    assert found is not None
    return found


def _json(value: Any) -> Any:

    return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the views over the list."""

    word: str
    query: str
    current: bool
    changed: bool = False  # it began with this view, and is no longer what the view says
    view: ViewFacts | None = None


_READY: Mapping[str, str] = {
    "Failed": "status:failed",
    "Golden": "golden:yes",
    "Restarted": "kind:restart",
    "Resumed": "kind:resume",
}


def tabs(asked: RunFilter, views: Views) -> tuple[Tab, ...]:
    """The tabs over the list: all, the ready-made ones, and the saved ones."""
    plain = RunFilter()
    everything = replace(plain, view=ALL) if views.default else plain
    made = [Tab("All runs", everything.query(), asked.is_empty and asked.view in ("", ALL))]
    for word, search in _READY.items():
        ready = RunFilter.of(search)
        made.append(Tab(word, ready.query(), _same(asked, ready) and not asked.view))
    for view in views.items:
        current = asked.view == str(view.id)
        changed = current and not (
            _same(asked, view.filter) and (asked.columns or view.columns) == view.columns
        )
        made.append(Tab(view.name, view.query, current, changed, view))
    return tuple(made)


def _same(one: RunFilter, other: RunFilter) -> bool:
    return set(one.terms) == set(other.terms) and one.text == other.text
