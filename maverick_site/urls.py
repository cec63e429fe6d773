"""Every door of the site. Health answers before all of them, in health.py."""

from django.urls import include, path

from runs.api.v1.api import api
from runs.web.pages import sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),  # what `maverick up` prints
    path("sign-in", sign_in.sign_in),  # what people type
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("api/v1/", api.urls),
    path("", include("runs.live.urls")),
    path("", include("runs.web.urls")),
]
