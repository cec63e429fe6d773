"""`maverick runs delete` asks; `maverick gc` says what would go."""

from tests.cli.conftest import Maverick
from tests.cli.flows import flow


def test_a_run_is_deleted_when_somebody_agrees(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("delete-a"))
    run = maverick("run", "a.yaml", "--json").json["id"]
    refused = maverick("runs", "delete", run, stdin="n\n")
    assert refused.code == 2
    assert "Nothing was deleted" in refused.err
    assert maverick("runs", "delete", run).code == 2  # nobody answers
    done = maverick("runs", "delete", run, "--yes")
    assert done.code == 0, done.err
    assert maverick("runs", "show", run).code == 2


def test_gc_by_age(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("gc-a"))
    run = maverick("run", "a.yaml", "--json").json["id"]
    assert run not in maverick("gc", "--older-than", "30d", "--dry-run", "--json").json["ids"]
    dry = maverick("gc", "--older-than", "0d", "--dry-run")
    assert run in dry.out
    assert maverick("runs", "show", run).code == 0
    for wrong in ("30", "long", "-1d"):
        assert maverick("gc", "--older-than", wrong).code == 2
    gone = maverick("gc", "--older-than", "0s", "--keep", "0", "--json").json
    assert run in gone["ids"]
    assert maverick("runs", "show", run).code == 2
