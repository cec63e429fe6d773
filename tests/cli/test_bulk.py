"""`maverick runs bulk`: what was shown is what is acted on, here and by server."""

import subprocess

import pytest

from tests.cli.conftest import COMMAND, Maverick
from tests.cli.flows import flow
from tests.cli.test_by_server import server, token

__all__ = ["server", "token"]  # fixtures


def begin(maverick: Maverick, name: str, **by: str) -> str:
    made = maverick("run", "a.yaml", "--detach", "--json", **by)
    assert made.code == 0, made.err
    return str(made.json["id"])


@pytest.mark.parametrize("far", [False, True], ids=["here", "by server"])
def test_a_run_that_begins_to_match_while_somebody_reads_is_left_alone(
    maverick: Maverick, server: str, token: str, far: bool
) -> None:
    name = f"bulk-{'far' if far else 'here'}"
    maverick.write("a.yaml", flow(name))
    there = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    by = there if far else {}
    seen = begin(maverick, name, **there)
    asks = subprocess.Popen(
        [*COMMAND, "runs", "bulk", "cancel", "--workflow", name],
        cwd=maverick.project, env=maverick.env(**by), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert asks.stderr is not None
    assert asks.stderr.readline().strip() == seen  # shown, and now it asks
    later = begin(maverick, name, **there)
    out, err = asks.communicate("y\n", timeout=90)
    assert asks.returncode == 0, err
    assert (seen in out, later in out) == (True, False)
    items = maverick("runs", "list", "--workflow", name, "--json").json["items"]
    assert {one["id"]: one["status"] for one in items} == {seen: "cancelled", later: "queued"}
    assert maverick("runs", "cancel", later).code == 0


def test_no_filter_is_refused_and_every_run_is_said_on_purpose(maverick: Maverick) -> None:
    for wrong in ([], ["--text", " "], ["--all", "--workflow", "x"]):
        done = maverick("runs", "bulk", "golden", *wrong, "--yes")
        assert done.code == 2, done.out
        assert "--all" in done.err
    every = maverick("runs", "bulk", "delete", "--all", "--dry-run", "--json")
    assert every.code in (0, 1), every.err
    assert every.json["dry_run"]
