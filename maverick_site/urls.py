"""Every door of the site. Health answers before all of them, in health.py."""

from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path

from runs.api.agentfield.urls import with_restart
from runs.api.v1.api import api
from runs.web.pages import sign_in

_ours = api.urls


def icon(request: HttpRequest) -> HttpResponseRedirect:
    """What a browser asks for beside an answer that links no icon, such as JSON."""
    return HttpResponseRedirect(static("icon.svg"))


urlpatterns = [
    path("favicon.ico", icon),
    path("sign-in/", sign_in.sign_in, name="sign_in"),  # what `maverick up` prints
    path("sign-in", sign_in.sign_in),  # what people type
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    # AgentField's addresses stand before ours, whose last one takes everything that is left.
    path("", include("runs.api.agentfield.urls")),
    path("", include((with_restart(_ours[0]), "agentfield"))),
    path("api/v1/", _ours),
    path("", include("runs.live.urls")),
    path("", include("runs.web.urls")),
]

handler403 = "runs.web.pages.refused.forbidden"
