"""Every page's address."""

from django.urls import path
from django.views.generic import RedirectView

from runs.web.pages import (
    audit,
    bulk,
    cleaning,
    compare,
    deletion,
    golden,
    run_commands,
    run_detail,
    run_fork,
    run_graph,
    run_list,
    run_restart,
    transfer,
    workflows,
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="run-list"), name="home"),
    path("runs", run_list.run_list, name="run-list"),
    path("runs/bulk", bulk.bulk, name="run-bulk"),
    path("runs/import", transfer.import_, name="run-import"),
    path("runs/<str:run_id>", run_detail.run_detail, name="run"),
    path("compare", compare.chosen, name="compare-chosen"),
    path("runs/<str:run_id>/compare/<str:other>", compare.compare, name="compare"),
    path("runs/<str:run_id>/graph.svg", run_graph.graph_svg_file, name="graph-file"),
    path("runs/<str:run_id>/input", run_detail.document, {"what": "input"}, name="input"),
    path("runs/<str:run_id>/output", run_detail.document, {"what": "output"}, name="output"),
    path(
        "runs/<str:run_id>/checkpoints/<str:checkpoint_id>",
        run_detail.checkpoint,
        name="run-checkpoint",
    ),
    path(
        "runs/<str:run_id>/checkpoints/<str:checkpoint_id>/resume",
        run_commands.resume,
        name="run-resume",
    ),
    path("runs/<str:run_id>/restart", run_restart.restart, name="run-restart"),
    path("runs/<str:run_id>/approvals/<path:where>", run_commands.decide, name="run-decide"),
    path("runs/<str:run_id>/fork", run_fork.fork, name="run-fork"),
    path("runs/<str:run_id>/retry/<path:where>", run_commands.retry, name="run-retry"),
    path("runs/<str:run_id>/pause", run_commands.pause, name="run-pause"),
    path("runs/<str:run_id>/cancel", run_commands.cancel, name="run-cancel"),
    path("runs/<str:run_id>/golden", golden.golden, name="run-golden"),
    path("runs/<str:run_id>/check/accept", golden.accept, name="run-accept"),
    path("runs/<str:run_id>/check", golden.check, name="run-check"),
    path("runs/<str:run_id>/delete", deletion.delete, name="run-delete"),
    path("cleaning", cleaning.cleaning, name="cleaning"),
    path("audit", audit.audit, name="audit"),
    path("workflows", workflows.workflow_list, name="workflow-list"),
    path("workflows/<path:name>/run", workflows.start, name="workflow-run"),
    path("workflows/<path:name>/versions/<int:number>", workflows.source, name="workflow-source"),
]
