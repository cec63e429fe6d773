"""Every door of the site. Health answers before all of them, in health.py."""

from importlib.util import find_spec

from django.urls import include, path

from runs.web.pages import sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),  # what `maverick up` prints
    path("sign-out/", sign_in.sign_out, name="sign_out"),
]


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if _found("runs.api.v1.api"):
    from runs.api.v1.api import api

    urlpatterns.append(path("api/v1/", api.urls))
if _found("runs.live.urls"):
    urlpatterns.append(path("", include("runs.live.urls")))
if _found("runs.web.urls"):
    urlpatterns.append(path("", include("runs.web.urls")))
