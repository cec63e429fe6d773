"""Streams under a real server: nothing missed, nothing doubled, nothing held."""

import threading
import time
from contextlib import ExitStack

import httpx
from django.db import connection

from runs.live import stream, watch

from .conftest import record, wait_for

GOOD = {"Authorization": "Bearer good"}


def test_a_reader_catches_up_follows_and_is_told_the_end(site, make_run):
    run = make_run(events=3)
    with site.stream(f"/api/v1/runs/{run.id}/events", **GOOD) as frames:
        assert frames.response.headers["content-type"].startswith("text/event-stream")
        assert [frames.next()["id"] for _ in range(3)] == ["1", "2", "3"]
        record(run, "later")
        frame = frames.next()
        assert (frame["id"], frame["event"], frame["data"]["path"]) == (
            "4",
            "step.succeeded",
            "later",
        )
        record(run, "", "run.succeeded", status="succeeded")
        assert frames.next()["event"] == "run.succeeded"
        end = frames.next()
        assert (end["event"], end["data"]) == ("end", {"seq": 5, "status": "succeeded"})
        assert frames.next() is None


def test_a_change_is_told_within_half_a_second(site, make_run):
    run = make_run(events=1)
    with site.stream(f"/runs/{run.id}/events/stream") as frames:
        frames.next()
        delays = []
        for n in range(8):
            time.sleep(0.07 * (n % 4))
            record(run, f"x{n}")
            begin = time.monotonic()
            frame = frames.next()
            delays.append(time.monotonic() - begin)
            assert frame["data"] == {"seq": n + 2, "paths": [f"x{n}"], "status": "running"}
    print(f"delays: median {sorted(delays)[4] * 1000:.0f} ms, max {max(delays) * 1000:.0f} ms")
    assert max(delays) < 0.5


def test_a_reader_goes_on_behind_the_number_it_has(site, make_run):
    run = make_run(events=5)
    with site.stream(f"/api/v1/runs/{run.id}/events", Last_Event_ID="3", **GOOD) as frames:
        assert frames.next()["id"] == "4"
    with site.stream(f"/api/v1/runs/{run.id}/events?after=4", **GOOD) as frames:
        assert frames.next()["id"] == "5"
    with site.stream(f"/runs/{run.id}/events/stream?after=2", Last_Event_ID="4") as frames:
        assert frames.next()["data"]["paths"] == ["s5"]


def test_a_long_journal_comes_whole_while_it_grows(site, make_run, monkeypatch):
    monkeypatch.setattr(watch, "BATCH", 7)
    run = make_run(events=60)

    def more():
        for n in range(40):
            record(run, f"m{n}")
        record(run, "", "run.failed", status="failed")
        connection.close()

    writer = threading.Thread(target=more)
    with site.stream(f"/api/v1/runs/{run.id}/events", **GOOD) as frames:
        writer.start()
        seen = []
        while (frame := frames.next())["event"] != "end":
            seen.append(int(frame["id"]))
    writer.join()
    assert seen == list(range(1, 102))


