"""Notes and labels of a run: written once seen, told in journal and audit log."""

from runs.models import Event, RunNote

TEXT = "Failed because of *the outage*.\n\n- [report](https://status.example.com)"


def test_notes_are_written_read_and_taken_away(operator, viewer, admin, make_run):
    run = make_run()
    assert viewer.get(f"/runs/{run.id}/note").json() == {
        "text": "", "revision": 0, "by": None, "at": None,
    }  # fmt: skip
    written = operator("PUT", f"/runs/{run.id}/note", {"text": f"  {TEXT}\r\n"})
    assert written.status_code == 200
    assert {**written.json(), "at": ""} == {
        "text": TEXT, "revision": 1, "by": "operator-1", "at": "",
    }  # fmt: skip
    assert viewer.get(f"/runs/{run.id}/note").json() == written.json()
    entry = admin.get("/audit").json()["items"][0]
    assert (entry["action"], entry["target"]) == ("run.note", run.id)
    assert entry["data"] == {"revision": 1, "characters": len(TEXT)}
    told = Event.objects.get(run=run, kind="run.noted")
    assert told.data == {"by": "operator-1"}
    run.refresh_from_db()
    assert told.seq == run.event_seq
    gone = operator("PUT", f"/runs/{run.id}/note", {"text": "", "revision": 1}).json()
    assert (gone["text"], gone["revision"]) == ("", 2)


def test_nothing_is_written_over_that_was_not_seen(operator, make_run):
    path = f"/runs/{make_run().id}/note"
    operator("PUT", path, {"text": "one", "revision": 0})
    refused = operator("PUT", path, {"text": "two", "revision": 0})
    assert (refused.status_code, refused.json()["code"]) == (409, "note-changed")
    assert "operator-1" in refused.json()["detail"]
    # The answer was lost, the same request comes again: no conflict with oneself.
    assert operator("PUT", path, {"text": "one", "revision": 0}).json()["revision"] == 1
    assert operator("PUT", path, {"text": "three", "revision": 1}).json()["revision"] == 2
    assert operator("PUT", path, {"text": "four"}).json()["revision"] == 3


def test_what_is_no_note_is_refused(operator, viewer, make_run):
    run = make_run()
    path = f"/runs/{run.id}/note"
    assert viewer("PUT", path, {"text": "x"}).status_code == 403
    assert operator("PUT", "/runs/run_00000000000000/note", {"text": "x"}).status_code == 404
    assert operator("PUT", path, {"text": "x" * 20_001}).status_code == 422
    assert operator("PUT", path, {"text": "a\x00b"}).status_code == 422
    assert operator("PUT", path, {}).status_code == 422
    assert not RunNote.objects.exists()


def test_labels_are_set_all_together(operator, viewer, admin, make_run):
    run = make_run(labels={"env": "staging", "team": "docs"})
    path = f"/runs/{run.id}/labels"
    told = operator("PUT", path, {"labels": {"env": "production", "pr": "17"}})
    assert told.json()["labels"] == {"env": "production", "pr": "17"}
    entry = admin.get("/audit").json()["items"][0]
    assert entry["action"] == "run.labels"
    assert entry["data"]["before"] == {"env": "staging", "team": "docs"}
    assert Event.objects.filter(run=run, kind="run.labelled").count() == 1
    operator("PUT", path, {"labels": {"env": "production", "pr": "17"}})
    assert Event.objects.filter(run=run, kind="run.labelled").count() == 1  # nothing changed
    assert viewer("PUT", path, {"labels": {}}).status_code == 403
    assert operator("PUT", path, {"labels": {"x" * 64: "y"}}).status_code == 422
    assert operator("PUT", path, {"labels": {str(n): "y" for n in range(51)}}).status_code == 422


def test_a_deleted_run_takes_its_notes_with_it(admin, make_run):
    run = make_run(status="failed")
    admin("PUT", f"/runs/{run.id}/note", {"text": "x"})
    assert admin("DELETE", f"/runs/{run.id}").status_code in (200, 204)
    assert not RunNote.objects.exists()
