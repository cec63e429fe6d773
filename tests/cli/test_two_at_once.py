"""Two processes want the same at the same time: exactly one successor comes of it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import psycopg

from maverick_site import embedded
from tests.cli.conftest import Maverick, serving
from tests.cli.flows import FAILS_UNTIL_OK, flow

ROUNDS = 10


def successors(maverick: Maverick, run: str) -> list[str]:
    listed = maverick("runs", "list", "--json").json["items"]
    return [one["id"] for one in listed if one["source_run_id"] == run]


def test_two_servers_and_one_key_are_one_restart(maverick: Maverick, cli_home: Path) -> None:
    maverick.write("race.yaml", flow("race", FAILS_UNTIL_OK))
    run = maverick("run", "race.yaml", "--json").json["id"]
    token = maverick("token", "create", "race", "--json").json["token"]
    barrier = Barrier(2)

    def ask(address: str, key: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30) as client:
            client.get(f"/runs/{run}").raise_for_status()  # connected and warm
            barrier.wait(60)
            answer = client.post(f"/runs/{run}/restart", json={})
        return answer.status_code, answer.json()["id"]

    with serving(cli_home) as one, serving(cli_home) as other, ThreadPoolExecutor(2) as pool:
        for n in range(ROUNDS):
            answers = list(pool.map(ask, (one, other), (f"key-{n}",) * 2))
            assert {status for status, _ in answers} == {201}
            assert len({new for _, new in answers}) == 1
    assert len(successors(maverick, run)) == ROUNDS


def test_two_terminals_resume_one_run_once(maverick: Maverick, cli_home: Path) -> None:
    maverick.write("twice.yaml", flow("twice", FAILS_UNTIL_OK))
    run = maverick("run", "twice.yaml", "--json").json["id"]
    (maverick.project / "ok").touch()
    with psycopg.connect(embedded.database_url(cli_home)) as barrier:
        # Both have looked and found the run to resume, and wait for its row, before either goes on.
        barrier.execute("SELECT id FROM runs_run WHERE id = %s FOR UPDATE", [run])
        both = [maverick.start("run", "twice.yaml", "--resume", "--json") for _ in range(2)]
        end = time.monotonic() + 60
        with psycopg.connect(embedded.database_url(cli_home), autocommit=True) as watch:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while watch.execute(waiting).fetchone() != (2,):
                assert time.monotonic() < end, "the two do not meet"
                assert all(one.poll() is None for one in both), [one.communicate() for one in both]
                time.sleep(0.02)
        barrier.rollback()
    ended = [(*one.communicate(timeout=60), one.returncode) for one in both]
    (won,) = [out for out, _, code in ended if code == 0]
    (lost,) = [said for _, said, code in ended if code != 0]
    assert successors(maverick, run) == [json.loads(won.splitlines()[-1])["id"]]
    assert sorted(code for *_, code in ended) == [0, 2], lost
    assert run in lost
    assert "Traceback" not in lost
    # What the checkpoint holds was done once, what comes after it once.
    assert maverick.calls() == ["one-tea", "two", "three"]
