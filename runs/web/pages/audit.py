"""The audit log, for admins."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.projections.audit import ACTIONS, AuditFilter, list_audit
from runs.web.commands import actor

PAGE = 50


@login_required
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """``GET /audit?who=&action=&target=&before=``."""
    if not actor(request).may("admin"):
        raise PermissionDenied("Only admins read the audit log.")
    texts = {
        name: request.GET.get(name, "").replace("\x00", "").strip()[:200]
        for name in ("who", "action", "target")
    }
    before = request.GET.get("before", "")
    asked = AuditFilter(
        **texts, before=int(before) if before.isdecimal() and len(before) < 19 else 0
    )
    return render(
        request,
        "runs/audit.html",
        {
            "page": list_audit(asked, PAGE),
            "filter": asked,
            "filtered": any(texts.values()),
            "actions": ACTIONS,
            "nav": "audit",
        },
    )
