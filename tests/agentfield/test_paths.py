"""House, D7: two protocols under one prefix, and no address of both."""

import re

from django.urls import resolve

from runs.agentfield import is_agentfield
from runs.api.agentfield.urls import urlpatterns
from runs.api.v1.api import api

BOTH = "executions/<>/restart"  # the execution says whose it is


def shapes(patterns):
    return {re.sub(r"<[^>]*>", "<>", str(one.pattern)).removeprefix("api/v1/") for one in patterns}


def test_no_address_is_of_both_protocols():
    ours = {
        re.sub(r"\{[^}]*\}", "<>", path.removeprefix("/api/v1/"))
        for path in api.get_openapi_schema()["paths"]
    }
    theirs = shapes(urlpatterns)
    assert ours & theirs == set()
    assert BOTH in ours
    # Nor does a parameter of the one take a word of the other.
    for path in ours - {BOTH}:
        view = resolve("/api/v1/" + path.replace("<>", "x")).func
        assert not view.__module__.startswith("runs.api.agentfield"), path


def test_every_address_of_the_protocol_refuses_in_its_manner():
    for one in urlpatterns:
        path = "/" + re.sub(r"<[^>]*>", "x", str(one.pattern))
        assert is_agentfield(path) or path.endswith("/restart"), path
        assert not path.endswith("/")
