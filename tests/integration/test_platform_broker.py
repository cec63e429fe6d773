"""The broker of files: each message to one worker, whole or not at all."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kombu.connection import Connection

from maverick_site import broker


def connection(folder: Path) -> Connection:
    url, options = broker.prepare(folder)
    return Connection(url, transport_options=options)


def send(folder: Path, *bodies: str) -> None:
    with connection(folder) as wire, wire.SimpleQueue("maverick") as queue:
        for body in bodies:
            queue.put(body)


def receive_all(folder: Path) -> list[str]:
    found: list[str] = []
    with connection(folder) as wire, wire.SimpleQueue("maverick") as queue:
        while True:
            try:
                message = queue.get(timeout=0.3)
            except queue.Empty:
                return found
            message.ack()
            found.append(message.payload)


def test_messages_come_in_order_and_leave_nothing_behind(maverick_home):
    send(maverick_home, *[f"m{n}" for n in range(20)])
    assert receive_all(maverick_home) == [f"m{n}" for n in range(20)]
    assert not [p for p in maverick_home.rglob("*") if p.is_file()]


def test_no_two_workers_take_the_same_message(maverick_home):
    sent = [f"m{n}" for n in range(300)]
    send(maverick_home, *sent)
    with ThreadPoolExecutor(6) as pool:
        found = [body for some in pool.map(receive_all, [maverick_home] * 6) for body in some]
    assert sorted(found) == sorted(sent)


def test_senders_and_receivers_at_once_lose_nothing(maverick_home):
    with ThreadPoolExecutor(8) as pool:
        senders = [
            pool.submit(send, maverick_home, *[f"{s}.{n}" for n in range(50)]) for s in range(4)
        ]
        receivers = [pool.submit(receive_all, maverick_home) for _ in range(4)]
        for sender in senders:
            sender.result()
        found = [body for receiver in receivers for body in receiver.result()]
    found += receive_all(maverick_home)
    assert sorted(found) == sorted(f"{s}.{n}" for s in range(4) for n in range(50))


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"a": 1}', b"\xff\x00"])
def test_what_is_no_message_is_put_aside(maverick_home, junk):
    send(maverick_home, "before")
    (maverick_home / "queue/00-junk.maverick.msg").write_bytes(junk)
    send(maverick_home, "after")
    assert receive_all(maverick_home) == ["before", "after"]
    assert [p.name for p in (maverick_home / "odd").iterdir()] == ["00-junk.maverick.msg"]


def test_a_broker_whose_folder_was_removed_goes_on(maverick_home):
    import shutil

    folder = maverick_home / "broker"
    with connection(folder) as wire, wire.SimpleQueue("maverick") as queue:
        queue.put("one")
        shutil.rmtree(folder)
        queue.put("two")
        assert queue.get(timeout=1).payload == "two"


def test_a_half_written_message_is_seen_by_nobody(maverick_home):
    send(maverick_home, "whole")
    draft = maverick_home / "taken/00.maverick.msg.draft"
    draft.write_text(json.dumps({"body": "half"})[:-3])
    assert receive_all(maverick_home) == ["whole"]


PUBLISH = """
import time
from maverick_site.celery import app
began = time.monotonic()
try:
    app.send_task("runs.work", ["run_x"], ignore_result=True)
except Exception as error:
    print("refused", time.monotonic() - began)
"""


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_publishing_to_a_dead_broker_costs_less_than_a_second(maverick_home, url):
    env = {**os.environ, "MAVERICK_HOME": str(maverick_home), "CELERY_BROKER_URL": url}
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH], env=env, capture_output=True, text=True, check=True
    )
    word, seconds = done.stdout.split()
    assert word == "refused"
    assert float(seconds) < 1
