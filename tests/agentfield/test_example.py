"""The example of five reasoners, with the published package, as its first lines say."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runs.cli.main import main
from runs.models import AgentCall
from tests.interruption.harness import CHECKOUT

EXAMPLE = CHECKOUT / "examples" / "five_reasoners.py"


@pytest.fixture
def maverick(plane: Any, capsys: Any, monkeypatch: Any) -> Iterator[Callable[..., Any]]:
    """The command line in this process, by the plane's server; its exit code and its run."""
    monkeypatch.setenv("MAVERICK_HOME", str(plane.site.home))
    before = signal.getsignal(signal.SIGTERM)

    def run(*args: str) -> tuple[int, Any]:
        code = main(["--server", plane.url, *args, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    yield run
    signal.signal(signal.SIGTERM, before)


def test_it_fails_in_the_fourth_and_its_restart_reuses_the_three_before(
    maverick: Callable[..., Any], run_agent: Callable[..., Any], tmp_path: Path
) -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60
    broken = tmp_path / "broken"
    broken.touch()
    run_agent("five", script=EXAMPLE, FAIL_WHILE=str(broken))
    code, failed = maverick("call", "five.brief", "-i", "topic=owls")
    assert (code, failed["status"]) == (1, "failed")
    assert "the judge is out" in failed["status_reason"]
    called = AgentCall.objects.filter(run_id=failed["id"]).order_by("number")
    told = [(call.name, call.status) for call in called]
    assert told == [
        ("brief", "failed"), ("plan", "succeeded"), ("search", "succeeded"),
        ("summarise", "succeeded"), ("judge", "failed"),
    ]  # fmt: skip

    broken.unlink()
    judge = called.last()
    assert judge is not None
    code, again = maverick("execution", "restart", judge.pk, "--reason", "the judge is back")
    assert (code, again["status"], again["counts"]["reused"]) == (0, "succeeded", 3)
    assert again["source_run_id"] == failed["id"]
    worked = AgentCall.objects.filter(run_id=again["id"]).exclude(dispatched_at=None)
    assert [call.name for call in worked.order_by("number")] == ["brief", "judge"]
    code, page = maverick("agents", "show", "five")
    assert [one["name"] for one in page["agent"]["reasoners"]] == [
        "plan", "search", "summarise", "judge", "brief",
    ]  # fmt: skip