def test_a_quiet_stream_is_kept_alive(site, make_run, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_EVERY", 0.2)
    with site.stream(f"/runs/{make_run().id}/events/stream") as frames:
        assert frames.next() == {"comment": "alive"}
        assert frames.next() == {"comment": "alive"}


def test_who_may_not_listen_is_told_before_anything_opens(site, make_run):
    run = make_run()
    with site.stream(f"/api/v1/runs/{run.id}/events") as frames:
        pass  # by login
    site.cookies = {}
    for path in (f"/runs/{run.id}/events/stream", "/runs/stream", f"/api/v1/runs/{run.id}/events"):
        with site.stream(path) as frames:
            assert frames.response.status_code in (401, 302, 303), path
    with site.stream("/api/v1/runs/run_nothere/events", **GOOD) as frames:
        assert frames.response.status_code == 404
        assert frames.response.headers["content-type"] == "application/problem+json"
    with site.stream(f"/api/v1/runs/{run.id}/events", Last_Event_ID="x", **GOOD) as frames:
        assert frames.response.status_code == 422


def test_an_unknown_run_has_no_page_stream(site, make_run):
    with site.stream("/runs/run_nothere/events/stream") as frames:
        assert frames.response.status_code == 404


def test_one_too_many_is_503(site, make_run, monkeypatch):
    monkeypatch.setattr(watch, "LIMIT", 2)
    run = make_run(events=1)
    path = f"/api/v1/runs/{run.id}/events"
    with site.stream(path, **GOOD) as one, site.stream(path, **GOOD) as two:
        one.next(), two.next()
        with site.stream(path, **GOOD) as three:
            assert three.response.status_code == 503
            assert three.response.headers["retry-after"] == "5"
            assert b"too-many-streams" in three.response.read()
        with site.stream("/runs/stream") as four:
            assert four.response.status_code == 503
    wait_for(lambda: site.open_streams() == 0)
    with site.stream(path, **GOOD) as again:
        assert again.next()["id"] == "1"


def test_a_reader_that_leaves_is_forgotten_and_the_polling_ends(site, make_run):
    run = make_run(events=1)
    with site.stream(f"/runs/{run.id}/events/stream") as frames:
        frames.next()
        assert site.open_streams() == 1
    wait_for(lambda: site.open_streams() == 0)
    watcher = watch._watchers[site.loop]
    wait_for(lambda: watcher._task.done())


def test_many_readers_hold_no_connection_each(site, make_run):
    run = make_run(events=1)
    count = 60
    with ExitStack() as stack:
        readers = [
            stack.enter_context(site.stream(f"/api/v1/runs/{run.id}/events", **GOOD))
            for _ in range(count)
        ]
        for reader in readers:
            assert reader.event()["id"] == "1"
        time.sleep(0.5)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            held = cursor.fetchone()[0]
        record(run, "x")
        begin = time.monotonic()
        for reader in readers:
            assert reader.event()["id"] == "2"
        took = time.monotonic() - begin
        others = httpx.get(f"{site.url}/api/v1/runs", headers=GOOD)
        assert others.status_code == 200
    print(f"{count} readers: {held} connections, all told within {took * 1000:.0f} ms")
    assert held <= 4
    assert took < 1.0


def test_the_list_is_told_which_runs_changed_and_that_there_are_new_ones(site, make_run):
    a, b, other = make_run(events=2), make_run(events=1), make_run()
    with site.stream(f"/runs/stream?ids={a.id}@2,{b.id}@1&newest={other.id}") as frames:
        time.sleep(0.5)  # what the page has already is not told again
        record(other, "x")
        record(b, "x")
        assert frames.next()["data"] == {"runs": [b.id], "new": False, "moved": False}
        c = make_run()
        assert frames.next()["data"] == {"runs": [], "new": True, "moved": True}
    with site.stream(f"/runs/stream?ids={a.id}@1&newest={b.id}") as frames:
        # What happened between drawing the page and listening.
        assert frames.next()["data"] == {"runs": [a.id], "new": True, "moved": False}
    with site.stream(f"/runs/stream?newest={c.id}") as frames:
        make_run()  # before the first look at the database or after it
        assert frames.next()["data"]["new"] is True
    odd = make_run(events=1, id="My.nightly:2026-11-21")  # as a client may call it
    with site.stream(f"/runs/stream?ids={odd.id}@1,{a.id}&newest={odd.id}") as frames:
        assert frames.next()["data"] == {"runs": [a.id], "new": False, "moved": False}
        record(odd, "x")
        assert frames.next()["data"] == {"runs": [odd.id], "new": False, "moved": False}
    # A run that the list does not show fails: its counts are others, and a list of the failed
    # lacks one.
    with site.stream(f"/runs/stream?newest={odd.id}") as frames:
        time.sleep(0.5)
        record(a, "", "run.failed", status="failed")
        assert frames.next()["data"] == {"runs": [], "new": False, "moved": True}
    with site.stream("/runs/stream?ids=a;drop") as frames:
        assert frames.response.status_code == 422
