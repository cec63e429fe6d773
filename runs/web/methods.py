"""Views that answer forms alone, and whether an address can be opened by a person."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote

from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])
_MARK = "posts_only"


def posts_only(view: _View) -> _View:
    """Django's ``require_POST``, with a mark: nobody is sent back to such an address."""
    made = require_POST(view)
    made.__dict__[_MARK] = True  # the decorators around it keep it
    return made


def answers_readers(path: str) -> bool:
    """Whether a page of ours stands at this path, for a GET. It may still not be found there."""
    try:
        view = resolve(unquote(path)).func
    except Resolver404:
        return False
    return not getattr(view, _MARK, False)
