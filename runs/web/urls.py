"""Every page's address."""

from django.urls import path
from django.views.generic import RedirectView

from runs.web.pages import run_commands, run_detail, run_list, workflows

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="run-list"), name="home"),
    path("runs", run_list.run_list, name="run-list"),
    path("runs/<str:run_id>", run_detail.run_detail, name="run"),
    path("runs/<str:run_id>/output", run_detail.step_output, name="step-output"),
    path("runs/<str:run_id>/restart", run_commands.restart, name="run-restart"),
    path("runs/<str:run_id>/cancel", run_commands.cancel, name="run-cancel"),
    path("workflows", workflows.workflow_list, name="workflow-list"),
    path("workflows/<str:name>/run", workflows.start, name="workflow-run"),
]

try:  # the sign-in page is its own module
    from runs.web.pages import sign_in as _sign_in
except ImportError:  # pragma: no cover
    pass
else:
    urlpatterns += [
        path("sign-in", _sign_in.sign_in, name="sign-in"),
        path("sign-out", _sign_in.sign_out, name="sign-out"),
    ]
