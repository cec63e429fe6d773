"""Words and marks for templates: icons, status, durations, times, JSON in colour."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from runs.definition.problems import Problem
from runs.projections import clauses, words
from runs.projections.progress import Progress

register = template.Library()
_INDENT = "  "
_DEEPEST, _MOST_LINES, _LONGEST_TEXT = 4, 400, 2000


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One icon of the sprite: ``{% icon "restart" "i-s" %}``."""
    style = f"i {extra}" if extra else "i"
    return format_html('<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>', style, name)


@register.simple_tag
def status(value: str, extra: str = "", handled: bool = False) -> SafeString:
    """Icon and word; the colour repeats them. A handled failure calls nobody."""
    style = f"status {extra}" if extra else "status"
    return format_html(
        '<span class="{}" data-status="{}"{}>{}{}</span>',
        style,
        value,
        mark_safe(" data-handled" if handled else ""),  # noqa: S308 - one of two literals
        icon(f"s-{value}"),
        words.status(value, handled),
    )


@register.filter
def duration(ms: float | None) -> str:
    """Milliseconds in words: ``4 min 58 s``."""
    return words.duration(ms)


@register.filter
def cost(value: float) -> str:
    """Money in the currency of the configured prices: ``0.012``."""
    return words.cost(value)


@register.filter
def number(value: int) -> str:
    """``1,240``."""
    return f"{value:,}"


@register.filter
def initials(name: str) -> str:
    """``mira.k`` → ``MK``."""
    return words.initials(name)


@register.simple_tag(takes_context=True)
def when(context: template.Context, then: datetime | None) -> SafeString | str:
    """A relative time; ``title`` has the absolute one with its zone, ``datetime`` the exact one.

    For who prefers absolute times it is the time itself.
    """
    if then is None:
        return "–"
    now, local = timezone.localtime(), timezone.localtime(then)
    absolute = getattr(context.get("look"), "times", "") == "absolute"
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        then.isoformat(timespec="seconds"),
        local.strftime("%d %b %Y, %H:%M:%S %Z").lstrip("0"),
        "" if absolute else mark_safe(" data-ago"),
        words.at(local, now) if absolute else words.ago(then, now),
    )


@register.simple_tag
def moment(then: datetime | None) -> SafeString | str:
    """A time to come, in full: ``21 Nov 2026, 14:32:00 UTC``."""
    if then is None:
        return "–"
    said = timezone.localtime(then).strftime("%d %b %Y, %H:%M:%S %Z").lstrip("0")
    return format_html('<time datetime="{}">{}</time>', then.isoformat(timespec="seconds"), said)


@register.simple_tag
def left(then: datetime) -> SafeString:
    """How long it is until then; the page counts down."""
    ms = (then - timezone.now()).total_seconds() * 1000
    said = words.duration(ms) if ms > 0 else "0 s"  # due, and no worker has come by yet
    return format_html('<span data-until="{}">{}</span>', then.isoformat(), said)


@register.simple_tag
def clock_time(then: datetime | None) -> SafeString | str:
    """A time of day for log lines."""
    if then is None:
        return ""
    local = timezone.localtime(then)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        then.isoformat(),
        local.strftime("%d %b %Y, %H:%M:%S %Z").lstrip("0"),
        local.strftime("%H:%M:%S"),
    )


