"""Check a workflow's text without keeping it."""

from pathlib import Path

from runs.models import Workflow

GOOD = """
version: "1.0"
name: fine
steps:
  - {name: a, type: shell, run: echo a}
"""
CALLS = 'version: "1.0"\nname: calls\nsteps:\n  - {{name: a, type: subworkflow, workflow: {}}}\n'


def test_a_good_text_is_ok_and_not_kept(viewer):
    response = viewer.post("/workflows/validate", {"definition": GOOD})
    assert (response.status_code, response.json()) == (
        200,
        {"ok": True, "name": "fine", "problems": []},
    )
    assert not Workflow.objects.exists()


def test_every_problem_has_its_place(viewer):
    text = GOOD.replace("run: echo a", "rum: echo a, type: nosuch").replace("fine", "Not Fine")
    body = viewer.post("/workflows/validate", {"definition": text, "file": "mine.yaml"}).json()
    assert body["ok"] is False
    assert len(body["problems"]) >= 2
    for one in body["problems"]:
        assert one["file"] == "mine.yaml"
        assert one["line"] >= 1
        assert one["code"]
        assert one["severity"] in ("error", "warning")


def test_a_warning_alone_is_ok(viewer):
    text = GOOD.replace("steps:", "colour: red\nsteps:")
    body = viewer.post("/workflows/validate", {"definition": text}).json()
    assert body["ok"] is True
    assert [one["severity"] for one in body["problems"]] == ["warning"]


def test_no_file_of_the_machine_is_read_by_calling_it(viewer, tmp_path: Path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("the-password-is: [hunter2\n")
    for wanted in (str(secret), f"../../{secret}", "/etc/passwd"):
        answer = viewer.post("/workflows/validate", {"definition": CALLS.format(wanted)})
        assert answer.json()["ok"] is False
        text = answer.content.decode()
        assert "hunter2" not in text
        assert "root:" not in text


def test_a_request_that_is_none_is_refused(viewer):
    for body in ({}, {"definition": 3}, {"definition": ""}, {"definition": "x", "more": 1}):
        assert viewer.post("/workflows/validate", body).status_code == 422


def test_what_this_version_does_not_run_is_no_ok(viewer):
    asks = "type: approval, prompt: P, form: {pin: {type: string, secret: true}}"
    text = GOOD.replace("type: shell, run: echo a", asks)
    body = viewer.post("/workflows/validate", {"definition": text}).json()
    assert (body["ok"], [one["code"] for one in body["problems"]]) == (False, ["D401"])
