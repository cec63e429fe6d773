"""What the address of a run's tab asks for: filters, what is open, where a list begins."""

from django.http import HttpRequest

from runs.projections.run_log import LEVELS, LogAsked
from runs.projections.step_table import SORTS, StepsAsked
from runs.projections.step_tree import Openness
from runs.projections.timeline import Asked

_MOST = 500  # exceptions from what is open; more are not kept in an address
ZOOMS = (1, 2, 4, 8, 16)


def number(request: HttpRequest, name: str, default: int = 0, most: int = 10**8) -> int:
    """A whole number of the address; nonsense is the default."""
    given = request.GET.get(name, "")
    # Only what int() reads as well: "²" is a decimal digit for nobody but `isdigit`.
    if not (given.isascii() and given.isdecimal()) or len(given) > 18:
        return default
    return min(int(given), most)


def text(request: HttpRequest, name: str, most: int = 200) -> str:
    """A text of the address, stripped and not longer than ``most``."""
    return request.GET.get(name, "").strip()[:most]


def opened(request: HttpRequest, turns: bool = False) -> Openness:
    """``?rows=all|none&open=path&shut=path``: which rows of the tree are open. A page that follows
    its run says ``begins=open|closed`` as well."""
    rows = request.GET.get("rows", "")
    return Openness(
        rows if rows in ("all", "none") else "",
        frozenset(request.GET.getlist("open")[:_MOST]),
        frozenset(request.GET.getlist("shut")[:_MOST]),
        turns,
        begins if (begins := request.GET.get("begins", "")) in ("open", "closed") else "",
    )


def timeline_asked(request: HttpRequest) -> Asked:
    """The Timeline: ``?idle=hide&reused=hide&critical=hide&q=&from=`` and what is open."""
    hidden = {name for name in ("idle", "reused", "critical") if request.GET.get(name) == "hide"}
    return Asked(
        opened=opened(request),
        idle="idle" not in hidden,
        reused="reused" not in hidden,
        critical="critical" not in hidden,
        find=text(request, "q"),
        chosen=request.GET.get("node", ""),
        first=number(request, "from"),
    )


def zoom(request: HttpRequest) -> int:
    """How many times its place the timeline is wide."""
    asked = number(request, "zoom", 1)
    return asked if asked in ZOOMS else 1


def steps_asked(request: HttpRequest) -> StepsAsked:
    """The Steps: ``?status=&q=&sort=longest|shortest&from=`` and what is open."""
    sort = request.GET.get("sort", "")
    return StepsAsked(
        opened=opened(request, turns=True),
        status=text(request, "status", 20),
        find=text(request, "q"),
        sort=sort if sort in SORTS else "",
        chosen=request.GET.get("node", ""),
        first=number(request, "from"),
    )


def log_asked(request: HttpRequest) -> LogAsked:
    """The log: ``?step=&level=&q=&before=``; ``after=`` asks for what has come since."""
    level = request.GET.get("level", "")
    return LogAsked(
        step=text(request, "step", 4000),
        level=level if level in LEVELS else "",
        find=text(request, "q"),
        before=number(request, "before", 0, 10**18) or None,
        after=number(request, "after", 0, 10**18) if "after" in request.GET else None,
    )
