"""What every form of a page carries: the key that makes a double press start one run."""

from secrets import token_urlsafe

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest


def new_key() -> str:
    """One key for each rendered page: pressing twice sends the same one."""
    return token_urlsafe(12)


def key_of(request: HttpRequest, scope: str) -> str:
    """The key that a form sent, made particular to what it asks for; "" when it sent none."""
    key = request.POST.get("key", "")[:60]
    return f"page:{key}:{scope}"[:255] if key else ""


def actor(request: HttpRequest) -> str:
    """The signed-in person's name."""
    user = request.user
    return "" if isinstance(user, AnonymousUser) else user.get_username()
