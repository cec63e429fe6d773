"""The same commands through a server: `--server`, `MAVERICK_SERVER`, the Python client."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Maverick, serving
from tests.cli.flows import FAILS_UNTIL_OK, flow


@pytest.fixture(scope="module")
def server(cli_home: Path) -> Iterator[str]:
    """The web process alone, on the same home: nobody drives what it starts."""
    with serving(cli_home) as address:
        yield address


@pytest.fixture
def token(maverick: Maverick) -> Iterator[str]:
    yield maverick("token", "create", "by-server", "--json").json["token"]
    maverick("token", "revoke", "by-server")


def test_a_run_is_started_listed_shown_and_cancelled_by_server(
    maverick: Maverick, server: str, token: str
) -> None:
    maverick.write("a.yaml", flow("remote-a"))
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    made = maverick("run", "a.yaml", "-i", "topic=x", "--detach", "--json", **by)
    assert made.code == 0, made.err
    run = made.json["id"]
    items = maverick("runs", "list", "--workflow", "remote-a", "--json", **by).json["items"]
    assert [one["id"] for one in items] == [run]
    shown = maverick("runs", "show", run[:-2], **by)
    assert shown.code == 0, shown.err
    assert f"{server}/runs/{run}" in shown.out
    assert maverick("workflow", "show", "remote-a", **by).code == 0
    assert "remote-a" in maverick("workflow", "list", **by).out
    # Here and by server: the same document.
    assert maverick("runs", "list", "--workflow", "remote-a", "--json").json["items"] == items
    assert maverick("runs", "cancel", run, "--json", **by).json["status"] == "cancelled"


def test_a_run_is_watched_and_its_restart_previewed_by_server(
    maverick: Maverick, server: str, token: str
) -> None:
    maverick.write("a.yaml", flow("remote-watch", FAILS_UNTIL_OK))
    run = maverick("run", "a.yaml", "--json").json["id"]
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    watched = maverick("runs", "watch", run, "--json", **by)
    assert watched.code == 1, watched.err
    assert watched.json["id"] == run
    assert "✗ three  failed: exit code 3" in watched.err
    here = maverick("restart", run, "--plan", "--json")
    there = maverick("restart", run, "--plan", "--json", **by)
    assert there.code == 0, there.err
    assert there.json == here.json
    two = next(i["source_execution_id"] for i in here.json["items"] if i["path"] == "two")
    far = maverick("execution", "restart", two, "--plan", "--json", **by)
    assert far.json == maverick("execution", "restart", two, "--plan", "--json").json
    (checkpoint,) = maverick("checkpoint", "list", run, "--json", **by).json["items"]
    assert checkpoint["name"] == "save"
    log = maverick("runs", "show", run, "--log", "one", "--json", **by)
    assert log.code == 0, log.err


def test_a_refusal_of_the_server_is_told_as_it_is_here(
    maverick: Maverick, server: str, token: str
) -> None:
    maverick.write("a.yaml", flow("remote-refused"))
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    done = maverick("run", "a.yaml", "-i", "tpoic=x", **by)
    assert done.code == 2
    assert "[invalid-inputs]" in done.err
    assert "did you mean `topic`?" in done.err
    assert maverick("run", "no-such-flow", **by).code == 2
    assert maverick("run", "a.yaml", "--resume", **by).code == 2
    assert maverick("token", "list", **by).code == 2


def test_without_a_token_nothing_is_answered(maverick: Maverick, server: str) -> None:
    done = maverick("--server", server, "runs", "list")
    assert done.code == 2
    assert "[not-signed-in]" in done.err


def test_the_stored_token_is_shown_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runs.cli.remote import token_for

    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path))
    monkeypatch.delenv("MAVERICK_TOKEN", raising=False)
    (tmp_path / "token").write_text("mvk_stored\n")
    for near in ("http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:8000"):
        assert token_for(near) == "mvk_stored"
    for far in ("https://maverick.example", "http://10.0.0.7:8000", "http://127.0.0.1.evil.test"):
        assert token_for(far) is None


RETRIED = """\
version: "1.0"
name: NAME
steps:
  - {name: a, type: shell, run: test -e fixed, retry: {max_attempts: 2, backoff: 3600}}
"""


@pytest.mark.parametrize("far", [False, True])
def test_a_waiting_step_is_tried_now(
    maverick: Maverick,
    server: str,
    token: str,
    until: Callable[[Callable[[], bool]], None],
    far: bool,
) -> None:
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token} if far else {}
    name = f"tried-now-{far}".lower()
    maverick.write("a.yaml", RETRIED.replace("NAME", name))
    drives = maverick.start("run", "a.yaml", "--json")

    def waits() -> bool:
        found = maverick("runs", "list", "--workflow", name, "--json").json["items"]
        return bool(found) and found[0]["status"] == "waiting"

    until(waits)
    run = maverick("runs", "list", "--workflow", name, "--json").json["items"][0]["id"]
    maverick.write("fixed", "")
    tried = maverick("runs", "retry", run, "a", "--json", **by)
    assert (tried.code, tried.json["id"]) == (0, run), tried.err
    assert drives.wait(timeout=30) == 0
    again = maverick("runs", "retry", run, "a", **by)
    assert (again.code, "does not wait to be tried" in again.err) == (2, True)


def test_why_compare_and_lineage_are_the_same_documents_by_server(
    maverick: Maverick, server: str, token: str
) -> None:
    maverick.write("a.yaml", flow("remote-explained", FAILS_UNTIL_OK))
    first = maverick("run", "a.yaml", "--json").json["id"]
    second = maverick("fork", first, "-i", "topic=rain", "--json").json["id"]
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    for words in (
        ("why", first),
        ("why", f"{first}/three"),
        ("runs", "compare", first, second),
        ("runs", "compare", first, second, "--path", "one"),
        ("runs", "lineage", second),
        ("runs", "lineage", second, "--step", "two"),
    ):
        here, there = maverick(*words, "--json"), maverick(*words, "--json", **by)
        assert here.code == there.code, words
        assert here.json == there.json, words
    assert maverick("why", f"{first}/nobody", **by).code == 2
