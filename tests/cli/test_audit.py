"""`maverick audit`: who typed what on which machine."""

import getpass
import socket

from tests.cli.conftest import Maverick
from tests.cli.flows import flow


def test_what_was_typed_is_in_the_audit_log(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("audited"))
    run = maverick("run", "a.yaml", "--json").json["id"]
    entry = maverick("audit", "--target", run, "--json").json["items"][0]
    assert (entry["who"], entry["via"], entry["address"], entry["action"]) == (
        getpass.getuser(), "cli", socket.gethostname(), "run.start",
    )  # fmt: skip
    table = maverick("audit", "--target", run).out.splitlines()
    assert table[0].split() == ["WHEN", "WHO", "FROM", "ACTION", "TARGET", "MORE"]
    assert run in table[1]
    assert maverick("audit", "--who", "nobody").code == 0
