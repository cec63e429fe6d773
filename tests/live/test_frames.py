"""What stands on the wire, byte for byte."""

from datetime import UTC, datetime

from runs.live import frames
from runs.projections.event_feed import EventFacts, EventPage

AT = datetime(2026, 11, 21, 4, 45, tzinfo=UTC)


def page(*paths, status="running"):
    items = tuple(
        EventFacts(n, "step.succeeded", None, path, {}, AT) for n, path in enumerate(paths, 1)
    )
    return EventPage(items, len(items), status, False)


def test_a_frame_is_three_lines_and_a_blank_one():
    assert frames.frame("change", {"a": 1}, 7) == b'id: 7\nevent: change\ndata: {"a":1}\n\n'


def test_nothing_in_the_data_can_end_a_frame():
    text = frames.frame("x", {"a": "1\n\nevent: evil\r\ndata: {}"}).decode()
    assert text.count("\n") == 3
    assert "\r" not in text


def test_changes_name_each_path_once_under_the_last_number():
    assert list(frames.changes(page("a", "b", "a", None))) == [
        b'id: 4\nevent: change\ndata: {"seq":4,"paths":["a","b"],"status":"running"}\n\n'
    ]
    assert list(frames.changes(page())) == []


def test_entries_are_named_as_their_kind():
    (first,) = frames.entries(page("a"))
    assert first.startswith(b"id: 1\nevent: step.succeeded\ndata: {")
    assert b'"at":"2026-11-21T04:45:00Z"' in first


def test_the_list_frame():
    assert frames.listing({"b", "a"}, True, False) == (
        b'event: change\ndata: {"runs":["a","b"],"new":true,"moved":false}\n\n'
    )
