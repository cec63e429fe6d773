"""One sentence that the next page says: kept in the session from a command to the page after it."""

from dataclasses import asdict, dataclass

from django.http import HttpRequest

_KEY = "toasts"


@dataclass(frozen=True, slots=True)
class Toast:
    """What was done, or what went wrong."""

    text: str
    strong: str = ""  # stands before the text
    error: bool = False


def say(request: HttpRequest, text: str, *, strong: str = "", error: bool = False) -> None:
    """Keep a toast for the next page."""
    kept = request.session.get(_KEY, [])
    request.session[_KEY] = [*kept, asdict(Toast(text[:400], strong, error))][-3:]


def take(request: HttpRequest) -> list[Toast]:
    """What the page is to say; it is said once. Costs nothing where nothing waits."""
    session = getattr(request, "session", None)
    if session is None or not request.COOKIES or _KEY not in session:
        return []
    return [Toast(**kept) for kept in session.pop(_KEY)]
