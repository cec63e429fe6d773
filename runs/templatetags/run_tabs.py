"""Addresses of a run's tabs: the one that is shown, with something changed."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest, QueryDict

from runs.json_diff import Difference
from runs.projections import words
from runs.projections.run_io import SourceChanges
from runs.projections.step_tree import Openness

register = template.Library()


@register.simple_tag(takes_context=True)
def view_link(context: template.Context, **changes: Any) -> str:
    """``{% view_link idle="hide" %}``: this tab with that changed; an empty value takes it away."""
    query = _query(context)
    for name, value in changes.items():
        if value in ("", None, False):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def turn_link(context: template.Context, path: str, is_open: bool) -> str:
    """This tab with the row at ``path`` opened or closed."""
    opened: Openness = context["opened"].turned(path, is_open)
    query = _query(context)
    query.setlist("open", sorted(opened.open))
    query.setlist("shut", sorted(opened.shut))
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def all_link(context: template.Context, rows: str) -> str:
    """This tab with every row opened (``all``) or closed (``none``)."""
    query = _query(context)
    for name in ("open", "shut", "from"):
        query.pop(name, None)
    query["rows"] = rows
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def kept_fields(context: template.Context, *but: str) -> list[tuple[str, str]]:
    """What a form of this tab sends along unseen: the address but for its own fields."""
    query = _query(context)
    return [(name, one) for name in query if name not in but for one in query.getlist(name)]


def _query(context: template.Context) -> QueryDict:
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name in ("part", "begins"):
        query.pop(name, None)
    query["tab"] = context["tab"]
    return query


@register.simple_tag
def status_word(value: str) -> str:
    """The word of a status."""
    return words.status(value)


@register.filter
def both_sides(changes: SourceChanges) -> list[tuple[str, Sequence[Difference], bool]]:
    """Input and output with what changed: the word, the places, and whether there are two."""
    return [("Input", changes.input, True), ("Output", changes.output, changes.has_output)]
