"""`maverick webhook …`: made, listed, tried out, sent again, removed; the same JSON as the API."""

from tests.cli.conftest import Maverick
from tests.cli.flows import flow

URL = "https://hooks.invalid/maverick"


def test_a_webhook_is_made_told_and_removed(maverick: Maverick) -> None:
    made = maverick("webhook", "add", URL, "--event", "run.succeeded", "--workflow", "hooked-*")
    assert made.out.startswith("whsec_")
    assert made.out.strip() not in made.err
    (webhook,) = maverick("webhook", "list", "--json").json["items"]
    assert (webhook["url"], webhook["workflows"]) == (URL, ["hooked-*"])
    assert webhook["id"] in maverick("webhook", "list").out
    maverick.write("a.yaml", flow("hooked-1"))
    run = maverick("run", "a.yaml", "--json").json["id"]
    pinged = maverick("webhook", "ping", webhook["id"], "--json").json
    found = maverick("webhook", "deliveries", webhook["id"], "--json").json["items"]
    assert [(one["event"], one["run_id"], one["status"]) for one in found] == [
        ("ping", "", "pending"), ("run.succeeded", run, "pending"),
    ]  # fmt: skip
    assert found[0]["id"] == pinged["id"]
    assert run in maverick("webhook", "deliveries", "--run", run).out
    shown = maverick("webhook", "show", found[1]["id"])
    assert f'"/runs/{run}"' in shown.out
    again = maverick("webhook", "redeliver", pinged["id"])
    assert (again.code, "delivery-pending" in again.err) == (2, True)
    off = maverick("webhook", "change", webhook["id"], "--disable", "--json").json
    assert (off["state"], off["events"]) == ("disabled", ["run.succeeded"])
    assert maverick("webhook", "rotate", webhook["id"]).out.startswith("whsec_")
    assert maverick("webhook", "remove", webhook["id"]).code == 0
    assert maverick("webhook", "list", "--json").json["items"] == []
    refused = maverick("webhook", "add", "http://127.0.0.1/")
    assert (refused.code, "webhook-address-refused" in refused.err) == (2, True)
