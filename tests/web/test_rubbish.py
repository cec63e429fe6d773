"""Rubbish in an address is answered, never a crash: every page, every field that one may ask by."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import get_resolver

from runs.models import Run, User
from tests.browser.rows import add, make_run
from tests.thorough import pairs

FIELDS = (
    "run", "tab", "node", "part", "ids", "from", "to", "reuse", "show", "only", "against", "q",
    "status", "workflow", "chip", "tag", "golden", "before", "after", "who", "action", "target",
    "page", "key", "name", "older_than", "keep", "next",
)  # fmt: skip
RUBBISH = {
    "empty": [""],
    "unknown": ["run_00000000000000"],
    "repeated": ["a", "b", "a"],
    "half": ["", "run_00000000000000"],
    "huge": ["9" * 5000],
    "long": ["ä/../" * 800],
    "nul": ["a\x00b"],
    "negative": ["-1"],
    "fraction": ["1.5e9"],
    "superscript": ["²"],  # a digit, and no number
    "arabic": ["٣"],
    "many": ["99999999999999999999"],
    "surrogate": ["\ud800"],
    "format": ["%s{0}${{ x }}"],
    "path": ["a[", "a[0]/b", "[9]"],
    "golden": ["golden:", "golden:x\x00"],
    "markup": ["<script>'\"\r\nX: y"],
}


DEEDS = ("", "&do=mark&action=delete", "&do=assertions&action=restart&sure=1")


def pages(kind: str, **known: str) -> Iterator[str]:
    """The address of every page that gets this kind of rubbish, with a run that there is."""
    patterns = get_resolver("runs.web.urls").url_patterns
    for pattern, one in pairs(patterns, list(RUBBISH), every=8):
        if one != kind:
            continue
        text = str(pattern.pattern)
        for name, value in known.items():
            text = re.sub(rf"<\w+:{name}>", quote(value), text)
        yield "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<\w+:\w+>", "a", text))


@pytest.fixture
def admin(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


@pytest.fixture
def pair(db: None, now: datetime) -> tuple[Run, Run]:
    """Small ones: each test asks for every page many times."""
    failed = make_run("fly", now, status="failed", took=2, n_total=2, n_failed=1)
    again = make_run(
        "fly", now, status="succeeded", took=2, kind="restart", source=failed, n_total=2
    )
    for run, status in ((failed, "failed"), (again, "succeeded")):
        add(run, "one", "shell", "succeeded", now, took=1)
        add(run, "two", "shell", status, now, took=1)
    return failed, again


def sent(values: list[str], *names: str) -> str:
    """Fields as an address or a form has them; also what is no UTF-8."""
    told = [quote(value.encode("utf-8", "surrogatepass")) for value in values]
    return "&".join(f"{name}={value}" for name in names for value in told)


@pytest.mark.parametrize("kind", RUBBISH)
def test_no_page_crashes_over_its_query(admin: Client, pair: tuple[Run, Run], kind: str) -> None:
    failed, again = pair
    crashed = {}
    for address in pages(kind, run_id=again.pk, other=failed.pk):
        answer = admin.get(f"{address}?{sent(RUBBISH[kind], *FIELDS)}")
        if answer.status_code >= 500:
            crashed[address] = answer.status_code
    assert crashed == {}


# One field at a time: with all at once the first one that is refused hides the others.
@pytest.mark.parametrize("kind", [pytest.param("half", marks=pytest.mark.thorough), "superscript"])
def test_no_page_crashes_over_one_field(admin: Client, pair: tuple[Run, Run], kind: str) -> None:
    failed, again = pair
    crashed = []
    for address in pages(kind, run_id=again.pk, other=failed.pk):
        if admin.get(address).status_code == 405:
            continue  # a button
        crashed += [
            (address, field)
            for field in FIELDS
            if admin.get(f"{address}?{sent(RUBBISH[kind], field)}").status_code >= 500
        ]
    assert crashed == []


@pytest.mark.parametrize("kind", RUBBISH)
def test_no_page_crashes_over_what_its_form_sends(
    admin: Client, pair: tuple[Run, Run], kind: str
) -> None:
    failed, again = pair
    crashed = {}
    more = ("do", "tags", "note", "assertions", "reason", "path", "plan_id", "turn", "sure", "all")
    body = sent(RUBBISH[kind], *FIELDS, *more, "confirm", "decision", "comment")
    for address in pages(kind, run_id=again.pk, other=failed.pk):
        if address.endswith("/delete"):
            continue  # it would take the run away from the others
        for deed in DEEDS if kind in ("unknown", "nul", "path") else DEEDS[:1]:
            answer = admin.generic(
                "POST", address, body + deed, content_type="application/x-www-form-urlencoded"
            )
            if answer.status_code >= 500:
                crashed[f"{address} {deed}"] = answer.status_code
    assert crashed == {}


@pytest.mark.parametrize("kind", RUBBISH)
def test_no_page_crashes_over_its_path(admin: Client, pair: tuple[Run, Run], kind: str) -> None:
    crashed = []
    for value in RUBBISH[kind]:
        # A server decodes the path; what is no UTF-8 never comes so far.
        text = value.encode("utf-8", "replace").decode().replace("\r\n", "") or " "
        for known in ({"run_id": text}, {"run_id": pair[1].pk, "other": text, "where": text}):
            named = {"other": text, "checkpoint_id": text, "name": text, "where": text, **known}
            for address in pages(kind, **named):
                for method in ("GET", "POST"):
                    if address.endswith("/delete") and pair[1].pk in address:
                        continue
                    if admin.generic(method, address).status_code >= 500:
                        crashed.append((method, address[:80]))
    assert crashed == []