@register.filter
def brief(value: Any) -> str:
    """A value in one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:159] + "…"


@register.filter
def plural(number: int, word: str) -> str:
    """``12 steps``; ``"step differs,steps differ"`` names both forms."""
    return words.count(number, *word.split(",", 1))


@register.filter
def json_html(value: Any) -> SafeString:
    """JSON in colour, everything escaped. Deep and long parts are counted instead of shown."""
    lines: list[str] = []
    for line in _json_lines(value, "", "", "", 0):
        if len(lines) >= _MOST_LINES:
            lines.append('<span class="x">… more in the file</span>')
            break
        lines.append(line)
    return mark_safe("\n".join(lines))  # noqa: S308 - every text in it went through escape


def _json_lines(value: Any, lead: str, head: str, tail: str, depth: int) -> Iterator[str]:
    """The lines of ``value``; ``head`` stands before it (a key), ``tail`` behind it (a comma)."""
    deep = depth >= _DEEPEST
    if isinstance(value, Mapping) and value:
        if deep:
            yield f'{lead}{head}<span class="x">{{ {words.count(len(value), "key")} }}</span>{tail}'
            return
        yield f"{lead}{head}{{"
        for n, (key, item) in enumerate(value.items(), start=1):
            name = f'<span class="k">{_text(str(key))}</span>: '
            yield from _json_lines(
                item, lead + _INDENT, name, "," if n < len(value) else "", depth + 1
            )
        yield f"{lead}}}{tail}"
    elif isinstance(value, list) and value:
        if deep or len(value) > 50 or (depth and len(value) > (9 if _flat(value) else 5)):
            yield (
                f'{lead}{head}<span class="x">[ {words.count(len(value), "item")} ]</span>{tail}'
            )
            return
        flat = _flat(value)
        if flat and sum(len(str(item)) for item in value) < 40:
            inside = ", ".join(_leaf(item) for item in value)
            yield f"{lead}{head}[{inside}]{tail}"
            return
        yield f"{lead}{head}["
        for n, item in enumerate(value, start=1):
            yield from _json_lines(
                item, lead + _INDENT, "", "," if n < len(value) else "", depth + 1
            )
        yield f"{lead}]{tail}"
    else:
        yield f"{lead}{head}{_leaf(value)}{tail}"


def _flat(value: list[Any]) -> bool:
    return all(not isinstance(item, Mapping | list) for item in value)


def _leaf(value: Any) -> str:
    if isinstance(value, str):
        cut = value[:_LONGEST_TEXT]
        more = len(value) - len(cut)
        rest = f'<span class="x"> … {more:,} more signs</span>' if more else ""
        return f'<span class="s">{_text(cut)}</span>{rest}'
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list):
        return "[]"
    return f'<span class="v">{escape(json.dumps(value))}</span>'


def _text(value: str) -> str:
    return escape(words.json_text(value))


@register.filter
def time_difference(ms: int) -> str:
    """``1.2 s longer``, ``47 s shorter``, ``equally long``."""
    if not ms:
        return "equally long"
    return f"{words.duration(abs(ms))} {'longer' if ms > 0 else 'shorter'}"


@register.filter
def verdict(value: str) -> str:
    """``only_a`` → ``only in A``."""
    return {"only_a": "only in A", "only_b": "only in B"}.get(value, value)


@register.filter
def kind_word(kind: str) -> str:
    """How a run came to be: ``Restarted``."""
    return words.KIND_WORDS.get(kind, kind)


@register.filter
def kind_icon(kind: str) -> str:
    """The icon of a kind of step."""
    return words.KIND_ICONS.get(kind, kind)


@register.filter
def told(problems: Iterable[Problem]) -> str:
    """How many of what: ``4 problems and 1 warning``, as the head of the page counts them."""
    found = list(problems)
    errors = sum(1 for one in found if one.severity == "error")
    parts = ((errors, "problem"), (len(found) - errors, "warning"))
    return " and ".join(words.count(number, word) for number, word in parts if number)


@register.filter
def printed(text: str) -> str:
    """What a program wrote, for people."""
    return words.printed(text)


@register.filter
def code(text: str) -> SafeString:
    """A sentence in which what stands in backticks is in the face of code."""
    parts = words.seen(text).split("`")
    # An odd number of backticks: the last one is only a character.
    if len(parts) % 2 == 0:
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    said = [
        format_html("<code>{}</code>", part) if n % 2 else escape(part)
        for n, part in enumerate(parts)
    ]
    return mark_safe("".join(said))  # noqa: S308 - every part was escaped


@register.filter
def prose(text: str) -> SafeString:
    """Paragraphs out of a docstring: an empty line ends one, any other line end is a space."""
    parts = (" ".join(part.split()) for part in text.split("\n\n"))
    return format_html_join("", "<p>{}</p>", ((code(part),) for part in parts if part))


@register.filter
def clause(because: str) -> str:
    """A stored reason as it stands after *because*."""
    return clauses.clause(because)


@register.filter
def diff_html(text: str) -> SafeString:
    """A unified diff, a span for each line that was taken away or put in."""
    lines = []
    for line in text.split("\n"):
        kind = {"+": "is-new", "-": "is-old", "@": "x"}.get(line[:1], "")
        if line.startswith(("+++", "---")):
            kind = "x"
        lines.append(f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line))
    return mark_safe("\n".join(lines))  # noqa: S308 - every line went through escape


@register.filter
def js(names: str) -> list[str]:
    """The addresses of scripts, to be fetched before the module that imports them is read."""
    return [static(f"js/{name}.js") for name in names.split()]


@register.filter
def file_name(path: str) -> str:
    """The last part of a path."""
    return path.replace("\\", "/").rpartition("/")[2]


@register.simple_tag
def progress(made: Progress, form: str = "") -> SafeString:
    """The bar: hollow reused, solid worked, red failed, blue now; the words beside it."""
    parts = [
        f'<span class="progress" title="{escape(made.title)}"><svg aria-hidden="true">'
        '<rect class="p-track" y="1" width="100%" height="6" rx="1.5"/>'
    ]
    for bar in made.bars:
        if bar.kind == "reused":
            parts.append(
                f'<rect class="p-reused" x="{max(bar.x, 0.6):.1f}%" y="1.5" '
                f'width="{max(bar.width - 1.2, 0.5):.1f}%" height="5" rx="1.2"/>'
            )
        else:
            parts.append(
                f'<rect class="p-{bar.kind}" x="{bar.x:.1f}%" y="1" width="{bar.width:.1f}%" '
                'height="6" rx="1.5"/>'
            )
    text = made.long if form == "long" else made.short
    parts.append(f"</svg><span>{escape(text)}</span></span>")
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


_PROGRAMS = {"ci": "key", "token": "key", "api": "key", "schedule": "clock", "cli": "shell"}


@register.simple_tag
def by(name: str) -> SafeString | str:
    """Who started a run: initials for people, an icon for programs."""
    if not name:
        return ""
    program = _PROGRAMS.get(name.partition(":")[0]) or ("key" if "token" in name else "")
    shown = name.partition(":")[2] or name if program else name
    if program:
        return format_html('{}<span class="t truncate">{}</span>', icon(program), shown)
    return format_html(
        '<span class="avatar" aria-hidden="true">{}</span><span class="t truncate">{}</span>',
        words.initials(name),
        name,
    )


@register.simple_tag(takes_context=True)
def toasts(context: template.Context) -> list[dict[str, Any]]:
    """What the last command has to say, once; nothing on pages made without a request (errors)."""
    session = getattr(context.get("request"), "session", None)
    # Looking into a session reads it from the database: only where a page has one anyway.
    if session is None or "toasts" not in session:
        return []
    said: list[dict[str, Any]] = session.pop("toasts")
    return said
