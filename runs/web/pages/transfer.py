"""Import run…: an exported file in, a run out. (Export is a link to the API's own file.)"""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.errors import MaverickError
from runs.operations.import_run import RunExists, import_run
from runs.web.commands import operator
from runs.web.toasts import say, why


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: HttpRequest) -> HttpResponse:
    """``GET /runs/import`` shows the form, ``POST`` takes the file in."""
    who = operator(request)
    context = {"nav": "runs", "error": "", "exists": False, "new_id": "new_id" in request.POST}
    if request.method != "POST":
        return render(request, "runs/import.html", context)
    file = request.FILES.get("file")
    if file is None or not hasattr(file, "open"):
        context["error"] = "Choose a file: what Export run, or `maverick runs export`, has written."
        return render(request, "runs/import.html", context, status=422)
    try:
        made = import_run(file.open("rb"), by=who, new_id="new_id" in request.POST)
    except MaverickError as refused:
        context |= {"error": why(refused), "exists": isinstance(refused, RunExists)}
        return render(request, "runs/import.html", context, status=refused.status)
    say(request, f"is imported. {' '.join(made.notes)}".strip(), strong=made.run.pk)
    return HttpResponseRedirect(reverse("run", args=[made.run.pk]))
