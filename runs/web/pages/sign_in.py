"""Signing in, by the link that `maverick up` prints or by name and password; and out."""

from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runs import problem_json
from runs.errors import TooManyAttempts
from runs.operations.sign_in import count_attempt, forget_attempts, use_login_token
from runs.web.methods import posts_only

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = _next(request)
    error, status = "", 200
    secret = request.GET.get("token", "")
    if request.method == "GET" and secret:
        user = use_login_token(secret)
        if user is not None:
            login(request, user, backend=BACKEND)
            return HttpResponseRedirect(target)
        error, status = "This link was used before or is too old. Ask for a new one.", 403
    if request.method == "GET" and not error and request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = AuthenticationForm(request, data=request.POST if request.method == "POST" else None)
    headers = {}
    if request.method == "POST":
        try:
            if _is_right(request, form):
                login(request, form.get_user())
                return HttpResponseRedirect(target)
            status = 403
        except TooManyAttempts as refused:
            form, status = AuthenticationForm(request), refused.status
            error, headers = f"{refused.message} {refused.hint}", problem_json.headers(refused)
    context = {"form": form, "error": error, "next": target if target != "/runs" else ""}
    response = render(request, "sign_in.html", context, status=status)
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _is_right(request: HttpRequest, form: AuthenticationForm) -> bool:
    """Whether name and password fit. Raises TooManyAttempts without looking at them."""
    name, address = request.POST.get("username", ""), request.META.get("REMOTE_ADDR", "")
    if not name or not request.POST.get("password"):
        return form.is_valid()  # which it is not, and says what is missing; nothing was tried
    count_attempt(name, address)
    if not form.is_valid():
        return False
    forget_attempts(name, address)
    return True


@posts_only
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


def _next(request: HttpRequest) -> str:
    """Where to go afterwards: a place of ours, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/runs"
    mine = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if mine and wanted.startswith("/") else "/runs"
