"""One sentence that the next page says: kept in the session from a command to the page after it.

The tag ``toasts`` takes it out again (runs/templatetags/maverick.py).
"""

import re
from collections.abc import Mapping

from django.http import HttpRequest

from runs.errors import MaverickError

KEY = "toasts"
MOST = 3  # problems in one sentence


def say_refused(request: HttpRequest, refused: MaverickError) -> None:
    """Say why something was refused."""
    say(request, why(refused), error=True)


def why(refused: MaverickError) -> str:
    """Why something was refused: what is listed under problems, or else what to do."""
    problems = [
        str(problem["message"] if isinstance(problem, Mapping) else problem.message)
        for problem in getattr(refused, "problems", ())
    ]
    more = " ".join(problems[:MOST]) if problems else refused.hint
    return f"{refused.message} {more}".strip()


def say(
    request: HttpRequest,
    text: str,
    *,
    strong: str = "",
    error: bool = False,
    href: str | None = None,
) -> None:
    """Keep a toast for the next page; ``strong`` stands before the text.

    It leads to ``href``; without one, to the run that ``strong`` names. "" leads nowhere.
    """
    if href is None:
        href = f"/runs/{strong}" if re.fullmatch(r"run_\w+", strong) else ""
    kept = request.session.get(KEY, [])
    toast = {"text": text[:400], "strong": strong, "error": error, "href": href}
    request.session[KEY] = [*kept, toast][-3:]
