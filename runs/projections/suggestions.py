"""What a word of the list's search may become: keys first, then the values that there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection

from runs.models import Agent, Golden, Run, Workflow
from runs.models.run import NEWEST_FIRST
from runs.projections import words
from runs.projections.run_terms import KEYS, KINDS, quoted
from runs.states import RunStatus

MOST = 10
LOOK_AT = 2_000  # the newest runs, whose labels and people are suggested
PERIODS = ("<1h", "<24h", "<7d", "<30d", ">7d", "today", "yesterday")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that may stand there, and what it means."""

    value: str
    says: str


def suggest(word: str) -> tuple[Suggestion, ...]:
    """At most ten, the likely ones first. One query at most."""
    word = word.replace("\x00", "")
    dash = "-" if word.startswith("-") else ""
    key, colon, begun = word.removeprefix("-").partition(":")
    begun = begun.strip('"')
    if colon and key.lower() in KEYS:
        return _values(dash, key.lower(), begun)
    found = [
        Suggestion(f"{dash}{one.word}:", one.says)
        for one in KEYS.values()
        if one.word.startswith(key.lower())
    ]
    if len(key) > 1 and not colon:
        found += _values(dash, "workflow", key)
    return tuple(found[:MOST])


def _values(dash: str, key: str, begun: str) -> tuple[Suggestion, ...]:
    known = _KNOWN[key](begun)
    return tuple(
        Suggestion(f"{dash}{key}:{quoted(value)}", says) for value, says in list(known)[:MOST]
    )


def _of(pairs: Iterable[tuple[str, str]]) -> Callable[[str], list[tuple[str, str]]]:
    fixed = list(pairs)
    return lambda begun: [pair for pair in fixed if pair[0].startswith(begun.lower())]


def _workflows(begun: str) -> list[tuple[str, str]]:
    names = Workflow.objects.filter(name__icontains=begun).order_by("name")
    return [(name, "workflow") for name in names.values_list("name", flat=True)[:MOST]]


def _golden(begun: str) -> list[tuple[str, str]]:
    names = Golden.objects.filter(name__icontains=begun).order_by("name")
    fixed = [pair for pair in (("yes", "golden runs"), ("no", "all others")) if begun in pair[0]]
    return fixed + [(name, "golden run") for name in names.values_list("name", flat=True)[:MOST]]


def _tags(begun: str) -> list[tuple[str, str]]:
    lists = Golden.objects.exclude(tags=[]).order_by("-pk").values_list("tags", flat=True)
    found = {str(tag) for tags in lists[:LOOK_AT] for tag in tags}
    return [(tag, "tag") for tag in sorted(found) if begun.lower() in tag.lower()]


def _agents(begun: str) -> list[tuple[str, str]]:
    found = Agent.objects.filter(id__icontains=begun).values_list("id", "status")[:MOST]
    return [(name, status) for name, status in found]


def _people(begun: str) -> list[tuple[str, str]]:
    found = _counted(
        "SELECT created_by, count(*) FROM (SELECT created_by FROM runs_run"
        " ORDER BY created_at DESC, id DESC LIMIT %s) AS lately WHERE created_by <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 200"
    )
    return [("me", "runs that you started")] * (begun in "me") + [
        (name, said) for name, said in found if begun.lower() in name.lower()
    ]


def _labels(begun: str) -> list[tuple[str, str]]:
    found = _counted(
        "SELECT one.key || '=' || (one.value #>> '{}'), count(*) FROM (SELECT labels FROM runs_run"
        " ORDER BY created_at DESC, id DESC LIMIT %s) AS lately, jsonb_each(lately.labels) AS one"
        " GROUP BY 1 ORDER BY 2 DESC LIMIT 200"
    )
    return [(label, said) for label, said in found if begun.lower() in label.lower()]


def _sources(begun: str) -> list[tuple[str, str]]:
    found = Run.objects.filter(id__startswith=begun).order_by(*NEWEST_FIRST)
    return [(run, name) for run, name in found.values_list("id", "workflow_name")[:MOST]]


def _counted(sql: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [LOOK_AT])
        return [(str(value), words.count(number, "run")) for value, number in cursor.fetchall()]


_KNOWN: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "status": _of((one.value, words.STATUS_WORDS[one]) for one in RunStatus),
    "kind": _of((kind, words.KIND_WORDS.get(kind, "without a source")) for kind in KINDS),
    "started": _of((value, "when it was started") for value in PERIODS),
    "workflow": _workflows,
    "golden": _golden,
    "tag": _tags,
    "agent": _agents,
    "by": _people,
    "label": _labels,
    "source": _sources,
}
