"""One sentence that the next page says: kept in the session from a command to the page after it.

The tag ``toasts`` takes it out again (runs/templatetags/maverick.py).
"""

from django.http import HttpRequest

KEY = "toasts"


def say(request: HttpRequest, text: str, *, strong: str = "", error: bool = False) -> None:
    """Keep a toast for the next page; ``strong`` stands before the text."""
    kept = request.session.get(KEY, [])
    toast = {"text": text[:400], "strong": strong, "error": error}
    request.session[KEY] = [*kept, toast][-3:]
