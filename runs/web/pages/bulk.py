"""The bar under the list: one action for the runs that are ticked, or for all that match."""

from urllib.parse import parse_qs

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from runs.actor import Actor
from runs.canonical import digest
from runs.errors import MaverickError
from runs.operations.bulk_runs import MOST, BulkResult, bulk_runs
from runs.projections import words
from runs.projections.run_filter import RunFilter
from runs.projections.run_labels import labels_on
from runs.projections.run_list import ids_of
from runs.web.commands import key_of, new_key, operator
from runs.web.label_text import changes_of
from runs.web.methods import posts_only
from runs.web.toasts import say, say_refused, why

DONE = {
    "restart": "restarted",
    "cancel": "cancelled",
    "pause": "paused",
    "resume": "let go on",
    "golden": "marked golden",
    "label": "labelled",
    "delete": "deleted",
}


@login_required
@posts_only
def bulk(request: HttpRequest) -> HttpResponse:
    """``POST /runs/bulk``: asks first when something would be lost, or when it is about all."""
    by = operator(request)
    action, query = request.POST.get("action", ""), request.POST.get("query", "")[:2000]
    # "1": all that match the filter; "every": there is no filter, and that is meant.
    choice = request.POST.get("all", "")
    everything = choice in ("1", "every")
    asked = RunFilter.from_query(parse_qs(query.lstrip("?")))
    back = HttpResponseRedirect(reverse("run-list") + asked.query())
    if everything and asked.is_empty and choice != "every":
        # A filter that is not understood is dropped, and then it would mean every run.
        say(request, "No filter is set: that would be every run. Nothing was done.", error=True)
        return back
    if everything and asked.mistakes:
        # What is not understood is dropped: more runs would be found than were meant.
        say(request, f"{asked.mistakes[0].message} Nothing was done.", error=True)
        return back
    if everything:
        ids = ids_of(asked, MOST + 1, timezone.localtime(), by.name)
    else:
        ids = request.POST.getlist("ids")[: MOST + 1]
    if not ids:
        say(request, "No run is chosen.", error=True)
        return back
    if action == "label":
        return _label(request, by, ids, asked, back)
    ask = (everything or action == "delete") and "sure" not in request.POST
    try:
        found = bulk_runs(
            action, ids, by=by, dry_run=ask, idempotency_key=key_of(request, _scope(action, ids))
        )
    except MaverickError as refused:
        say_refused(request, refused)
        return back
    if ask:
        context = {
            "found": found,
            "word": DONE[action],
            "would": [one for one in found.items if one.outcome == "done"],
            "refused": [one for one in found.items if one.outcome == "refused"],
            "back": reverse("run-list") + asked.query(),
            "query": query,
            "key": new_key(),
            "nav": "runs",
        }
        return render(request, "runs/bulk.html", context)
    say(
        request,
        _sentence(found),
        error=not found.counts["done"] and bool(found.counts["refused"]),
        href=_made(found, by),
    )
    return back


def _label(
    request: HttpRequest, by: Actor, ids: list[str], asked: RunFilter, back: HttpResponse
) -> HttpResponse:
    """Asks which labels; what was typed stays in the field when it is refused."""
    typed, error = request.POST.get("labels", "")[:20_000], ""
    if "sure" in request.POST:
        key = key_of(request, _scope("label", [*ids, typed]))
        try:
            found = bulk_runs("label", ids, by=by, labels=changes_of(typed), idempotency_key=key)
        except MaverickError as refused:
            error = why(refused)
        else:
            only_refused = not found.counts["done"] and bool(found.counts["refused"])
            say(request, _sentence(found), error=only_refused)
            return back
    if len(ids) > MOST:
        say(request, f"More than {MOST:,} runs cannot be labelled at once.", error=True)
        return back
    context = {
        "ids": ids,
        "known": labels_on(ids),
        "typed": typed,
        "error": error,
        "back": reverse("run-list") + asked.query(),
        "query": request.POST.get("query", "")[:2000],
        "key": new_key(),
        "nav": "runs",
    }
    return render(request, "runs/bulk_label.html", context, status=422 if error else 200)


def _made(found: BulkResult, by: Actor) -> str:
    """Where the new runs are found, if there are any: in a list of what they were started from."""
    sources = [one.run_id for one in found.items if one.outcome == "done"]
    if found.action != "restart" or not sources:
        return ""
    if len(sources) > 1:
        return reverse("run-list") + RunFilter.of("kind:restart").only("by", by.name).query()
    return reverse("run-list") + RunFilter.of(f"source:{sources[0]}").query()


def _scope(action: str, ids: list[str]) -> str:
    """Which press it is: the list is not drawn anew between two selections."""
    return f"bulk:{action}:{digest(sorted(ids))[:32]}"


def _sentence(found: BulkResult) -> str:
    parts = []
    if found.counts["done"]:
        parts.append(f"{words.count(found.counts['done'], 'run')} {DONE[found.action]}.")
    if found.counts["unchanged"]:
        parts.append(f"{words.count(found.counts['unchanged'], 'was so', 'were so')} already.")
    refused = [one for one in found.items if one.outcome == "refused"]
    if refused:
        parts.append(f"{len(refused)} refused: {refused[0].message}")
    return " ".join(parts)
