"""A filter of runs as a query of the database, the same for page, API, command line and bulk.

Every condition is one that an index answers, or one that the newest rows answer soon: the list is
asked for after every change of a run, with a hundred thousand runs behind it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from runs.ids import is_run_id
from runs.models import AgentCall, Golden, Run, Workflow
from runs.projections.periods import period
from runs.projections.run_terms import Term

MOST_NAMES = 200
Names = Mapping[str, list[str]]  # the workflows that a pattern or a text stands for


def matching(
    terms: Iterable[Term],
    text: str = "",
    *,
    now: datetime,
    me: str = "",
    status: bool = True,
    names: Names | None = None,
) -> QuerySet[Run] | None:
    """The runs that fit, in no order of their own; None when none can. One query at most is made for it.

    ``me`` is whom ``by:me`` means. Without ``status`` nothing is said about statuses. ``names`` are
    given by who asks more than once.
    """
    terms = tuple(terms)
    named = names_of(terms, text) if names is None else names
    runs = Run.objects.all()
    if text.startswith("run_"):
        # No `OR` with the name: it would keep the database from using an index.
        runs = runs.filter(id__startswith=text)
    elif text:
        if named[text]:
            runs = runs.filter(workflow_name__in=named[text])
        elif is_run_id(text):  # a run that a client has named
            runs = runs.filter(id__startswith=text)
        else:
            return None
    for key, exclude in dict.fromkeys((term.key, term.exclude) for term in terms):
        if key == "status" and not status:
            continue
        values = [term.value for term in terms if (term.key, term.exclude) == (key, exclude)]
        if key == "workflow":
            values = [name for value in values for name in named.get(value, (value,))]
            if not values and not exclude:
                return None
        wanted = _condition(key, values, exclude, now, me)
        runs = runs.exclude(wanted) if exclude else runs.filter(wanted)
    return runs


def _condition(key: str, values: list[str], exclude: bool, now: datetime, me: str) -> Q:
    match key:
        case "status":
            return Q(status=values[0]) if len(values) == 1 else Q(status__in=values)
        case "workflow":
            return Q(workflow_name=values[0]) if len(values) == 1 else Q(workflow_name__in=values)
        case "kind":
            kinds = ["" if value == "plain" else value for value in values]
            return Q(kind=kinds[0]) if len(kinds) == 1 else Q(kind__in=kinds)
        case "source":
            return Q(source_id__in=values, source_id__isnull=False)
        case "by":
            return Q(created_by__in=[me if value == "me" else value for value in values])
        case "golden":
            return _any(map(_golden, values))
        case "tag":
            # Golden runs are few: their list is made first.
            tagged = Q()
            for value in values:
                tagged |= Q(tags__contains=[value])
            return Q(pk__in=Golden.objects.filter(tagged).values("run"))
        case "agent":
            calls = AgentCall.objects.filter(run=OuterRef("pk"), node__in=values)
            return Q(Exists(calls))
        case "label":
            # Runs have several labels: all that are asked for, none of those that are excluded.
            return _any(map(_label, values)) if exclude else _all(map(_label, values))
        case "started":
            spans = [_span(value, now) for value in values]
            return _any(spans) if exclude else _all(spans)
    raise AssertionError(key)


def _any(conditions: Iterable[Q]) -> Q:
    made = Q()
    for one in conditions:
        made |= one
    return made


def _all(conditions: Iterable[Q]) -> Q:
    made = Q()
    for one in conditions:
        made &= one
    return made


def _golden(value: str) -> Q:
    if value in ("yes", "no"):
        return Q(golden_name__isnull=value == "no")
    return Q(golden_name=value, golden_name__isnull=False)


def _label(value: str) -> Q:
    name, equals, wanted = value.partition("=")
    found = Q(labels__contains={name: wanted}) if equals else Q(labels__has_key=name)
    return found & ~Q(labels={})  # said aloud, so that the partial index answers


def _span(value: str, now: datetime) -> Q:
    since, until = period(value, now)
    made = Q()
    if since is not None:
        made &= Q(created_at__gte=since)
    if until is not None:
        made &= Q(created_at__lt=until)
    return made


def names_of(terms: Iterable[Term], text: str) -> Names:
    """The workflows that patterns and the text stand for: looked up in the small table first.

    ``LIKE`` over a hundred thousand runs would read every row when nothing matches.
    """
    patterns = [t.value for t in terms if t.key == "workflow" and "*" in t.value]
    wanted = Q()
    for pattern in patterns:
        wanted |= Q(name__regex=_regex(pattern))
    if text and not text.startswith("run_"):
        wanted |= Q(name__icontains=text)
    if not wanted:
        return {}
    found = list(
        Workflow.objects.filter(wanted)
        .order_by("name")
        .values_list("name", flat=True)[: MOST_NAMES * (len(patterns) + 1)]
    )
    named = {p: [n for n in found if re.match(_regex(p), n)] for p in patterns}
    if text:
        named[text] = [name for name in found if text.lower() in name.lower()][:MOST_NAMES]
    return named


def _regex(pattern: str) -> str:
    return "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$"
