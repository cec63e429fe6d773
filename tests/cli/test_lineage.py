"""`maverick runs lineage`: as a process, here."""

from tests.cli.conftest import Maverick
from tests.cli.test_fork import first_run


def test_a_family_and_an_origin_are_told(maverick: Maverick) -> None:
    first = first_run(maverick, "kin")
    second = maverick("fork", first, "-i", "title=two", "--json").json["id"]
    told = maverick("runs", "lineage", second)
    assert told.code == 0, told.err
    assert 'forked: input `title` changed "one" → "two"' in told.out
    assert f"  {second} *" in told.out
    found = maverick("runs", "lineage", second, "--json").json
    assert found["ancestors"] == [first]
    step = maverick("runs", "lineage", second, "--step", "region")
    assert f"from {first}/region" in step.out
    assert "did the work" in step.out
    assert "It did the work itself." in maverick("runs", "lineage", first, "--step", "size").out
    assert maverick("runs", "lineage", first, "--step", "nobody").code == 2
