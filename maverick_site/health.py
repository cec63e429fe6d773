"""/healthz: this process answers. /readyz: work that is asked for now will be done."""

import logging
import os
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from maverick_site import broker
from runs import conf
from runs.models import WorkerProcess

log = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]

_migrated = False  # once true it stays true for the life of the process


def health(get_response: GetResponse) -> GetResponse:
    """Before sessions and logins: a probe has neither."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            answers = readiness()
            good = all(answer == "ok" for answer in answers.values())
            response = JsonResponse(answers, status=200 if good else 503)
            # A probe asks every few seconds and reads the answer itself. Django would log each
            # 503 as an error of this server.
            response._has_been_logged = True  # type: ignore[attr-defined]
            return response
        return get_response(request)

    return middleware


def readiness() -> dict[str, str]:
    """Each part: "ok", or why it is not."""
    answers = {"database": _database()}
    for name, question in (("migrations", _migrations), ("broker", _broker), ("worker", _worker)):
        if name in ("migrations", "worker") and answers["database"] != "ok":
            answers[name] = "unknown without the database"
            continue
        try:
            answers[name] = question()
        except Exception as error:
            # A broker's client raises errors of its own; a probe gets an answer in any case.
            log.warning("readiness of %s: %s", name, error)
            answers[name] = type(error).__name__  # the reason may hold an address: it is logged
    return answers


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    global _migrated
    if not _migrated:
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} not applied"
        _migrated = True
    return "ok"


def _broker() -> str:
    if not os.environ.get("CELERY_BROKER_URL", "").strip():
        return broker.ready(settings.MAVERICK_HOME / "broker")
    from maverick_site.celery import app

    with app.connection_for_write(connect_timeout=0.5) as wire:
        wire.ensure_connection(max_retries=1, interval_start=0, timeout=0.8)
    return "ok"


def _worker() -> str:
    from datetime import timedelta

    from django.db.models.functions import Now

    recently = Now() - timedelta(seconds=conf.worker_silence_seconds())
    if WorkerProcess.objects.filter(kind="celery", seen_at__gte=recently).exists():
        return "ok"
    return "none has been heard of lately"
